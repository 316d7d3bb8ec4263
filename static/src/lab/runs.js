// Running a file in the sandbox's warm kernel and following what it says, through reloads and broken connections.
import { backoff, readEvents } from "./http.js";

const RUNNABLE = /\.(py|sql)$/;
const GIVE_UP_AFTER = 8;

/**
 * Emits "start" (run), "event" (one output event), "end" (state, seconds), "link" (true while connected) and "stage"
 * (what is happening before the run exists: session, push, run).
 */
export class Runs extends EventTarget {
  #pushed = new Map();
  #session;
  #files;
  #following = null;
  #asked = 0;

  constructor(session, files, entry) {
    super();
    this.#session = session;
    this.#files = files;
    this.entry = entry;
    /** Set by the page: takes in what was changed in the sandbox itself. */
    this.takeIn = async () => {};
    this.current = null;
    this.stage = null;
  }

  get busy() {
    return this.stage !== null || this.current?.state === "running";
  }

  /** What Run runs when `path` is open. */
  target(path) {
    return RUNNABLE.test(path) ? path : this.entry;
  }

  /** Forgets what the sandbox had: another one serves now. */
  forget() {
    this.#pushed.clear();
    this.#following?.abort();
    if (this.current?.state === "running") this.#finish({ state: "killed" });
  }

  /** Somebody else changed this file: the sandbox may hold another text than the one last put there from here. */
  stale(path) {
    this.#pushed.delete(path);
  }

  run(path) {
    return this.#run({ path: this.target(path) });
  }

  /** Runs one cell of a notebook, as its text is now. */
  runCell(path, cell, source) {
    return this.#run({ path, cell, source });
  }

  async #run(order) {
    if (this.busy) return;
    this.#asked++;
    try {
      this.#stage("session");
      const saving = this.#files.flush();
      await this.#session.whenReady();
      this.#stage("push");
      await saving;
      await this.push();
      this.#stage("run");
      const response = await this.#session.fetch("/lab/runs", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order) });
      this.#stage(null);
      this.#follow(await response.json());
    } catch (error) {
      this.#stage(null);
      if (error.code === "busy") await this.resume();
      throw error;
    }
  }

  /** Brings the open files into the sandbox as they are now, once what was changed there is taken in. */
  async push() {
    await this.takeIn();
    const paths = this.#files.paths().filter((path) => this.#pushed.get(path) !== this.#files.get(path).text);
    await Promise.all(
      paths.map(async (path) => {
        const text = this.#files.get(path).text;
        const address = `/lab/files/${path.split("/").map(encodeURIComponent).join("/")}`;
        await this.#session.fetch(address, { method: "PUT", headers: { "Content-Type": "application/octet-stream" }, body: text });
        this.#pushed.set(path, text);
      }),
    );
  }

  /** After a reload: takes up the last run where the sandbox has it, unless one is begun here meanwhile. */
  async resume() {
    const asked = this.#asked;
    const last = (await this.known()).at(-1);
    if (last && last.id !== this.current?.id && asked === this.#asked) this.#follow(last, { resumed: true });
  }

  /** The runs that the sandbox still holds, oldest first. */
  async known() {
    const runs = await (await this.#session.fetch("/lab/runs")).json();
    return Array.isArray(runs) ? runs : (runs.runs ?? []);
  }

  /** Everything that a finished run said. */
  async events(id) {
    const events = [];
    const response = await this.#session.fetch(`/lab/runs/${id}/events`, { headers: { Accept: "text/event-stream" } });
    for await (const message of readEvents(response)) events.push(JSON.parse(message.data));
    return events;
  }

  async interrupt() {
    if (this.current?.state === "running") await this.#session.fetch(`/lab/runs/${this.current.id}/interrupt`, { method: "POST" });
  }

  async restart() {
    await this.#session.fetch("/lab/kernel/restart", { method: "POST" });
  }

  async #follow(run, { resumed = false } = {}) {
    this.#following?.abort();
    const ended = (this.#following = new AbortController());
    this.current = { ...run, resumed };
    this.#emit("start", this.current);
    let last = null;
    for (let attempt = 0; !ended.signal.aborted; attempt++) {
      try {
        const query = last === null ? "" : `?after=${last}`;
        const response = await this.#session.fetch(`/lab/runs/${run.id}/events${query}`, { headers: { Accept: "text/event-stream" }, signal: ended.signal });
        this.#emit("link", true);
        for await (const message of readEvents(response)) {
          if (ended.signal.aborted) return;
          attempt = 0;
          if (message.id !== null) last = message.id;
          if (this.#take(JSON.parse(message.data))) return;
        }
      } catch (error) {
        if (ended.signal.aborted) return;
        if (error.status === 404 || attempt >= GIVE_UP_AFTER) {
          this.#finish({ state: "killed" });
          this.#session.refresh().catch(() => {});
          return;
        }
      }
      this.#emit("link", false);
      await backoff(attempt, ended.signal);
    }
  }

  /** True when the event was the run's last. */
  #take(event) {
    if (event.t !== "state") {
      this.#emit("event", event);
      return false;
    }
    if (event.state === "running") return false;
    this.#finish(event);
    return true;
  }

  #finish({ state, seconds = null }) {
    Object.assign(this.current, { state, seconds });
    this.#emit("end", this.current);
  }

  #stage(stage) {
    this.stage = stage;
    this.#emit("stage", stage);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

