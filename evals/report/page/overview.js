// The first view: what each run came to, what it cost, and how far two differ.

const PASS_WORDS = { pass: "all samples", filtered: "passing the search's verifier", base: "first suite alone" };
const SHORT = { pass: "", filtered: " \u00b7 verified", base: " \u00b7 base" };
const hidden = new Set();

function overview() {
  const runs = DATA.runs;
  return h("div", { class: "page" },
    h("h1", { class: "sr" }, "Overview"),
    figures(runs),
    h("div", { class: "cards" },
      passFigure(runs), costFigure(runs), votesFigure(runs), spreadFigure(runs), budgetFigure(runs),
      DATA.comparisons.map(differenceFigure), endsFigure(runs)),
    setup(runs));
}

function figures(runs) {
  const cell = (value, extra) => h("td", {}, value, extra && h("span", { class: "interval" }, extra));
  const range = (v, f) => (v && known(v[1]) && known(v[2]) && v[1] !== v[2] ? `${f(v[1])} – ${f(v[2])}` : null);
  const hundred = (x) => (100 * x).toFixed(1);
  const scoreOf = (one) => (one ? cell(percent(one.value[0]), range(one.value, hundred)) : cell("–"));
  const at = (summary, k) => (summary.passes.pass || []).find((one) => one.n === k);
  const most = largestK(runs);
  const cost = (run, unit, part) => {
    const one = run.summary.costs[unit];
    return one && one[part] ? cell(UNITS[unit](one[part][0]), range(one[part], UNITS[unit])) : cell("–");
  };
  const heads = ["Run", "Solved", "pass@1", ...(most > 1 ? [`pass@${most}`] : []), "Tokens a task", "Tokens a solved task", "Calls a task", "$ a task", "Time a task", "Tasks", "Samples"];
  const rows = runs.map((run, place) => h("tr", {},
    h("th", { scope: "row" }, runName(place)),
    scoreOf(run.summary.solved), scoreOf(at(run.summary, 1)), most > 1 && scoreOf(at(run.summary, most)),
    cost(run, "tokens", "per_task"), cost(run, "tokens", "per_solved"), cost(run, "calls", "per_task"), cost(run, "usd", "per_task"), cost(run, "seconds", "per_task"),
    cell(whole(run.summary.tasks), [run.summary.errors && `${run.summary.errors} errors`, run.summary.ungraded && `${run.summary.ungraded} ungraded`].filter(Boolean).join(", ")),
    cell(whole(run.summary.samples), run.summary.missing ? `${whole(run.summary.missing)} never came` : null)));
  const head = h("tr", {}, heads.map((name) => h("th", { scope: "col" }, name)));
  const turned = narrow.matches && turn([head, ...rows]);
  return h("section", { class: "scroll", tabindex: 0, "aria-label": "Figures" },
    h("table", { class: `figures${turned ? " turned" : ""}` }, h("thead", {}, turned ? turned[0] : head), h("tbody", {}, turned ? turned.slice(1) : rows)),
    h("p", { class: "note" }, "Intervals are of 95 %, by a bootstrap over tasks. ", leftOutNote()));
}

// The largest k that every run has a value for, and enough samples of half of its tasks.
function largestK(runs) {
  const ks = runs.map((run) => (run.summary.passes.pass || []).filter((one) => one.short <= one.tasks / 2).map((one) => one.n));
  return Math.max(1, ...(ks[0] || []).filter((k) => ks.every((all) => !all.length || all.includes(k))));
}

// Rows for columns: on a phone, a run is a column.
function turn(rows) {
  const cells = rows.map((row) => [...row.children]);
  return cells[0].map((_, at) => h("tr", {}, cells.map((row) => row[at])));
}

function leftOutNote() {
  const less = Object.entries(LEVELS).filter(([level]) => level !== "all");
  return less.length ? `Searches in this file: ${Object.entries(LEVELS).map(([level, number]) => `${whole(number)} ${level === "none" ? "left out" : level}`).join(", ")}.` : null;
}

function passKinds(runs) {
  return Object.keys(PASS_WORDS).filter((kind) => runs.some((run) => run.summary.passes[kind]));
}

function seriesOf(runs, pick) {
  return passKinds(runs).filter((kind) => !hidden.has(kind)).flatMap((kind) => runs.map((run, place) => ({
    label: run.name + SHORT[kind], run: place, dash: kind !== "pass", points: pick(run.summary, kind),
  }))).filter((one) => one.points.length);
}

