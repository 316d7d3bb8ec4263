// What runs beside the student's programs: each service's state, what it prints, and start, stop and restart.
import { h, icon, stateMark } from "./dom.js";
import { RequestError, backoff, readEvents } from "./http.js";
import { Terminal } from "./terminal.js";
import { moment, t, tn } from "./text.js";

const MARKS = { stopped: ["none", "ring"], starting: ["busy", "dot"], ready: ["good", "check"], failed: ["bad", "cross"], restarting: ["warn", "restart"] };
const UP = new Set(["starting", "ready", "restarting"]);

/** A panel of its own, where the lab declares services. */
export function services(page) {
  if (page.config.services.length) page.services = new Services(page);
}

/** Emits "told" whenever the sandbox tells their states. */
class Services extends EventTarget {
  #ended = new AbortController();
  #key = null;

  constructor(page) {
    super();
    this.page = page;
    this.off = h("div", { class: "empty" }, h("p", {}, t("services.off")), h("p", {}, h("button", { type: "button", class: "primary", onclick: () => page.session.start().catch((error) => page.fail(error)) }, icon("play"), t("session.start"))));
    this.rows = new Map(page.config.services.map(({ id, title }) => [id, new Row(page, id, title)]));
    const list = h("ul", { class: "services-list", "aria-label": t("services.label") }, [...this.rows.values()].map((row) => row.element));
    page.addPanel("services", t("services.label")).append(this.off, list);
    page.session.addEventListener("change", () => this.#follow());
    this.#follow();
  }

  /** Launch it unless it is up, and wait until it is ready; `waiting()` is called when it isn't at once. Rejects when it fails. */
  async launch(id, { signal, waiting }) {
    const row = this.rows.get(id);
    const response = await this.page.session.fetch(`/lab/services/${id}/start`, { method: "POST", signal });
    row.draw(await response.json());
    if (row.state !== "ready") waiting();
    while (row.state !== "ready") {
      signal.throwIfAborted();
      if (row.state === "failed") throw new RequestError("service", t("services.down", { title: row.title }));
      await new Promise((resolve, reject) => {
        this.addEventListener("told", resolve, { once: true, signal });
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
  }

  /** One reader of the states for each session, while it is up. */
  #follow() {
    const { session } = this.page;
    const key = session.ready ? session.current.key : null;
    this.off.hidden = session.going;
    if (key === this.#key) return;
    this.#key = key;
    this.#ended.abort();
    this.#ended = new AbortController();
    for (const row of this.rows.values()) row.forget();
    if (key) this.#read(this.#ended.signal).catch((error) => this.page.fail(error));
  }

  async #read(signal) {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const response = await this.page.session.fetch("/lab/services/events", { headers: { Accept: "text/event-stream" }, signal });
        for await (const { data } of readEvents(response)) {
          attempt = 0;
          for (const state of JSON.parse(data)) this.rows.get(state.id)?.draw(state);
          this.dispatchEvent(new Event("told"));
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!error.code && !(error instanceof TypeError)) throw error; // what the browser throws when a stream breaks
      }
      await backoff(attempt, signal);
    }
  }
}

class Row {
  #reading = null;
  #told = { state: "stopped" };
  #pressed = null;

  constructor(page, id, title) {
    Object.assign(this, { page, id, title });
    const act = (name, glyph) => h("button", { type: "button", "aria-label": t(`services.${name}_label`, { title }), onclick: () => this.#act(name) }, icon(glyph), t(`services.${name}`));
    this.buttons = { start: act("start", "play"), stop: act("stop", "stop"), restart: act("restart", "restart") };
    this.mark = h("span", { role: "status" });
    this.more = h("span", { class: "soft numeric" });
    this.follow = h("input", { type: "checkbox", checked: true });
    this.place = h("div", { class: "service-log", tabindex: "0", role: "log", "aria-label": t("services.log_label", { title }) });
    this.log = h("details", {}, h("summary", {}, t("services.log")), h("label", { class: "check-field" }, this.follow, t("services.follow")), this.place);
    this.log.addEventListener("toggle", () => this.#toggle());
    this.follow.addEventListener("change", () => this.#toEnd());
    new ResizeObserver(() => this.#toEnd()).observe(this.place); // its tab opens, or its lines break elsewhere
    this.element = h("li", {}, h("div", { class: "service-head" }, h("strong", {}, title), this.mark, this.more, h("span", { class: "push" }), Object.values(this.buttons)), this.log);
    this.forget();
  }

  get state() {
    return this.#told.state;
  }

  /** There is no sandbox, or another one. */
  forget() {
    this.#reading?.abort();
    this.log.open = false;
    this.draw({ state: "stopped" });
    this.log.hidden = true;
    this.#offer([]);
  }

  draw(told) {
    const { state, since = null, restarts = 0, exit = null } = (this.#told = told);
    const up = UP.has(state);
    this.mark.replaceChildren(stateMark(...MARKS[state], t(`services.${state}`)));
    const more = [since ? t("services.since", { when: moment(since * 1000) }) : "", restarts ? tn("services.restarts", restarts) : "", state === "failed" && exit !== null ? t("services.exit", { exit }) : ""];
    this.more.textContent = more.filter(Boolean).join(" · ");
    this.log.hidden = false;
    this.#offer(up ? ["stop", "restart"] : ["start"]);
  }

  /** The focus stays among the buttons, on the one that was pressed where it is there again. */
  #offer(names) {
    const at = document.activeElement;
    for (const [name, button] of Object.entries(this.buttons)) button.hidden = !names.includes(name);
    if (!Object.values(this.buttons).some((button) => button === at && button.hidden)) return;
    this.buttons[names.includes(this.#pressed) ? this.#pressed : names[0]]?.focus();
  }

  async #act(name) {
    this.#pressed = name;
    if (name !== "start") this.mark.replaceChildren(stateMark("busy", "dot", t("services.stopping"))); // it may take its time
    try {
      await this.page.session.fetch(`/lab/services/${this.id}/${name}`, { method: "POST" });
    } catch (error) {
      this.draw(this.#told);
      this.page.fail(error);
    }
  }

  #toggle() {
    this.#reading?.abort();
    if (!this.log.open) return;
    const screen = new Terminal({ onFlush: () => this.#toEnd() });
    this.place.replaceChildren(screen.element);
    this.#reading = new AbortController();
    this.#read(screen, this.#reading.signal).catch((error) => this.page.fail(error));
  }

  async #read(screen, signal) {
    let last = "0";
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const response = await this.page.session.fetch(`/lab/services/${this.id}/log?after=${last}`, { headers: { Accept: "text/event-stream" }, signal });
        for await (const { id, data } of readEvents(response)) {
          attempt = 0;
          if (id !== null) last = id;
          const { text, lost } = JSON.parse(data);
          if (lost) screen.write(`${t("services.lost")}\n`);
          screen.write(text);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!error.code && !(error instanceof TypeError)) throw error; // what the browser throws when a stream breaks
      }
      await backoff(attempt, signal);
    }
  }

  #toEnd() {
    if (this.follow.checked) this.place.scrollTop = this.place.scrollHeight;
  }
}
