// Help as the student has it: a hand to raise, who is in the lab, and the say over what they may do there.
import { ask } from "./dialog.js";
import { announce, h, icon } from "./dom.js";
import { follow, portal } from "./http.js";
import { Others } from "./others.js";
import { clock, t, tn } from "./text.js";

const NOTE_LENGTH = 280;

export function help(page) {
  new Help(page, page.grid.dataset.help, page.grid.dataset.record);
}

class Help {
  #state = { hand: null, visits: [], files: {} };
  #asked = null;

  constructor(page, address, record) {
    Object.assign(this, { page, address, record });
    this.label = h("span", { class: "help-label" });
    this.button = h("button", { type: "button", id: "act-help", class: "quiet", onclick: () => this.#open() }, icon("hand"), this.label);
    page.restartButton.before(this.button);
    this.strip = h("section", { id: "looking", class: "looking", "aria-label": t("help.looking"), hidden: true });
    page.grid.before(this.strip);
    this.others = new Others(page);
    this.#draw();
    follow(`${address}eventos/`, (state) => this.#take(state));
  }

  #take(state) {
    const before = this.#state;
    this.#state = state;
    for (const visit of state.visits) {
      if (!before.visits.some(({ id }) => id === visit.id)) announce(t("help.looks", { name: visit.name, time: clock(visit.began_at) }));
    }
    if (before.visits.length && !state.visits.length) announce(t("help.gone"));
    if (before.hand && !state.hand) announce(t("help.was_lowered"));
    this.others.files(state.files);
    this.others.runs(state.visits.some(({ typing }) => typing?.state === "granted"));
    this.#draw();
    this.#drawQuestion();
  }

  #draw() {
    const { hand, visits } = this.#state;
    this.label.textContent = hand ? t("help.raised") : t("help.ask");
    this.button.title = hand ? `${t("help.raised.title")}. ${this.#place(hand)}` : t("help.ask");
    this.button.setAttribute("aria-label", this.button.title);
    this.button.classList.toggle("raised", Boolean(hand));
    this.strip.hidden = !visits.length;
    const focused = this.strip.contains(document.activeElement) ? document.activeElement.id : "";
    this.strip.replaceChildren(...visits.map((visit) => this.#visit(visit)));
    if (focused) document.getElementById(focused)?.focus();
  }

  #visit({ id, name, began_at: began, typing }) {
    const types = typing?.state === "granted";
    const words = types ? t("help.types", { name, time: clock(typing.until) }) : t("help.looks", { name, time: clock(began) });
    const end = (what, path, kind) =>
      h("button", { type: "button", id: `${what}-${id}`, class: kind, "aria-label": t(`help.${what}.label`, { name }), onclick: () => this.#send(path, "DELETE") }, t(`help.${what}`));
    return h(
      "p",
      { class: types ? "typing" : "" },
      icon("eye"),
      h("span", { class: "looking-words" }, words),
      types ? end("end_typing", `visitas/${id}/teclado/`, "danger") : null,
      end("end_look", `visitas/${id}/`, "quiet"),
    );
  }

  /** Beside the work, not over it and without the focus: whoever is typing must not say yes by mistake. */
  #drawQuestion() {
    const visit = this.#state.visits.find(({ typing }) => typing?.state === "asked");
    if (visit?.typing.id === this.#asked) return;
    this.#asked = visit?.typing.id ?? null;
    this.question?.remove();
    if (!visit) return;
    const { name, typing } = visit;
    const say = (yes) => this.#send("respuesta/", "POST", { request: typing.id, yes });
    this.question = h(
      "div",
      { class: "question", role: "alertdialog", "aria-labelledby": "question-title", "aria-describedby": "question-text" },
      h("h2", { id: "question-title" }, t("help.may", { name })),
      h("p", { id: "question-text" }, t("help.may.text")),
      h("p", { class: "row" }, h("button", { type: "button", onclick: () => say(false) }, t("help.no")), h("button", { type: "button", class: "primary", onclick: () => say(true) }, t("help.yes"))),
    );
    document.body.append(this.question);
    announce(t("help.may", { name }));
  }

  #place(hand) {
    return hand.position > 1 ? tn("help.before", hand.position - 1) : t("help.next");
  }

  async #open() {
    const { hand } = this.#state;
    const record = h("p", {}, h("a", { href: this.record }, t("help.record")));
    if (hand) {
      const own = hand.note ? h("p", {}, t("help.note.own", { note: hand.note })) : null;
      const since = t("help.since", { time: clock(hand.raised_at), end: clock(hand.lowers_at) });
      const body = [h("p", { class: "headline" }, this.#place(hand)), h("p", {}, since), own, record].filter(Boolean);
      const answer = await ask({ title: t("help.raised.title"), body, buttons: [{ value: "", label: t("dialog.close") }, { value: "lower", label: t("help.lower") }] });
      if (answer === "lower") await this.#send("", "DELETE");
      return;
    }
    const note = h("textarea", { id: "help-note", rows: 3, maxlength: NOTE_LENGTH, autofocus: true });
    const body = [h("p", {}, t("help.text")), h("div", { class: "field" }, h("label", { for: "help-note" }, t("help.note")), note), record];
    const answer = await ask({ title: t("help.ask"), body, buttons: [{ value: "", label: t("dialog.cancel") }, { value: "raise", label: t("help.raise"), kind: "primary" }] });
    if (answer === "raise") await this.#send("", "POST", { note: note.value });
  }

  async #send(path, method, body) {
    await portal(this.address + path, { method, body }).then((state) => this.#take(state), (error) => this.page.fail(error));
  }
}
