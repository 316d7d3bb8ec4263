// The tree pattern of ARIA: arrows move and open, Enter acts, letters find, F2 renames, Delete deletes.
import { h, icon } from "./dom.js";
import { t } from "./text.js";

const FIND_MS = 700;

/** Calls `acts`: open(node), rename(node), remove(node), select(node|null), drop(files, folder). */
export class TreeView {
  #open = new Set();
  #typed = "";
  #typing = 0;

  constructor(acts) {
    this.acts = acts;
    this.nodes = [];
    this.selected = null;
    this.element = h("div", { class: "tree", role: "tree", "aria-label": t("tree.label"), onkeydown: (event) => this.#key(event), onclick: (event) => this.#click(event) });
    for (const name of ["dragover", "dragleave", "drop"]) this.element.addEventListener(name, (event) => this.#drag(event));
  }

  /** `nodes`: of WorkspaceFiles. What was selected and open stays so. */
  show(nodes) {
    this.nodes = [...nodes.values()];
    if (this.selected && !nodes.has(this.selected)) this.selected = null;
    this.#draw();
  }

  get node() {
    return this.nodes.find((node) => node.path === this.selected) ?? null;
  }

  /** Opens the folders above and selects. */
  reveal(path) {
    path.split("/").slice(0, -1).forEach((_, i, parts) => this.#open.add(parts.slice(0, i + 1).join("/")));
    this.#select(path);
  }

  focus() {
    this.element.querySelector("[tabindex='0']")?.focus();
  }

  /** The visible rows, folders first, each followed by what it holds when it is open. */
  #rows() {
    const children = new Map();
    for (const node of this.nodes) {
      const parent = node.path.split("/").slice(0, -1).join("/");
      children.set(parent, [...(children.get(parent) ?? []), node]);
    }
    const order = (a, b) => Number(b.folder) - Number(a.folder) || a.path.localeCompare(b.path);
    const rows = [];
    const walk = (parent, level) => {
      const here = (children.get(parent) ?? []).sort(order);
      here.forEach((node, i) => {
        rows.push({ node, level, place: i + 1, of: here.length });
        if (node.folder && this.#open.has(node.path)) walk(node.path, level + 1);
      });
    };
    walk("", 1);
    return rows;
  }

  #draw() {
    const rows = this.#rows();
    const focused = this.element.contains(document.activeElement);
    const stop = rows.some(({ node }) => node.path === this.selected) ? this.selected : rows[0]?.node.path;
    this.element.replaceChildren(...rows.map((row) => this.#row(row, stop)));
    if (focused) this.focus();
  }

  #row({ node, level, place, of }, stop) {
    const open = node.folder && this.#open.has(node.path);
    const row = h(
      "div",
      { role: "treeitem", class: `tree-row level-${Math.min(level, 6)}`, "aria-level": level, "aria-posinset": place, "aria-setsize": of, "aria-selected": String(node.path === this.selected), "aria-expanded": node.folder ? String(open) : null, tabindex: node.path === stop ? "0" : "-1", data: { path: node.path } },
      node.folder ? icon(open ? "down" : "chevron") : h("span", { class: "icon-gap" }),
      icon(node.folder ? "folder" : "file"),
      h("span", { class: "tree-name" }, node.path.split("/").at(-1)),
    );
    if (node.fixed && !node.folder) row.append(h("span", { class: "tree-mark", title: t("tree.fixed") }, icon("lock"), h("span", { class: "visually-hidden" }, t("tree.fixed"))));
    if (!node.folder && !node.stored) row.append(h("span", { class: "tree-mark" }, t("tree.boxed.short")));
    return row;
  }

  #select(path, { focus = false } = {}) {
    this.selected = path;
    this.#draw();
    if (focus) this.focus();
    this.element.querySelector("[tabindex='0']")?.scrollIntoView({ block: "nearest" });
    this.acts.select(this.node);
  }

  #toggle(path, open) {
    if (open) this.#open.add(path);
    else this.#open.delete(path);
    this.#draw();
  }

  #click(event) {
    const row = event.target.closest("[role=treeitem]");
    if (!row) return;
    const { path } = row.dataset;
    this.#select(path, { focus: true });
    const { node } = this;
    if (node.folder) this.#toggle(path, !this.#open.has(path));
    else this.acts.open(node);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = this.#rows();
    const path = event.target.closest("[role=treeitem]")?.dataset.path;
    const at = rows.findIndex(({ node }) => node.path === path);
    if (at < 0) return;
    const { node } = rows[at];
    const go = (i) => this.#select(rows[Math.max(0, Math.min(rows.length - 1, i))].node.path, { focus: true });
    const acts = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () => node.folder && (this.#open.has(path) ? rows[at + 1]?.level > rows[at].level && go(at + 1) : this.#toggle(path, true)),
      ArrowLeft: () => (node.folder && this.#open.has(path) ? this.#toggle(path, false) : path.includes("/") && this.#select(path.slice(0, path.lastIndexOf("/")), { focus: true })),
      Enter: () => (this.#select(path), node.folder ? this.#toggle(path, !this.#open.has(path)) : this.acts.open(node)),
      " ": () => this.#select(path, { focus: true }),
      F2: () => (this.#select(path), this.acts.rename(node)),
      Delete: () => (this.#select(path), this.acts.remove(node)),
    };
    const act = acts[event.key] ?? (event.key.length === 1 ? () => this.#find(event.key, rows, at) : null);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #find(letter, rows, at) {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => (this.#typed = ""), FIND_MS);
    this.#typed += letter.toLowerCase();
    const after = this.#typed.length > 1 ? at : at + 1;
    const found = [...rows.slice(after), ...rows.slice(0, after)].find(({ node }) => node.path.split("/").at(-1).toLowerCase().startsWith(this.#typed));
    if (found) this.#select(found.node.path, { focus: true });
  }

  #drag(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const row = event.target.closest?.("[role=treeitem]");
    const node = this.nodes.find((other) => other.path === row?.dataset.path);
    const folder = !node ? "" : node.folder ? node.path : node.path.split("/").slice(0, -1).join("/");
    this.element.classList.toggle("dropping", event.type === "dragover");
    if (event.type === "drop") this.acts.drop(event.dataTransfer, folder);
  }
}