function kindsLegend(runs) {
  const kinds = passKinds(runs);
  return kinds.length > 1 && h("div", { class: "chips", role: "group", "aria-label": "Which samples" }, kinds.map((kind) =>
    h("button", { class: "chip", "aria-pressed": String(!hidden.has(kind)), onclick: () => {
      hidden.has(kind) ? hidden.delete(kind) : hidden.add(kind);
      if (kinds.every((one) => hidden.has(one))) hidden.delete(kinds[0]);
      render({ keep: true });
    } }, s("svg", { viewBox: "0 0 22 8", class: "sample", "aria-hidden": "true" }, s("line", { x1: 0, x2: 22, y1: 4, y2: 4, class: kind === "pass" ? "" : "dash" })), PASS_WORDS[kind])));
}

const band = (value) => ({ y: value[0], low: value[1], high: value[2] });

function passFigure(runs) {
  const series = seriesOf(runs, (summary, kind) => (summary.passes[kind] || []).map((one) => ({ x: one.n, ...band(one.value), short: one.short })));
  if (!series.length) return null;
  const short = runs.some((run) => (run.summary.passes.pass || []).some((one) => one.short));
  return figure({
    title: "pass@k", series, legend: kindsLegend(runs), xName: "k =", xLabel: "samples, k", xFormat: whole,
    hint: "Chance that one of k samples is right", note: short ? "Some tasks have fewer samples than the larger k: what they lack counts as wrong." : null,
  });
}

function costFigure(runs) {
  const series = seriesOf(runs, (summary, kind) => (summary.curves[kind] || []).map((one) => ({ x: one.tokens, ...band(one.value) })));
  runs.forEach((run, place) => {
    const { solved, costs } = run.summary;
    if (solved && costs.tokens) series.push({ label: `${run.name} \u00b7 answer`, run: place, point: true, points: [{ x: costs.tokens.per_task[0], ...band(solved.value) }] });
  });
  if (!series.length || series.some((one) => one.points.some((p) => p.x <= 0))) return null;
  return figure({
    title: "Accuracy against tokens", series, xName: "tokens", xLabel: "tokens a task", xFormat: compact,
    hint: "pass@k by what k samples cost; with whiskers, the answer given",
  });
}

function votesFigure(runs) {
  const series = runs.flatMap((run, place) => Object.entries(run.summary.votes).map(([way, scores], number) => ({
    label: `${run.name} \u00b7 ${way}`, run: place, dash: number > 0, named: true, points: scores.map((one) => ({ x: one.n, ...band(one.value) })),
  })));
  return series.length ? figure({ title: "Ways of choosing", series, xName: "n =", xLabel: "answers chosen from, n", xFormat: whole, hint: "Accuracy of the one chosen of the first n" }) : null;
}

// How many tasks have which share of right samples: what is easy, what is out of reach, what a search can win.
function spreadFigure(runs) {
  const bins = 12;
  const counted = runs.map((_, run) => {
    const counts = new Array(bins).fill(0);
    for (const row of DATA.tasks.runs[run]) {
      if (!row || !known(row[1]) || !row[2]) continue;
      const share = row[1] / row[2];
      counts[share === 0 ? 0 : share === 1 ? bins - 1 : 1 + Math.min(bins - 3, Math.floor(share * (bins - 2)))] += 1;
    }
    return counts;
  });
  const most = Math.max(...counted.flat());
  if (!most) return null;
  const names = [...Array(bins).keys()].map((bin) => (bin === 0 ? "none" : bin === bins - 1 ? "all" : `${(bin - 1) * 10}–${bin * 10} %`));
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "How hard the tasks are")),
    h("p", { class: "readout" }, "Tasks by the share of their samples that is right"),
    h("div", { class: "bars-up", role: "img", "aria-label": "Tasks by the share of right samples; the numbers follow" }, names.map((name, bin) =>
      h("div", { class: "bin" }, h("div", { class: "stack" }, counted.map((counts, run) =>
        h("div", { class: `bar run-${run}`, title: `${DATA.runs[run].name}: ${counts[bin]} tasks, ${name} right`, vars: { "--size": `${(100 * counts[bin]) / most}%` } },
          h("span", { class: "count" }, counts[bin] ? whole(counts[bin]) : "")))),
      h("span", { class: "tick" }, bin === 0 ? "none" : bin === bins - 1 ? "all" : bin % 2 ? "" : `${bin * 10 - 10}%`)))),
    h("details", { class: "numbers" }, h("summary", {}, "Numbers"), h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "right"), runs.map((run) => h("th", { scope: "col" }, run.name)))),
      h("tbody", {}, names.map((name, bin) => h("tr", {}, h("th", { scope: "row" }, name), counted.map((counts) => h("td", {}, whole(counts[bin])))))))));
}

