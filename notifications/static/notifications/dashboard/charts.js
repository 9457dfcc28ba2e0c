// Unfold draws the charts that the page came with; here they get new numbers, and those that came later are drawn.
const { Chart } = window;
const VARIABLE = /^var\((--[\w-]+)\)$/;

function coloured(text) {
  const style = getComputedStyle(document.documentElement);
  const found = JSON.parse(text);
  for (const set of found.datasets) {
    for (const name of ["borderColor", "backgroundColor"]) {
      const variable = VARIABLE.exec(set[name]);
      if (variable) set[name] = style.getPropertyValue(variable[1]).trim();
    }
  }
  return found;
}

/** The canvas that stays takes the numbers of the one that was just fetched. */
export function update(kept, fetched) {
  const [before, now] = [kept, fetched].map((one) => one.querySelector("canvas"));
  if (!before || !now) return;
  kept.setAttribute("aria-label", fetched.getAttribute("aria-label"));
  const chart = Chart.getChart(before);
  if (!chart || before.dataset.value === now.dataset.value) return;
  before.dataset.value = now.dataset.value;
  chart.data = coloured(now.dataset.value);
  chart.update("none");
}

export function draw(region) {
  for (const canvas of region.querySelectorAll("canvas.chart")) {
    if (Chart.getChart(canvas)) continue;
    new Chart(canvas, {
      type: canvas.dataset.type, data: coloured(canvas.dataset.value), options: JSON.parse(canvas.dataset.options),
    });
  }
}
