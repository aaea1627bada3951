// Lines with bands, drawn from numbers; every chart has its table.

const LABEL = 7.4; // pixels of a letter of a label

function scale(low, high, from, to, log) {
  const f = log ? Math.log : (x) => x;
  const [a, b] = [f(low), f(high)];
  return (x) => from + ((f(x) - a) / (b - a || 1)) * (to - from);
}

function logTicks(low, high, most) {
  const all = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const step of [1, 2, 5]) all.push(step * 10 ** power);
  }
  const inside = all.filter((x) => x >= low * 0.999 && x <= high * 1.001);
  return inside.length <= most ? inside : inside.filter((x) => Number.isInteger(Math.round(1e6 * Math.log10(x)) / 1e6));
}

function linearTicks(low, high, most) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw);
  const ticks = [];
  for (let x = Math.ceil(low / step - 1e-9) * step; x <= high + step * 1e-6; x += step) ticks.push(x);
  return ticks;
}

function range(values, least, floor, ceiling) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = Math.max((least - (high - low)) / 2, (high - low) * 0.08);
  [low, high] = [Math.max(floor, low - pad), Math.min(ceiling, high + pad)];
  if (high - low < least) low === floor ? (high = Math.min(ceiling, low + least)) : (low = Math.max(floor, high - least));
  return [low, high];
}

// Labels at the ends of lines, moved apart where they would meet.
function apart(labels, gap, low, high) {
  labels.sort((a, b) => a.y - b.y);
  let least = low;
  for (const one of labels) { one.at = Math.max(one.y, least); least = one.at + gap; }
  let most = high;
  for (const one of [...labels].reverse()) { one.at = Math.min(one.at, most); most = one.at - gap; }
  return labels;
}

const DOTS = [
  (x, y) => s("circle", { cx: x, cy: y, r: 3.1 }),
  (x, y) => s("rect", { x: x - 2.8, y: y - 2.8, width: 5.6, height: 5.6 }),
  (x, y) => s("path", { d: `M${x} ${y - 3.8}L${x + 3.6} ${y + 2.7}H${x - 3.6}z` }),
  (x, y) => s("path", { d: `M${x} ${y - 4}L${x + 4} ${y}L${x} ${y + 4}L${x - 4} ${y}z` }),
];
const dot = (run, x, y) => DOTS[run % DOTS.length](x, y);

function drawLines(host, chart) {
  const { series, xLabel, xFormat, log = true } = chart;
  const width = Math.max(260, host.clientWidth), narrow = width < 460;
  const labelled = series.filter((one) => one.points.length && (one.named || (!one.dash && !one.point)));
  const longest = Math.max(0, ...labelled.map((one) => one.label.length));
  const right = narrow ? 14 : Math.min(230, 24 + longest * LABEL), left = 44, top = 10, bottom = 38;
  const height = Math.round(Math.min(340, Math.max(230, width * 0.54)));
  const every = series.flatMap((one) => one.points);
  const xs = every.map((p) => p.x), ys = every.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]);
  let [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  if (x0 === x1) [x0, x1] = [x0 / 1.5, x1 * 1.5];
  const [y0, y1] = range(ys, 0.1, 0, 1);
  const x = scale(x0, x1, left + 6, width - right, log), y = scale(y0, y1, height - bottom, top, false);
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "chart", role: "img", "aria-label": chart.title });
  for (const tick of linearTicks(y0, y1, 5)) {
    svg.append(s("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }),
      s("text", { x: left - 7, y: y(tick) + 4, class: "tick end" }, `${Math.round(100 * tick * 10) / 10}`));
  }
  svg.append(s("text", { x: left - 7, y: height - bottom + 18, class: "tick end muted" }, "%"));
  for (const tick of log ? logTicks(x0, x1, narrow ? 5 : 8) : linearTicks(x0, x1, 6)) {
    svg.append(s("line", { x1: x(tick), x2: x(tick), y1: height - bottom, y2: height - bottom + 4, class: "axis" }),
      s("text", { x: x(tick), y: height - bottom + 17, class: "tick middle" }, (xFormat === compact ? round : xFormat)(tick)));
  }
  svg.append(s("line", { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, class: "axis" }),
    s("text", { x: width - right, y: height - 4, class: "tick end muted" }, xLabel));
  for (const one of series) svg.append(...lineOf(one, x, y));
  if (!narrow) {
    const ends = labelled.map((one) => ({ one, y: y(one.points.at(-1).y), x: x(one.points.at(-1).x) }));
    for (const { one, at, x: end } of apart(ends, 15, top + 4, height - bottom)) {
      const from = y(one.points.at(-1).y), edge = width - right + 16;
      svg.append(s("path", { d: `M${end + 6} ${from}L${Math.max(end + 6, edge - 10)} ${from}L${edge - 3} ${at}`, class: `leader run-${one.run}` }),
        s("text", { x: edge, y: at + 4, class: `label run-${one.run}` }, one.label));
    }
  }
  return { svg, x, y, top, bottom: height - bottom };
}

