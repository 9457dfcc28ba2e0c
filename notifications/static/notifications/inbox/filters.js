// The form above the list: what it shows is what the address says, and the other way round.

import { all, find } from "./dom.js";
import { FILTERS, go } from "./place.js";

const TYPING_MS = 300;
const HIDDEN = ["type", "priority", "is_system", "since", "until"]; // behind "Filters"

const NO_MATCH = "Nothing matches these filters.";
const EMPTY = {
  "": "You are all caught up.",
  unread: "Nothing is unread.",
  read: "Nothing here was read.",
  archived: "The archive is empty.",
};

/** The query of the list's call. Days are this person's own: from their first moment to their last. */
export function asQuery(filters) {
  const query = new URLSearchParams(filters);
  if (!filters.status) query.set("is_archived", "false");
  if (isDay(filters.since)) query.set("since", new Date(`${filters.since}T00:00:00`).toISOString());
  if (isDay(filters.until)) query.set("until", new Date(`${filters.until}T23:59:59.999`).toISOString());
  return query.toString();
}

function isDay(text) {
  return /^\d{4}-\d\d-\d\d$/.test(text ?? "") && !Number.isNaN(Date.parse(`${text}T00:00:00`));
}

/** Whether an item is still among what its filters show; only its status ever changes. */
export function belongs(item, { status }) {
  return status ? item.status === status : item.status !== "archived";
}

export class Filters {
  #typing;

  constructor() {
    this.form = find("#filters");
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.#apply()));
    this.form.addEventListener("change", () => this.#apply());
    this.form.elements.search.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#apply({ replace: true }), TYPING_MS);
    });
    for (const one of all("[data-clear-filters]")) one.addEventListener("click", () => go({ filters: {} }));
  }

  #apply(options) {
    clearTimeout(this.#typing);
    const filters = {};
    for (const name of FILTERS) {
      const value = this.form.elements[name].value.trim();
      if (value) filters[name] = value;
    }
    go({ filters, open: "" }, options);
  }

  /** Writes the address's filters into the form. */
  show(filters) {
    for (const name of FILTERS) {
      const field = this.form.elements[name];
      if (field !== document.activeElement) field.value = filters[name] ?? "";
    }
    const count = HIDDEN.filter((name) => filters[name]).length;
    find("#filter-count").textContent = count || "";
    find("#filter-count").hidden = count === 0;
    if (count) find("#more-filters").open = true;
    find("#clear-filters").hidden = Object.keys(filters).every((name) => name === "status");
    this.#word(filters);
  }

  #word({ status = "", ...others }) {
    const isNarrow = Object.keys(others).length > 0;
    find("#empty-words").textContent = isNarrow ? NO_MATCH : (EMPTY[status] ?? "Nothing is here.");
    find("#empty [data-clear-filters]").hidden = !isNarrow;
  }

  /** What the API refused stands at its field. */
  showErrors(errors) {
    for (const name of FILTERS) {
      const place = find(`#error-${name}`);
      if (!place) continue;
      place.textContent = (errors[name] ?? []).join(" ");
      this.form.elements[name].setAttribute?.("aria-invalid", name in errors);
    }
    if (HIDDEN.some((name) => name in errors)) find("#more-filters").open = true;
  }
}
