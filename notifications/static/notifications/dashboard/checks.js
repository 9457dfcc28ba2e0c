// Running the checks now: all of them through the API, which stores the run; one by itself, which leaves nothing.
import { call, Refused } from "./api.js";
import { badge, node, quiet } from "./build.js";

const KINDS = { OK: "ok", WARNING: "warning", ERROR: "critical", UNKNOWN: "unknown" };
const WORDS = { OK: "Well", WARNING: "Warning", ERROR: "Critical", UNKNOWN: "No answer" };

function result(one) {
  const facts = [
    one.details.threshold && `Threshold: ${one.details.threshold}.`,
    one.details.sample !== undefined && one.details.sample !== null && `Sample: ${one.details.sample}.`,
    `It took ${one.details.milliseconds} ms.`,
  ];
  return node("li", {},
    node("div", { class: "dash-line" }, node("h3", { class: "dash-grow" }, one.component), badge(WORDS[one.status], KINDS[one.status])),
    node("p", {}, one.details.summary ?? one.error ?? ""),
    node("p", {}, quiet(facts.filter(Boolean).join(" "))));
}

async function show(dialog, title, words, ask) {
  const progress = dialog.querySelector("[data-progress]");
  const said = dialog.querySelector("[data-progress-words]");
  const results = dialog.querySelector("[data-results]");
  dialog.querySelector("h2").textContent = title;
  said.textContent = words;
  results.replaceChildren();
  progress.hidden = false;
  if (!dialog.open) dialog.showModal();
  try {
    const { summary, checks } = await ask();
    said.textContent = summary;
    results.replaceChildren(...checks.map(result));
    return summary;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    said.textContent = error.message;
    return error.message;
  } finally {
    progress.hidden = true;
  }
}

export function runAll(dialog) {
  return show(dialog, "Health check", "Running all checks ...", async () => {
    const { health_status: report } = await call("GET", "/health-check/");
    const ill = report.components.filter((one) => !one.healthy).map((one) => one.component);
    const age = report.age_seconds > 1 ? ` This is the run of ${Math.round(report.age_seconds)} s ago, which still counts.` : "";
    const cut = report.complete ? "" : " Its time ran out before every check was asked.";
    return { summary: `${ill.length ? `Not well: ${ill.join(", ")}.` : "All is well."}${cut}${age}`, checks: report.components };
  });
}

export function runOne(dialog, { check, title, address }) {
  return show(dialog, title, `Asking ${title} ...`, async () => {
    const reply = await call("POST", address.replace("CHECK", encodeURIComponent(check)), { absolute: true });
    const summary = `Asked by itself, in ${reply.duration_ms} ms. Nothing is stored and nobody is told; running all checks does both.`;
    return { summary, checks: [reply.check] };
  });
}
