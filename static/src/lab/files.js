// The student's files: what is typed, what is stored, and getting from one to the other without losing either.
import { backoff, portal } from "./http.js";

const QUIET_MS = 800;

function opened(file) {
  return { ...file, saved: file.text, state: "saved", savedAt: null, timer: 0, saving: null, message: "" };
}

/**
 * Emits "change" (a file's saving state changed) and "conflict" (somebody stored another version meanwhile).
 * File: {path, text, saved, version, state: saved|unsaved|saving|offline|conflict|refused, savedAt, message, theirs}.
 */
export class Files extends EventTarget {
  constructor(files, urls, drafts) {
    super();
    this.urls = urls;
    this.drafts = drafts;
    this.all = new Map(files.map((file) => [file.path, opened(file)]));
    addEventListener("online", () => this.retry());
    addEventListener("pagehide", () => this.#leave());
  }

  get(path) {
    return this.all.get(path);
  }

  paths() {
    return [...this.all.keys()];
  }

  /** One more file: {path, text, version, starter} as the portal keeps it. */
  add(file) {
    this.all.set(file.path, opened(file));
    this.dispatchEvent(new CustomEvent("change", { detail: this.get(file.path) }));
  }

  /** A file that is gone or has another name: nothing of it is stored any more. */
  remove(path) {
    const file = this.get(path);
    if (!file) return;
    clearTimeout(file.timer);
    this.drafts.drop(path);
    this.all.delete(path);
    this.dispatchEvent(new CustomEvent("change", { detail: file }));
  }

  /** No tab shows the file any more: it is let go once what was typed is stored. */
  async close(path) {
    if ((await this.save(path)) && this.get(path)?.text === this.get(path)?.saved) this.remove(path);
  }

  /** The portal holds this text now, by an act of this page that wasn't typing. */
  stored(path, { text, version, savedAt }) {
    const file = this.get(path);
    clearTimeout(file.timer);
    this.drafts.drop(path);
    Object.assign(file, { text, saved: text, version, savedAt, theirs: null });
    this.#set(file, "saved");
  }

  /** Brings back what this browser still held from an earlier visit, of one file or all. Returns the paths that changed. */
  restore(only = null) {
    const restored = [];
    for (const file of only ? [this.get(only)] : this.all.values()) {
      const draft = this.drafts.get(file.path);
      if (!draft) continue;
      if (draft.text === file.text) {
        this.drafts.drop(file.path);
        continue;
      }
      restored.push(file.path);
      if (draft.base === file.version) this.edit(file.path, draft.text);
      else {
        const theirs = { text: file.text, version: file.version };
        file.text = draft.text;
        this.#conflict(file, theirs);
      }
    }
    return restored;
  }

  edit(path, text) {
    const file = this.get(path);
    file.text = text;
    if (text === file.saved && file.state !== "conflict") {
      clearTimeout(file.timer);
      this.drafts.drop(path);
      if (!file.saving) this.#set(file, "saved");
      return;
    }
    file.kept = this.drafts.put(path, text, file.version);
    if (file.state === "conflict") return;
    if (!file.saving) this.#set(file, file.state === "offline" ? "offline" : "unsaved");
    clearTimeout(file.timer);
    file.timer = setTimeout(() => this.save(path), QUIET_MS);
  }

  /** Stores one file now. Resolves true once what was typed is stored. */
  async save(path) {
    const file = this.get(path);
    if (!file) return true; // removed meanwhile
    clearTimeout(file.timer);
    while (file.saving) await file.saving;
    if (file.state === "conflict") return false;
    if (file.text === file.saved) return true;
    file.saving = this.#store(file).finally(() => (file.saving = null));
    await file.saving;
    return file.text === file.saved;
  }

  async #store(file) {
    const text = file.text;
    this.#set(file, "saving");
    try {
      const stored = await portal(this.#url(file.path), { method: "PUT", body: { text, base_version: file.version } });
      file.version = stored.version;
      file.saved = text;
      file.savedAt = stored.saved_at;
      file.tries = 0;
      if (file.text === text) {
        this.drafts.drop(file.path);
        this.#set(file, "saved");
      } else {
        this.drafts.put(file.path, file.text, file.version);
        this.#set(file, "unsaved");
        file.timer = setTimeout(() => this.save(file.path), QUIET_MS);
      }
    } catch (error) {
      this.#failed(file, error);
    }
  }

  #failed(file, error) {
    if (error.status === 409 && typeof error.body?.text === "string") {
      if (error.body.text === file.text) {
        Object.assign(file, { version: error.body.version, saved: file.text });
        this.drafts.drop(file.path);
        this.#set(file, "saved");
      } else this.#conflict(file, { text: error.body.text, version: error.body.version });
    } else if (error.offline || error.status >= 500 || error.status === 429) {
      this.#set(file, "offline", error.offline ? "" : error.message);
      file.tries = (file.tries ?? 0) + 1;
      backoff(Math.min(file.tries, 4)).then(() => file.state === "offline" && !file.saving && this.save(file.path));
    } else this.#set(file, "refused", error.message);
  }

