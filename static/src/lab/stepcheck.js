// "Am I on track?": the step's checks run on the saved files; the answer fills in beside the step, and costs nothing.
import { CheckList } from "./checklist.js";
import { announce, h, icon, stateMark } from "./dom.js";
import { follow, portal } from "./http.js";
import { RichFrame } from "./richframe.js";
import { settled } from "./submissions.js";
import { has, moment, t, tn } from "./text.js";
import { failing, phaseOf } from "./verdict.js";

/** Where a question is, in words. */
function phaseText(check) {
  const phase = phaseOf(check);
  if (check.state === "waiting") return check.message;
  if (phase === "queued" && check.position > 0) return tn("step.ahead", check.position);
  return t(has(`step.${phase}`) ? `step.${phase}` : `phase.${phase}.more`);
}

export class StepCheck {
  #asking = false;

  /** `flush()` saves what is typed, or throws; `changed()` is called when an answer has come. */
  constructor(page, step, { flush, changed }) {
    Object.assign(this, { page, step: step.id, flush, changed });
    this.button = h("button", { type: "button", class: "step-ask", onclick: () => this.ask() }, icon("check"), t("step.ask"));
    this.element = h("div", { class: "step-answer", hidden: true });
    this.list = new CheckList({ frameFor: () => new RichFrame(page.config.gateway, page.session.current?.key), points: false, later: t("step.hints") });
    if (step.last) this.#take(step.last, { quiet: true });
    if (step.last && !settled(step.last)) this.#follow(step.last);
  }

  get #busy() {
    return this.#asking || Boolean(this.current && !settled(this.current));
  }

  async ask() {
    if (this.#busy) return;
    this.#asking = true;
    this.#say(stateMark("busy", "dot", t("step.asking")));
    this.element.scrollIntoView({ block: "nearest" });
    try {
      await this.flush();
      const url = this.page.config.urls.stepChecks.replace("__step__", this.step);
      const check = await portal(url, { method: "POST" });
      this.#asking = false;
      this.list.forget();
      this.#take(check);
      if (!settled(check)) this.#follow(check);
    } catch (error) {
      this.#asking = false;
      this.#refused(error);
    }
  }

  /** A refusal says when to ask again, and stands where the answer would. */
  #refused(error) {
    this.#say(h("p", { class: "note warn" }, icon("warn"), h("span", {}, error.message)));
    announce(error.message);
    if (!error.code) throw error; // a fault of this page: it belongs in the console too
  }

  #follow(check) {
    const stop = follow(this.page.config.urls.stepCheckEvents.replace("__id__", check.id), (next) => {
      this.#take(next);
      if (settled(next)) stop();
    });
  }

  #take(check, { quiet = false } = {}) {
    const before = this.current;
    this.current = check;
    const done = settled(check);
    const list = this.list.draw(check.checks, done, done ? failing(check)[0] : null);
    this.#say(...(done ? this.#answer(check) : [h("p", { class: "state busy" }, icon("dot"), phaseText(check))]), list);
    if (quiet) return;
    if (done) {
      announce(check.passed ? t("step.passed") : [t("step.failed"), failing(check)[0]?.message].filter(Boolean).join(" "));
      this.changed();
    } else if (phaseText(check) !== (before && !settled(before) ? phaseText(before) : "")) announce(phaseText(check));
  }

  #answer(check) {
    const when = h("span", { class: "soft numeric push" }, moment(check.asked_at));
    if (check.passed) return [h("p", { class: "step-word" }, stateMark("good", "check", t("step.passed")), when)];
    if (check.state === "needs_staff") return [h("p", { class: "note warn" }, icon("warn"), h("span", {}, check.message))];
    return [h("p", { class: "step-word" }, stateMark("bad", "cross", t("step.failed")), when), check.message ? h("p", {}, check.message) : null];
  }

  #say(...content) {
    this.element.hidden = false;
    this.element.replaceChildren(...content.filter(Boolean));
    this.button.setAttribute("aria-disabled", String(this.#busy));
  }
}
