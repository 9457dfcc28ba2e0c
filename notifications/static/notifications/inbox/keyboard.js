// Single keys, for who works through an inbox without a mouse. They can be switched off, and no typing sets them off.

import { find } from "./dom.js";

const STORED = "bellwether.inbox.keys";

/** `keys` says by key what is done; what returns false leaves the key to the browser. */
export class Keyboard {
  constructor(keys) {
    this.keys = keys;
    this.switch = find("#keys-on");
    this.switch.checked = remembered() !== "off";
    this.switch.addEventListener("change", () => remember(this.switch.checked ? "on" : "off"));
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (find("dialog[open]") || bellIsOpen()) return; // each has its own Esc
    const isSingle = event.key.length === 1;
    if (isSingle && (!this.switch.checked || types(event.target))) return;
    if (!isSingle && event.key !== "Escape" && types(event.target)) return;
    const work = this.keys[event.key];
    if (work && work(event) !== false) event.preventDefault();
  }
}

function bellIsOpen() {
  return Boolean(find("notification-bell")?.shadowRoot?.querySelector(":popover-open"));
}

function types(element) {
  return element.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
}

// A browser may keep nothing.
function remembered() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function remember(word) {
  try {
    localStorage.setItem(STORED, word);
  } catch {
    /* it holds for this page */
  }
}

/** Moves the focus by so many rows from where it is, or from `open`, loading more at the end. Returns the id there. */
export async function step(list, by, open = "") {
  const ids = list.ids;
  const here = ids.indexOf(focused(list) || open);
  const next = here < 0 ? (by > 0 ? 0 : ids.length - 1) : here + by;
  if (next >= ids.length) await list.loadMore();
  const id = list.ids[Math.max(next, 0)] ?? ids[here];
  if (id) find(".row-link", list.element(id)).focus();
  return id;
}

/** The row that has the focus. */
export function focused(list) {
  const row = document.activeElement?.closest?.("[data-id]");
  return row && list.place.contains(row) ? row.dataset.id : "";
}
