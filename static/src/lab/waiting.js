// What a wait for the sandbox says: how many before you, about how long, and why.
import { announce, h, icon } from "./dom.js";
import { reasonText } from "./session.js";
import { duration, has, percent, t, tn } from "./text.js";

const ASK_MS = 60_000;
// From here on each step forward is read out; before, only that one waits.
const NEAR = 3;

/** "3 before you" or "You are next"; empty unless it is in line for a place. */
export function turnText({ state, reason, position } = {}) {
  if (state !== "queued" || !["slots", "no_host", "queue_down"].includes(reason)) return "";
  if (position > 0) return `${tn("session.ahead", position)}.`;
  return reason === "slots" ? t("waiting.next") : "";
}

/** About how long: by real history, or by what the lab's author says; empty when nobody knows. */
export function estimateText({ state, reason, wait } = {}, readySeconds = null) {
  const inLine = state === "queued" && reason === "slots";
  const starting = state === "starting" || (state === "queued" && ["host", "full"].includes(reason));
  if (wait && (inLine || starting)) {
    const [one, two] = inLine ? ["waiting.about.even", "waiting.about"] : ["waiting.usual.even", "waiting.usual"];
    return t(wait.p50 === wait.p90 ? one : two, { p50: duration(wait.p50), p90: duration(wait.p90) });
  }
  return starting && readySeconds ? t("session.usual", { time: duration(readySeconds) }) : "";
}

/** How far the installation of the lab's environment is: "Downloading packages, 62 %". */
export function buildText(build) {
  if (build?.state !== "building") return build ? t(`build.${build.state}`) : "";
  const step = has(`build.step.${build.step}`) ? t(`build.step.${build.step}`) : t("build.building");
  return t("build.progress", { step, percent: percent(build.progress) });
}

/** The wait in the output's place. One element that stays, so that its button keeps the focus while the numbers change. */
export class Waiting {
  #said = null;

  constructor(session, readySeconds, onError) {
    Object.assign(this, { session, readySeconds });
    this.state = h("span", {});
    this.turn = h("p", { class: "headline" });
    this.why = h("p", { class: "soft" });
    this.kept = h("small", { class: "soft" });
    this.leave = h("button", { type: "button", onclick: () => session.stop().catch(onError) }, icon("cross"), t("waiting.leave"));
    this.element = h("div", { class: "stack tight waiting" }, h("p", { class: "state busy" }, icon("dot"), this.state), this.turn, this.why, this.kept, h("p", {}, this.leave));
    session.addEventListener("change", () => this.#draw());
    // A hidden page reads no stream: it asks now and then, which also keeps its place. What goes wrong shows when it is looked at.
    setInterval(() => document.hidden && session.state === "queued" && session.refresh().catch(() => {}), ASK_MS);
    this.#draw();
  }

  get going() {
    return this.session.going && !this.session.ready;
  }

  #draw() {
    if (!this.going) return;
    const { current, state } = this.session;
    const turn = turnText(current);
    const build = current.reason === "environment" ? buildText(current.environment) : "";
    this.state.textContent = t(`session.${state}`);
    this.turn.textContent = turn;
    this.turn.hidden = !turn;
    this.why.textContent = [reasonText(current), build, estimateText(current, this.readySeconds)].filter(Boolean).join(" ");
    this.kept.textContent = t("waiting.kept", { time: duration(60 * current.keep_minutes) });
    this.kept.hidden = this.leave.hidden = state !== "queued";
    if (turn && turn !== this.#said && (this.#said === null || current.position <= NEAR)) announce([turn, estimateText(current)].filter(Boolean).join(" "));
    this.#said = turn || null;
  }
}
