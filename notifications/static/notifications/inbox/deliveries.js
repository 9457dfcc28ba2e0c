// What became of a notification on each channel, and by which rule.

import { call } from "./api.js";
import { badge, make } from "./dom.js";
import { explain } from "./trouble.js";
import { moment } from "./words.js";

const CHANNELS = { in_app: "Inbox", email: "E-mail", sms: "SMS" };
const STATES = {
  waiting: ["Waiting", "medium"],
  held: ["Held", "medium"],
  claimed: ["Being sent", "info"],
  sent: ["Sent", "ok"],
  dead: ["Given up", "error"],
  skipped: ["Not sent", ""],
  merged: ["Told in a digest", "info"],
};

export async function showDeliveries(id, place) {
  place.replaceChildren(make("p", { class: "quiet", text: "Loading ..." }));
  try {
    const { deliveries } = await call(`${id}/deliveries/`);
    place.replaceChildren(make("ul", { class: "deliveries" }, ...deliveries.map(line)));
  } catch (error) {
    place.replaceChildren(make("p", { class: "wrong", text: error.message }));
    explain(error, () => showDeliveries(id, place));
  }
}

function line({ channel, state, rule, reason, due_at, finished_at, attempts }) {
  const [word, kind] = STATES[state] ?? [state, ""];
  const when = state !== "skipped" && (finished_at ?? due_at);
  const quiet = (text) => make("p", { class: "quiet", text });
  return make(
    "li",
    {},
    make("p", {}, make("strong", { text: CHANNELS[channel] ?? channel }), " ", badge(word, kind)),
    quiet([rule, reason].filter(Boolean).join(" ")),
    when ? quiet(`${finished_at ? "" : "Due "}${moment(when)}`) : null,
    attempts.length ? quiet(attempts.map(attempt).join("; ")) : null,
  );
}

function attempt({ number, outcome, reason }) {
  return `attempt ${number}: ${outcome.replace("_", " ")}${reason ? ` (${reason})` : ""}`;
}