  #conflict(file, theirs) {
    file.theirs = theirs;
    this.drafts.put(file.path, file.text, file.version);
    this.#set(file, "conflict");
    this.dispatchEvent(new CustomEvent("conflict", { detail: file }));
  }

  /** One file as the portal keeps it: {path, text, version, starter}. */
  fetch(path) {
    return portal(this.#url(path));
  }

  /** Takes up what somebody else stored, unless something typed here waits to be. Gives the new text, or null. */
  async renew(path) {
    const file = this.get(path);
    const fresh = await this.fetch(path);
    if (file.state !== "saved" || file.text !== file.saved || fresh.version <= file.version) return null;
    Object.assign(file, { text: fresh.text, saved: fresh.text, version: fresh.version });
    return fresh.text;
  }

  /** Drops what isn't stored and may be no longer; gives the paths whose text went back. */
  async discard() {
    const dropped = [];
    for (const file of this.all.values()) {
      clearTimeout(file.timer);
      while (file.saving) await file.saving;
      if (file.state === "saved") continue;
      Object.assign(file, { text: file.saved, theirs: null });
      this.drafts.drop(file.path);
      this.#set(file, "saved");
      dropped.push(file.path);
    }
    return dropped;
  }

  /** Settles a conflict with the text to keep. */
  resolve(path, text) {
    const file = this.get(path);
    Object.assign(file, { version: file.theirs.version, saved: file.theirs.text, theirs: null, state: "unsaved", text });
    this.drafts.drop(path);
    this.edit(path, text);
    return this.save(path);
  }

  /** Stores everything; true when nothing is left unsaved. */
  async flush() {
    const results = await Promise.all(this.paths().map((path) => this.save(path)));
    return results.every(Boolean);
  }

  retry() {
    for (const file of this.all.values()) if (file.state === "offline") this.save(file.path);
  }

  /** The one state to show for all files: the most pressing. */
  worst() {
    const order = ["conflict", "refused", "offline", "saving", "unsaved", "saved"];
    return [...this.all.values()].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))[0];
  }

  lastSaved() {
    return [...this.all.values()].map((file) => file.savedAt).filter(Boolean).sort().at(-1) ?? null;
  }

  #leave() {
    for (const file of this.all.values()) {
      if (file.text === file.saved || file.state === "conflict" || file.saving) continue;
      // The draft is already kept; this only spares the next visit the wait. Browsers cap keepalive bodies.
      if (file.text.length < 30_000) portal(this.#url(file.path), { method: "PUT", body: { text: file.text, base_version: file.version }, keepalive: true }).catch(() => {});
    }
  }

  #url(path) {
    return this.urls.file.replace("__path__", path.split("/").map(encodeURIComponent).join("/"));
  }

  #set(file, state, message = "") {
    file.state = state;
    file.message = message;
    this.dispatchEvent(new CustomEvent("change", { detail: file }));
  }
}
