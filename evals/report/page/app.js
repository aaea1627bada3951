// The page: which view, which theme, which keys.

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const DATA = read("numbers");
let LEVELS = {};
const WHOLE = new Promise((resolve) => {
  const done = () => { LEVELS = read("levels"); resolve(); };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", done) : done();
});
const narrow = matchMedia("(max-width: 760px)");
const main = document.getElementById("main");
let ready = false;
let route = { view: "overview", task: null, run: null, thought: null };

const runSign = (run) => s("svg", { class: `sign run-${run}`, viewBox: "0 0 10 10", "aria-hidden": "true" }, dot(run, 5, 5));
const runName = (run) => h("span", { class: `run-name run-${run}` }, runSign(run), DATA.runs[run].name);
const hash = (parts) => `#/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
const go = (parts) => { location.hash = hash(parts).slice(1); };

function parse() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  const task = parts[0] === "task" ? DATA.tasks.ids.indexOf(parts[1]) : -1;
  if (task >= 0) return { view: "task", task, run: parts[2] === undefined ? null : Number(parts[2]), thought: parts[3] === undefined ? null : parts[3] };
  return { view: parts[0] === "tasks" ? "tasks" : "overview", task: null, run: null, thought: null };
}

async function render({ again = false, keep = false } = {}) {
  const before = route, top = scrollY;
  route = parse();
  const same = ready && !again && !keep && before.view === route.view && before.task === route.task && (route.view !== "task" || (here && (route.run === null || here.panes.has(route.run) || !here.runs.includes(route.run))));
  if (!same) {
    forgetWidths();
    if (route.view !== "task") here = null;
    const view = route.view === "task" ? await taskView(route.task) : route.view === "tasks" ? tasksView() : overview();
    if (route.view === "task" && (!here || here.view !== view)) return;
    main.replaceChildren(view);
    ready = true;
    scrollTo(0, keep ? top : 0);
    document.body.dataset.view = route.view;
    header();
    const name = route.view === "task" ? DATA.tasks.ids[route.task] : route.view === "tasks" ? "Tasks" : "Overview";
    document.title = `${name} · ${DATA.runs.map((run) => run.name).join(", ")} · ponder`;
    if (!keep && !again && route.view !== "overview" && route.thought === null && !narrow.matches) main.querySelector(".virtual")?.focus({ preventScroll: true });
  }
  if (route.view === "task") await showThought();
  performance.mark("shown");
}

// What the runs have in common; their names say where they differ.
function said() {
  const datasets = [...new Set(DATA.runs.map((run) => run.dataset))], models = new Set(DATA.runs.map((run) => run.spec.model));
  return [datasets.join(", "), ...(DATA.runs.length > 1 && models.size === 1 ? models : [])].join(" · ");
}

function header() {
  const tab = (view, words) => h("a", { href: view === "overview" ? "#/" : "#/tasks", "aria-current": (route.view === "task" ? "tasks" : route.view) === view ? "page" : null }, words);
  document.getElementById("top").replaceChildren(
    h("div", { class: "brand" }, h("b", {}, "ponder"), h("span", { class: "muted" }, said())),
    h("nav", { "aria-label": "Views" }, tab("overview", "Overview"), tab("tasks", "Tasks")),
    h("div", { class: "legend" }, DATA.runs.map((_, run) => runName(run))),
    h("button", { class: "quiet", onclick: theme, title: "Light or dark (t)", "aria-label": "Light or dark" }, "◐"),
    h("button", { class: "quiet", onclick: help, title: "Keys (?)", "aria-label": "Keys" }, "?"));
}

function theme() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("ponder-theme", document.documentElement.dataset.theme); } catch { /* a file may have no storage */ }
}

const KEYS = [["1, 2", "overview, tasks"], ["/", "filter"], ["↑ ↓ Page Home End", "move"], ["→ ←", "open, close, or go to the parent"], ["Enter", "open the task, or the thought"], ["* −", "expand all, collapse all"], ["[ ]", "previous, next task"], ["Esc", "close the thought, or go back to the tasks"], ["t", "light or dark"], ["?", "these keys"]];
const SIGNS = [["pass", "right: by the key where it is graded, else by the search's verifier"], ["fail", "wrong"], ["none", "a candidate without a verdict"], ["failed", "no thought came of it"], ["inner", "a thought on the way"]];

function help() {
  const dialog = document.getElementById("help");
  if (dialog.open) { dialog.close(); return; }
  dialog.replaceChildren(h("h2", {}, "Keys"), h("dl", {}, KEYS.map(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)])),
    h("h2", {}, "Signs"), h("dl", {}, SIGNS.map(([state, words]) => [h("dt", {}, mark(state)), h("dd", {}, words)]), h("dt", {}, score(0.1), score(0.5), score(0.9)), h("dd", {}, "a verifier's score, low to high"), h("dt", {}, h("span", { class: "below" }, "3/12")), h("dd", {}, "right candidates of those below a thought")),
    h("form", { method: "dialog" }, h("button", {}, "Close")));
  dialog.showModal();
}

function keys(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || document.getElementById("help").open) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") {
    if (typing) { event.target.blur(); return; }
    if (route.view === "task") route.thought !== null ? (go(["task", DATA.tasks.ids[route.task], route.run]), here.panes.get(route.run)?.focus()) : go(["tasks"]);
    return;
  }
  if (typing) return;
  const turn = (by) => document.querySelectorAll(".task-head a")[by]?.click();
  const acts = { "1": () => go([""]), "2": () => go(["tasks"]), "/": () => main.querySelector("input[type=search]")?.focus(), "?": help, t: theme, "[": () => turn(1), "]": () => turn(2) };
  if (event.key in acts) { acts[event.key](); event.preventDefault(); }
}

try { const saved = localStorage.getItem("ponder-theme"); if (saved === "dark" || saved === "light") document.documentElement.dataset.theme = saved; } catch { /* a file may have no storage */ }
document.getElementById("skip").addEventListener("click", () => main.focus());
addEventListener("hashchange", () => render());
addEventListener("keydown", keys);
narrow.addEventListener("change", () => render({ again: true }));
choose();
render();
WHOLE.then(() => { if (route.view === "overview" && Object.keys(LEVELS).some((level) => level !== "all")) render({ keep: true }); });
