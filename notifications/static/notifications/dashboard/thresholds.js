// A threshold and its backtest: what it would have opened is shown beside it before it is saved.
import { call, Refused } from "./api.js";
import { badge, moment, node, quiet } from "./build.js";
import { complain } from "./forms.js";

const grouped = (number) => Number(number).toLocaleString("en");
let asked = 0;
let waiting = 0;

export function prepare(form, button) {
  const { check, name, title, unit, minimum, maximum, value, version, decided, default: standard, whyNot } = button.dataset;
  Object.assign(form.dataset, { ofcheck: check, ofname: name, whyNot });
  form.querySelector("[data-about]").textContent = title;
  form.querySelector("[data-unit]").textContent = unit ? `(${unit})` : "";
  form.querySelector("[data-range]").textContent = `From ${grouped(minimum)} to ${grouped(maximum)}. The default is ${grouped(standard)}.`;
  Object.assign(form.elements.value, { min: minimum, max: maximum, value });
  form.elements.version.value = version;
  form.querySelector("[data-do=reset-threshold]").disabled = !decided;
  test(form);
}

/** Not at every key: when nothing was typed for a moment. */
export function testSoon(form) {
  clearTimeout(waiting);
  waiting = setTimeout(() => test(form), 350);
}

async function test(form) {
  const place = form.querySelector("[data-backtest]");
  clearTimeout(waiting);
  const mine = (asked += 1);
  if (form.dataset.whyNot) return say(place, `No backtest is possible. ${form.dataset.whyNot}`);
  if (!form.elements.value.checkValidity()) return say(place, "Give a value in its range to see what it would have opened.");
  if (!place.childElementCount) say(place, "Trying it ...");
  const { ofcheck: check, ofname: name } = form.dataset;
  const body = { check, limits: { [name]: Number(form.elements.value.value) }, days: Number(form.querySelector("[data-days]").value) };
  try {
    const { backtest } = await call("POST", "/thresholds/backtest/", { body });
    if (mine !== asked) return undefined; // something newer was typed meanwhile
    complain(form);
    place.replaceChildren(...picture(backtest, name, body.days));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (mine === asked) say(place, [error.message, ...Object.values(error.errors?.limits ?? {}).flat()].at(-1));
  }
  return undefined;
}

function say(place, words) {
  place.replaceChildren(node("p", {}, quiet(words)));
}

function picture(found, name, days) {
  const side = (title, one) => [
    node("h3", {}, `${title} (${one.limits[name]}): ${one.count} incident${one.count === 1 ? "" : "s"}`),
    one.incidents.length ? node("ul", {}, one.incidents.slice(0, 8).map(line)) : node("p", {}, quiet("None would have been opened.")),
    one.count > 8 ? node("p", {}, quiet(`and ${one.count - 8} more`)) : null,
  ];
  return [
    ...side("In force", found.in_force), ...side("With the new value", found.proposed),
    node("p", {}, quiet(`Over the last ${days === 1 ? "day" : `${days} days`}, in which it answered in ${found.minutes} min. Nothing is saved yet.`)),
    ...found.notes.map((one) => node("p", {}, quiet(one))),
  ].filter(Boolean);
}

function line(one) {
  const worst = one.worst === null ? "" : `, worst ${Math.round(one.worst * 10) / 10} ${one.unit}`;
  const end = one.resolved_at ? `${one.minutes} minutes` : "still open";
  return node("li", {}, badge(one.priority, one.priority), ` ${moment(one.opened_at)}: ${one.title}, ${end}${worst}`);
}
