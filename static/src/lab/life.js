// How a session goes on and ends: more time, the pause, and a strip that says what is near or over and what to do.
import { confirmed } from "./dialog.js";
import { announce, h, icon } from "./dom.js";
import { reasonText } from "./session.js";
import { clock, moment, t, tn } from "./text.js";

const SOON_SECONDS = 300;
const HERE_EVERY_MS = 60_000;
/** Ends that a student asked for need no explaining. */
const ASKED = new Set(["", "asked", "abandoned", "queue"]);

export function life(page) {
  new Life(page);
}

class Life {
  #shown = "";
  #answered = null;
  #dismissed = null;
  #told = 0;

  constructor(page) {
    Object.assign(this, { page, session: page.session, before: page.config.life });
    this.strip = h("section", { id: "life", class: "life", "aria-label": t("life.label"), hidden: true });
    page.grid.before(this.strip);
    this.more = h("button", { type: "button", id: "act-extend", class: "quiet", hidden: true, onclick: () => this.extend() });
    document.getElementById("session").append(this.more);
    page.panel.extras.push(() => this.#inPanel());
    page.panel.resumes = () => Boolean(this.#kept());
    this.session.addEventListener("change", () => this.draw());
    this.session.addEventListener("tick", () => this.#drawStrip());
    for (const sign of ["keydown", "pointerdown", "wheel"]) addEventListener(sign, () => this.#here(), { passive: true, capture: true });
    page.panel.draw();
    this.draw();
  }

  /** What the workspace had when its last sandbox ended, as the portal tells it. */
  #kept() {
    return this.session.current ? this.session.current.snapshot : this.before.snapshot;
  }

  // Acts

  async extend() {
    try {
      await this.session.extend();
      announce(t("life.extended", { time: clock(this.session.current.deadline) }));
    } catch (error) {
      this.page.fail(error);
    }
  }

  async stay() {
    try {
      this.#told = Date.now();
      await this.session.here();
      this.#answered = this.session.current.idle_at;
      announce(t("life.stays"));
      this.draw();
    } catch (error) {
      this.page.fail(error);
    }
  }

  #start(body) {
    this.session.start(body).catch((error) => this.page.fail(error));
  }

  async #startWithout() {
    if (await confirmed(t("life.without"), t("life.without.text"), t("life.without"), "danger")) this.#start({ without_snapshot: true });
  }

  /** Typing and reading happen here, not in the sandbox: it is told now and then that somebody is at work. */
  #here() {
    if (!this.session.ready || Date.now() - this.#told < HERE_EVERY_MS) return;
    this.#told = Date.now();
    this.session.here().then(
      () => {
        this.#answered = this.session.current?.idle_at ?? null;
        this.#drawStrip();
      },
      () => this.session.refresh().catch(() => {}),
    );
  }

  // What is shown

  draw() {
    const minutes = this.session.ready ? this.session.current.extend_minutes : 0;
    this.more.hidden = !minutes;
    this.more.textContent = t("life.more", { n: minutes });
    this.more.title = tn("life.more.label", minutes);
    this.more.setAttribute("aria-label", this.more.title);
    this.#drawStrip();
  }

  #drawStrip() {
    const said = this.#said();
    const key = said ? `${said.tone} ${said.text}` : "";
    if (key === this.#shown) return;
    this.#shown = key;
    this.strip.hidden = !said;
    const focused = this.strip.contains(document.activeElement) ? document.activeElement.id : "";
    this.strip.className = `life ${said?.tone ?? ""}`;
    this.strip.replaceChildren(...(said ? [icon(said.icon), h("p", {}, said.text), ...said.buttons] : []));
    if (said && !focused) announce(said.text);
    if (focused) document.getElementById(focused)?.focus();
  }

  /** The most pressing thing there is to say. */
  #said() {
    if (this.session.ready) return this.#endsIdle() ?? this.#endsSoon();
    if (this.session.going) return null;
    return this.#ended();
  }

  #endsIdle() {
    const at = this.session.current.idle_at;
    if (!at || at === this.#answered) return null;
    return { tone: "warn", icon: "clock", text: t("life.idle", { time: clock(at) }), buttons: [button("life-stay", t("life.stay"), () => this.stay())] };
  }

  #endsSoon() {
    const left = this.session.secondsLeft;
    if (left === null || left > SOON_SECONDS) return null;
    const minutes = this.session.current.extend_minutes;
    const text = tn("session.soon", Math.max(1, Math.ceil(left / 60)));
    if (!minutes) return { tone: "warn", icon: "clock", text: `${text} ${t("life.longest")}`, buttons: [] };
    return { tone: "warn", icon: "clock", text, buttons: [button("life-extend", t("life.more", { n: minutes }), () => this.extend())] };
  }

  #ended() {
    const { current } = this.session;
    const reason = current?.reason ?? this.before.reason;
    const which = current?.key ?? this.before.ended_at;
    if (this.#dismissed === which) return null;
    const lines = ASKED.has(reason) ? [] : [reasonText({ state: "stopped", reason })];
    const left = this.#leftOut();
    if (left && (lines.length || current)) lines.push(left);
    if (!lines.length) return null;
    const unreadable = reason === "snapshot";
    const resume = button("life-resume", t(unreadable ? "life.again" : this.#kept() ? "life.resume" : "session.start"), () => this.#start());
    const without = unreadable ? button("life-without", t("life.without"), () => this.#startWithout()) : null;
    const close = h("button", { type: "button", id: "life-close", class: "quiet square", "aria-label": t("dialog.close"), onclick: () => this.#dismiss(which) }, icon("cross"));
    return { tone: left ? "warn" : "", icon: left ? "warn" : "stop", text: lines.join(" "), buttons: [resume, without, close].filter(Boolean) };
  }

  #dismiss(which) {
    this.#dismissed = which;
    this.#drawStrip();
  }

  /** What was too large to be kept, in words; empty when everything is. */
  #leftOut() {
    const left = this.#kept()?.left_out;
    if (!left || !(left.count || left.more)) return "";
    const first = left.names.slice(0, 3).join(", ");
    const names = left.count > 3 || left.more ? t("life.others", { names: first }) : first;
    return `${left.count ? tn("life.left_out", left.count, { names }) : t("life.many")} ${t("life.caps")}`;
  }

  #inPanel() {
    const lines = [];
    const kept = this.#kept();
    if (this.session.ready && this.session.current.hibernating) lines.push(h("p", {}, t("life.paused.more")));
    if (kept) lines.push(h("p", { class: "soft" }, t(this.session.ready ? "life.kept" : "life.comes_back", { time: moment(kept.taken_at) })));
    if (this.#leftOut()) lines.push(h("p", { class: "state warn" }, icon("warn"), h("span", {}, this.#leftOut())));
    const minutes = this.session.ready ? this.session.current.extend_minutes : 0;
    if (minutes) lines.push(button("panel-extend", tn("life.more.label", minutes), () => this.extend()));
    return lines.length ? h("div", { class: "stack tight" }, lines) : null;
  }
}

function button(id, label, onclick) {
  return h("button", { type: "button", id, onclick }, label);
}
