// Times, numbers and names, as people read them.

const LARGEST_FIRST = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const ENGLISH = "en-GB"; // the page's words are English, and so are its dates: 26 Nov 2026, 14:05
const relative = new Intl.RelativeTimeFormat(ENGLISH);
const whole = new Intl.DateTimeFormat(ENGLISH, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(ENGLISH, { day: "numeric", month: "short" });
const number = new Intl.NumberFormat(ENGLISH);

/** "2 hours ago": the largest unit only, as of now. */
export function ago(moment) {
  const seconds = (new Date(moment) - Date.now()) / 1000;
  const [unit, length] = LARGEST_FIRST.find(([, length]) => Math.abs(seconds) >= length) ?? [];
  return unit ? relative.format(Math.trunc(seconds / length), unit) : "just now";
}

export const moment = (text) => whole.format(new Date(text));
export const dayOf = (text) => day.format(new Date(text));
export const counted = (count) => number.format(count);

/** "1 notification", "3 notifications". */
export function many(count, thing) {
  return `${counted(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** A length of time in its largest unit: "45 seconds", "3 hours". */
export function lasting(seconds) {
  const [unit, length] = LARGEST_FIRST.find(([, length]) => seconds >= length) ?? ["second", 1];
  return many(Math.round(seconds / length), unit);
}

/** What the page calls types and priorities, by the API's words: as they stand in its filters. */
export const TYPES = namesIn("#filter-type");
export const PRIORITIES = namesIn("#filter-priority");

function namesIn(selector) {
  const options = [...document.querySelectorAll(`${selector} option[value]:not([value=""])`)];
  return Object.fromEntries(options.map((option) => [option.value, option.text]));
}

export const nameOf = (names, key) => names[key] ?? key;
