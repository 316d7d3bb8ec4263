// Notebooks in the editor's place: each a list of cells, run in the session's kernel one by one, as in Jupyter.
import { BookCell } from "./bookcell.js";
import { BookModel } from "./bookmodel.js";
import { confirmed } from "./dialog.js";
import { announce, h, icon } from "./dom.js";
import { t } from "./text.js";
import { toast } from "./toast.js";

export class Books {
  #views = new Map();
  #current = null;

  constructor(host, page) {
    Object.assign(this, { host, page, locked: false });
    page.runs.addEventListener("event", ({ detail }) => detail.t === "count" && this.#cellOf(page.runs.current)?.setCount(detail.count));
    page.runs.addEventListener("end", ({ detail }) => this.#ended(detail));
    page.session.addEventListener("change", () => page.session.ready && this.#remember());
  }

  open(path) {
    if (!this.#views.has(path)) this.#views.set(path, new Book(this, path));
    this.#current = this.#views.get(path);
    this.host.replaceChildren(this.#current.element);
    if (this.page.session.ready) this.#remember();
  }

  /** Another text of a notebook came in: another window's, an earlier version's, or a submission's. */
  reload(path, text) {
    this.#views.get(path)?.load(text);
  }

  lock(locked) {
    this.locked = locked;
    for (const book of this.#views.values()) book.load(this.page.files.get(book.path).text);
  }

  forget(path) {
    this.#views.get(path)?.destroy();
    this.#views.delete(path);
  }

  focus() {
    this.#current?.focus();
  }

  append(text) {
    this.#current?.add(text);
  }

  goTo(id, line) {
    this.#current?.goTo(id, line);
  }

  runCurrent() {
    this.#current?.runCurrent();
  }

  outputOf(run) {
    const cell = this.#cellOf(run);
    return cell && { start: (begun) => cell.start(begun), add: (event) => cell.output.add(event), end: (ended) => cell.output.end(ended), link: (on) => cell.output.link(on) };
  }

  #cellOf(run) {
    return run?.cell ? this.#views.get(run.path)?.cells.get(run.cell) : undefined;
  }

  #ended(run) {
    const cell = this.#cellOf(run);
    if (cell?.count === "*") cell.setCount(null);
    this.#views.get(run.path)?.next(run);
  }

  /** What the kernel still holds of earlier runs of cells, after a reload. */
  async #remember() {
    const { session, runs } = this.page;
    const book = this.#current;
    if (!book || book.remembered === session.current.key) return;
    book.remembered = session.current.key;
    const last = new Map((await runs.known()).filter((run) => run.cell && run.path === book.path && run.state !== "running").map((run) => [run.cell, run]));
    for (const run of last.values()) {
      const cell = book.cells.get(run.cell);
      if (!cell || cell.output.run) continue;
      cell.start(run);
      cell.setCount(null);
      for (const event of await runs.events(run.id)) {
        if (event.t === "count") cell.setCount(event.count);
        else if (event.t !== "state") cell.output.add(event);
        else if (event.state !== "running") cell.output.end({ ...run, ...event });
      }
    }
  }
}

/** One notebook on the page. */
class Book {
  constructor(books, path) {
    Object.assign(this, { books, page: books.page, path, cells: new Map(), queue: [], chosen: null, pressed: "" });
    const { output } = this.page;
    this.outputs = { frameFor: output.frameFor, goTo: output.goTo, knows: output.knows };
    this.list = h("div", { class: "cells" });
    const act = (key, iconName, run, kind = "quiet") => h("button", { type: "button", class: kind, onclick: run }, icon(iconName), t(key));
    this.bar = h("div", { class: "book-bar", role: "toolbar", "aria-label": t("book.bar") }, act("book.run_all", "play", () => this.runAll()), h("span", { class: "changes row" }, act("book.add_code", "plus", () => this.insert("code")), act("book.add_text", "plus", () => this.insert("markdown"))));
    this.element = h("div", { class: "book-page" }, this.bar, this.list);
    this.load(this.page.files.get(path).text);
  }

  get locked() {
    return this.books.locked;
  }

  load(text) {
    if (this.model && text === this.text && this.drawnLocked === this.locked) return;
    const before = this.chosen?.cell.id;
    this.destroy();
    this.queue = [];
    this.text = text;
    this.drawnLocked = this.locked;
    this.model = BookModel.read(text, this.page.files.get(this.path).starter);
    this.bar.hidden = !this.model;
    if (!this.model) return this.#broken();
    this.cells = new Map(this.model.cells.map((cell) => [cell.id, new BookCell(this, cell)]));
    this.#draw();
    this.chosen = this.cells.get(before) ?? null;
  }

  /** Not a notebook: nothing is thrown away before the person says so. */
  #broken() {
    const { starter } = this.page.files.get(this.path);
    const back = async () => (await confirmed(t("book.back"), t("book.back.text"), t("book.back"), "danger")) && this.page.editor.replace(this.path, starter, { edit: true });
    this.list.replaceChildren(h("div", { class: "empty" }, h("p", {}, t("book.broken")), starter ? h("button", { type: "button", onclick: back }, t("book.back")) : null));
  }

  #draw() {
    const cells = this.model.cells.map((cell) => this.cells.get(cell.id));
    this.list.replaceChildren(...cells.map((cell) => cell.element));
    cells.forEach((cell, at) => cell.label(at + 1, cells.length));
  }

  changed() {
    this.text = this.model.text();
    this.page.files.edit(this.path, this.text);
  }

  choose(cell) {
    if (this.chosen === cell) return;
    this.chosen?.element.classList.remove("chosen");
    this.chosen = cell;
    cell.element.classList.add("chosen");
  }

  focus() {
    (this.chosen ?? this.#ordered()[0])?.element.focus();
  }

  #ordered() {
    return this.model ? this.model.cells.map((cell) => this.cells.get(cell.id)) : [];
  }

  goTo(id, line) {
    this.cells.get(id)?.goTo(line);
  }

  // Running

  async run(cell) {
    if (cell.cell.kind !== "code" || this.locked || this.page.runs.busy) return;
    cell.setCount("*");
    await this.page.runs.runCell(this.path, cell.cell.id, cell.cell.source).catch((error) => this.#stop(cell, error));
  }

  #stop(cell, error) {
    this.queue = [];
    cell.setCount(null);
    this.page.fail(error);
  }

  /** Shift+Enter: runs it, or draws a finished text, and goes to the next. */
  runAndGo(cell) {
    if (cell.cell.kind === "markdown") cell.leave();
    else this.run(cell);
    const order = this.#ordered();
    (order[order.indexOf(cell) + 1] ?? cell).element.focus();
  }

  runCurrent() {
    const first = this.#ordered().find((cell) => cell.cell.kind === "code");
    const cell = this.chosen?.cell.kind === "code" ? this.chosen : first;
    if (cell) this.run(cell);
  }

  runAll() {
    if (this.page.runs.busy) return;
    this.queue = this.#ordered().filter((cell) => cell.cell.kind === "code");
    this.#goOn();
  }

  #goOn() {
    const cell = this.queue.shift();
    if (cell) this.run(cell);
  }

