// Elements from data. Text reaches the document as text nodes alone: no markup is ever read.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "vars") for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child !== null && child !== undefined && child !== false) {
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
  return node;
}

const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// Figures.

const THIN = "\u202f";
const known = (value) => value !== null && value !== undefined;
const percent = (value, digits = 1) => (known(value) ? `${(100 * value).toFixed(digits)}${THIN}%` : "–");
const points = (value) => (known(value) ? Math.abs(value) < 0.0005 ? "0.0" : `${value >= 0 ? "+" : "\u2212"}${Math.abs(100 * value).toFixed(1)}` : "∞");

function compact(value) {
  if (!known(value)) return "–";
  const size = Math.abs(value);
  for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= unit) return `${(value / unit).toFixed(size / unit < 99.95 ? 1 : 0)}${THIN}${name}`;
  }
  return size >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}

const round = (value) => compact(value).replace(/\.0(?=\D|$)/, ""); // for axes
const whole = (value) => (known(value) ? Math.round(value).toLocaleString("en").replaceAll(",", THIN) : "–");
const dollars = (value) => (!known(value) ? "–" : value === 0 ? "$0" : value < 0.0001 ? `$${value.toPrecision(1)}` : value < 0.1 ? `$${value.toFixed(4)}` : `$${value.toFixed(2)}`);
const seconds = (value) => (!known(value) ? "–" : value >= 600 ? `${Math.round(value / 60)}${THIN}min` : `${value >= 100 ? Math.round(value) : value.toFixed(1)}${THIN}s`);
const UNITS = {
  "tokens": compact, "verifier tokens": compact, "calls": compact, "usd": dollars, "seconds": seconds,
};

// What could not be seen, or would be obeyed, has been spelled out by the writer: set apart here.

const PICTURES = "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US SP DEL".split(" ");
const SPELLED = /([\u2400-\u2421]|\u27e6U\+[0-9A-F]{4,6}\u27e7)/;

function shown(text) {
  return text.split(SPELLED).map((part, place) =>
    place % 2 ? h("span", { class: "spelled" }, PICTURES[part.charCodeAt(0) - 0x2400] || part.slice(1, -1)) : part);
}

// A little colour for programs: comments, strings, numbers and words of Python.

const TOKENS = /(#[^\n]*)|("""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|\b(\d[\w.]*)\b|\b(def|class|return|if|elif|else|for|while|in|not|and|or|is|import|from|as|with|try|except|finally|raise|yield|lambda|pass|break|continue|None|True|False|assert|global|nonlocal|async|await|del)\b/g;
const CLASSES = ["comment", "string", "number", "word"];

function program(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(TOKENS)) {
    if (found.index > end) nodes.push(...shown(text.slice(end, found.index)));
    const kind = CLASSES[found.slice(1).findIndex((one) => one !== undefined)];
    nodes.push(h("span", { class: kind }, shown(found[0])));
    end = found.index + found[0].length;
  }
  return [...nodes, ...shown(text.slice(end))];
}

const PROGRAMS = new Set(["code", "fix code", "revision", "repair", "probe"]);
const looksLikeProgram = (kind, text) => kind === "code" || (PROGRAMS.has(kind) && /^\s*(def|import|from|class) /m.test(text));

function block(text, kind, leftOut) {
  const body = h("pre", { class: looksLikeProgram(kind, text) ? "text program" : "text", tabindex: 0 },
    looksLikeProgram(kind, text) ? program(text) : shown(text));
  const note = leftOut ? h("p", { class: "note" }, `Cut here: ${whole(leftOut)} more characters are in the store.`) : null;
  return [body, note];
}

// A state has a shape and a colour.

const STATES = { pass: "right", fail: "wrong", failed: "no thought came", none: "not judged", inner: "not a candidate" };
const SHAPES = {
  pass: () => [s("circle", { cx: 8, cy: 8, r: 7, class: "solid" }), s("path", { d: "M4.6 8.3l2.3 2.3 4.4-4.9", class: "cut" })],
  fail: () => [s("rect", { x: 1.8, y: 1.8, width: 12.4, height: 12.4, rx: 2, class: "hollow" }), s("path", { d: "M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6", class: "stroke" })],
  failed: () => [s("path", { d: "M8 1.6L15 14.2H1z", class: "hollow" }), s("path", { d: "M8 6v4M8 11.6v.9", class: "stroke" })],
  none: () => [s("circle", { cx: 8, cy: 8, r: 5.6, class: "dashed" })],
  inner: () => [s("circle", { cx: 8, cy: 8, r: 2.2, class: "solid" })],
};

const drawn = new Map(); // a list draws the same few signs thousands of times

function mark(state, words = STATES[state]) {
  const key = `${state} ${words}`;
  if (!drawn.has(key)) {
    if (drawn.size > 500) drawn.clear();
    drawn.set(key, s("svg", { class: `mark ${state}`, viewBox: "0 0 16 16", role: "img", "aria-label": words }, s("title", {}, words), SHAPES[state]()));
  }
  return drawn.get(key).cloneNode(true);
}

const stateOf = (grade) => (grade === true ? "pass" : grade === false ? "fail" : "none");
const score = (value) => h("span", { class: "score", vars: { "--s": `${Math.round(100 * Math.min(1, Math.max(0, value)))}%` } }, value.toFixed(2));
