// The refresh: every half minute the parts that changed are put in the place of those that are shown. One that somebody
// is writing in is left as it is; what stood open stays open, and the focus stays where it was.
import { SIGNED_OUT } from "./api.js";
import { length, tellTimes } from "./build.js";
import * as charts from "./charts.js";

const EVERY = 30_000;

export class Regions {
  constructor(root, { onReplaced }) {
    this.root = root;
    this.onReplaced = onReplaced;
    this.shown = new Map([...this.all(root)].map((one) => [one.dataset.region, one.outerHTML]));
    this.read = Date.now();
    this.failure = "";
    this.timer = 0;
    this.running = null;
    document.addEventListener("visibilitychange", () => this.wake());
    setInterval(() => this.tick(), 1000);
    this.wake();
  }

  all(root) {
    return root.querySelectorAll("[data-region]");
  }

  // Nobody looks at a hidden tab: it asks for nothing, and at once when it is looked at again.
  wake() {
    clearTimeout(this.timer);
    if (document.hidden) return;
    this.timer = setTimeout(() => this.refresh(), Math.max(0, this.read + EVERY - Date.now()));
  }

  refresh() {
    this.running ??= this.fetch().finally(() => {
      this.running = null;
      clearTimeout(this.timer);
      if (!document.hidden) this.timer = setTimeout(() => this.refresh(), EVERY);
      this.tick();
    });
    return this.running;
  }

  // For what was just changed: a refresh that is on its way may have been read before it.
  async again() {
    await this.running;
    return this.refresh();
  }

  async fetch() {
    const text = await this.ask().catch((error) => {
      this.failure = error.message;
      return null;
    });
    if (text === null) return;
    this.read = Date.now();
    this.failure = "";
    this.replace(new DOMParser().parseFromString(text, "text/html"));
  }

  async ask() {
    const asking = fetch(`${this.root.dataset.address}${location.search}`, { credentials: "same-origin", headers: { Accept: "text/html" } });
    const reply = await asking.catch(() => { throw new Error("The server cannot be reached."); });
    if (reply.redirected) throw new Error(SIGNED_OUT);
    if (!reply.ok) throw new Error(`The server answered with ${reply.status}.`);
    return reply.text();
  }

  replace(fresh) {
    for (const now of this.all(fresh)) {
      const name = now.dataset.region;
      const before = this.root.querySelector(`[data-region="${name}"]`);
      const isNew = this.shown.get(name) !== now.outerHTML;
      before.toggleAttribute("data-waits", isNew && isWrittenIn(before));
      if (!isNew || "waits" in before.dataset) continue;
      this.shown.set(name, now.outerHTML);
      swap(before, document.adoptNode(now));
      this.onReplaced(now);
    }
    tellTimes(this.root);
  }

  tick() {
    if (document.hidden) return;
    const age = length((Date.now() - this.read) / 1000);
    const waits = this.root.querySelector("[data-waits]") ? "; the part that you are writing in waits" : "";
    this.root.querySelector("[data-freshness]").textContent = `Updated ${age} ago${waits}`;
    const line = this.root.querySelector("[data-stale]");
    const words = this.failure && `This is ${age} old: the last refresh failed. ${this.failure} It is tried again by itself.`;
    line.hidden = !words;
    // Told to screen readers once for each failure, not at every second of it.
    if (line.dataset.of !== this.failure) {
      line.dataset.of = this.failure;
      line.textContent = words;
    }
    tellTimes(this.root);
  }
}

function isWrittenIn(region) {
  const fields = [...region.querySelectorAll("input, textarea, select")];
  return fields.some((field) => field === document.activeElement || ("defaultValue" in field && field.value !== field.defaultValue));
}

function swap(before, now) {
  for (const one of before.querySelectorAll("details[open][data-open]")) {
    now.querySelector(`details[data-open="${CSS.escape(one.dataset.open)}"]`)?.setAttribute("open", "");
  }
  const kept = [];
  for (const one of now.querySelectorAll("[data-keep]")) {
    const old = before.querySelector(`[data-keep="${CSS.escape(one.dataset.keep)}"]`);
    if (old) kept.push([old, one]);
  }
  const focused = before.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  const scrolled = [...before.querySelectorAll(".dash-scroll")].map((one) => one.scrollTop);
  before.replaceWith(now);
  for (const [old, one] of kept) {
    one.replaceWith(old);
    charts.update(old, one);
  }
  charts.draw(now);
  now.querySelectorAll(".dash-scroll").forEach((one, n) => { one.scrollTop = scrolled[n] ?? 0; });
  if (focused) now.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
