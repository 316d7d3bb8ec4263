// The page's side of the frame that draws rich results (static/src/frame).
import { h } from "./dom.js";
import { t } from "./text.js";

const MAX_HEIGHT = 720;
const PATIENCE_MS = 6000;
const NO_SESSION = "0".repeat(26);
const frames = new Set();

const RICH = ["application/vnd.plotly.v1+json", "text/html", "image/svg+xml", "image/png"];

export function isRich(bundle) {
  return RICH.some((type) => bundle[type] !== undefined);
}

function theme() {
  return document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/** What a program's result says for itself where the frame can't be had. */
function asText(bundles) {
  const text = bundles.map((bundle) => bundle["text/plain"] ?? "").join("\n");
  return [h("p", { class: "soft" }, t("output.rich_failed")), h("pre", { class: "terminal" }, text)];
}

/**
 * One frame; `show(bundle)` adds a result to it. The frame's host is the same program for every session and holds no data.
 * `title` names the frame; `instead(bundles)` is what stands in its place when it doesn't come; `drawn(ok)` hears of each result.
 */
export class RichFrame {
  #waiting = [];
  #ready = false;

  constructor(gateway, session, { title = t("output.rich"), instead = asText, drawn = () => {} } = {}) {
    const address = `${gateway.replace("{ui}", "frame").replace("{session}", session ?? NO_SESSION)}/frame.html`;
    this.instead = instead;
    this.drawn = drawn;
    this.iframe = h("iframe", { class: "rich", sandbox: "allow-scripts", title, src: address, referrerpolicy: "no-referrer" });
    this.element = h("div", { class: "rich-box" }, this.iframe);
    this.bundles = [];
    frames.add(this);
    this.timer = setTimeout(() => this.#giveUp(), PATIENCE_MS);
  }

  show(bundle) {
    this.bundles.push(bundle);
    if (this.#ready) this.#post({ t: "show", bundle });
    else this.#waiting.push(bundle);
  }

  receive(message) {
    if (message?.t === "ready") {
      this.#ready = true;
      clearTimeout(this.timer);
      this.#post({ t: "language", language: document.documentElement.lang });
      this.#post({ t: "theme", theme: theme() });
      for (const bundle of this.#waiting.splice(0)) this.#post({ t: "show", bundle });
    } else if (message?.t === "height" && Number.isFinite(message.height)) {
      this.iframe.style.height = `${Math.min(MAX_HEIGHT, Math.max(24, message.height))}px`;
    } else if (message?.t === "drawn") {
      this.drawn(message.ok === true);
    }
  }

  retheme() {
    if (this.#ready) this.#post({ t: "theme", theme: theme() });
  }

  destroy() {
    clearTimeout(this.timer);
    frames.delete(this);
  }

  #post(message) {
    // The frame's origin is opaque, so no address can name it; what is sent is the student's own output.
    this.iframe.contentWindow?.postMessage(message, "*");
  }

  #giveUp() {
    clearTimeout(this.timer);
    this.element.replaceChildren(...this.instead(this.bundles));
    this.drawn(false);
  }
}

addEventListener("message", (event) => {
  for (const frame of frames) if (event.source && event.source === frame.iframe.contentWindow) frame.receive(event.data);
});
const retheme = () => frames.forEach((frame) => frame.retheme());
document.addEventListener("themechange", retheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", retheme);
