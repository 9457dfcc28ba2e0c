// How I am told: channels, the matrix, quiet hours and digests, snooze, thresholds of credits.

import { call } from "./api.js";
import { find, make } from "./dom.js";
import { onSend, showErrors } from "./forms.js";
import { matrix, replaceMatrix } from "./matrix.js";
import { say } from "./toast.js";
import { clear, explain } from "./trouble.js";
import { moment } from "./words.js";

const THRESHOLDS = ["sms_credit_warning_threshold", "sms_credit_critical_threshold"];
const patch = (path, body) => call(path, { method: "PATCH", body }).then((reply) => reply.data);

export class Settings {
  constructor() {
    this.panel = find("#panel-settings");
    onSend(find("#times"), (form) => this.#saveTimes(form));
    onSend(find("#thresholds"), (form) => this.#saveThresholds(form));
    onSend(find("#snooze"), (form, button) => this.#snooze(form, button));
    find("#quiet-on").addEventListener("change", (event) => this.#quiet(event.target.checked));
  }

  async show() {
    try {
      const [preferences, settings] = await Promise.all([call("preferences/"), call("settings/")]);
      clear();
      this.#draw(preferences.data);
      for (const name of THRESHOLDS) find(`[name=${name}]`, this.panel).value = settings.data[name];
      find("#settings-loading").hidden = true;
      find("#settings-all").hidden = false;
    } catch (error) {
      explain(error, () => this.show());
    }
  }

  #draw(data) {
    this.data = data;
    find("#channels").replaceChildren(...data.channels.map((channel) => this.#channel(channel)));
    this.#drawMatrix(data);
    this.#drawTimes(data);
    this.#drawSnooze(data);
  }

  #drawMatrix(data) {
    const words = data.tenant ? `It holds while you work in ${data.tenant.name}.` : "";
    find("#matrix-tenant").textContent = words;
    replaceMatrix(find("#matrix"), matrix(data, (cell) => this.#saveCell(cell)));
  }

  async #saveCell(cell) {
    const data = await patch("preferences/", { cells: [cell] });
    this.data = data;
    // A cell that is turned on may turn its channel on.
    for (const { channel, is_on } of data.channels) find(`#channel-${channel}`).checked = is_on;
    return data;
  }

  #channel({ channel, title, is_on, is_reachable, address, why_not }) {
    const box = make("input", { type: "checkbox", role: "switch", id: `channel-${channel}`, checked: is_on });
    const about = is_reachable ? (address ?? "Always there") : why_not;
    box.addEventListener("change", () => this.#switch(channel, title, box));
    return make(
      "li",
      {},
      box,
      make("label", { for: box.id }, title, make("span", { class: "quiet", text: about })),
      is_reachable ? null : make("span", { class: "badge warning", text: "Not reachable" }),
    );
  }

  async #switch(channel, title, box) {
    const wanted = box.checked;
    try {
      await patch("settings/", { [`${channel}_notifications_enabled`]: wanted });
      this.#draw((await call("preferences/")).data);
      find(`#channel-${channel}`).focus();
      say(`${title} is ${wanted ? "on" : "off"}.`);
    } catch (error) {
      box.checked = !wanted;
      explain(error);
    }
  }

  // --- Quiet hours and digests ---

  #drawTimes({ quiet_hours, daily_digest_at, timezone }) {
    const { elements } = find("#times");
    find("#quiet-on").checked = quiet_hours !== null;
    elements.from.value = quiet_hours?.from ?? "22:00";
    elements.until.value = quiet_hours?.until ?? "07:00";
    elements.daily_digest_at.value = daily_digest_at;
    find("#timezone").textContent = timezone;
    this.#quiet(quiet_hours !== null);
  }

  #quiet(isOn) {
    find("#quiet-times").disabled = !isOn;
  }

  async #saveTimes({ elements }) {
    const { from, until, daily_digest_at } = elements;
    const quiet_hours = find("#quiet-on").checked ? { from: from.value, until: until.value } : null;
    this.#drawTimes(await patch("preferences/", { quiet_hours, daily_digest_at: daily_digest_at.value }));
  }

  // --- Snooze ---

  #drawSnooze({ snoozed_until }) {
    const isOn = snoozed_until !== null && new Date(snoozed_until) > Date.now();
    find("#snoozed").textContent = isOn
      ? `Snoozed until ${moment(snoozed_until)}. Critical ones still come at once.`
      : "Holds everything but critical ones until a time.";
    find("#snooze-end").hidden = !isOn;
  }

  async #snooze(form, button) {
    const until = momentOf(button?.value ?? "", form.elements.until.value);
    if (until === undefined) return void showErrors(form, { until: ["Choose a day and a time."] }) ?? "";
    const { data } = await call("preferences/snooze/", { method: "POST", body: { until } });
    this.#drawSnooze(data);
    return until ? "Snoozed." : "No longer snoozed.";
  }

  // --- Thresholds ---

  async #saveThresholds({ elements }) {
    const entries = THRESHOLDS.map((name) => [name, wholeNumber(elements[name].value)]);
    const data = await patch("settings/", Object.fromEntries(entries));
    for (const name of THRESHOLDS) elements[name].value = data[name];
  }
}

/** When a button of the snooze form says: null ends it, undefined where no time was chosen. */
function momentOf(word, chosen) {
  if (word === "end") return null;
  const hours = Number(word);
  if (hours) return new Date(Date.now() + hours * 3600000).toISOString();
  const date = new Date(chosen);
  return chosen && !Number.isNaN(date.valueOf()) ? date.toISOString() : undefined;
}

/** A number where it is one; else the text, which the API refuses in its own words. */
function wholeNumber(text) {
  return /^\d+$/.test(text.trim()) ? Number(text) : text;
}