function budgetFigure(runs) {
  const tokens = (usage) => (usage ? usage.prompt_tokens + usage.completion_tokens : 0);
  const kinds = [...new Set(runs.flatMap((run) => Object.keys(run.summary.by_kind).filter((kind) => tokens(run.summary.by_kind[kind]))))];
  const perTask = (run, kind, part) => { const usage = run.summary.by_kind[kind]; return usage ? usage[part] / Math.max(1, run.summary.tasks) : 0; };
  const total = runs.map((run) => Object.values(run.summary.by_kind).reduce((sum, one) => sum + tokens(one), 0) || 1);
  kinds.sort((a, b) => Math.max(...runs.map((run) => tokens(run.summary.by_kind[b]) / run.summary.tasks)) - Math.max(...runs.map((run) => tokens(run.summary.by_kind[a]) / run.summary.tasks)));
  if (!kinds.length) return null;
  const most = Math.max(...kinds.flatMap((kind) => runs.map((run) => perTask(run, kind, "prompt_tokens") + perTask(run, kind, "completion_tokens"))));
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "Where the budget went")),
    h("p", { class: "readout" }, "Tokens a task by kind of thought", h("span", {}, h("span", { class: "key prompt" }), "prompt"), h("span", {}, h("span", { class: "key" }), "written")),
    h("div", { class: "budget" }, kinds.map((kind) => [h("div", { class: "kind-name" }, kind), h("div", { class: "bars" }, runs.map((run, place) => {
      const [prompt, written] = [perTask(run, kind, "prompt_tokens"), perTask(run, kind, "completion_tokens")];
      if (!prompt && !written) return h("div", { class: "line-of bar-none" }, runs.length > 1 ? "–" : "");
      return h("div", { class: `line-of run-${place}`, title: `${run.name}, ${kind}: ${whole(prompt)} prompt and ${whole(written)} written tokens a task` },
        h("span", { class: "part prompt", vars: { "--size": `${(72 * prompt) / most}%` } }), h("span", { class: "part", vars: { "--size": `${(72 * written) / most}%` } }),
        h("span", { class: "count" }, `${compact(prompt + written)}`, h("span", { class: "muted" }, ` ${percent(tokens(run.summary.by_kind[kind]) / total[place], 0)}`)));
    }))])),
    h("details", { class: "numbers" }, h("summary", {}, "Numbers"), h("table", {}, h("thead", {}, h("tr", {}, ["", "kind", "calls", "prompt tokens", "written tokens", "$", "model time"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, runs.flatMap((run) => Object.entries(run.summary.by_kind).map(([kind, usage]) => h("tr", {}, h("th", { scope: "row" }, run.name), h("td", {}, kind),
        h("td", {}, whole(usage.calls)), h("td", {}, whole(usage.prompt_tokens)), h("td", {}, whole(usage.completion_tokens)), h("td", {}, dollars(usage.cost)), h("td", {}, seconds(usage.seconds)))))))));
}

