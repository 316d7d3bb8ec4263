// The steps of the instructions: an overview with their states, and under each its check or its tick.
import { announce, h, icon, stateMark } from "./dom.js";
import { portal } from "./http.js";
import { StepCheck } from "./stepcheck.js";
import { settled } from "./submissions.js";
import { t } from "./text.js";

const MARKS = { done: ["good", "check"], now: ["busy", "dot"], todo: ["none", "ring"] };

/** Draws the steps that lab.yaml names; a lab without any stays as it is. */
export function labSteps(page) {
  if (page.config.steps.length) new Steps(page);
}

class Steps {
  constructor(page) {
    this.page = page;
    this.list = page.config.steps;
    this.places = new Map(this.list.map((step) => [step.id, this.#place(step)]));
    this.nav = h("nav", { class: "steps", "aria-label": t("steps.label") });
    this.places.get(this.list[0].id).section.before(this.nav);
    page.submissions.addEventListener("change", ({ detail: { submission, before } }) => {
      if (settled(submission) && !(before && settled(before))) this.#reload();
    });
    this.#draw();
  }

  #place(step) {
    const section = document.querySelector(`#instructions [data-step="${step.id}"]`);
    const heading = section.querySelector("h2");
    const state = h("div", { class: "step-state" });
    const check = step.checks ? new StepCheck(this.page, step, { flush: () => this.#saved(), changed: () => this.#reload() }) : null;
    const tick = check ? null : h("button", { type: "button", onclick: () => this.#mark(step.id) });
    const foot = h("div", { class: "step-foot", role: "group", "aria-labelledby": heading.id }, state, check?.button ?? tick);
    section.append(foot, ...(check ? [check.element] : []));
    return { section, heading, state, tick, check };
  }

  /** Asked about is what is saved: what is still being typed is saved first. */
  async #saved() {
    await this.page.outside.take();
    if (!(await this.page.files.flush())) throw Object.assign(new Error(t("step.unsaved")), { code: "unsaved" });
  }

  async #mark(id) {
    const step = this.list.find((each) => each.id === id);
    const url = this.page.config.urls.step.replace("__step__", id);
    try {
      this.#take(await portal(url, { method: "PUT", body: { done: !step.done } }));
    } catch (error) {
      this.page.fail(error);
    }
  }

  async #reload() {
    try {
      this.#take(await portal(this.page.config.urls.steps));
    } catch (error) {
      this.page.fail(error);
    }
  }

  #take(list) {
    const before = new Map(this.list.map((step) => [step.id, step.done]));
    this.list = list;
    this.#draw();
    const news = list.filter((step) => step.done && !before.get(step.id) && this.places.has(step.id));
    if (news.length) announce(news.map((step) => t("step.now_done", { title: this.places.get(step.id).heading.textContent })).join(" "));
  }

  #draw() {
    const now = this.list.find((step) => !step.done)?.id;
    const stateOf = (step) => (step.done ? "done" : step.id === now ? "now" : "todo");
    const items = [];
    for (const step of this.list) {
      const place = this.places.get(step.id);
      if (!place) continue; // the lab was changed since this page was opened
      const [tone, name] = MARKS[stateOf(step)];
      const word = t(`step.${stateOf(step)}`);
      place.state.replaceChildren(stateMark(tone, name, word));
      place.section.dataset.state = stateOf(step);
      place.tick?.replaceChildren(t(step.done ? "step.unmark" : "step.mark"));
      const mark = h("span", { class: `state ${tone}` }, icon(name), h("span", { class: "visually-hidden" }, word));
      items.push(h("li", {}, h("a", { href: `#${place.heading.id}`, "aria-current": step.id === now ? "step" : null }, mark, " ", place.heading.textContent)));
    }
    this.nav.replaceChildren(h("ol", { role: "list" }, items));
  }
}
