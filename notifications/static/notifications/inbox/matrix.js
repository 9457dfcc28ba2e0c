// The matrix of categories and channels. A cell is saved when it is changed, and says by itself how that went.

import { find, make } from "./dom.js";
import { explain } from "./trouble.js";

const WHEN = { at_once: "At once", hourly: "Each hour", daily: "Each day", off: "Off" };

/** A table of the whole matrix. `save(cell)` stores one and gives the new matrix, or raises what the API says. */
export function matrix(data, save) {
  const head = make(
    "tr",
    {},
    make("th", { scope: "col", text: "Category" }),
    ...data.channels.map((channel) => make("th", { scope: "col", text: channel.title })),
  );
  const rows = data.categories.map((category) => line(category, data.channels, save));
  return make(
    "table",
    { class: "matrix" },
    make("caption", { class: "visually-hidden", text: "For each category and channel, when you are told" }),
    make("thead", {}, head),
    make("tbody", {}, ...rows),
  );
}

function line({ category, title, about, cells }, channels, save) {
  const words = [make("span", { text: title }), make("span", { class: "quiet", text: about })];
  const name = make("th", { scope: "row" }, ...words);
  const fields = cells.map((cell) => {
    const channel = channels.find((one) => one.channel === cell.channel);
    return field(cell, { category, title, channel }, save);
  });
  return make("tr", {}, name, ...fields);
}

function field(cell, { category, title, channel }, save) {
  const id = `cell-${category}-${cell.channel}`;
  const select = make("select", {
    id,
    "aria-label": `${title} by ${channel.title}`,
    "aria-describedby": `${id}-rule ${id}-said`,
  });
  const rule = make("span", { id: `${id}-rule`, class: "cell-rule quiet" });
  const said = make("span", { id: `${id}-said`, class: "cell-said", role: "status" });
  draw(select, rule, cell, channel);
  select.addEventListener("change", () => store());

  async function store() {
    said.className = "cell-said quiet";
    said.textContent = "Saving ...";
    try {
      const changed = await save({ category, channel: cell.channel, when: select.value || null });
      const row = changed.categories.find((one) => one.category === category);
      cell = row.cells.find((one) => one.channel === cell.channel);
      draw(select, rule, cell, channel);
      said.textContent = "Saved";
    } catch (error) {
      draw(select, rule, cell, channel); // what holds, not what was wished
      said.className = "cell-said wrong";
      said.textContent = error.errors?.cells?.join(" ") ?? error.message;
      if (!error.errors?.cells) explain(error);
    }
  }

  return make("td", { "data-channel": channel.title }, select, rule, said);
}

function draw(select, rule, cell, channel) {
  const choices = channel.choices.filter((when) => !(cell.is_mandatory && when === "off"));
  select.replaceChildren(
    make("option", { value: "", text: `Default: ${WHEN[cell.default_when].toLowerCase()}` }),
    ...choices.map((when) => make("option", { value: when, text: WHEN[when] })),
  );
  select.value = cell.whose === "yours" ? cell.when : "";
  rule.textContent = cell.is_mandatory ? "Cannot be off" : cell.whose === "tenant" ? "Your tenant's choice" : "";
  select.title = cell.rule;
}

/** Keeps the focus where it was while the table is made anew. */
export function replaceMatrix(place, table) {
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.replaceChildren(table);
  if (focused) find(`#${CSS.escape(focused)}`)?.focus();
}