function lineOf(one, x, y) {
  const points = one.points, nodes = [];
  if (points.some((p) => known(p.low)) && points.length > 1) {
    const up = points.map((p) => `${x(p.x).toFixed(1)},${y(p.high ?? p.y).toFixed(1)}`);
    const down = points.map((p) => `${x(p.x).toFixed(1)},${y(p.low ?? p.y).toFixed(1)}`).reverse();
    if (!one.dash) nodes.push(s("polygon", { points: [...up, ...down].join(" "), class: `band run-${one.run}` }));
  }
  if (one.point || points.length === 1) {
    for (const p of points) nodes.push(s("line", { x1: x(p.x), x2: x(p.x), y1: y(p.low ?? p.y), y2: y(p.high ?? p.y), class: `whisker run-${one.run}` }));
  } else {
    nodes.push(s("polyline", { points: points.map((p) => `${x(p.x).toFixed(1)},${y(p.y).toFixed(1)}`).join(" "), class: `line run-${one.run}${one.dash ? " dash" : ""}` }));
  }
  if (one.point) for (const p of points) nodes.push(s("text", { x: x(p.x) - 5, y: y(p.low ?? p.y) + (known(p.low) && p.low < p.y ? -1 : 16), class: `tick end run-${one.run} of-run` }, "answer"));
  nodes.push(s("g", { class: `dots run-${one.run}${one.dash ? " hollow" : ""}` }, points.map((p) => dot(one.run, x(p.x), y(p.y)))));
  return nodes;
}

// A chart in its frame: a title, a line that reads off what the pointer is at, and the numbers.
function figure(chart) {
  const host = h("div", { class: "plot" });
  const said = h("p", { class: "readout", "aria-hidden": "true" }, chart.hint || "\u00a0");
  const draw = () => {
    if (!host.clientWidth) return;
    const { svg, x, top, bottom } = drawLines(host, chart);
    const rule = s("line", { y1: top, y2: bottom, class: "rule" });
    svg.append(rule);
    svg.addEventListener("pointermove", (event) => {
      const at = event.clientX - svg.getBoundingClientRect().left;
      const ticks = [...new Set(chart.series.flatMap((one) => one.points.map((p) => p.x)))];
      const near = ticks.reduce((a, b) => (Math.abs(x(b) - at) < Math.abs(x(a) - at) ? b : a));
      rule.setAttribute("x1", x(near)); rule.setAttribute("x2", x(near)); rule.classList.add("on");
      said.replaceChildren(...readout(chart, near).map((part) => (part instanceof Node ? part : document.createTextNode(part))));
    });
    svg.addEventListener("pointerleave", () => { rule.classList.remove("on"); said.replaceChildren(chart.hint || "\u00a0"); });
    host.replaceChildren(svg);
  };
  watchWidth(host, draw);
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, chart.title), chart.legend), said, host,
    chart.note && h("p", { class: "note" }, chart.note), numbersOf(chart));
}

function readout(chart, at) {
  const parts = [h("b", {}, `${chart.xName} ${chart.xFormat(at)}`)];
  for (const one of chart.series) {
    const p = one.points.find((q) => q.x === at);
    if (p) parts.push(h("span", { class: `run-${one.run} said` }, `${one.label} ${interval([p.y, p.low, p.high])}`));
  }
  return parts;
}

function interval(value) {
  if (!value) return "–";
  const [middle, low, high] = value;
  return known(low) && known(high) && low !== high ? `${percent(middle)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]` : percent(middle);
}

function numbersOf(chart) {
  const rows = chart.series.flatMap((one) => one.points.map((p) => h("tr", {},
    h("th", { scope: "row" }, one.label), h("td", {}, chart.xFormat(p.x)), h("td", {}, percent(p.y)),
    h("td", {}, known(p.low) ? `${(100 * p.low).toFixed(1)} to ${(100 * p.high).toFixed(1)}` : "–"))));
  return h("details", { class: "numbers" }, h("summary", {}, "Numbers"),
    h("table", {}, h("thead", {}, h("tr", {}, ["", chart.xName, "value", "95 % interval"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)));
}

const watched = new Map();
const widths = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const one = watched.get(target);
    if (one && one.width !== contentRect.width) { one.width = contentRect.width; one.draw(); }
  }
});
function watchWidth(host, draw) { watched.set(host, { draw, width: 0 }); widths.observe(host); }
function forgetWidths() { for (const host of watched.keys()) widths.unobserve(host); watched.clear(); }
