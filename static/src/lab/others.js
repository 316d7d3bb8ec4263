// Keeps this page level with what somebody else does in the same lab: their saves and their runs.
const POLL_MS = 2000;

export class Others {
  #versions = {};
  #reading = new Set();
  #timer = 0;

  /** `all`: files that the other one makes or deletes come and go here as tabs, too. */
  constructor(page, { all = false } = {}) {
    Object.assign(this, { page, all, opened: new Set() });
    page.files.addEventListener("change", () => this.#level());
  }

  /** Takes what somebody else saved, once nothing typed here waits to be stored. `versions`: {path: version}. */
  files(versions) {
    this.#versions = versions;
    for (const path of this.opened) if (!(path in versions)) this.#close(path);
    this.#level();
  }

  async #level() {
    const { files, editor, runs } = this.page;
    for (const [path, version] of Object.entries(this.#versions)) {
      const file = files.get(path);
      if (!file && this.all) await this.#open(path);
      if (!file || file.state !== "saved" || file.version >= version || this.#reading.has(path)) continue;
      this.#reading.add(path);
      try {
        const text = await files.renew(path);
        if (text === null) continue;
        editor.replace(path, text);
        runs.stale(path);
      } catch (error) {
        if (!error.offline && error.status !== 404) this.page.fail(error); // away: the next news brings it
      } finally {
        this.#reading.delete(path);
      }
    }
  }

  async #open(path) {
    if (this.opened.has(path)) return;
    this.opened.add(path);
    const { files, fileTabs } = this.page;
    try {
      const file = await files.fetch(path);
      if (!this.opened.has(path)) return;
      files.add(file);
      fileTabs.add({ id: path, label: path, panel: "code" });
    } catch (error) {
      this.opened.delete(path); // gone again, or the portal is away: the next news tells
      if (!error.offline && error.status !== 404) this.page.fail(error);
    }
  }

  #close(path) {
    const { files, fileTabs, editor } = this.page;
    this.opened.delete(path);
    if (fileTabs.has(path)) fileTabs.remove(path);
    files.remove(path);
    editor.forget(path);
  }

  /** Looks for runs that somebody else began, and follows them. */
  runs(on) {
    if (on === Boolean(this.#timer)) return;
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#look(), POLL_MS) : 0;
  }

  #look() {
    const { session, runs } = this.page;
    if (document.hidden || !session.ready || runs.busy) return;
    runs.resume().catch(() => session.refresh().catch(() => {})); // gone meanwhile: the session's own news tells
  }
}
