// The Flow page: draws the last hour from its table, and says aloud what has changed.
"use strict";

(() => {
  const place = document.getElementById("flow-chart");
  const readout = document.getElementById("flow-minute");
  const said = document.getElementById("flow-said");
  const hint = readout.textContent;
  const HEIGHT = 200;
  // From the bottom of each bar to its top; what is dead must not be hidden below.
  const OUTCOMES = ["applied", "duplicate", "stale", "ignored", "test", "dead"];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);
  let minutes = [];
  let chart = null;

  // The table is what the server said; the chart only shows it.
  function read() {
    const names = [...document.querySelectorAll("#flow-minutes thead th")].slice(1).map((it) => it.textContent);
    return [...document.querySelectorAll("#flow-minutes tr[data-at]")].reverse().map((row) => {
      const told = [...row.querySelectorAll("td")].map((cell) => cell.dataset.number);
      const counts = told.includes(undefined) ? null : Object.fromEntries(names.map((name, i) => [name, Number(told[i])]));
      return { at: Number(row.dataset.at), counts };
    });
  }

  // One series for each outcome: its own height and that of all below it.
  function stacked() {
    const sums = minutes.map(() => 0);
    const series = OUTCOMES.map((name) => minutes.map((it, i) => (it.counts ? (sums[i] += it.counts[name]) : null)));
    return [minutes.map((it) => it.at), ...series.reverse()];
  }

  function options() {
    const bars = uPlot.paths.bars({ size: [0.8, 24] });
    const axis = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    return {
      width: place.clientWidth,
      height: HEIGHT,
      padding: [12, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { setScale: false } },
      scales: { x: { time: false, range: (u, low, high) => [low - 30, high + 30] }, y: { range: (u, low, high) => [0, Math.max(5, high * 1.05)] } },
      axes: [
        { ...axis, grid: { show: false }, size: 28, values: (u, at) => at.map(clock), incrs: [600, 900, 1200], space: 48 },
        { ...axis, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6] },
      ],
      series: [{}, ...[...OUTCOMES].reverse().map((name) => ({ label: name, paths: bars, fill: colour(name), width: 0, points: { show: false } }))],
      hooks: { draw: [markDead], setCursor: [point] },
    };
  }

  // A few dead letters among thousands of deliveries would be too thin to be seen.
  function markDead(u) {
    const size = 4 * uPlot.pxRatio;
    u.ctx.fillStyle = colour("dead");
    for (const it of minutes) {
      if (!it.counts?.dead) continue;
      const x = u.valToPos(it.at, "x", true);
      const y = u.bbox.top - size;
      u.ctx.beginPath();
      u.ctx.moveTo(x - size, y - size);
      u.ctx.lineTo(x + size, y - size);
      u.ctx.lineTo(x, y + size);
      u.ctx.fill();
    }
  }

  function point(u) {
    const it = minutes[u.cursor.idx];
    if (!it) {
      readout.textContent = hint;
    } else if (!it.counts) {
      readout.textContent = `${clock(it.at)}: not counted yet`;
    } else {
      const told = OUTCOMES.filter((name) => it.counts[name]).map((name) => `${name} ${it.counts[name].toLocaleString("en")}`);
      readout.textContent = `${clock(it.at)}: ${told.join(", ") || "nothing"}`;
    }
  }

  function draw() {
    minutes = read();
    if (!minutes.length) return;
    if (chart) chart.setData(stacked());
    else chart = new uPlot(options(), stacked(), place);
  }

  function redraw() {
    chart?.destroy();
    chart = null;
    draw();
  }

  // Only what changed: a voice that reads figures every two seconds helps nobody.
  function say() {
    const told = document.getElementById("flow-verdict")?.textContent ?? "";
    const words = told.replace(/[\d\u202f.,]+/g, "");
    if (said.dataset.words !== undefined && said.dataset.words !== words) said.textContent = told;
    said.dataset.words = words;
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id === "flow-live") say();
    else draw();
  });
  new ResizeObserver(() => chart?.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  say();
  draw();
})();
