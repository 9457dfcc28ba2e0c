// Where the person is: all of it stands in the address, so that back, forward and links work.

export const FILTERS = ["status", "type", "priority", "is_system", "search", "since", "until"];
const TABS = ["settings", "statistics"];

/** `{tab, open, filters}` of an address's query. */
export function read(query = location.search) {
  const asked = new URLSearchParams(query);
  const filters = {};
  for (const name of FILTERS) if (asked.get(name)) filters[name] = asked.get(name);
  return {
    tab: TABS.includes(asked.get("tab")) ? asked.get("tab") : "list",
    open: asked.get("open") ?? "",
    filters,
  };
}

/** The address of a place, as a relative link. */
export function link({ tab = "list", open = "", filters = {} }) {
  const query = new URLSearchParams(filters);
  if (tab !== "list") query.set("tab", tab);
  if (open) query.set("open", open);
  return query.size ? `?${query}` : location.pathname;
}

let arrive = () => {};

/** Calls `arrived(place)` now, and each time that the person goes somewhere. */
export function follow(arrived) {
  arrive = () => arrived(read());
  addEventListener("popstate", arrive);
  arrive();
}

/** Goes there; with `replace` the place that is left is not kept in the history. */
export function go(changes, { replace = false } = {}) {
  const address = link({ ...read(), ...changes });
  if (address === link(read())) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  arrive();
}
