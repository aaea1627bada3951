// A task: what was asked, and the searches of one run or of several, side by side.

const beside = new Set([0, 1]); // runs whose searches are shown
let here = null; // the task that is on the page: its panes by run

async function taskView(task) {
  const runs = DATA.runs.map((_, run) => run).filter((run) => DATA.tasks.runs[run][task]);
  const panes = h("div", { class: "panes" });
  const view = h("div", { class: "page full task" }, panes);
  here = { task, panes: new Map(), side: h("div", { class: "side" }), view, runs };
  if (known(route.run) && runs.includes(route.run)) beside.add(route.run);
  if (!runs.some((run) => beside.has(run))) runs.slice(0, 2).forEach((run) => beside.add(run));
  const wanted = runs.filter((run) => beside.has(run));
  look.last = task;
  const mine = here, chosen = narrow.matches ? [known(route.run) && runs.includes(route.run) ? route.run : wanted[0]] : wanted;
  const loaded = await Promise.all(chosen.map((run) => loadSearch(run, task).catch(() => null)));
  if (mine !== here) return view;
  panes.before(taskHead(task, chosen));
  chosen.forEach((run, place) => panes.append(pane(run, task, loaded[place], chosen)));
  const first = loaded.find((tree) => tree && tree.data.task.statement);
  if (first) view.insertBefore(statement(first.data.task), panes);
  panes.append(here.side);
  panes.classList.add(`of-${chosen.length}`);
  return view;
}

function taskHead(task, chosen) {
  const place = order.includes(task) ? order : DATA.tasks.ids.map((_, at) => at);
  const at = place.indexOf(task), step = (by) => place[at + by];
  const turn = (by, words, sign) => h("a", { class: `quiet${known(step(by)) ? "" : " off"}`, "aria-disabled": known(step(by)) ? null : "true", href: known(step(by)) ? hash(["task", DATA.tasks.ids[step(by)]]) : null, title: words, "aria-label": words }, sign);
  return h("div", { class: "task-head" }, h("a", { class: "quiet", href: "#/tasks" }, "Tasks"), turn(-1, "Previous task ([)", "‹"), turn(1, "Next task (])", "›"), h("h1", {}, shown(DATA.tasks.ids[task])),
    DATA.runs.length > 1 && h("div", { class: "chips", role: "group", "aria-label": "Runs shown" }, DATA.runs.map((run, number) => DATA.tasks.runs[number][task] && h("button", {
      class: `chip run-${number}`, "aria-pressed": String(chosen.includes(number)),
      onclick: () => {
        if (narrow.matches) { beside.clear(); beside.add(number); go(["task", DATA.tasks.ids[task], number]); } else if (beside.has(number)) { if (beside.size > 1) beside.delete(number); } else beside.add(number);
        render({ again: true });
      },
    }, runSign(number), run.name))));
}

function statement(task) {
  const words = task.statement.trim(), long = words.length > 220 || words.split("\n").length > 3;
  return h("details", { class: "statement", open: !long }, h("summary", {}, h("span", {}, "Task "), h("span", { class: "muted" }, long && shown(`${words.replace(/\s+/g, " ").slice(0, 160)} …`), task.public_tests ? ` ${task.public_tests} public tests` : "")),
    h("pre", { class: "text" }, shown(words)), task.cut ? h("p", { class: "note" }, `Cut here: ${whole(task.cut)} more characters.`) : null,
    task.starter_code && h("pre", { class: "text program" }, program(task.starter_code)));
}

function pane(run, task, tree, chosen) {
  const row = DATA.tasks.runs[run][task];
  const head = h("div", { class: "pane-head" }, chosen.length > 1 || DATA.runs.length > 1 ? runName(run) : null, outcome(row, tree));
  const box = h("section", { class: `pane run-${run}`, "aria-label": DATA.runs[run].name }, head);
  if (!tree) { box.append(h("p", { class: "empty" }, "Its search is not in this file.")); return box; }
  const { data } = tree, notes = [];
  if (data.level !== "all") notes.push(`Shown ${data.level}: ${whole(data.thoughts.length)} of ${whole(data.all)} thoughts, to keep this file small.`);
  if (data.result.caveat) notes.push(data.result.caveat);
  if (data.result.error) notes.push(data.result.error);
  for (const note of notes) box.append(h("p", { class: "note" }, shown(note)));
  box.append(samples(run, tree));
  if (!data.thoughts.length) { box.append(h("p", { class: "empty" }, "No thoughts are in the store of this run.")); return box; }
  const made = treePane(run, task, tree, (r, id) => go(["task", DATA.tasks.ids[task], r, id]));
  here.panes.set(run, made);
  box.append(made.element);
  return box;
}

function outcome(row, tree) {
  const r = tree && tree.data.result;
  const parts = [mark(stateOf(row[0])), h("b", {}, row[7] ? "no result" : row[0] === true ? "solved" : row[0] === false ? "not solved" : "not graded"),
    h("span", {}, `${known(row[1]) ? row[1] : "–"} of ${row[2]} right`), h("span", {}, `${compact(row[3])} tokens`), known(row[4]) && row[4] > 0 && h("span", {}, dollars(row[4])), h("span", {}, seconds(row[5]))];
  if (r && r.final) parts.push(h("span", {}, "answer ", h("code", {}, shown(r.final.slice(0, 60)))));
  if (r && r.stopped && r.stopped !== "complete") parts.push(h("span", { class: "muted" }, shown(r.stopped)));
  return h("div", { class: "outcome" }, parts);
}

// Every candidate in one strip, in the order of the search.
function samples(run, tree) {
  const ids = Object.keys(tree.data.samples);
  return h("div", { class: "strip", role: "group", "aria-label": "Candidates" }, ids.slice(0, 400).map((id) => {
    const one = tree.data.samples[id], known_ = tree.nodes.has(id);
    return h(known_ ? "a" : "span", { href: known_ ? hash(["task", DATA.tasks.ids[here.task], run, id]) : null, title: `${id}: ${STATES[stateOf(one[2])]}`, tabindex: -1 }, mark(stateOf(one[2]), `${id}: ${STATES[stateOf(one[2])]}`));
  }), ids.length > 400 && h("span", { class: "note" }, `and ${whole(ids.length - 400)} more`));
}

async function showThought() {
  if (!here) return;
  const { side, view, panes } = here;
  const made = known(route.run) && panes.get(route.run);
  view.classList.toggle("with-thought", Boolean(made && route.thought !== null));
  if (!made || route.thought === null) { side.replaceChildren(); return; }
  const close = () => { go(["task", DATA.tasks.ids[here.task], route.run]); made.focus(); };
  side.replaceChildren(panel(route.run, made.tree, route.thought, null, close));
  made.reveal(route.thought);
  if (narrow.matches) side.firstChild.focus({ preventScroll: true });
}
