// Takes in what a shell or a program changed in the sandbox of files that are open here: it is the student's work too.
import { ask } from "./dialog.js";
import { readable } from "./bookmodel.js";
import { diffView } from "./diffview.js";
import { announce, h } from "./dom.js";
import { RequestError } from "./http.js";
import { t } from "./text.js";

const SOON_MS = 400;

async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The text in these bytes; null when they are none. */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

export class Outside {
  #taking = null;
  #timer = 0;

  constructor(page) {
    this.page = page;
    // Back from a web page of the sandbox (JupyterLab saves there) or from another window.
    addEventListener("focus", () => this.soon());
  }

  /** After a command of a terminal, say: looks a moment later, and leaves trouble to whoever needs the answer. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.take().catch((error) => error.code || Promise.reject(error)), SOON_MS);
  }

  /** Brings the open files level with the sandbox. Rejects when the student must first choose between two texts. */
  take() {
    this.#taking ??= this.#take().finally(() => (this.#taking = null));
    return this.#taking;
  }

  async #take() {
    const { session, files, locked } = this.page;
    if (!session.ready || locked) return;
    const { files: changed } = await (await session.fetch("/lab/changed")).json();
    for (const [path, delivered] of Object.entries(changed)) {
      if (files.get(path)) await this.#adopt(path, delivered);
    }
  }

  async #adopt(path, delivered) {
    const { session, files, editor, runs } = this.page;
    const there = decoded(await (await session.fetch(`/lab/files/${path.split("/").map(encodeURIComponent).join("/")}`)).arrayBuffer());
    const here = files.get(path)?.text;
    if (here === undefined || there === null || here === there) return;
    if ((await sha256(here)) !== delivered && !(await this.#prefers(path, here, there))) {
      runs.stale(path);
      return;
    }
    editor.replace(path, there, { edit: true });
    announce(t("outside.taken", { path }));
  }

  /** Both changed: whether the sandbox's text is the one to keep. Rejects when the student leaves it open. */
  async #prefers(path, here, there) {
    const answer = await ask({
      title: t("outside.title", { path }),
      body: [h("p", {}, t("outside.text")), diffView(readable(path, there), readable(path, here), t("outside.there"), t("outside.here"))],
      buttons: [
        { value: "", label: t("conflict.later") },
        { value: "there", label: t("outside.use_there") },
        { value: "here", label: t("outside.use_here"), kind: "primary" },
      ],
      wide: true,
    });
    if (!answer) throw new RequestError("outside", t("outside.open", { path }));
    return answer === "there";
  }
}
