// The session in the page's top bar: state and clock at a glance; reason, build progress and Stop inside.
import { confirmed } from "./dialog.js";
import { announce, h, icon, stateMark } from "./dom.js";
import { reasonText } from "./session.js";
import { countdown, seconds, t, tn } from "./text.js";
import { buildText, estimateText, turnText } from "./waiting.js";

const MARKS = { none: ["none", "ring"], queued: ["busy", "clock"], starting: ["busy", "dot"], ready: ["good", "check"], stopping: ["busy", "dot"], stopped: ["none", "ring"], failed: ["bad", "cross"] };
const WARN_SECONDS = 300;

export class SessionPanel {
  #warned = false;
  /** What other parts add to the sheet: functions that return a node, or null. */
  extras = [];
  /** Whether turning it on brings a kept workspace back. */
  resumes = () => false;

  constructor(host, session, readySeconds, onError) {
    Object.assign(this, { session, readySeconds, onError });
    this.clock = h("span", { class: "clock numeric" });
    this.mark = h("span", {});
    this.sheet = h("div", { class: "sheet" });
    this.details = h("details", { class: "menu" }, h("summary", {}, this.mark, this.clock, icon("down")), this.sheet);
    host.append(this.details);
    session.addEventListener("change", ({ detail }) => this.#changed(detail));
    session.addEventListener("tick", () => this.#tick());
    this.draw();
  }

  #changed({ before }) {
    if (before !== this.session.state) {
      this.#warned = false;
      announce(`${t(`session.${this.session.state}`)}. ${reasonText(this.session.current)}`);
    }
    this.draw();
  }

  #tick() {
    const left = this.session.secondsLeft;
    this.clock.textContent = left === null ? "" : countdown(left);
    const soon = left !== null && left < WARN_SECONDS;
    this.clock.classList.toggle("soon", soon);
    if (soon && !this.#warned) {
      this.#warned = true;
      announce(tn("session.soon", Math.ceil(left / 60)));
    }
  }

  draw() {
    const { state, current } = this.session;
    const paused = state === "ready" && current.hibernating;
    const [tone, name] = paused ? ["none", "clock"] : (MARKS[state] ?? MARKS.none);
    this.mark.replaceChildren(stateMark(tone, name, t(paused ? "life.paused" : `session.${state}`)));
    this.clock.textContent = "";
    if (state === "ready") this.#tick();
    this.sheet.replaceChildren(...[this.#what(current), this.#build(current), ...this.extras.map((extra) => extra()), this.#buttons(state)].flat().filter(Boolean));
  }

  #what(current) {
    const { state, trouble } = this.session;
    const turn = turnText(current ?? {});
    const lines = [h("p", {}, [reasonText(current), estimateText(current ?? {}, this.readySeconds)].filter(Boolean).join(" "))];
    if (turn) lines.unshift(h("p", { class: "headline" }, turn));
    if (state === "ready" && current.seconds) lines.push(h("p", { class: "soft" }, t(current.pool_hit ? "session.warm" : "session.cold", { time: seconds(current.seconds) })));
    if (state === "ready" && current.gpu) lines.push(h("p", { class: "soft" }, t("session.gpu")));
    if (state === "failed" && current.detail) lines.push(h("pre", { class: "terminal boxed" }, current.detail));
    if (trouble) lines.push(h("p", { class: "state warn" }, icon("warn"), trouble));
    return h("div", { class: "stack tight" }, lines);
  }

  #build(current) {
    const build = current?.environment;
    if (!build || build.state === "ready" || this.session.state === "ready") return null;
    return h(
      "div",
      { class: "stack tight" },
      h("p", { class: "soft" }, buildText(build)),
      build.state === "building" ? h("progress", { class: "meter", value: build.progress, max: 1, "aria-label": t("build.building") }) : null,
    );
  }

  #buttons(state) {
    if (state === "queued") return h("button", { type: "button", onclick: () => this.session.stop().catch(this.onError) }, icon("cross"), t("waiting.leave"));
    if (state === "ready" || state === "starting") return h("button", { type: "button", class: "danger", onclick: () => this.#stop() }, icon("stop"), t("session.stop"));
    if (state === "stopping") return null;
    return h("button", { type: "button", class: "primary", onclick: () => this.session.start().catch(this.onError) }, icon("play"), t(this.resumes() ? "life.resume" : "session.start"));
  }

  async #stop() {
    if (!(await confirmed(t("session.stop"), t("session.stop.text"), t("session.stop"), "danger"))) return;
    this.details.open = false;
    await this.session.stop().catch(this.onError);
  }
}
