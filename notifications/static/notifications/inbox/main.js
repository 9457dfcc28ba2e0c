// The inbox page: what the address says is shown, and what the person does becomes calls.

import { Acting } from "./acting.js";
import { Detail } from "./detail.js";
import { all, find } from "./dom.js";
import { Filters } from "./filters.js";
import { Keyboard, focused, step } from "./keyboard.js";
import { List } from "./list.js";
import { follow, go, read } from "./place.js";
import { keepTime } from "./row.js";
import { Selection } from "./selection.js";
import { Settings } from "./settings.js";
import { showStatistics } from "./statistics.js";
import { letThemSwitch } from "./tenant.js";
import { hide } from "./toast.js";

const list = new List();
const acting = new Acting(list);
const act = (action, items) => acting.do(action, items);
const detail = new Detail({ act, close, opened: (item) => acting.read(item) });
const filters = new Filters();
const selection = new Selection(list, act);
const settings = new Settings();

acting.onChange = (items) => detail.update(items);
acting.onDone = (action, items) => {
  const isOpen = items.some((item) => item.id === read().open);
  if (isOpen && ["archive", "delete"].includes(action)) close();
};
list.addEventListener("change", () => {
  filters.showErrors(list.errors ?? {});
  find("#read-all").hidden = !list.items.size || Object.keys(list.filters).some((name) => name !== "status");
});

/** Shows the place that the address names. */
function arrive(place) {
  for (const tab of ["list", "settings", "statistics"]) find(`#panel-${tab}`).hidden = tab !== place.tab;
  for (const one of all("#tabs a")) {
    if (one.dataset.tab === place.tab) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  if (place.tab === "settings") settings.show();
  if (place.tab === "statistics") showStatistics();
  if (place.tab !== "list") return;
  filters.show(place.filters);
  list.show(place.filters);
  list.markOpen(place.open);
  detail.show(place.open, list.items.get(place.open));
}

/** Leaves what is open, and goes back to its row. */
function close() {
  const { open } = read();
  go({ open: "" });
  const row = list.element(open) ?? list.element(list.ids.find((id) => id < open) ?? list.ids.at(-1) ?? "");
  if (row) find(".row-link", row).focus();
}

// A plain click on a link to a place of this page goes there without loading it; any other click is the browser's.
find("#inbox").addEventListener("click", (event) => {
  const anchor = event.target.closest("a[href^='?']");
  if (!anchor || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const id = anchor.closest("[data-id]")?.dataset.id;
  go(id ? { open: id } : { filters: {}, ...read(new URL(anchor.href).search) });
});

find("#read-all").addEventListener("click", () => acting.readAll());
find("#show-keys").addEventListener("click", showKeys);
for (const one of all("[data-close-dialog]")) one.addEventListener("click", () => one.closest("dialog").close());

function showKeys() {
  find("#keys").showModal();
}

/** What a key is about: what is open, else the row that has the focus. */
function here() {
  if (read().tab !== "list") return [];
  return [list.items.get(focused(list)) ?? detail.item].filter(Boolean);
}

const onList = (work) => () => read().tab === "list" && work();
const isIn = (event) => list.place.contains(event.target);
new Keyboard({
  j: onList(() => move(1)),
  k: onList(() => move(-1)),
  ArrowDown: (event) => isIn(event) && (move(1), true),
  ArrowUp: (event) => isIn(event) && (move(-1), true),
  x: onList(() => list.pick([focused(list)], !list.picked.has(focused(list)))),
  e: () => act("archive", picked()),
  u: () => act("mark_unread", picked()),
  "#": () => act("delete", picked()),
  "/": onList(() => find("#filters").elements.search.focus()),
  "?": showKeys,
  Escape: escape,
});

/** To the next row; where one is open, to the next one open. */
async function move(by) {
  const { open } = read();
  const id = await step(list, by, open);
  if (open && id) go({ open: id }, { replace: true });
}

/** What is selected, else what the keys are about. */
function picked() {
  return list.picked.size ? list.pickedItems() : here();
}

/** Leaves one thing at a time: what is typed into, what is open, what is selected, what was said. */
function escape() {
  if (document.activeElement.matches("#filters *")) return document.activeElement.blur();
  if (detail.isOpen) return close();
  if (list.picked.size) return selection.none();
  hide();
}

// The bell hears first that something changed, and shows what it does itself before that is done: so look twice.
const DONE_BY_THEN_MS = 2000;
let again;
document.addEventListener("notification-count", ({ detail }) => {
  // The session is over, or the inbox another one: the sign-in, or a page of whoever is here now.
  if (detail.count === null && detail.previous !== null) return location.reload();
  list.look();
  clearTimeout(again);
  again = setTimeout(() => list.look(), DONE_BY_THEN_MS);
});
document.addEventListener("notification-open", (event) => {
  const id = event.detail?.notification?.id ?? event.detail?.id;
  if (!id) return;
  event.preventDefault();
  go({ tab: "list", open: id });
});

letThemSwitch();
keepTime();
follow(arrive);
