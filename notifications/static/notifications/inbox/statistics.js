// My inbox in numbers.

import { call } from "./api.js";
import { bars, columns } from "./charts.js";
import { find, make } from "./dom.js";
import { clear, explain } from "./trouble.js";
import { PRIORITIES, TYPES, counted, dayOf, lasting, nameOf } from "./words.js";

export async function showStatistics() {
  try {
    const { data } = await call("stats/");
    clear();
    find("#numbers").replaceChildren(...tiles(data));
    const days = data.by_day.map(({ date, count }) => ({ label: dayOf(`${date}T12:00`), count }));
    find("#charts").replaceChildren(
      columns("Notifications by day, the last 30 days (UTC)", days),
      bars("By type", sorted(data.by_type, TYPES)),
      bars("By priority", sorted(data.by_priority, PRIORITIES)),
    );
    find("#statistics-loading").hidden = true;
  } catch (error) {
    explain(error, showStatistics);
  }
}

function tiles(data) {
  const median = data.median_seconds_to_read;
  return [
    tile("All", counted(data.total)),
    tile("Unread", data.unread >= 1000 ? "999+" : counted(data.unread)),
    tile("Last 7 days", counted(data.recent_count)),
    tile("From the platform", counted(data.system)),
    tile("Read", `${data.read_rate} %`),
    tile("Usually read within", median === null ? "-" : lasting(median)),
  ];
}

function tile(name, value) {
  return make("div", { class: "panel tile" }, make("dt", { text: name }), make("dd", { text: value }));
}

function sorted(counts, names) {
  const points = Object.entries(counts).map(([key, count]) => ({ label: nameOf(names, key), count }));
  return points.sort((one, other) => other.count - one.count);
}
