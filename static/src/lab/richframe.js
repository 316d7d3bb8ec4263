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

/** One frame; `show(bundle)` adds a result to it. The frame's host is the same program for every session and holds no data. */
export class RichFrame {
  #waiting = [];
  #ready = false;

  constructor(gateway, session) {
    const address = `${gateway.replace("{ui}", "frame").replace("{session}", session ?? NO_SESSION)}/frame.html`;
    this.iframe = h("iframe", { class: "rich", sandbox: "allow-scripts", title: t("output.rich"), src: address, referrerpolicy: "no-referrer" });
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
      this.#post({ t: "theme", theme: theme() });
      for (const bundle of this.#waiting.splice(0)) this.#post({ t: "show", bundle });
    } else if (message?.t === "height" && Number.isFinite(message.height)) {
      this.iframe.style.height = `${Math.min(MAX_HEIGHT, Math.max(24, message.height))}px`;
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
    const text = this.bundles.map((bundle) => bundle["text/plain"] ?? "").join("\n");
    this.element.replaceChildren(h("p", { class: "soft" }, t("output.rich_failed")), h("pre", { class: "terminal" }, text));
  }
}

addEventListener("message", (event) => {
  for (const frame of frames) if (event.source && event.source === frame.iframe.contentWindow) frame.receive(event.data);
});
const retheme = () => frames.forEach((frame) => frame.retheme());
document.addEventListener("themechange", retheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", retheme);
