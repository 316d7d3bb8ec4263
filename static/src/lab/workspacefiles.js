// The student's workspace as the file tree shows it: what the portal stores, and what lies in the running sandbox.
import { RequestError, portal } from "./http.js";
import { has, t } from "./text.js";

/** What a deletion in the sandbox may keep in memory to be undone. */
const KEPT_BYTES = 10 << 20;
const KEPT_FILES = 50;

export const encoded = (path) => path.split("/").map(encodeURIComponent).join("/");
const under = (path, folder) => path === folder || path.startsWith(`${folder}/`);

/**
 * Emits "change". `nodes`: Map of path → {path, folder, fixed, stored, version, size, at, boxed}; `stored` is what the
 * portal keeps, `boxed` what the sandbox has; a file may be both.
 */
export class WorkspaceFiles extends EventTarget {
  #mirrored = new Set();
  #turn = 0;

  constructor(urls, session) {
    super();
    Object.assign(this, { urls, session, nodes: new Map(), deleted: [], more: false, hidden: 0, planned: new Set() });
  }

  async refresh() {
    const turn = ++this.#turn;
    const [overview, box] = await Promise.all([portal(this.urls.files), this.#box()]);
    if (turn !== this.#turn) return;
    this.deleted = overview.deleted;
    this.more = box?.more ?? false;
    this.hidden = box?.hidden ?? 0;
    this.#gather(overview.files, box);
    this.dispatchEvent(new Event("change"));
  }

  /** What is in the sandbox; null where none answers, which the session itself tells. */
  async #box() {
    if (!this.session.ready) return null;
    try {
      return await (await this.session.fetch("/lab/tree")).json();
    } catch (error) {
      if (!error.code) throw error;
      return null;
    }
  }

  #gather(files, box) {
    const nodes = new Map();
    const folder = (path) => nodes.has(path) || nodes.set(path, { path, folder: true, fixed: false, stored: false, boxed: false });
    const above = (path) => path.split("/").slice(0, -1).forEach((_, i, parts) => folder(parts.slice(0, i + 1).join("/")));
    for (const file of files) {
      above(file.path);
      nodes.set(file.path, { ...file, folder: false, stored: true, at: file.saved_at, boxed: false });
    }
    for (const file of box?.files ?? []) {
      above(file.path);
      const known = nodes.get(file.path);
      if (known) known.boxed = true;
      else nodes.set(file.path, { ...file, folder: false, fixed: false, stored: false, boxed: true, at: new Date(file.mtime * 1000).toISOString() });
    }
    for (const path of [...(box?.folders ?? []), ...this.planned]) {
      above(`${path}/`);
      nodes.get(path).boxed = true;
    }
    for (const node of nodes.values()) if (node.fixed) for (const other of nodes.values()) if (other.folder && under(node.path, other.path)) other.fixed = true;
    this.nodes = nodes;
  }

  /** The files at or below a path. */
  files(path) {
    return [...this.nodes.values()].filter((node) => !node.folder && under(node.path, path));
  }

  text(path) {
    return portal(this.url("file", path));
  }

  url(name, path) {
    return this.urls[name].replace("__path__", encoded(path));
  }

  /** Stores a text; the version it became. Rejects with the portal's reason. */
  async save(path, text, version) {
    const saved = await portal(this.url("file", path), { method: "PUT", body: { text, base_version: version } });
    this.mirror([path]);
    return saved;
  }

  /** An empty file where none is. */
  create(path) {
    if (this.nodes.has(path)) throw new RequestError("exists", t("sandbox.exists"));
    return this.save(path, "", 0);
  }

  /** Several texts, all or none: [{path, text, base_version}]. */
  async saveAll(entries) {
    const { files } = await this.#post({ save: entries });
    this.mirror(entries.map(({ path }) => path));
    return files;
  }

  async createFolder(path) {
    this.#check(path);
    if (this.nodes.has(path)) throw new RequestError("exists", t("sandbox.exists"));
    if (this.session.ready) await this.#order({ folder: path });
    else this.planned.add(path);
    await this.refresh();
  }

  async rename(path, to) {
    if (this.nodes.has(to)) throw new RequestError("exists", t("sandbox.exists"));
    const stored = this.files(path).filter((node) => node.stored);
    const moved = stored.length ? (await this.#post({ rename: path, to })).files : [];
    if (this.planned.delete(path)) this.planned.add(to);
    if (this.session.ready) await this.#order({ move: path, to }).catch((error) => stored.length || this.#refused(error));
    this.mirror(moved.flatMap((file) => [file.from, file.path]));
    await this.refresh();
    return moved;
  }

  /** What of a deletion could not be undone: the files that only the sandbox has, when they are too much to keep. */
  unkept(path) {
    const only = this.files(path).filter((node) => !node.stored);
    return only.length > KEPT_FILES || only.reduce((sum, node) => sum + node.size, 0) > KEPT_BYTES ? only : [];
  }

  /** Deletes a file or folder; resolves with what brings it back. */
  async remove(path) {
    const files = this.files(path);
    const kept = this.unkept(path).length ? [] : await this.#keep(files.filter((node) => !node.stored));
    const stored = files.some((node) => node.stored) ? (await portal(this.url("file", path), { method: "DELETE" })).deleted : [];
    this.planned.delete(path);
    if (this.session.ready) await this.session.fetch(`/lab/tree/${encoded(path)}`, { method: "DELETE" }).catch((error) => error.code === "missing" || this.#refused(error));
    this.mirror(stored);
    await this.refresh();
    return { stored, undo: () => this.restore(stored, kept) };
  }

  async restore(stored, kept = []) {
    if (stored.length) await this.#post({ restore: stored });
    await Promise.all(kept.map(({ path, content }) => this.put(path, content)));
    this.mirror(stored);
    await this.refresh();
  }

  #keep(nodes) {
    return Promise.all(nodes.map(async ({ path }) => ({ path, content: await this.content(path) })));
  }

  /** A file's bytes from the sandbox. */
  async content(path) {
    return (await this.session.fetch(`/lab/files/${encoded(path)}`)).blob();
  }

  put(path, content) {
    return this.session.fetch(`/lab/files/${encoded(path)}`, { method: "PUT", headers: { "Content-Type": "application/octet-stream" }, body: content });
  }

  /** Brings what the portal keeps at these paths into the sandbox: now, or as soon as one is up that began before. */
  mirror(paths) {
    for (const path of paths) this.#mirrored.add(path);
    return this.carry();
  }

  async carry() {
    if (!this.session.ready) {
      if (!this.session.going) this.#mirrored.clear(); // the next sandbox starts with what is stored
      return;
    }
    for (const path of [...this.#mirrored]) {
      this.#mirrored.delete(path);
      try {
        await this.#carry(path);
      } catch (error) {
        if (!error.code) throw error;
        this.#mirrored.add(path); // the session ended or doesn't answer: the next "ready" tries again
        return;
      }
    }
  }

  async #carry(path) {
    const file = await this.text(path).catch((error) => (error.status === 404 ? null : Promise.reject(error)));
    if (file) await this.put(path, file.text);
    else await this.session.fetch(`/lab/files/${encoded(path)}`, { method: "DELETE" }).catch((error) => error.status < 500 || this.#refused(error));
  }

  #post(body) {
    return portal(this.urls.files, { method: "POST", body });
  }

  #order(body) {
    return this.session.fetch("/lab/tree", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }

  #refused(error) {
    if (has(`sandbox.${error.code}`)) error.message = t(`sandbox.${error.code}`);
    throw error;
  }

  #check(path) {
    if (!path || path.startsWith("/") || path.endsWith("/") || path.includes("//") || path.split("/").some((name) => name === "." || name === "..")) throw new RequestError("bad_name", t("sandbox.bad_name"));
  }
}
