// What would happen, before it does: a clean-up, and the times of a maintenance window.
import { attempt, read, send } from "./forms.js";
import { node, quiet, span } from "./build.js";

const plural = (n, one) => `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;

/** Only what was shown may be deleted: other days have to be looked at again. */
export function forgetCleanup(form) {
  form.querySelector("[data-preview]").replaceChildren();
  form.querySelector("[type=submit]").disabled = true;
}

export async function previewCleanup(form) {
  if (!form.reportValidity()) return;
  forgetCleanup(form);
  const asked = read(form);
  const reply = await attempt(form, () => send(form, { body: { ...asked, dry_run: true } }));
  if (!reply || read(form).days !== asked.days) return;
  const { read: seen, archived, expired } = reply.by_reason;
  form.querySelector("[data-preview]").replaceChildren(
    node("strong", {}, `${plural(reply.would_delete_count, "notification")} would be deleted.`),
    node("ul", {}, node("li", {}, `${seen} were read`), node("li", {}, `${archived} were archived`), node("li", {}, `${expired} had expired`)));
  form.querySelector("[type=submit]").disabled = reply.would_delete_count === 0;
}

/** The form of the plan for a new window, or with what is planned for one that is changed. */
export function preparePlan(form, { window: planned }) {
  const before = planned ? JSON.parse(planned) : null;
  form.dataset.method = before ? "PATCH" : "POST";
  form.dataset.path = before ? "/maintenance/{id}/" : "/maintenance/";
  form.querySelector("h2").textContent = before ? "Change maintenance" : "Plan maintenance";
  form.querySelector("[type=submit]").textContent = before ? "Save" : "Plan it";
  if (!before) return;
  for (const field of form.elements) {
    if (field.type === "checkbox") field.checked = before[field.name].includes(field.value);
    else if (field.name) field.value = before[field.name];
  }
}

export async function previewPlan(form) {
  if (!form.reportValidity()) return;
  const reply = await attempt(form, () => send(form, { path: "/maintenance/preview/", body: { ...read(form), count: 5 } }));
  if (!reply) return;
  const times = reply.occurrences.map((one) => node("li", {}, `${span(one.starts_at_local, one.ends_at_local)} `,
    reply.timezone === "UTC" ? "UTC" : quiet(`(${span(one.starts_at, one.ends_at)} UTC)`)));
  form.querySelector("[data-preview]").replaceChildren(
    node("strong", {}, `${times.length > 1 ? "The next times" : "It happens once"}, by the clock of ${reply.timezone}:`), node("ul", {}, times));
}
