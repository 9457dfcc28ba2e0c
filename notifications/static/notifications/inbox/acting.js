// From a wish to its end: asked where nothing brings it back, done, shown, said, and undone when that is wanted.

import { ACTIONS, bringBack, change } from "./actions.js";
import { call } from "./api.js";
import { find } from "./dom.js";
import { focused } from "./keyboard.js";
import { hide, say } from "./toast.js";
import { clear, explain } from "./trouble.js";
import { many } from "./words.js";

export class Acting {
  constructor(list) {
    this.list = list;
  }

  /** Does it to those of the items that it changes. */
  async do(action, items) {
    const { fits, then, said } = ACTIONS[action];
    const fitting = items.filter(fits);
    const here = focused(this.list); // before a dialog takes the focus
    if (!fitting.length || (action === "delete" && !(await confirmed(fitting)))) return;
    if (!(await this.#try(() => change(action, fitting)))) return;
    const follows = this.#follower(here, fitting);
    const after = fitting.map(then).filter(Boolean);
    this.list.remove(action === "delete" ? fitting.map((item) => item.id) : []);
    this.#show(after);
    this.list.pick(fitting.map((item) => item.id), false);
    follows();
    say(`${many(fitting.length, "notification")} ${said}.`, action === "delete" ? null : () => this.#undo(fitting));
    this.onDone?.(action, fitting);
  }

  /** Opening one reads it. It keeps its place in a list of unread ones until that is loaded again. */
  async read(item) {
    if (!item.is_unread) return;
    if (await this.#try(() => change("mark_read", [item]))) this.#show([ACTIONS.mark_read.then(item)], { stay: true });
  }

  /** All that was there when the list was drawn; what arrived since stays unread. */
  async readAll() {
    const before = this.list.newest;
    if (!before) return;
    const reply = await this.#try(() => call("mark-all-read/", { method: "POST", body: { before } }));
    if (!reply) return;
    await this.list.reload();
    say(`${many(reply.marked_count, "notification")} marked read.`);
    this.onDone?.("mark_read", []);
  }

  async #undo(items) {
    if (!(await this.#try(() => bringBack(items)))) return;
    this.#show(items);
    say("Undone.");
    const row = this.list.element(items[0].id);
    if (row && document.activeElement === document.body) find(".row-link", row).focus(); // the button is gone
  }

  #show(items, options) {
    this.list.update(items, options);
    this.onChange?.(items);
    find("notification-bell")?.refresh?.();
  }

  async #try(work) {
    try {
      const result = await work();
      clear();
      return result ?? true;
    } catch (error) {
      hide();
      explain(error, null);
      return null;
    }
  }

  /** Where the focus goes when its row leaves: to the next one that stays. */
  #follower(here, going) {
    if (!here) return () => {};
    const gone = new Set(going.map((item) => item.id));
    const ids = this.list.ids;
    const start = ids.indexOf(here);
    const next = [...ids.slice(start), ...ids.slice(0, start).reverse()].find((id) => !gone.has(id));
    return () => {
      const row = this.list.element(here) ?? this.list.element(next ?? "");
      if (row) find(".row-link", row).focus();
    };
  }
}

let answerBefore = () => {};

/** Asks in a dialog; false when the person thinks better of it, or is asked something else meanwhile. */
function confirmed(items) {
  answerBefore(false);
  const dialog = find("#confirm");
  const [first, ...others] = items;
  const words = others.length ? `${many(items.length, "notification")} are` : `“${first.title}” is`;
  find("#confirm-words").textContent = `${words} deleted for good.`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => {
    answerBefore = answer;
    // It may still be told that it was closed the time before.
    dialog.onclose = () => dialog.open || answer(dialog.returnValue === "delete");
  });
}
