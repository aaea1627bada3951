// All about one thought.

function panel(run, tree, id, select, close) {
  const node = tree.nodes.get(id);
  if (!node) return h("aside", { class: "panel", "aria-label": "Thought" }, bar([], close), h("p", {}, "This thought is not in the file."));
  const { one } = node, data = tree.data;
  const link = (other, words) => h("a", { href: hash(["task", DATA.tasks.ids[route.task], run, other]) }, words || shown(other));
  const line = [];
  for (let at = node; at; at = at.parent) line.unshift(at);
  const crumbs = h("nav", { class: "crumbs", "aria-label": "Lineage" }, line.map((at, place) => [place > 0 && h("span", { class: "muted" }, " › "), at === node ? h("b", { "aria-current": "true" }, lastPart(at)) : link(at.one.i, lastPart(at))]));
  return h("aside", { class: "panel", tabindex: -1, "aria-label": `Thought ${id}` }, bar([mark(node.state), h("h2", {}, one.k), node.chosen && h("span", { class: "tag" }, "chosen"), node.score !== null && score(node.score)], close), crumbs,
    h("p", { class: "path" }, h("code", {}, shown(one.i))),
    one.x && section("Failed", h("p", { class: "failure" }, shown(one.x))),
    verdictOf(node, data),
    one.t ? section("Text", block(one.t, one.k, one.cut), copy(one.t)) : !one.x && section("Text", h("p", { class: "muted" }, "Empty.")),
    steps(one), costs(one), one.f && section("Got over", h("ul", {}, one.f.map((fault) => h("li", {}, shown(fault))))),
    promptOf(one, data, run),
    relatives(node, link, tree));
}

function bar(children, close) {
  return h("div", { class: "panel-bar" }, children, h("button", { class: "quiet close", onclick: close, "aria-label": "Close", title: "Close (Esc)" }, "✕"));
}

const section = (title, ...children) => h("section", {}, h("h3", {}, title), children);

function copy(text) {
  return h("button", { class: "quiet copy", onclick: (event) => { navigator.clipboard?.writeText(text).then(() => { event.target.textContent = "Copied"; }); } }, "Copy");
}

function verdictOf(node, data) {
  const { one } = node, sample = data.samples[one.i], rows = [];
  if (sample && sample[2] !== null) rows.push([mark(stateOf(sample[2])), "Graded by the key", sample[2] ? "right" : "wrong", sample[4]]);
  if (sample && sample[2] === null) rows.push([mark("none"), "Graded by the key", "no grade", sample[4]]);
  if (sample && sample[3] !== null) rows.push([mark(stateOf(sample[3])), "First suite alone", sample[3] ? "right" : "wrong", ""]);
  if (one.v) rows.push([mark(stateOf(one.v.passed)), "The search's verifier", one.v.passed === null ? (known(one.v.score) ? "scored" : "could not judge") : one.v.passed ? "passes" : "fails", one.v.reason, one.v.score]);
  if (!rows.length) return null;
  return section("Verdict", h("table", { class: "plain verdicts" }, h("tbody", {}, rows.map(([sign, who, what, reason, value]) => h("tr", {}, h("th", { scope: "row" }, sign, " ", who), h("td", {}, what, known(value) ? [" ", score(value)] : null, reason && h("div", { class: "reason" }, shown(reason))))))));
}

function steps(one) {
  const values = (one.v && one.v.steps) || [];
  if (values.length < 2) return null;
  return section("Scores of its steps", h("ol", { class: "steps" }, values.map((value) => h("li", {}, score(value)))));
}

function costs(one) {
  const rows = [["Thinking", one.u], ["Judging", one.v && one.v.u]].filter(([, usage]) => usage);
  if (!rows.length) return null;
  return section("Cost", h("table", { class: "plain costs" }, h("thead", {}, h("tr", {}, ["", "calls", "prompt", "written", "$", "time"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map(([name, u]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, whole(u[0])), h("td", {}, whole(u[1])), h("td", {}, whole(u[2])), h("td", {}, dollars(u[3])), h("td", {}, seconds(u[4])))))));
}

function promptOf(one, data) {
  if (!one.q) {
    const why = ["all", "chosen"].includes(data.level) ? "No call of its own: it was read from a reply above it, or its reply is not in the store." : "Left out of this file for its size.";
    return h("details", {}, h("summary", {}, "Prompt"), h("p", { class: "muted" }, why));
  }
  const size = one.q.m.reduce((sum, at) => sum + data.messages[at][1].length + data.messages[at][2], 0);
  const details = h("details", { class: "prompt" }, h("summary", {}, "Prompt ", h("span", { class: "muted" }, `${one.q.m.length} messages, ${compact(size)} characters, to ${one.q.model}`, known(one.q.temperature) ? ` at ${one.q.temperature}` : "")));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    for (const at of one.q.m) { const [role, text, leftOut] = data.messages[at]; details.append(h("h4", {}, role), ...block(text, "prompt", leftOut).filter(Boolean)); }
    if (one.q.prefix) details.append(h("p", { class: "note" }, `The reply was begun with the ${whole(one.q.prefix)} characters of the steps above.`));
  });
  return details;
}

function relatives(node, link, tree) {
  const others = (node.one.p || []).filter((id) => !node.parent || id !== node.parent.one.i);
  const list = (nodes) => h("ul", { class: "relatives" }, nodes.slice(0, 200).map((other) => h("li", {}, mark(other.state), " ", link(other.one.i, [h("span", { class: "kind" }, other.one.k), " ", lastPart(other)]), " ", h("span", { class: "muted" }, shown(other.label.slice(0, 90))))), nodes.length > 200 && h("li", { class: "muted" }, `and ${whole(nodes.length - 200)} more`));
  return [others.length > 0 && section("Also from", list(others.map((id) => tree.nodes.get(id)).filter(Boolean))),
    node.children.length > 0 && section(`Led to ${whole(node.children.length)}`, list(node.children))];
}
