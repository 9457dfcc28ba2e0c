// Small charts as SVG, each with a table that says the same.

import { draw, make } from "./dom.js";
import { counted } from "./words.js";

const HEIGHT = 120;
const BAR = 16;
const GAP = 4;

/** Upright bars, `[{label, count}]`, in the order of time. */
export function columns(title, points) {
  const most = Math.max(...points.map((point) => point.count), 1);
  const width = points.length * (BAR + GAP);
  const bars = points.map(({ label, count }, index) => {
    const height = count ? Math.max((count / most) * HEIGHT, 3) : 1;
    const kind = count ? "bar" : "bar none";
    return draw(
      "rect",
      { class: kind, x: index * (BAR + GAP), y: HEIGHT - height, width: BAR, height, rx: 3 },
      draw("title", { text: `${label}: ${counted(count)}` }),
    );
  });
  const picture = draw(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, class: "columns", "aria-hidden": "true", preserveAspectRatio: "none" },
    ...bars,
  );
  const [first, last] = [points[0], points.at(-1)].map((point) => make("span", { text: point?.label }));
  const ends = make("p", { class: "chart-ends quiet", "aria-hidden": "true" }, first, last);
  return figure(title, [picture, ends], points);
}

/** Level bars, the largest first. */
export function bars(title, points) {
  if (!points.length) return framed(title, make("p", { class: "quiet", text: "Nothing yet." }));
  const most = Math.max(...points.map((point) => point.count), 1);
  const lines = points.map(({ label, count }) =>
    make(
      "div",
      { class: "level" },
      make("span", { text: label }),
      draw(
        "svg",
        { viewBox: "0 0 100 8", preserveAspectRatio: "none" },
        draw("rect", { class: "groove", width: 100, height: 8 }),
        draw("rect", { class: "bar", width: (count / most) * 100, height: 8 }),
      ),
      make("span", { class: "level-count", text: counted(count) }),
    ),
  );
  return figure(title, [make("div", { "aria-hidden": "true" }, ...lines)], points);
}

function figure(title, parts, points) {
  return framed(title, ...parts, table(title, points));
}

function framed(title, ...parts) {
  return make("figure", { class: "panel" }, make("figcaption", { text: title }), ...parts);
}

function table(title, points) {
  const rows = points.map(({ label, count }) =>
    make("tr", {}, make("th", { scope: "row", text: label }), make("td", { text: counted(count) })),
  );
  const names = ["Which", "Notifications"].map((text) => make("th", { scope: "col", text }));
  const head = make("thead", {}, make("tr", {}, ...names));
  const whole = make("table", {}, make("caption", { text: title }), head, make("tbody", {}, ...rows));
  return make("div", { class: "visually-hidden" }, whole); // a table itself does not become small
}
