// A search's thoughts as a tree: by first parent, in the order of their places.

const opened = new Map(); // "run/task" -> what is known of that search

async function loadSearch(run, task) {
  const key = `${run}/${task}`;
  if (!opened.has(key)) {
    if (opened.size > 12) opened.delete(opened.keys().next().value);
    opened.set(key, unpack(run, task).then((data) => data && grow(data)));
  }
  return opened.get(key);
}

async function unpack(run, task) {
  const name = `s-${run}-${task}`;
  if (!document.getElementById(name)) await WHOLE;
  const element = document.getElementById(name);
  if (!element) return null;
  const text = element.textContent;
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function grow(data) {
  const nodes = new Map(data.thoughts.map((one) => [one.i, { one, children: [], parent: null, depth: 0, right: 0, graded: 0, open: false }]));
  const roots = [];
  for (const node of nodes.values()) {
    const parent = parentOf(node.one, nodes);
    node.parent = parent;
    (parent ? parent.children : roots).push(node);
  }
  const inOrder = (a, b) => natural.compare(a.one.i, b.one.i);
  roots.sort(inOrder);
  const stack = [...roots], all = [];
  while (stack.length) {
    const node = stack.pop();
    all.push(node);
    node.children.sort(inOrder);
    for (const child of node.children) { child.depth = node.depth + 1; stack.push(child); }
  }
  for (const node of all) Object.assign(node, judged(node.one, data));
  for (const node of all.reverse()) {
    if (node.candidate) { node.graded += 1; node.right += node.state === "pass" ? 1 : 0; }
    if (node.parent) { node.parent.graded += node.graded; node.parent.right += node.right; }
  }
  const tree = { data, nodes, roots };
  for (const node of all) node.open = all.length <= 300 || node.depth < 1;
  for (let node = nodes.get(data.result.chosen); node; node = node.parent) node.open = true;
  return tree;
}

// A thought that is in no other's line hangs where its path says.
function parentOf(one, nodes) {
  const first = one.p && nodes.get(one.p[0]);
  if (first && first.one !== one && !loops(first, one.i)) return first;
  for (let path = one.i; path.includes("/");) {
    path = path.slice(0, path.lastIndexOf("/"));
    const above = nodes.get(path);
    if (above && !loops(above, one.i)) return above;
  }
  return null;
}

function loops(node, id) {
  for (let at = node; at; at = at.parent) if (at.one.i === id) return true;
  return false;
}

function judged(one, data) {
  const sample = data.samples[one.i], verdict = one.v || {};
  const candidate = sample !== undefined;
  const own = verdict.passed ?? null;
  const grade = candidate ? sample[2] : null;
  const state = one.x ? "failed" : grade !== null ? stateOf(grade) : own !== null ? stateOf(own) : candidate ? "none" : "inner";
  return { state, candidate, own, grade, chosen: one.i === data.result.chosen, score: verdict.score ?? null, label: firstLine(one), why: state === "fail" ? ((sample && sample[4]) || verdict.reason || "").slice(0, 160) : "" };
}

function firstLine(one) {
  if (one.x) return one.x.slice(0, 200);
  const text = one.t || "";
  let start = 0, line = "";
  while (start < text.length && !line) {
    const end = text.indexOf("\n", start);
    line = text.slice(start, end < 0 ? Math.min(text.length, start + 400) : Math.min(end, start + 400)).trim();
    if (/^(```\w*|import .*|from .* import .*|#.*)$/.test(line) && end > 0 && end < text.length - 1) line = "";
    start = end < 0 ? text.length : end + 1;
  }
  // Of data, the first line says nothing.
  if (/^[[{(]$/.test(line)) line = text.slice(0, 800).replaceAll(/\s+/g, " ").trim();
  return line.slice(0, 200);
}

// The rows that are in sight: every node all of whose ancestors are open, and that the filter keeps.
function flatten(tree, keep) {
  const rows = [], stack = [...tree.roots].reverse();
  while (stack.length) {
    const node = stack.pop();
    if (keep && !keep.has(node)) continue;
    rows.push(node);
    if (node.open || keep) for (let at = node.children.length - 1; at >= 0; at -= 1) stack.push(node.children[at]);
  }
  return rows;
}

// What matches, with what is above it.
function matching(tree, text, state, kind) {
  if (!text && state === "any" && kind === "any") return null;
  const wanted = text.toLowerCase(), keep = new Set();
  for (const node of tree.nodes.values()) {
    const { one } = node;
    if (kind !== "any" && one.k !== kind) continue;
    if (state === "chosen" ? !node.chosen : state !== "any" && node.state !== state) continue;
    if (wanted && !(one.i.toLowerCase().includes(wanted) || (one.t || "").toLowerCase().includes(wanted))) continue;
    for (let at = node; at && !keep.has(at); at = at.parent) keep.add(at);
  }
  return keep;
}

const tokensOf = (one) => (one.u ? one.u[1] + one.u[2] : 0);
// Where a thought stands below the one above it, as far as its kind does not say so.
function placeOf(node) {
  const id = lastPart(node);
  return id === node.one.k ? "" : id.endsWith(`/${node.one.k}`) ? id.slice(0, -node.one.k.length - 1) : id;
}
const lastPart = (node) => {
  const id = node.one.i.split("/"), above = node.parent ? node.parent.one.i.split("/") : [];
  let shared = 0;
  while (shared < id.length - 1 && id[shared] === above[shared]) shared += 1;
  return id.slice(shared).join("/") || "/";
};

function treePane(run, task, tree, select) {
  let rows = [], keep = null;
  const filters = { text: "", state: "any", kind: "any" };
  const list = new VirtualList({
    role: "tree", rowRole: "treeitem", label: `Search of ${DATA.runs[run].name}`, height: 28,
    draw: (node, at) => drawThought(node, rows[at], list),
    open: (at, event) => {
      const node = rows[at];
      if (!node) return;
      if (event.target.closest && event.target.closest(".twist") && node.children.length) toggle(node);
      else select(run, node.one.i);
    },
    key: (event, at) => keys(event, rows[at]),
  });
  const show = (node) => { rows = flatten(tree, keep); list.show(rows.length, node ? Math.max(0, rows.indexOf(node)) : list.active); };
  const toggle = (node, open = !node.open) => { node.open = open; show(rows[list.active]); };
  const all = (open) => { const at = rows[list.active]; for (const node of tree.nodes.values()) node.open = open; show(at); list.reveal(list.active); };
  let wanted = null;
  const reveal = (id, first = false) => {
    const node = tree.nodes.get(id);
    wanted = id;
    if (!node) { if (first) show(); return; }
    for (let at = node.parent; at; at = at.parent) at.open = true;
    if (keep && !keep.has(node)) { Object.assign(filters, { text: "", state: "any", kind: "any" }); keep = null; for (const one of [input, state, kind]) one.value = one.tagName === "SELECT" ? "any" : ""; }
    show(node);
    list.reveal(list.active);
  };
  function keys(event, node) {
    if (!node) return false;
    if (event.key === "ArrowRight") { if (node.children.length && !node.open && !keep) toggle(node, true); else if (node.children.length) list.activate(list.active + 1); return true; }
    if (event.key === "ArrowLeft") { if (node.open && node.children.length && !keep) toggle(node, false); else if (node.parent) list.activate(rows.indexOf(node.parent)); return true; }
    if (event.key === "*") { all(true); return true; }
    if (event.key === "-") { all(false); return true; }
    return false;
  }
  const search = () => { keep = matching(tree, filters.text, filters.state, filters.kind); count.textContent = keep ? `${whole([...keep].length)} rows` : ""; list.host.scrollTop = 0; show(); list.activate(0); };
  const kinds = [...new Set(tree.data.thoughts.map((one) => one.k))];
  const option = (value, words = value) => h("option", { value }, words);
  const input = h("input", { type: "search", class: "filter", placeholder: "Filter thoughts  /", "aria-label": "Filter thoughts by text or place", oninput: (event) => { filters.text = event.target.value; search(); }, onkeydown: (event) => { if (event.key === "ArrowDown" || event.key === "Enter") { list.host.focus(); event.preventDefault(); } } });
  const state = h("select", { "aria-label": "Verdict", onchange: (event) => { filters.state = event.target.value; search(); } }, option("any", "Verdict"), option("pass", "Right"), option("fail", "Wrong"), option("none", "Not judged"), option("failed", "Failed"), option("chosen", "Chosen"));
  const kind = h("select", { "aria-label": "Kind", onchange: (event) => { filters.kind = event.target.value; search(); } }, option("any", "Kind"), kinds.map((one) => option(one)));
  const count = h("output", { class: "note" });
  const tools = h("div", { class: "tools" }, input, state, kinds.length > 1 && kind,
    h("button", { class: "quiet", onclick: () => all(true), title: "Expand all (*)", "aria-label": "Expand all" }, "+"), h("button", { class: "quiet", onclick: () => all(false), title: "Collapse all (-)", "aria-label": "Collapse all" }, "−"), count);
  list.host.classList.add("thoughts");
  requestAnimationFrame(() => reveal(wanted || tree.data.result.chosen, true));
  return { element: h("div", { class: "pane-tree" }, tools, list.host), reveal, focus: () => list.host.focus(), list, tree, all };
}

function drawThought(node, item, list) {
  const { one } = item, parent = item.parent;
  const place = placeOf(item), siblings = parent ? parent.children : null;
  fill(node, { "aria-level": item.depth + 1, "aria-expanded": item.children.length ? String(item.open) : null, "aria-posinset": siblings ? siblings.indexOf(item) + 1 : null, "aria-setsize": siblings ? siblings.length : null }, []);
  if (!item.children.length) node.removeAttribute("aria-expanded");
  node.classList.toggle("chosen", item.chosen);
  fill(node, {}, [
    h("span", { class: "indent", vars: { "--depth": String(Math.min(item.depth, 24)) } }),
    h("span", { class: `twist${item.children.length ? item.open ? " open" : " shut" : ""}`, "aria-hidden": "true" }),
    mark(item.state, item.candidate && item.grade !== null ? `graded ${STATES[item.state]}` : undefined),
    h("span", { class: "kind" }, one.k), place && h("span", { class: "place" }, place),
    h("span", { class: `line${one.x ? " failure" : ""}` }, shown(item.label), item.why && h("span", { class: "muted" }, "  ", shown(item.why))),
    item.chosen && h("span", { class: "tag" }, "chosen"),
    item.children.length > 0 && item.graded > 0 && h("span", { class: "below", title: `${item.right} of ${item.graded} candidates below are right` }, `${item.right}/${item.graded}`),
    item.score !== null && (one.k === "step" || item.own === null) && score(item.score),
    h("span", { class: "cost" }, tokensOf(one) ? compact(tokensOf(one)) : ""),
  ]);
}
