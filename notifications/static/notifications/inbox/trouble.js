// What went wrong, in one banner: who is offline, whose session is over, who called too often, what we broke.

import { Refused, Unreachable, call } from "./api.js";
import { find, make } from "./dom.js";

const LOOK_AGAIN_MS = 5000;
let timer;
let retry = null;

/** Shows an error. `again` is what to do once it may work again; it is called by itself where that is known. */
export function explain(error, again = null) {
  if (error.name === "AbortError") return;
  retry = again;
  clearInterval(timer);
  if (error instanceof Unreachable) unreachable(again);
  else if (error instanceof Refused) refused(error, again);
  else throw error;
}

export function clear() {
  clearInterval(timer);
  retry = null;
  find("#trouble").hidden = true;
}

/** It goes by itself: a browser tells when the network is back, but nobody tells when the server is. */
function unreachable(again) {
  const why = navigator.onLine ? "Bellwether does not answer." : "You are offline.";
  show(`${why} What is here may be old.`, again && button("Try again"));
  timer = setInterval(look, LOOK_AGAIN_MS);
}

async function look() {
  if (document.hidden) return;
  const asked = timer;
  const isBack = await call("unread-count/").then(() => true, (error) => !(error instanceof Unreachable));
  if (isBack && asked === timer) tryAgain();
}

function refused(error, again) {
  if (error.status === 401) return show("Your session is over.", signIn());
  if (error.wait) return countDown(error, again);
  const id = error.status >= 500 && error.requestId ? ` Quote the request ${error.requestId} when you report it.` : "";
  show(`${error.message}${id}`, again && button("Try again"), button("Dismiss", clear, "plain"));
}

function countDown(error, again) {
  const why = error.status === 429 ? "Too many calls." : "Bellwether is not available right now.";
  const ends = Date.now() + error.wait * 1000;
  const clock = make("span", { "aria-hidden": "true" }); // said once, not every second
  show(why, clock, again && button("Try now"));
  const tick = () => {
    const left = Math.ceil((ends - Date.now()) / 1000);
    clock.textContent = left > 0 ? `Wait ${left} s.` : "Try again.";
    if (left > 0) return;
    clearInterval(timer);
    if (retry) tryAgain();
  };
  tick();
  timer = setInterval(tick, 1000);
}

function tryAgain() {
  const work = retry;
  clear();
  work?.();
}

function button(text, work = tryAgain, kind = "") {
  const made = make("button", { type: "button", class: kind, text });
  made.addEventListener("click", work);
  return made;
}

function signIn() {
  const next = encodeURIComponent(location.pathname + location.search);
  return make("a", { class: "button", href: `/sign-in/?next=${next}`, text: "Sign in again" });
}

function show(words, ...ways) {
  find("#trouble").replaceChildren(make("p", { text: words }), ...ways.filter(Boolean));
  find("#trouble").hidden = false;
}

addEventListener("offline", () => explain(new Unreachable(), retry));
addEventListener("online", tryAgain);
