// The table of tasks: sorted, filtered, and any number of rows long.

const COLUMNS = [["solved", "Solved", 0], ["right", "Right", 1], ["tokens", "Tokens", 3], ["cost", "$", 4], ["seconds", "Time", 5], ["thoughts", "Thoughts", 6]];
const SHOWS = { tokens: compact, cost: dollars, seconds, thoughts: whole };
const look = { text: "", state: "all", by: "id", run: 0, down: false, last: null };
const natural = new Intl.Collator("en", { numeric: true });
let order = [];

const rowOf = (task, run) => DATA.tasks.runs[run][task];
const solvedBy = (task, run) => { const row = rowOf(task, run); return row ? row[0] : null; };

function states() {
  const runs = DATA.runs.map((_, run) => run), any = (task, f) => runs.some((run) => f(rowOf(task, run), run));
  const all = {
    all: ["All tasks", () => true],
    solved: ["Solved", (task) => any(task, (row) => row && row[0] === true)],
    unsolved: ["Not solved", (task) => !any(task, (row) => row && row[0] === true)],
    won: ["Right sample, wrong answer", (task) => any(task, (row) => row && row[1] > 0 && row[0] === false)],
    errors: ["Errors", (task) => any(task, (row) => row && row[7])],
    ungraded: ["Not graded", (task) => any(task, (row) => row && !known(row[0]) && !row[7])],
  };
  if (runs.length > 1) {
    all.differ = ["Runs differ", (task) => new Set(runs.map((run) => solvedBy(task, run)).filter(known)).size > 1];
    for (const run of runs) all[`only-${run}`] = [`Solved only by ${DATA.runs[run].name}`, (task) => runs.every((one) => (solvedBy(task, one) === true) === (one === run))];
  }
  return all;
}

function choose() {
  const keep = (states()[look.state] || states().all)[1], text = look.text.toLowerCase();
  order = DATA.tasks.ids.map((_, task) => task).filter((task) => keep(task) && (!text || DATA.tasks.ids[task].toLowerCase().includes(text)));
  const sign = look.down ? -1 : 1;
  if (look.by === "id") { order.sort((a, b) => sign * natural.compare(DATA.tasks.ids[a], DATA.tasks.ids[b])); return; }
  const at = COLUMNS.find(([name]) => name === look.by)[2];
  const value = (task) => {
    const row = rowOf(task, look.run);
    if (!row || !known(row[at])) return null;
    return look.by === "right" ? row[1] / Math.max(1, row[2]) : Number(row[at]);
  };
  order.sort((a, b) => { const [x, y] = [value(a), value(b)]; return x === null ? (y === null ? a - b : 1) : y === null ? -1 : sign * (x - y) || a - b; });
}

function tasksView() {
  choose();
  const list = new VirtualList({ role: "grid", rowRole: "row", label: "Tasks", height: 32, draw: drawTask, open: (at) => known(order[at]) && go(["task", DATA.tasks.ids[order[at]]]) });
  const heads = h("div", { class: "heads", role: "row" });
  const count = h("output", { class: "note" });
  const update = () => {
    choose();
    count.textContent = `${whole(order.length)} of ${whole(DATA.tasks.ids.length)} tasks`;
    heads.replaceChildren(...headers(update));
    list.host.setAttribute("aria-rowcount", order.length + 1);
    list.host.scrollTop = 0;
    list.show(order.length, Math.max(0, order.indexOf(look.last)));
    list.reveal(list.active);
  };
  const filter = h("input", { type: "search", id: "filter", placeholder: "Filter by name  /", "aria-label": "Filter tasks by name", value: look.text, oninput: (event) => { look.text = event.target.value; update(); },
    onkeydown: (event) => { if (event.key === "ArrowDown" || event.key === "Enter") { list.host.focus(); event.preventDefault(); } } });
  const state = h("select", { "aria-label": "Which tasks", onchange: (event) => { look.state = event.target.value; update(); } },
    Object.entries(states()).map(([name, [words]]) => h("option", { value: name, selected: name === look.state }, words)));
  requestAnimationFrame(update);
  list.host.prepend(heads);
  list.host.classList.add("tasks", `of-${DATA.runs.length}`);
  list.host.style.setProperty("--runs", DATA.runs.length);
  return h("div", { class: "page full" }, h("h1", { class: "sr" }, "Tasks"), h("div", { class: "tools" }, filter, state, count), list.host);
}

function headers(update) {
  const head = (name, words, run, cls) => {
    const on = look.by === name && (name === "id" || look.run === run);
    return h("div", { role: "columnheader", class: cls, "aria-sort": on ? (look.down ? "descending" : "ascending") : "none" },
      h("button", { class: "head", onclick: (event) => { event.stopPropagation(); look.down = on ? !look.down : name !== "id"; look.by = name; look.run = run; update(); } }, words, h("span", { class: "arrow" }, on ? (look.down ? " ↓" : " ↑") : "")));
  };
  return [head("id", "Task", 0, "task-id"), DATA.runs.map((run, place) => h("div", { class: `group run-${place}`, role: "presentation" },
    DATA.runs.length > 1 && h("div", { class: "group-name" }, runName(place)), COLUMNS.map(([name, words]) => head(name, words, place, `c-${name}`))))].flat();
}

function drawTask(node, at) {
  const task = order[at];
  node.setAttribute("aria-rowindex", at + 2);
  node.append(h("div", { class: "task-id", role: "gridcell" }, shown(DATA.tasks.ids[task])), ...DATA.runs.map((_, run) => cells(rowOf(task, run), run)));
}

function cells(row, run) {
  const group = (...children) => h("div", { class: `group run-${run}`, role: "presentation" }, children);
  if (!row) return group(h("div", { class: "c-missing", role: "gridcell" }, "not run"));
  if (row[7]) return group(h("div", { class: "c-error", role: "gridcell", title: row[7] }, mark("failed", "no result"), shown(row[7])));
  return group(COLUMNS.map(([name, , at]) => {
    if (name === "solved") return h("div", { class: "c-solved", role: "gridcell" }, mark(stateOf(row[0]), row[0] === true ? "solved" : row[0] === false ? "not solved" : "not graded"));
    if (name === "right") return h("div", { class: "c-right", role: "gridcell" }, h("span", { class: "share", vars: { "--size": `${(100 * (row[1] || 0)) / Math.max(1, row[2])}%` } }), h("span", {}, `${known(row[1]) ? row[1] : "–"}/${row[2]}`));
    return h("div", { class: `c-${name}`, role: "gridcell" }, SHOWS[name](row[at]));
  }));
}
