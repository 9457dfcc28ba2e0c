// Picking rows, one by one, in a row with Shift, or all; and the bar of what can be done to them.

import { ACTIONS } from "./actions.js";
import { all, find } from "./dom.js";

export class Selection {
  #last = "";

  /** `act(action, items)` does it. */
  constructor(list, act) {
    this.list = list;
    list.place.addEventListener("click", (event) => this.#clicked(event));
    list.addEventListener("change", () => this.#draw());
    find("#pick-all").addEventListener("change", (event) => list.pick(list.ids, event.target.checked));
    find("#pick-none").addEventListener("click", () => this.none());
    for (const button of all("[data-bulk]")) {
      button.addEventListener("click", () => act(button.dataset.bulk, list.pickedItems()));
    }
  }

  none() {
    this.list.pick([...this.list.picked], false);
  }

  #clicked(event) {
    if (!event.target.matches(".pick input")) return;
    const id = event.target.closest("[data-id]").dataset.id;
    const ids = this.list.ids;
    const [from, to] = [ids.indexOf(this.#last), ids.indexOf(id)].sort((one, other) => one - other);
    this.list.pick(event.shiftKey && from >= 0 ? ids.slice(from, to + 1) : [id], event.target.checked);
    this.#last = id;
  }

  #draw() {
    const picked = this.list.pickedItems();
    const box = find("#pick-all");
    box.checked = picked.length > 0 && picked.length === this.list.items.size;
    box.indeterminate = picked.length > 0 && !box.checked;
    find(".pick-all").hidden = this.list.items.size === 0;
    find("#bulk").hidden = picked.length === 0;
    find("#list-bar").classList.toggle("has-picked", picked.length > 0);
    find("#picked").textContent = picked.length ? `${picked.length} selected` : "Select all";
    for (const button of all("[data-bulk]")) button.disabled = !picked.some(ACTIONS[button.dataset.bulk].fits);
  }
}
