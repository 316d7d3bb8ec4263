// One web page of the sandbox in a tab: a frame on a hostname of its own, with reload, address and "in a window of its own".
import { announce, h, icon } from "./dom.js";
import { reasonText } from "./session.js";
import { t } from "./text.js";

/** The page keeps its own origin, which is nobody else's; it may neither leave its frame nor move the one around it. */
const SANDBOX = "allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-downloads";

/** So many loads, each so soon after the last and with nobody clicking: a page that begins again by itself, not one that shows
 * news now and then. Soon is measured by the page's own first load, which a busy machine draws out as well. */
const RESTLESS = { loads: 6, firsts: 4, leastMs: 3_000 };

export class WebPanel {
  #session = null;
  #turn = new AbortController();
  #ended = new AbortController();

  /** `ui`: {id, title, port, path, service}; `service` is launched first when the page belongs to one. */
  constructor(panel, page, ui) {
    Object.assign(this, { panel, page, ui, session: page.session });
    const act = (name, glyph, onclick) => h("button", { type: "button", class: "quiet square", title: t(name), "aria-label": t(name), onclick }, icon(glyph));
    this.path = h("input", { type: "text", value: ui.path, "aria-label": t("web.path"), spellcheck: "false", autocapitalize: "off" });
    this.bar = h(
      "form",
      { class: "web-bar", onsubmit: (event) => (event.preventDefault(), this.load()) },
      act("web.reload", "restart", () => this.load()),
      h("label", { class: "web-address" }, h("span", {}, `localhost:${ui.port}`), this.path),
      act("web.window", "external", () => this.#window()),
    );
    this.place = h("div", { class: "web-place" });
    panel.append(this.bar, this.place);
    this.session.addEventListener("change", () => this.#changed(), { signal: this.#ended.signal });
    this.load();
  }

  close() {
    this.#turn.abort();
    this.#ended.abort();
  }

  /** Show the page at the address in the bar; `now`: whether its service is ready or not. */
  async load({ now = false } = {}) {
    this.#turn.abort();
    const { signal } = (this.#turn = new AbortController());
    this.#session = null;
    this.#say("busy", "dot", t("web.opening"));
    try {
      const address = await this.#ready(signal, now ? null : () => this.#wait());
      if (signal.aborted) return;
      const frame = h("iframe", { class: "web-frame", src: address, title: this.ui.title, sandbox: SANDBOX, allow: "clipboard-write; fullscreen", referrerpolicy: "no-referrer" });
      if (this.ui.service && !now) this.#watch(frame); // what the gateway shows where nothing answers loads again too
      this.place.replaceChildren(frame);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** Session up, way to the port open, service ready unless `waiting` is null; the page's address. A fresh ticket each time: the last may be hours old. */
  async #ready(signal, waiting) {
    await this.session.whenReady();
    if (!signal.aborted) this.#session = this.session.current.key;
    await this.session.fetch("/lab/ports", { method: "POST", body: JSON.stringify({ port: this.ui.port }), signal });
    if (this.ui.service && waiting) await this.page.services.launch(this.ui.service, { signal, waiting });
    return this.session.pageAddress(`port-${this.ui.port}`, this.path.value.trim() || "/");
  }

  #wait() {
    this.#say("busy", "dot", t("web.starting", { title: this.ui.title }), h("button", { type: "button", onclick: () => this.load({ now: true }) }, t("web.now")));
  }

  /** JupyterLab loads again and again where the browser keeps a frame's data from it; it would do so for ever. */
  #watch(frame) {
    let loads = 0;
    let last = performance.now();
    let soon = null;
    frame.addEventListener("load", ({ timeStamp }) => {
      const passed = timeStamp - last;
      last = timeStamp;
      soon ??= Math.max(RESTLESS.leastMs, RESTLESS.firsts * passed);
      // A click in the frame counts for its parents too.
      loads = navigator.userActivation?.isActive || passed > soon ? 0 : loads + 1;
      if (loads < RESTLESS.loads) return;
      this.#session = null;
      this.#say("warn", "warn", t("web.restless", { title: this.ui.title }), h("button", { type: "button", class: "primary", onclick: () => this.#window() }, icon("external"), t("web.window")), h("button", { type: "button", onclick: () => this.load() }, icon("restart"), t("web.again")));
      announce(t("web.restless", { title: this.ui.title }));
    });
  }

  #changed() {
    if (this.#session) {
      if (this.session.ready && this.session.current.key === this.#session) return;
      this.#session = null;
      this.#turn.abort();
      this.#say("none", "ring", t("web.ended"), h("button", { type: "button", class: "primary", onclick: () => this.load() }, icon("play"), t("web.again")));
    } else if (this.session.going && !this.session.ready) {
      this.place.querySelector(".soft")?.replaceChildren(reasonText(this.session.current));
    }
  }

  #say(tone, glyph, text, ...more) {
    this.place.replaceChildren(h("div", { class: "empty" }, h("p", { class: `state ${tone}`, role: "status" }, icon(glyph), text), h("p", { class: "soft" }), ...more));
  }

  #fail(error) {
    this.#session = null;
    this.#say("bad", "cross", error.message, h("button", { type: "button", onclick: () => this.load() }, icon("restart"), t("web.again")));
    announce(error.message);
    if (!error.code) throw error; // a fault of this page: it belongs in the console too
  }

  async #window() {
    // Opened before the ticket comes, or the browser takes it for a pop-up; the page must not reach back here.
    const opened = window.open("about:blank", "_blank");
    if (!opened) return this.#fail(Object.assign(new Error(t("web.blocked")), { code: "blocked" }));
    opened.opener = null;
    opened.document.body.textContent = t("web.opening");
    try {
      opened.location = await this.#ready(this.#ended.signal, () => {});
    } catch (error) {
      opened.close();
      if (!this.#ended.signal.aborted) this.#fail(error);
    }
  }
}
