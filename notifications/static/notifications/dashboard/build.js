// Nodes from words: text is set as text, so nothing that somebody wrote is ever read as markup.
export function node(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") made.className = value;
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export const badge = (words, kind) => node("span", { class: `dash-badge ${kind}` }, words);
export const quiet = (words) => node("span", { class: "dash-quiet" }, words);

const UNITS = [["d", 86400], ["h", 3600], ["min", 60]];

/** "12 s", "5 min", "3 h": the largest unit alone. */
export function length(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const unit = UNITS.find(([, size]) => whole >= size);
  return unit ? `${Math.floor(whole / unit[1])} ${unit[0]}` : `${whole} s`;
}

const DAY = { day: "numeric", month: "short" };
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const written = (iso, options) => new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(new Date(iso));

/** Always in UTC as everything else on this page. */
export const moment = (iso) => `${written(iso, { ...DAY, ...CLOCK })} UTC`;

/** "Sat 5 Dec, 22:00 to 23:00", as the clock shows it that belongs to these times: their offset is left out. */
export function span(from, to) {
  const [start, end] = [from, to].map((one) => `${one.slice(0, 16)}Z`);
  const sameDay = start.slice(0, 10) === end.slice(0, 10);
  const first = written(start, { weekday: "short", ...DAY, ...CLOCK });
  return `${first} to ${written(end, sameDay ? CLOCK : { weekday: "short", ...DAY, ...CLOCK })}`;
}

/** Says of every time how long ago it is, or in how long it will be; the moment itself stands in its title. */
export function tellTimes(root) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.now() - new Date(time.dateTime)) / 1000;
    const past = time.dataset.ago === "next" ? "due" : `${length(seconds)} ago`;
    const words = Math.abs(seconds) < 5 ? "now" : seconds > 0 ? past : `in ${length(-seconds)}`;
    if (time.textContent !== words) time.textContent = words;
  }
}
