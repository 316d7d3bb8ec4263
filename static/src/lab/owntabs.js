// Tabs of the student's own files: opened from the tree, closed, and open again at the next visit.
import { RequestError } from "./http.js";
import { t } from "./text.js";

const under = (path, folder) => !folder || path === folder || path.startsWith(`${folder}/`);

export class OwnTabs {
  constructor(page, work) {
    Object.assign(this, { page, work });
    this.remembered = `tabs:${page.grid.dataset.reader}:${page.config.lab.id}`;
    this.own = [];
  }

  /** The files that were open, and those with something typed that isn't stored. */
  async restore() {
    const { files } = this.page;
    const known = JSON.parse(localStorage.getItem(this.remembered) ?? "[]");
    const paths = new Set([...(Array.isArray(known) ? known : []), ...files.drafts.paths()].filter((path) => !files.get(path)));
    for (const path of paths) await this.open(path, { select: false }).catch((error) => error.status === 404 || this.page.fail(error));
    this.#remember();
  }

  async open(path, { select = true } = {}) {
    const { files, fileTabs } = this.page;
    if (!files.get(path)) {
      files.add(await this.work.text(path));
      files.restore(path);
    }
    if (!fileTabs.has(path)) {
      const label = this.own.concat(files.paths()).some((other) => other !== path && other.split("/").at(-1) === path.split("/").at(-1)) ? path : path.split("/").at(-1);
      fileTabs.add({ id: path, label, panel: "code", onClose: () => this.close(path) });
      this.own.push(path);
      this.#remember();
    }
    if (select) fileTabs.select(path);
  }

  /** Takes the tab away; what is typed is stored first, or stays in this browser until it can be. */
  async close(path) {
    this.#drop(path);
    await this.page.files.close(path);
  }

  /** Stores what is typed in a file, or in all of a folder ("": of the workspace), before it is renamed or deleted. Rejects when that can't be. */
  async settle(path) {
    for (const other of this.page.files.paths().filter((name) => under(name, path))) {
      if (!(await this.page.files.save(other))) throw new RequestError("unsaved", t("tree.unsaved", { path: other }));
    }
  }

  /** Files that have another name now ([{from, path}]): their tabs follow. */
  async moved(files) {
    const selected = this.page.fileTabs.current();
    for (const { from, path } of files) {
      if (!this.page.files.get(from)) continue;
      const open = this.page.fileTabs.has(from);
      this.#forget(from);
      if (open) await this.open(path, { select: from === selected });
    }
  }

  /** Files that are gone: so are their tabs. Returns those that had one. */
  closed(paths) {
    const open = paths.filter((path) => this.page.fileTabs.has(path));
    paths.forEach((path) => this.#forget(path));
    return open;
  }

  /** Files that the portal holds another text of now ([{path, text, version, saved_at}]), by our own doing. */
  replaced(list) {
    for (const { path, text, version, saved_at: savedAt } of list) {
      if (!this.page.files.get(path)) continue;
      this.page.files.stored(path, { text, version, savedAt });
      this.page.editor.replace(path, text);
    }
  }

  #forget(path) {
    this.page.files.remove(path);
    if (this.page.fileTabs.has(path)) this.#drop(path);
    this.page.editor.forget(path);
  }

  #drop(path) {
    this.own = this.own.filter((other) => other !== path);
    this.page.fileTabs.remove(path);
    this.#remember();
  }

  #remember() {
    localStorage.setItem(this.remembered, JSON.stringify(this.own));
  }
}
