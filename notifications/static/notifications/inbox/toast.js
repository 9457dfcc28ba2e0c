// What was just done, with a way back where there is one.

import { announce, find, make } from "./dom.js";

const SECONDS = 12;
let timer;

/** Says it; `undo` is called when the person wants it undone. It stays while somebody points at it or is in it. */
export function say(text, undo = null) {
  const place = find("#toast");
  const parts = [make("span", { text })];
  if (undo) parts.push(button("Undo", () => (hide(), undo())));
  parts.push(button("Close", hide, "plain"));
  place.replaceChildren(...parts);
  place.hidden = false;
  announce(text);
  wait();
}

export function hide() {
  clearTimeout(timer);
  find("#toast").hidden = true;
}

function button(text, work, kind = "") {
  const made = make("button", { type: "button", class: kind, text });
  made.addEventListener("click", work);
  return made;
}

function wait() {
  clearTimeout(timer);
  const place = find("#toast");
  timer = setTimeout(() => (place.matches(":hover, :focus-within") ? wait() : hide()), SECONDS * 1000);
}
