// One notification in full, beside the list or in front of it.

import { ACTIONS } from "./actions.js";
import { call } from "./api.js";
import { showDeliveries } from "./deliveries.js";
import { badge, find, make } from "./dom.js";
import { time } from "./row.js";
import { explain } from "./trouble.js";
import { PRIORITIES, TYPES, moment, nameOf } from "./words.js";

const ANY_ID = "00000000-0000-0000-0000-000000000000"; // stands for an id in the address that the page is given

export class Detail {
  item = null;
  #wanted = "";

  /** `act(action, items)` does something to it, `close()` leaves it, `opened(item)` is told what is looked at. */
  constructor({ act, close, opened }) {
    this.place = find("#detail");
    this.act = act;
    this.close = close;
    this.opened = opened;
  }

  get isOpen() {
    return this.#wanted !== "";
  }

  /** Shows it; `known` is what the list has of it. An empty id closes. */
  async show(id, known = null) {
    if (id === this.#wanted) return;
    this.#wanted = id;
    this.item = null;
    this.place.hidden = !id;
    find("#inbox").classList.toggle("has-detail", Boolean(id));
    if (!id) return;
    if (!known) this.place.replaceChildren(this.#way(), make("p", { class: "quiet", text: "Loading ..." }));
    try {
      const item = known ?? (await call(`${encodeURIComponent(id)}/`)).notification;
      if (id !== this.#wanted) return;
      this.#draw(item);
      find("h2", this.place).focus();
      this.opened(item);
    } catch (error) {
      if (id === this.#wanted) this.#gone(error);
    }
  }

  /** Brings it up to date where it is one of these. */
  update(items) {
    const found = items.find((item) => item.id === this.item?.id);
    if (found) this.#draw(found);
  }

  #draw(item) {
    const isSame = this.item?.id === item.id;
    const focus = this.place.contains(document.activeElement) ? document.activeElement : null;
    this.item = item;
    const parts = [
      this.#way(),
      make("h2", { text: item.title, tabindex: "-1", dir: "auto" }),
      make("p", { class: "detail-marks" }, ...this.#marks(item)),
      make("p", { class: "detail-text", text: item.message, dir: "auto" }),
      this.#links(item),
      this.#buttons(item),
      this.#told(item, isSame && find(".told", this.place)),
    ];
    this.place.replaceChildren(...parts.filter(Boolean));
    if (focus) this.#focusAgain(focus);
  }

  /** On what had the focus, on what took its place, or at the beginning. */
  #focusAgain(old) {
    const { action } = old.dataset;
    const same = action && (find(`[data-action="${action}"]`, this.place) ?? find("[data-action]", this.place));
    const here = this.place.contains(old) ? old : same || find("h2", this.place);
    here.focus({ preventScroll: true });
  }

  #gone(error) {
    if (error.status !== 404) return explain(error, () => this.#again());
    this.place.replaceChildren(
      this.#way(),
      make("h2", { text: "It is not here any more", tabindex: "-1" }),
      make("p", { text: "This notification has expired, was deleted, or is not yours." }),
    );
    find("h2", this.place).focus();
  }

  #again() {
    const id = this.#wanted;
    this.#wanted = "";
    this.show(id);
  }

  #way() {
    const button = make("button", { type: "button", class: "plain detail-close", text: "Close" });
    button.addEventListener("click", this.close);
    return button;
  }

  #marks(item) {
    return [
      badge(nameOf(TYPES, item.notification_type)),
      badge(`${nameOf(PRIORITIES, item.priority)} priority`, item.priority),
      item.is_system ? badge("From the platform") : null,
      item.status === "archived" ? badge("Archived") : null,
      make("span", { class: "quiet" }, time(item.created_at), ` · ${moment(item.created_at)}`),
    ];
  }

  #links(item) {
    const links = [];
    if (isSafe(item.action_url)) {
      const text = item.action_text || "Open";
      links.push(make("a", { class: "button", href: item.action_url, rel: "noopener noreferrer", text }));
    }
    const pattern = find("#inbox").dataset.incident; // admins only
    if (item.incident && pattern) {
      const href = pattern.replace(ANY_ID, item.incident);
      links.push(make("a", { class: "button plain", href, text: "Open the incident" }));
    }
    return links.length ? make("p", { class: "detail-links" }, ...links) : null;
  }

  #buttons(item) {
    const fitting = Object.entries(ACTIONS).filter(([, action]) => action.fits(item));
    const buttons = fitting.map(([name, { title }]) => {
      const kind = name === "delete" ? "danger" : "plain";
      const button = make("button", { type: "button", class: kind, "data-action": name, text: title });
      button.addEventListener("click", () => this.act(name, [this.item]));
      return button;
    });
    return make("div", { class: "detail-actions", role: "group", "aria-label": "Actions" }, ...buttons);
  }

  #told(item, present) {
    if (present) return present; // as open as it was
    const list = make("div");
    const whole = make("details", { class: "told" }, make("summary", { text: "How you were told" }), list);
    whole.addEventListener("toggle", () => whole.open && showDeliveries(item.id, list));
    return whole;
  }
}

/** What the API lets through, looked at once more where it becomes a link. */
function isSafe(address) {
  return /^https?:\/\//i.test(address) || /^\/(?![/\\])/.test(address);
}
