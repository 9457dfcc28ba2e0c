// The rows, newest first, page by page. It keeps its place: what arrives is offered, and put in when it is wanted.

import { call } from "./api.js";
import { announce, find } from "./dom.js";
import { asQuery, belongs } from "./filters.js";
import { looksAlike, row } from "./row.js";
import { clear, explain } from "./trouble.js";
import { many } from "./words.js";

const PAGE = 20;
const MOST = 100; // rows that one call gives

/** Fires `change` when its rows or what is picked of them changed. */
export class List extends EventTarget {
  items = new Map(); // by id
  picked = new Set();
  waiting = []; // arrived since, and not shown yet
  filters = {};
  open = "";
  #next = null;
  #state = "new"; // loading, ready, failed
  #hasGap = false; // more has arrived than one call gave
  #isLate = false; // something changed while a page was on its way
  #errand = new AbortController();
  #changes = 0; // made here

  constructor() {
    super();
    this.place = find("#rows");
    this.more = find("#more");
    this.more.addEventListener("click", () => this.#goOn());
    find("#newcomers").addEventListener("click", () => this.welcome());
    // Some way before its end comes into sight; the button is there for who does not scroll.
    const near = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.#near(), {
      rootMargin: "0px 0px 400px",
    });
    near.observe(this.more);
  }

  get ids() {
    return [...this.items.keys()];
  }

  get newest() {
    return this.ids[0] ?? null;
  }

  pickedItems() {
    return this.ids.filter((id) => this.picked.has(id)).map((id) => this.items.get(id));
  }

  /** Shows what these filters leave; the same ones again change nothing. */
  async show(filters) {
    if (this.#state !== "new" && JSON.stringify(filters) === JSON.stringify(this.filters)) return;
    this.filters = filters;
    await this.reload();
  }

  async reload() {
    this.items.clear();
    this.picked.clear();
    this.waiting = [];
    this.#next = null;
    this.place.replaceChildren();
    this.more.hidden = true;
    await this.#load(`?page_size=${PAGE}&${asQuery(this.filters)}`);
  }

  async loadMore() {
    if (this.#state === "loading") return;
    if (this.#next) await this.#load(this.#next);
    else if (this.#state === "failed") await this.reload();
  }

  /** For who pressed the button: on to the first of the new rows. */
  async #goOn() {
    const last = this.ids.at(-1);
    await this.loadMore();
    const next = this.ids[this.ids.indexOf(last) + 1];
    if (next) find(".row-link", this.element(next)).focus();
  }

  #near() {
    if (this.#state === "ready" && this.#next) this.loadMore();
  }

  async #load(query) {
    this.#errand.abort();
    const { signal } = (this.#errand = new AbortController());
    this.#become("loading");
    try {
      const page = await call(query, { signal });
      for (const item of page.results) this.put(item);
      this.#next = page.next && new URL(page.next, location).search;
      clear();
      this.errors = {};
      this.#become("ready");
      announce(`${many(this.items.size, "notification")} shown.`);
      if (this.#isLate) this.look();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.errors = error.errors ?? {};
      this.#become("failed");
      if (Object.keys(this.errors).length) clear(); // each stands at its field
      else explain(error, () => this.loadMore());
    }
  }

  #become(state) {
    this.#state = state;
    this.place.setAttribute("aria-busy", state === "loading");
    find("#loading").hidden = state !== "loading" || this.items.size > 0;
    this.more.hidden = !this.#next; // it stays while it works, or who is on it would lose their place
    this.more.textContent = state === "loading" ? "Loading ..." : "Load more";
    this.#changed();
    // Short rows may leave the end in sight, which an observer tells only when it moves.
    if (state === "ready" && !this.more.hidden && this.more.getBoundingClientRect().top < innerHeight + 400) {
      requestAnimationFrame(() => this.#near());
    }
  }

  #changed() {
    find("#newcomers").hidden = this.waiting.length === 0;
    find("#empty").hidden = this.#state !== "ready" || this.items.size > 0;
    this.dispatchEvent(new Event("change"));
  }

  /** Puts in an item where its time wants it, or brings the row that it has up to date. */
  put(item) {
    const known = this.items.get(item.id);
    this.items.set(item.id, item);
    if (known && looksAlike(known, item)) return; // its element stays, and with it what points at that
    const made = row(item, { picked: this.picked.has(item.id), open: item.id === this.open });
    const present = this.element(item.id);
    if (present) this.#replace(present, made);
    const after = present ? null : this.ids.find((id) => id < item.id); // an id is also its time
    if (!present) this.place.insertBefore(made, after ? this.element(after) : null);
    if (after) this.items = new Map([...this.items].sort(([one], [other]) => (one < other ? 1 : -1)));
  }

  #replace(present, made) {
    const inside = document.activeElement.matches("input") ? "input" : ".row-link";
    const focused = present.contains(document.activeElement);
    present.replaceWith(made);
    if (focused) find(inside, made).focus({ preventScroll: true });
  }

  /** Brings rows up to date. What its filters no longer show goes, unless it is to `stay` until the next loading. */
  update(items, { stay = false } = {}) {
    this.#changes++;
    for (const item of items) {
      if (belongs(item, this.filters) || (stay && this.items.has(item.id))) this.put(item);
      else this.remove([item.id]);
    }
    this.#changed();
  }

  remove(ids) {
    this.#changes++;
    for (const id of ids) {
      this.element(id)?.remove();
      this.items.delete(id);
      this.picked.delete(id);
    }
    this.#changed();
  }

  element(id) {
    return find(`[data-id="${CSS.escape(id)}"]`, this.place);
  }

  pick(ids, wanted = true) {
    for (const id of ids.filter((one) => this.items.has(one))) {
      this.picked[wanted ? "add" : "delete"](id);
      find("input", this.element(id)).checked = wanted;
    }
    this.#changed();
  }

  /** Marks the row of what is open beside the list. */
  markOpen(id) {
    const link = (one) => this.element(one)?.querySelector(".row-link");
    link(this.open)?.removeAttribute("aria-current");
    this.open = id;
    link(id)?.setAttribute("aria-current", "true");
  }

  /** Looks what changed since: rows that are here are brought up to date, what arrived is offered. */
  async look() {
    this.#isLate = this.#state === "loading";
    if (this.#state !== "ready") return;
    const size = Math.min(MOST, Math.max(PAGE, this.items.size));
    const { filters } = this;
    const before = this.#changes;
    const page = await call(`?page_size=${size}&${asQuery(filters)}`).catch(() => null); // the bell looks again
    if (!page || filters !== this.filters) return;
    if (before !== this.#changes) return this.look(); // the answer is older than what was done here meanwhile
    const newest = this.newest ?? "";
    this.waiting = page.results.filter((item) => item.id > newest);
    this.#hasGap = this.waiting.length === page.results.length && page.next !== null;
    for (const item of page.results) if (this.items.has(item.id)) this.put(item);
    const count = this.waiting.length;
    find("#newcomers").textContent = `Show ${this.#hasGap ? `${count} or more` : count} new`;
    this.#changed();
  }

  /** Puts in what was offered, and leads there. */
  async welcome() {
    const first = this.waiting[0];
    if (this.#hasGap) await this.reload();
    else for (const item of this.waiting) this.put(item);
    this.waiting = [];
    this.#changed();
    scrollTo({ top: 0 });
    if (first && this.element(first.id)) find(".row-link", this.element(first.id)).focus();
  }
}
