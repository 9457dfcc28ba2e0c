// An incident's timeline, fetched when it is opened.
import { call, Refused } from "./api.js";
import { moment, node, quiet } from "./build.js";

const SAID = {
  opened: "opened", reported: "reported again", worse: "got worse", better: "got better", repeated: "told again",
  told_late: "told to somebody new", suppressed: "kept something that follows from it closed", acknowledged: "acknowledged",
  acknowledgement_ended: "the acknowledgement ended", assigned: "assigned", commented: "commented", resolved: "resolved",
  reopened: "reopened",
};

function line(one) {
  const who = one.actor ? one.actor.full_name || one.actor.email : "The monitor";
  const nothing = one.kind === "assigned" ? "nobody" : "";
  const [before, after] = [one.before || nothing, one.after || nothing];
  const change = before && after ? ` (${before} to ${after})` : before || after ? ` (${before || after})` : "";
  return node("li", {}, quiet(moment(one.at)), node("strong", {}, `${who}: ${SAID[one.kind] ?? one.kind}${change}`),
    one.text ? node("p", {}, one.text) : null);
}

export async function showTimeline(details) {
  const list = details.querySelector(".dash-timeline");
  if (!list.childElementCount) list.append(node("li", {}, quiet("Loading ...")));
  try {
    const { incident } = await call("GET", `/incidents/${details.dataset.timeline}/`);
    list.replaceChildren(...incident.timeline.map(line));
    if (incident.timeline_next) list.append(node("li", {}, quiet("The newest 100 lines; the rest is with the incident.")));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    list.replaceChildren(node("li", { class: "dash-wrong" }, error.message));
  }
}
