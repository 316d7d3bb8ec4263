// Submitting and what comes of it: the queue, the phases, the checks filling in, and the list of earlier submissions.
import { RequestError, backoff, follow, portal } from "./http.js";

const TRIES = 4;
const SETTLED = new Set(["graded", "needs_staff"]);

export function settled(submission) {
  return SETTLED.has(submission.state);
}

/** Not every browser context has crypto.randomUUID (it wants a secure one). */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Emits "change" (submission) whenever one is new or changed, and "sending" (true or false). */
export class Submissions extends EventTarget {
  #following = new Map();

  constructor(config, files) {
    super();
    this.urls = config.urls;
    this.files = files;
    this.keyName = `submit:${config.lab.id}`;
    this.list = [...config.submissions].sort((a, b) => b.number - a.number);
    this.sending = false;
  }

  watch() {
    for (const submission of this.list) if (!settled(submission)) this.#follow(submission);
  }

  get pending() {
    return this.list.find((submission) => !settled(submission)) ?? null;
  }

  async submit() {
    if (this.sending) return null;
    this.#send(true);
    try {
      if (!(await this.files.flush())) throw new RequestError("unsaved", this.files.worst().message || "", 0);
      const submission = await this.#post();
      this.#take(submission);
      this.#follow(submission);
      return submission;
    } finally {
      this.#send(false);
    }
  }

  /** One key per act of submitting: asked again after a lost answer, the portal gives back the same submission. */
  async #post() {
    const key = sessionStorage.getItem(this.keyName) ?? newKey();
    sessionStorage.setItem(this.keyName, key);
    for (let attempt = 0; ; attempt++) {
      try {
        const submission = await portal(this.urls.submissions, { method: "POST", headers: { "Idempotency-Key": key } });
        sessionStorage.removeItem(this.keyName);
        return submission;
      } catch (error) {
        const unsure = error.offline || error.status >= 500;
        if (!unsure) sessionStorage.removeItem(this.keyName);
        if (!unsure || attempt + 1 >= TRIES) throw error;
        await backoff(attempt);
      }
    }
  }

  async sources(submission) {
    return portal(this.urls.submissionFiles.replace("__id__", submission.id));
  }

  async reload(submission) {
    const fresh = await portal(this.urls.submission.replace("__id__", submission.id));
    this.#take(fresh);
    return fresh;
  }

  #follow(submission) {
    if (this.#following.has(submission.id) || settled(submission)) return;
    const stop = follow(this.urls.submissionEvents.replace("__id__", submission.id), (next) => {
      this.#take(next);
      if (!settled(next)) return;
      stop();
      this.#following.delete(next.id);
    });
    this.#following.set(submission.id, stop);
  }

  #take(submission) {
    const at = this.list.findIndex((other) => other.id === submission.id);
    const before = at >= 0 ? this.list[at] : null;
    if (at >= 0) this.list[at] = submission;
    else this.list.unshift(submission);
    this.dispatchEvent(new CustomEvent("change", { detail: { submission, before } }));
  }

  #send(value) {
    this.sending = value;
    this.dispatchEvent(new CustomEvent("sending", { detail: value }));
  }
}
