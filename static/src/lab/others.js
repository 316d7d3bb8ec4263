// Keeps this page level with what somebody else does in the same lab: their saves and their runs.
const POLL_MS = 2000;

export class Others {
  #versions = {};
  #reading = new Set();
  #timer = 0;

  constructor(page) {
    this.page = page;
    page.files.addEventListener("change", () => this.#level());
  }

  /** Takes what somebody else saved, once nothing typed here waits to be stored. `versions`: {path: version}. */
  files(versions) {
    this.#versions = versions;
    this.#level();
  }

  async #level() {
    const { files, editor, runs } = this.page;
    for (const [path, version] of Object.entries(this.#versions)) {
      const file = files.get(path);
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
