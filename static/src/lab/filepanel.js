// The file tree beside the editor: what can be done with a file, and what undoes it.
import { askName } from "./askname.js";
import { ask, confirmed } from "./dialog.js";
import { announce, h, icon, isPhone } from "./dom.js";
import { fromPortal, saveBlob } from "./download.js";
import { moment, number, t, tn } from "./text.js";
import { toast } from "./toast.js";
import { TreeView } from "./treeview.js";
import { BOX_BYTES, dropped, storable } from "./upload.js";

const SHOWN = "files-shown";
const PREVIEWED = /\.(parquet|csv|tsv|png|jpe?g|gif|webp|svg|md|markdown)$/i;

/** 1.4 MB */
export function bytes(size) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: units[power], unitDisplay: "short", maximumFractionDigits: power ? 1 : 0 }).format(size / 1000 ** power);
}

export class FilePanel {
  /** `page`: the LabPage; `work`: WorkspaceFiles; `tabs`: OwnTabs. */
  constructor(page, work, tabs, show) {
    Object.assign(this, { page, work, tabs, show });
    this.view = new TreeView({
      open: (node) => this.open(node),
      rename: (node) => this.rename(node),
      remove: (node) => this.remove(node),
      select: (node) => this.#describe(node),
      drop: (transfer, folder) => this.#do(async () => this.upload(await dropped(transfer), folder)),
    });
    this.details = h("div", { class: "tree-details", "aria-live": "off" });
    this.status = h("p", { class: "soft tree-status", role: "status" });
    this.input = h("input", { type: "file", multiple: true, hidden: true, onchange: () => this.#picked() });
    this.element = h("aside", { id: "file-side", class: "file-side", "aria-label": t("files.label"), hidden: true }, this.#tools(), this.view.element, this.status, this.details, this.input);
    this.toggle = h("button", { type: "button", id: "files-toggle", class: "quiet files-toggle", "aria-controls": "file-side", onclick: () => this.expand(this.element.hidden) }, icon("folder"), h("span", {}, t("files.label")));
    work.addEventListener("change", () => this.#changed());
    this.#describe(null);
    this.expand(localStorage.getItem(SHOWN) === "yes" && !isPhone(), { focus: false });
  }

  expand(shown, { focus = true } = {}) {
    this.element.hidden = !shown;
    this.toggle.setAttribute("aria-expanded", String(shown));
    localStorage.setItem(SHOWN, shown ? "yes" : "no");
    if (!shown) return;
    this.#do(() => this.work.refresh()).then(() => focus && this.view.focus());
  }

  #tools() {
    const tool = (name, glyph, act) => h("button", { type: "button", class: "quiet square", title: t(`tree.${name}`), "aria-label": t(`tree.${name}`), id: `tree-${name}`, onclick: act }, icon(glyph));
    const sheet = h("div", { class: "sheet" });
    const menu = h("details", { class: "menu push tree-menu" }, h("summary", { title: t("tree.more"), "aria-label": t("tree.more") }, icon("more")), sheet);
    const choice = (name, glyph, act) => h("button", { type: "button", class: "plain", id: `tree-${name}`, onclick: () => ((menu.open = false), act()) }, icon(glyph), t(`tree.${name}`));
    sheet.append(
      choice("deleted", "trash", () => this.showDeleted()),
      choice("reset", "past", () => this.#goBack(null)),
      h("hr"),
      choice("zip", "download", () => this.#do(() => this.zip())),
      choice("home", "external", () => this.#do(() => fromPortal(this.page.config.urls.takeHome))),
    );
    menu.addEventListener("keydown", (event) => event.key === "Escape" && menu.open && ((menu.open = false), menu.firstChild.focus()));
    return h(
      "div",
      { class: "tree-tools", role: "toolbar", "aria-label": t("tree.tools") },
      tool("new", "plus", () => this.create()),
      tool("folder", "folder-plus", () => this.createFolder()),
      tool("upload", "upload", () => this.input.click()),
      tool("refresh", "restart", () => this.#do(() => this.work.refresh())),
      menu,
    );
  }

  #changed() {
    this.view.show(this.work.nodes);
    this.#describe(this.view.node);
    const more = this.work.more ? t("tree.cut") : this.work.hidden ? tn("tree.hidden", this.work.hidden) : "";
    this.status.textContent = more;
    this.status.hidden = !more;
  }

  #describe(node) {
    if (!node) {
      this.details.replaceChildren(h("p", { class: "soft" }, t("tree.drop")));
      return;
    }
    const act = (name, glyph, run, off = false) => h("button", { type: "button", class: "quiet square", id: `file-${name}`, title: t(`tree.${name}`), "aria-label": `${t(`tree.${name}`)}: ${node.path}`, "aria-disabled": off ? "true" : null, onclick: () => (off ? toast(t("tree.fixed.more")) : run()) }, icon(glyph));
    const file = !node.folder;
    const where = node.folder ? "" : node.fixed ? t("tree.fixed") : node.stored ? t("tree.stored") : t("tree.boxed");
    const facts = file ? [bytes(node.size), node.at ? moment(node.at) : t("tree.given"), where] : [tn("tree.files", this.work.files(node.path).length)];
    this.details.replaceChildren(
      h("p", { class: "tree-path" }, node.path),
      h("p", { class: "soft numeric" }, facts.filter(Boolean).join(" · ")),
      h(
        "div",
        { class: "row tree-acts" },
        file && (PREVIEWED.test(node.path) || !node.stored) ? act("preview", "eye", () => this.#do(() => this.show(node))) : null,
        file ? act("download", "download", () => this.#do(() => this.download(node))) : null,
        node.stored ? act("versions", "past", () => this.#goBack(node)) : null,
        act("rename", "pencil", () => this.rename(node), node.fixed),
        act("remove", "trash", () => this.remove(node), node.fixed),
      ),
    );
  }

  /** The folder that something new goes into. */
  get #folder() {
    const { node } = this.view;
    if (!node) return "";
    return node.folder ? `${node.path}/` : node.path.slice(0, node.path.lastIndexOf("/") + 1);
  }

  async open(node) {
    if (!node.stored) return this.#do(() => this.show(node));
    await this.#do(() => this.tabs.open(node.path));
    if (isPhone()) this.expand(false);
  }

  create() {
    return this.#do(async () => {
      const value = this.#folder;
      const made = await askName({
        title: t("tree.new"),
        hint: t("tree.new.hint"),
        value,
        from: value.length,
        label: t("tree.create"),
        take: async (path) => {
          await this.work.create(path);
          return path;
        },
      });
      if (!made) return;
      await this.work.refresh();
      await this.tabs.open(made);
      this.view.reveal(made);
      if (isPhone()) this.expand(false);
      this.page.editor.focus();
    });
  }

  createFolder() {
    return this.#do(async () => {
      const value = this.#folder;
      const made = await askName({ title: t("tree.folder"), hint: t("tree.folder.hint"), value, from: value.length, label: t("tree.create"), take: (path) => this.work.createFolder(path).then(() => path) });
      if (!made) return;
      this.view.reveal(made);
      this.view.focus();
    });
  }

  rename(node) {
    if (node.fixed) return toast(t("tree.fixed.more"));
    return this.#do(async () => {
      const start = node.path.lastIndexOf("/") + 1;
      const dot = node.folder ? -1 : node.path.lastIndexOf(".");
      const made = await askName({
        title: t("tree.rename.title", { path: node.path }),
        value: node.path,
        from: start,
        to: dot > start ? dot : node.path.length,
        label: t("tree.rename"),
        take: async (to) => {
          await this.tabs.settle(node.path);
          await this.tabs.moved(await this.work.rename(node.path, to), node.path);
          return to;
        },
      });
      if (!made) return;
      this.view.reveal(made);
      this.view.focus();
      announce(t("tree.renamed", { path: made }));
    });
  }

  remove(node) {
    if (node.fixed) return toast(t("tree.fixed.more"));
    return this.#do(async () => {
      const lost = this.work.unkept(node.path);
      const sure = lost.length === 0 || (await confirmed(t("tree.remove.title", { path: node.path }), tn("tree.remove.lost", lost.length), t("tree.remove"), "danger"));
      if (!sure) return;
      await this.tabs.settle(node.path);
      const { stored, undo } = await this.work.remove(node.path);
      const open = this.tabs.closed(stored);
      this.view.focus();
      const back = async () => {
        await undo();
        for (const path of open) await this.tabs.open(path);
        this.view.reveal(node.path);
        announce(t("tree.restored", { path: node.path }));
      };
      toast(t("tree.removed", { path: node.path }), lost.length && !stored.length ? null : { label: t("toast.undo"), run: () => this.#do(back) });
    });
  }

  showDeleted() {
    return this.#do(async () => {
      await this.work.refresh();
      const rows = this.work.deleted.map(({ path, deleted_at: at }) => h("li", {}, h("label", {}, h("input", { type: "checkbox", value: path }), h("span", { class: "tree-path" }, path), h("span", { class: "soft numeric" }, moment(at)))));
      const list = h("ul", { class: "deleted", role: "list" }, rows);
      const answer = await ask({
        title: t("tree.deleted"),
        body: rows.length ? [h("p", { class: "soft" }, t("tree.deleted.more")), list] : h("p", {}, t("tree.deleted.none")),
        buttons: rows.length ? [{ value: "", label: t("dialog.cancel") }, { value: "back", label: t("tree.bring_back"), kind: "primary" }] : [],
      });
      const paths = [...list.querySelectorAll("input:checked")].map((box) => box.value);
      if (answer !== "back" || !paths.length) return;
      await this.work.restore(paths);
      this.view.reveal(paths[0]);
      toast(tn("tree.restored", paths.length));
    });
  }

  async download(node) {
    const name = node.path.split("/").at(-1);
    if (!node.stored) return saveBlob(await this.work.content(node.path), name);
    const open = this.page.files.get(node.path);
    const text = open ? open.text : (await this.work.text(node.path)).text;
    saveBlob(new Blob([text]), name);
  }

  /** With a sandbox, all that lies in it, what programs wrote too; without, what the portal keeps. */
  async zip() {
    const { session, runs } = this.page;
    if (!session.ready) {
      await this.page.files.flush();
      await fromPortal(this.page.config.urls.download);
      return toast(t("tree.zip.stored"));
    }
    const done = toast(t("tree.zip.making"), null, { stays: true });
    try {
      await this.page.files.flush();
      await runs.push();
      saveBlob(await (await session.fetch("/lab/zip")).blob(), `${this.page.config.lab.id}.zip`);
    } finally {
      done();
    }
  }

  #picked() {
    const picked = [...this.input.files].map((file) => ({ path: file.name, file }));
    this.input.value = "";
    return this.#do(() => this.upload(picked, this.#folder.replace(/\/$/, "")));
  }

  /** Uploads [{path, file}] into a folder; asks before it replaces anything. */
  async upload(list, folder = "") {
    if (!list.length) return;
    const wanted = list.map(({ path, file }) => ({ path: folder ? `${folder}/${path}` : path, file }));
    await this.work.refresh();
    const there = wanted.filter(({ path }) => this.work.nodes.has(path));
    if (there.length && !(await confirmed(t("upload.replace"), t("upload.replace.text", { files: there.map(({ path }) => path).join(", ") }), t("upload.replace.do")))) return;
    const went = { stored: [], boxed: [], refused: [] };
    let done = () => {};
    for (const [i, { path, file }] of wanted.entries()) {
      done();
      done = toast(t("upload.going", { i: number(i + 1), n: number(wanted.length), path }), null, { stays: true });
      try {
        went[await this.#put(path, file)].push(path);
      } catch (error) {
        if (!error.code) throw error;
        went.refused.push(`${path}: ${error.message}`);
      }
    }
    done();
    await this.work.refresh();
    const first = went.stored[0] ?? went.boxed[0];
    if (first) this.view.reveal(first);
    if (went.stored.length) toast(tn("upload.stored", went.stored.length));
    if (went.boxed.length) toast(tn("upload.boxed", went.boxed.length));
    if (went.refused.length) this.page.fail(Object.assign(new Error(went.refused.join(" ")), { code: "refused" }));
  }

  async #put(path, file) {
    const text = await storable(file);
    const known = this.work.nodes.get(path);
    if (text !== null) {
      await this.tabs.settle(path);
      const saved = await this.work.save(path, text, this.page.files.get(path)?.version ?? known?.version ?? 0);
      this.tabs.replaced([{ path, text, ...saved }]);
      return "stored";
    }
    if (known?.stored) throw Object.assign(new Error(t("upload.not_text")), { code: "not_text" });
    if (file.size > BOX_BYTES) throw Object.assign(new Error(t("upload.too_large", { most: bytes(BOX_BYTES) })), { code: "too_large" });
    await this.page.session.whenReady();
    await this.work.put(path, file);
    return "boxed";
  }

  #goBack(node) {
    return this.#do(async () => {
      const { goBack } = await import("./goback.js");
      await goBack(this, node?.folder ? null : node);
    });
  }

  /** What can fail is told where the page tells its failures. */
  async #do(act) {
    try {
      return await act();
    } catch (error) {
      this.page.fail(error);
    }
  }
}
