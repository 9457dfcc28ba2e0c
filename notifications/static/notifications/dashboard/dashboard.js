// The admin's front page: docs/dashboard.md says what each button does.
import { connect } from "./api.js";
import { tellTimes } from "./build.js";
import { runAll, runOne } from "./checks.js";
import { attempt, complain, read, send } from "./forms.js";
import { showTimeline } from "./incidents.js";
import { forgetCleanup, preparePlan, previewCleanup, previewPlan } from "./previews.js";
import { Regions } from "./regions.js";
import { prepare, testSoon } from "./thresholds.js";

const root = document.getElementById("dashboard");
connect(root);
const dialogOf = (name) => document.getElementById(`dialog-${name}`);
const regions = new Regions(root, { onReplaced: reopenTimelines });

// It stays in sight while the page is scrolled, and so not for ever.
let silence = 0;
function say(words) {
  const line = root.querySelector("[data-said]");
  line.textContent = words;
  clearTimeout(silence);
  silence = setTimeout(() => { line.textContent = ""; }, 12_000);
}

// What was pressed may be gone after a refresh: then what is in its place gets the focus, or else its part's heading.
let pressed = { focus: "", region: "" };
function press(button) {
  pressed = { focus: button.dataset.focus ?? "", region: button.closest("[data-region]")?.dataset.region ?? "" };
}

function giveFocusBack() {
  if (document.activeElement !== document.body) return;
  const region = root.querySelector(`[data-region="${CSS.escape(pressed.region)}"]`);
  const same = pressed.focus && root.querySelector(`[data-focus="${CSS.escape(pressed.focus)}"]`);
  (same || region?.querySelector("h2"))?.focus({ preventScroll: true });
}

function open(button) {
  const dialog = dialogOf(button.dataset.dialog);
  const form = dialog.querySelector("form");
  press(button);
  form.reset();
  complain(form);
  form.querySelector("[data-preview]")?.replaceChildren();
  form.querySelector("[data-backtest]")?.replaceChildren();
  if ("cleanup" in form.dataset) forgetCleanup(form);
  form.dataset.ofid = button.dataset.id ?? "";
  const about = form.querySelector("[data-about]");
  if (about) about.textContent = button.dataset.title;
  if (form.elements.assignee) form.elements.assignee.value = button.dataset.value;
  dialog.showModal();
  return form;
}

async function done(form, reply, words = reply.message) {
  if (form.closest("dialog")) form.closest("dialog").close();
  else form.reset();
  say(words);
  await regions.again();
  giveFocusBack();
}

const DOES = {
  open,
  close: (button) => button.closest("dialog").close(),
  refresh: () => regions.refresh(),
  // In the page's own address, so that loading it again and leading somebody to it show the same.
  scale: (button) => { history.replaceState(null, "", `?charts=${button.dataset.scale}`); return regions.again(); },
  "check-all": async () => { say(await runAll(dialogOf("checks"))); await regions.again(); },
  check: (button) => runOne(dialogOf("checks"), { ...button.dataset, address: root.dataset.checks }),
  "preview-cleanup": (button) => previewCleanup(button.form),
  plan: (button) => preparePlan(open(button), button.dataset),
  "preview-plan": (button) => previewPlan(button.form),
  threshold: (button) => prepare(open(button), button),
  "reset-threshold": async ({ form }) => {
    const { version, reason = "" } = read(form);
    const path = `/thresholds/${form.dataset.ofcheck}/${form.dataset.ofname}/?${new URLSearchParams({ version, reason })}`;
    const reply = await attempt(form, () => send(form, { method: "DELETE", path }));
    if (reply) await done(form, reply);
  },
};

root.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button) DOES[button.dataset.do](button);
});

root.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const reply = await attempt(form, () => send(form));
  if (!reply) return;
  if (!form.closest("dialog")) press(form.querySelector("[type=submit]"));
  await done(form, reply);
  const timeline = form.closest("details[data-timeline]");
  if (timeline) await showTimeline(root.querySelector(`details[data-timeline="${timeline.dataset.timeline}"]`) ?? timeline);
});

root.addEventListener("input", ({ target }) => {
  if (target.form && "cleanup" in target.form.dataset) forgetCleanup(target.form);
  if (target.form && "threshold" in target.form.dataset && target.name !== "reason") testSoon(target.form);
});

// `toggle` does not bubble.
root.addEventListener("toggle", ({ target }) => {
  if (target.open && target.matches("details[data-timeline]")) showTimeline(target);
}, true);

function reopenTimelines(region) {
  for (const details of region.querySelectorAll("details[open][data-timeline]")) showTimeline(details);
}

tellTimes(root);
