// What can be done to notifications, to one as to many, and how it is undone.

import { call } from "./api.js";

const AT_ONCE = 500; // ids that one call takes
const now = () => new Date().toISOString();

/** By the API's word: what it is called on a button, what is said afterwards, and what becomes of an item. */
export const ACTIONS = {
  mark_read: {
    title: "Mark read",
    said: "marked read",
    then: (item) => ({ ...item, status: "read", is_unread: false, read_at: item.read_at ?? now() }),
    fits: (item) => item.is_unread,
  },
  mark_unread: {
    title: "Mark unread",
    said: "marked unread",
    then: (item) => ({ ...item, status: "unread", is_unread: true, read_at: null }),
    fits: (item) => !item.is_unread,
  },
  archive: {
    title: "Archive",
    said: "archived",
    then: (item) => ({ ...item, status: "archived", is_unread: false }),
    fits: (item) => item.status !== "archived",
  },
  delete: { title: "Delete", said: "deleted", then: () => null, fits: () => true },
};

/** The calls that bring an item back to what it was. Nothing brings back what was deleted. */
const BACK = {
  unread: () => ["mark_unread"],
  read: () => ["mark_unread", "mark_read"],
  archived: (item) => ["mark_unread", ...(item.read_at ? ["mark_read"] : []), "archive"],
};

/** Does it to these; raises what the call raises. */
export async function change(action, items) {
  const ids = items.map((item) => item.id);
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    await call("bulk/", { method: "POST", body: { action, ids: ids.slice(start, start + AT_ONCE) } });
  }
}

/** Brings these back to what they are here, whatever became of them since. */
export async function bringBack(items) {
  const ways = Map.groupBy(items, (item) => BACK[item.status](item).join());
  for (const [way, group] of ways) for (const action of way.split(",")) await change(action, group);
}
