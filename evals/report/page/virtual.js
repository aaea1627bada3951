// A list of which only the rows in view exist. The list itself has the focus; a row is "active".

class VirtualList {
  constructor({ role, rowRole, label, height, draw, open, key, minimum = 0 }) {
    Object.assign(this, { height, draw, open, key, minimum, count: 0, active: 0, pool: [], version: 0, id: `list-${VirtualList.made = (VirtualList.made || 0) + 1}` });
    this.sizer = h("div", { class: "sizer", role: "presentation" });
    this.host = h("div", { class: "virtual", role, "aria-label": label, tabindex: 0 }, this.sizer);
    this.rowRole = rowRole;
    this.host.addEventListener("scroll", () => this.later(), { passive: true });
    this.host.addEventListener("keydown", (event) => this.keydown(event));
    this.sizer.addEventListener("click", (event) => {
      const row = event.target.closest("[data-at]");
      if (row) { this.activate(Number(row.dataset.at), false); this.open(this.active, event); }
    });
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(this.host);
  }

  show(count, active = this.active) {
    this.count = count;
    this.version += 1;
    this.active = Math.max(0, Math.min(active, count - 1));
    this.sizer.style.height = `${count * this.height}px`;
    this.paint();
  }

  later() {
    if (!this.waiting) this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.paint(); });
  }

  paint() {
    const view = this.host.clientHeight || 600;
    const first = Math.max(0, Math.floor(this.host.scrollTop / this.height) - 6);
    const last = Math.min(this.count, Math.ceil((this.host.scrollTop + view) / this.height) + 6);
    while (this.pool.length < last - first) {
      const node = h("div", { class: "row", role: this.rowRole });
      this.pool.push({ node, at: -1, version: -1 });
      this.sizer.append(node);
    }
    for (const slot of this.pool) if (slot.at < first || slot.at >= last) { slot.at = -1; slot.node.hidden = true; }
    for (let at = first; at < last; at += 1) {
      const slot = this.pool[at % this.pool.length];
      if (slot.at !== at || slot.version !== this.version) this.place(slot, at);
      slot.node.classList.toggle("active", at === this.active);
    }
    this.host.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
  }

  place(slot, at) {
    const { node } = slot;
    Object.assign(slot, { at, version: this.version });
    node.hidden = false;
    node.id = `${this.id}-${at}`;
    node.dataset.at = at;
    node.style.transform = `translateY(${at * this.height}px)`;
    node.className = "row";
    node.replaceChildren();
    this.draw(node, at);
  }

  activate(at, scroll = true) {
    this.active = Math.max(0, Math.min(at, this.count - 1));
    if (scroll) this.reveal(this.active);
    this.paint();
  }

  reveal(at) {
    const top = at * this.height, view = this.host.clientHeight;
    if (Math.abs(top - this.host.scrollTop) > 1.5 * view) this.host.scrollTop = top - view / 2; // a jump: into the middle
    else if (top < this.host.scrollTop) this.host.scrollTop = Math.max(0, top - this.height);
    else if (top + this.height > this.host.scrollTop + view) this.host.scrollTop = top - view + 2 * this.height;
  }

  keydown(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target !== this.host) return;
    const page = Math.max(1, Math.floor(this.host.clientHeight / this.height) - 1);
    const moves = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page, PageUp: this.active - page, Home: 0, End: this.count - 1, j: this.active + 1, k: this.active - 1 };
    if (event.key in moves) this.activate(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.open(this.active, event);
    else if (!this.key || !this.key(event, this.active)) return;
    event.preventDefault();
    event.stopPropagation();
  }
}
