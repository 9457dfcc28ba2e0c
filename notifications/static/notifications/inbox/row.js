// One line of the list.

import { badge, make } from "./dom.js";
import { link, read } from "./place.js";
import { TYPES, PRIORITIES, ago, moment, nameOf } from "./words.js";

const LOUD = ["high", "critical"];

const SHOWN = ["title", "message", "notification_type", "priority", "status"];

/** Whether two states of one notification have the same row. */
export const looksAlike = (one, other) => SHOWN.every((name) => one[name] === other[name]);

/** A list item; `picked` says whether it is selected. */
export function row(item, { picked = false, open = false } = {}) {
  const kind = item.is_unread ? "row unread" : "row";
  const box = make("input", { type: "checkbox", checked: picked, "aria-label": `Select: ${item.title}` });
  return make(
    "li",
    { class: kind, "data-id": item.id },
    make("label", { class: "pick" }, box),
    make(
      "a",
      { class: "row-link", href: link({ ...read(), open: item.id }), "aria-current": open ? "true" : null },
      make("span", { class: "row-title", text: item.title, dir: "auto" }),
      item.is_unread ? make("span", { class: "visually-hidden", text: " (unread)" }) : null,
      make("span", { class: "row-text", text: item.message, dir: "auto" }),
    ),
    make("div", { class: "row-meta" }, ...marks(item)),
  );
}

function marks(item) {
  return [
    LOUD.includes(item.priority) ? badge(nameOf(PRIORITIES, item.priority), item.priority) : null,
    badge(nameOf(TYPES, item.notification_type)),
    item.status === "archived" ? badge("Archived") : null,
    time(item.created_at),
  ];
}

/** A moment as "2 hours ago", with the whole of it for who asks. */
export function time(text) {
  return make("time", { datetime: text, title: moment(text), text: ago(text) });
}

/** Times go on while they stand on the screen. */
export function keepTime() {
  setInterval(() => {
    if (document.hidden) return;
    for (const one of document.querySelectorAll("#inbox time[datetime]")) {
      const text = ago(one.dateTime);
      if (one.textContent !== text) one.textContent = text;
    }
  }, 30000);
}