function differenceFigure(comparison) {
  const [a, b] = [DATA.runs[comparison.run].name, DATA.runs[comparison.with].name];
  const costs = Object.keys(UNITS);
  const entries = Object.entries(comparison.differences).filter(([, one]) => one.difference);
  const largest = largestK([DATA.runs[comparison.run], DATA.runs[comparison.with]]);
  const small = (name) => !/^(pass|filtered|base)@/.test(name) || Number(name.split("@")[1]) <= largest;
  const accuracy = entries.filter(([name]) => small(name) && !costs.some((cost) => name.startsWith(cost)));
  if (comparison.at_equal_tokens && comparison.at_equal_tokens.difference) accuracy.push([`pass@k at ${compact(comparison.tokens)} tokens`, comparison.at_equal_tokens]);
  const spent = entries.filter(([name]) => costs.some((cost) => name.startsWith(cost)));
  if (!entries.length) return null;
  const most = Math.max(0.02, ...accuracy.flatMap(([, one]) => one.difference.map((value) => Math.abs(value ?? 0))));
  const place = (value) => `${50 + (48 * (value ?? (most * Math.sign(value || 1)))) / most}%`;
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, h("span", { class: `run-${comparison.run} said` }, a), " less ", h("span", { class: `run-${comparison.with} said` }, b))),
    h("p", { class: "readout" }, `Paired over ${whole(comparison.tasks)} tasks, in percentage points`, (comparison.only_first + comparison.only_second) ? `; ${comparison.only_first + comparison.only_second} tasks only one has` : ""),
    h("div", { class: "forest" }, accuracy.map(([name, one]) => {
      const [value, low, high] = one.difference;
      const clear = low > 0 || high < 0;
      return [h("div", { class: "kind-name" }, name.replace(/^filtered@(.*)/, "pass@$1, verified").replace(/^base@(.*)/, "pass@$1, base").replace(/^solved$/, "solved, by its answer")),
        h("div", { class: "track", "aria-hidden": "true" }, h("span", { class: "zero" }), h("span", { class: `reach run-${value >= 0 ? comparison.run : comparison.with}${clear ? "" : " unclear"}`, vars: { "--from": place(low), "--to": place(high) } }),
          h("span", { class: `spot run-${value >= 0 ? comparison.run : comparison.with}${clear ? "" : " unclear"}`, vars: { "--at": place(value) } })),
        h("div", { class: "value" }, points(value), h("span", { class: "interval" }, `${points(low)} to ${points(high)}`))];
    })),
    spent.length && h("details", { class: "numbers" }, h("summary", {}, "What they cost"), h("table", {}, h("thead", {}, h("tr", {}, ["", "difference", "95 % interval"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, spent.map(([name, one]) => { const f = UNITS[costs.filter((cost) => name.startsWith(cost)).at(-1)]; return h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, f(one.difference[0])), h("td", {}, `${f(one.difference[1])} to ${f(one.difference[2])}`)); })))));
}

function endsFigure(runs) {
  const lists = [["Why searches ended", "stopped"], ["Faults met", "faults"], ["Grades to take with care", "caveats"]];
  const shownLists = lists.filter(([, field]) => runs.some((run) => Object.keys(run.summary[field]).length));
  return h("figure", { class: "card" }, h("figcaption", {}, h("h3", {}, "How it went")), h("table", { class: "plain" },
    runs.length > 1 && h("thead", {}, h("tr", {}, h("th", {}), runs.map((_, place) => h("th", { scope: "col" }, runName(place))))),
    shownLists.map(([title, field]) => {
      const names = [...new Set(runs.flatMap((run) => Object.keys(run.summary[field])))];
      const row = (name) => h("tr", {}, h("th", { scope: "row" }, shown(name || "not said")), runs.map((run) => h("td", {}, whole(run.summary[field][name] || 0))));
      return h("tbody", {}, h("tr", {}, h("th", { colspan: runs.length + 1, scope: "rowgroup", class: "over" }, title)), names.slice(0, 12).map(row),
        names.length > 12 && h("tr", {}, h("th", { class: "muted" }, `and ${names.length - 12} more`)));
    })));
}

function setup(runs) {
  const fields = [...new Set(runs.flatMap((run) => Object.keys(run.spec)))].filter((name) => runs.some((run) => { const v = run.spec[name]; return known(v) && v !== "" && JSON.stringify(v) !== "{}"; }));
  const value = (v) => (!known(v) || v === "" ? "–" : typeof v === "object" ? Object.entries(v).map(([k, x]) => `${k}=${x}`).join(", ") || "–" : String(v));
  return h("details", { class: "card wide" }, h("summary", {}, "What was run"), h("div", { class: "scroll" }, h("table", { class: "plain" },
    h("thead", {}, h("tr", {}, h("th", {}), runs.map((_, place) => h("th", { scope: "col" }, runName(place))))),
    h("tbody", {}, h("tr", {}, h("th", { scope: "row" }, "data set"), runs.map((run) => h("td", {}, run.dataset))), fields.map((name) => h("tr", {}, h("th", { scope: "row" }, name.replaceAll("_", " ")), runs.map((run) => h("td", {}, shown(value(run.spec[name])))))))) ));
}