  /** A cell of this notebook ended: the queue goes on after a good end only. */
  next(run) {
    if (run.state !== "ok") this.queue = [];
    this.#goOn();
  }

  // Changing

  insert(kind, at = null) {
    if (this.locked || !this.model) return;
    const after = this.chosen ? this.model.at(this.chosen.cell.id) + 1 : this.model.cells.length;
    const cell = this.model.insert(at ?? after, kind);
    this.cells.set(cell.id, new BookCell(this, cell));
    this.#draw();
    this.changed();
    this.cells.get(cell.id).edit();
    announce(t("book.added"));
    return this.cells.get(cell.id);
  }

  /** A new code cell with this text, at the end. */
  add(text) {
    const cell = this.model.insert(this.model.cells.length, "code");
    cell.source = text;
    this.cells.set(cell.id, new BookCell(this, cell));
    this.#draw();
    this.changed();
    this.cells.get(cell.id).edit();
  }

  remove(cell) {
    if (!cell.cell.own || this.locked) return;
    const order = this.#ordered();
    const neighbour = order[order.indexOf(cell) + 1] ?? order[order.indexOf(cell) - 1];
    const gone = this.model.remove(cell.cell.id);
    this.#draw();
    this.changed();
    neighbour?.element.focus();
    toast(t("book.deleted"), { label: t("book.undo"), run: () => this.#putBack(gone, cell) });
  }

  #putBack(gone, cell) {
    this.model.putBack(gone);
    this.#draw();
    this.changed();
    cell.element.focus();
  }

  move(cell, by) {
    if (!cell.cell.own || this.locked || !this.model.move(cell.cell.id, by)) return;
    this.#draw();
    this.changed();
    cell.element.focus();
  }

  /** Code becomes text and text code; only the student's own. */
  convert(cell, kind = cell.cell.kind === "code" ? "markdown" : "code") {
    if (!cell.cell.own || this.locked || cell.cell.kind === kind) return;
    cell.cell.kind = kind;
    cell.destroy();
    const next = new BookCell(this, cell.cell);
    this.cells.set(cell.cell.id, next);
    this.#draw();
    this.changed();
    next.element.focus();
  }

  // Keys that act on a whole cell, as in Jupyter; while typing, keys are the editor's.

  key(event, cell) {
    if (event.target !== cell.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const order = this.#ordered();
    const at = order.indexOf(cell);
    const act = {
      Enter: () => (event.shiftKey ? this.runAndGo(cell) : cell.edit()),
      ArrowDown: () => order[at + 1]?.element.focus(),
      ArrowUp: () => order[at - 1]?.element.focus(),
      j: () => order[at + 1]?.element.focus(),
      k: () => order[at - 1]?.element.focus(),
      a: () => this.insert("code", at),
      b: () => this.insert("code", at + 1),
      m: () => this.convert(cell, "markdown"),
      y: () => this.convert(cell, "code"),
      d: () => this.pressed === "d" && this.remove(cell),
    }[event.key];
    this.pressed = this.pressed === "d" && event.key === "d" ? "" : event.key;
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
    cell.element.ownerDocument.activeElement?.scrollIntoView?.({ block: "nearest" });
  }

  destroy() {
    for (const cell of this.cells.values()) cell.destroy();
    this.cells = new Map();
  }
}
