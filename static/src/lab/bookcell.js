// One cell of a notebook: what it says, what it runs and what came out.
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { h, icon } from "./dom.js";
import { coding } from "./editor.js";
import { markdownElements } from "./booktext.js";
import { Output } from "./output.js";
import { t } from "./text.js";

const fit = EditorView.theme({
  "&": { height: "auto" },
  ".cm-scroller": { overflow: "auto" },
  "&:not(.cm-focused) .cm-activeLine": { backgroundColor: "transparent" },
});

export class BookCell {
  /** `book` is the view it belongs to (see books.js). */
  constructor(book, cell) {
    Object.assign(this, { book, cell, view: null, count: null });
    this.mark = h("span", { class: "cell-count numeric" }, "[ ]");
    this.body = h("div", { class: "cell-body" });
    this.out = h("div", { class: "cell-out", hidden: true });
    this.element = h("section", { class: `cell ${cell.kind}`, tabindex: "0", data: { cell: cell.id }, onfocus: () => book.choose(this), onfocusin: () => book.choose(this), onkeydown: (event) => book.key(event, this) }, this.#head(), this.body, this.out);
    this.element.classList.toggle("answer", cell.answer);
    this.element.classList.toggle("given", !book.model.editable(cell));
    this.output = new Output(this.out, book.outputs);
    this.draw();
  }

  get editable() {
    return this.book.model.editable(this.cell) && !this.book.locked;
  }

  #head() {
    const { cell, book } = this;
    const act = (name, iconName, run) => h("button", { type: "button", class: "quiet square", title: t(`book.${name}`), "aria-label": t(`book.${name}`), onclick: run }, icon(iconName));
    const run = cell.kind === "code" ? act("run", "play", () => book.run(this)) : null;
    run?.classList.add("cell-run");
    const own = cell.own ? [act("up", "up", () => book.move(this, -1)), act("down", "down", () => book.move(this, 1)), act("kind", cell.kind === "code" ? "text" : "code", () => book.convert(this)), act("delete", "trash", () => book.remove(this))] : [];
    const word = cell.answer ? h("span", { class: "cell-tag" }, t("book.answer")) : cell.own ? h("span", { class: "cell-tag own" }, t("book.own")) : null;
    return h("header", {}, run, cell.kind === "code" ? this.mark : null, word, h("span", { class: "push row cell-acts changes" }, own));
  }

  label(number, total) {
    const what = [t("book.cell", { number, total }), t(`book.kind.${this.cell.kind}`), this.cell.answer ? t("book.answer") : this.cell.own ? t("book.own") : t("book.given")];
    this.element.setAttribute("aria-label", what.join(", "));
    this.view?.contentDOM.setAttribute("aria-label", what.join(", "));
  }

  draw() {
    if (this.cell.kind === "code" || this.cell.kind === "raw") this.#edit();
    else this.render();
  }

  /** Markdown as it reads; Enter or a double click edits what may be edited. */
  render() {
    this.view?.destroy();
    this.view = null;
    const shown = this.cell.source.trim() ? markdownElements(this.cell.source) : h("p", { class: "soft" }, t("book.empty"));
    shown.addEventListener("dblclick", () => this.edit());
    this.body.replaceChildren(shown);
  }

  #edit() {
    const host = h("div", { class: "cell-code" });
    const root = host.attachShadow({ mode: "open" });
    const place = h("div");
    root.append(place);
    const path = this.cell.kind === "code" ? "cell.py" : "cell.md";
    const state = EditorState.create({ doc: this.cell.source, extensions: [this.#keys(), ...coding(path, (text) => this.#changed(text)), fit, this.editable ? [] : EditorState.readOnly.of(true)] });
    this.view?.destroy();
    this.view = new EditorView({ state, parent: place, root });
    this.body.replaceChildren(host);
  }

  #keys() {
    const { book } = this;
    const go = (action) => () => (action(), true);
    return Prec.highest(keymap.of([
      { key: "Shift-Enter", run: go(() => book.runAndGo(this)) },
      { key: "Mod-Enter", run: go(() => book.run(this)) },
      { key: "Escape", run: go(() => this.leave()) },
    ]));
  }

  #changed(text) {
    this.cell.source = text;
    this.book.changed();
  }

  /** From typing to moving among cells; a finished text cell is drawn as it reads. */
  leave() {
    if (this.cell.kind === "markdown" && this.view) this.render();
    this.element.focus();
  }

  edit() {
    if (this.cell.kind === "markdown") {
      if (!this.editable) return;
      this.#edit();
    }
    this.view?.focus();
  }

  goTo(line) {
    const found = this.view?.state.doc.line(Math.min(Math.max(1, line), this.view.state.doc.lines));
    if (!found) return;
    this.view.dispatch({ selection: { anchor: found.from }, scrollIntoView: true });
    this.view.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** The output pieces that a run of this cell is told to. */
  start(run) {
    this.out.hidden = false;
    this.output.start(run);
    this.setCount("*");
  }

  setCount(count) {
    this.count = count;
    this.mark.textContent = `[${count ?? " "}]`;
  }

  destroy() {
    this.view?.destroy();
    this.output.clear();
  }
}
