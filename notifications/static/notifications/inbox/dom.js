// Making elements. Whatever comes from outside is set as text or as an attribute, never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `text` becomes its text, true and false set or leave out an attribute, the rest are attributes. */
export function make(tag, { text, ...attributes } = {}, ...children) {
  return filled(document.createElement(tag), text, attributes, children);
}

/** The same inside an SVG picture. */
export function draw(tag, { text, ...attributes } = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), text, attributes, children);
}

function filled(element, text, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  if (text != null) element.textContent = text;
  element.append(...children.filter((child) => child != null));
  return element;
}

export const find = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

export function badge(word, kind = "") {
  return make("span", { class: `badge ${kind}`.trim(), text: word });
}

/** Writes to everybody's eyes and to screen readers, politely. */
export function announce(text) {
  const place = find("#said");
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = text));
}
