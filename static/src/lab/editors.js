// What edits the open file: the code editor, or for a notebook its cells, loaded when the first one is opened.
import { Editor } from "./editor.js";
import { h } from "./dom.js";
import { t } from "./text.js";

const BOOK = /\.ipynb$/;

export class Editors {
  #path = null;
  #books = null;
  #loading = null;
  #locked = false;

  constructor(host, page) {
    this.page = page;
    this.code = h("div", { class: "code-text" });
    this.book = h("div", { class: "book", hidden: true });
    host.append(this.code, this.book);
    this.editor = new Editor(this.code, (path, text) => page.files.edit(path, text));
  }

  /** Resolves once what the open file needs is there. */
  async ready() {
    if (BOOK.test(this.#path)) await this.#load();
  }

  open(path, text) {
    this.#path = path;
    const book = BOOK.test(path);
    this.code.hidden = book;
    this.book.hidden = !book;
    this.page.grid.classList.toggle("with-book", book);
    if (!book) this.editor.open(path, text);
    else if (this.#books) this.#books.open(path);
    else this.#load().then((books) => this.#path === path && books.open(path), (error) => this.page.fail(error));
  }

  #load() {
    this.book.replaceChildren(h("p", { class: "empty" }, t("book.loading")));
    this.#loading ??= import("./books.js").then(({ Books }) => {
      this.#books = new Books(this.book, this.page);
      this.#books.lock(this.#locked);
      return this.#books;
    });
    return this.#loading;
  }

  lock(locked) {
    this.#locked = locked;
    this.editor.lock(locked);
    this.#books?.lock(locked);
  }

  replace(path, text, { edit = false } = {}) {
    if (!BOOK.test(path)) return this.editor.replace(path, text, { edit });
    if (edit) this.page.files.edit(path, text);
    this.#books?.reload(path, text);
  }

  append(text) {
    if (BOOK.test(this.#path)) this.#books?.append(text);
    else this.editor.append(text);
  }

  forget(path) {
    this.#books?.forget(path);
    this.editor.forget(path);
  }

  focus() {
    if (BOOK.test(this.#path)) this.#books?.focus();
    else this.editor.focus();
  }

  /** `path` may name a notebook's cell: `main.ipynb#cell`. */
  goTo(path, line) {
    if (BOOK.test(this.#path)) this.#books?.goTo(path.split("#")[1], line);
    else this.editor.goTo(line);
  }

  /** Runs what is open when it is a notebook: its current cell. False for any other file. */
  run() {
    if (!BOOK.test(this.#path)) return false;
    this.#books?.runCurrent();
    return true;
  }

  /** Where a run's output goes when it is a cell's; null for a file's. */
  outputOf(run) {
    return (run?.cell && this.#books?.outputOf(run)) || null;
  }
}
