// Checks as a list that reads top to bottom: state, title, and under each what came, what was expected and its hints.
import { diffView } from "./diffview.js";
import { h, icon } from "./dom.js";
import { explanation } from "./explain.js";
import { number, t, tn } from "./text.js";

const MARKS = { passed: ["good", "check"], partial: ["warn", "half"], failed: ["bad", "cross"], error: ["bad", "warn"], hidden: ["none", "dash"] };

export class CheckList {
  #hintsShown = new Map();
  #opened = new Map();
  #frames = [];

  /** `frameFor()` makes a frame for figures; `points`: whether to tell what each is worth; `later`: when more hints come. */
  constructor({ frameFor, points = true, later = t("hint.later") }) {
    this.frameFor = frameFor;
    this.points = points;
    this.later = later;
  }

  /** Another answer comes: nothing of it is open yet, and no hint shown. */
  forget() {
    this.#hintsShown.clear();
    this.#opened.clear();
  }

  /** The list, or null when there is none; `first` is the check to open. */
  draw(checks, graded, first) {
    for (const frame of this.#frames.splice(0)) frame.destroy();
    if (!checks.length) return null;
    return h("ol", { class: "checks", role: "list" }, checks.map((check) => h("li", {}, this.#check(check, graded, check === first))));
  }

  #check(check, graded, first) {
    const [tone, name] = MARKS[check.status] ?? ["none", graded ? "dash" : "ring"];
    const earned = graded && check.points !== null && check.points !== undefined;
    const worth = earned ? t("check.points", { points: number(check.points, 1), total: number(check.max_points) }) : tn("check.worth", check.max_points);
    const head = [
      h("span", { class: `state ${tone}` }, icon(name), h("span", { class: "visually-hidden" }, t(`check.${check.status || (graded ? "none" : "waiting")}`))),
      h("span", { class: "check-title" }, check.title),
      this.points ? h("span", { class: "numeric soft push" }, worth) : null,
    ];
    const body = graded ? this.#details(check) : [];
    if (!body.length) return h("div", { class: "check" }, h("div", { class: "check-head" }, head));
    const details = h("details", { class: "check", open: this.#opened.get(check.id) ?? first }, h("summary", { class: "check-head" }, head, icon("down")), h("div", { class: "check-body" }, body));
    details.addEventListener("toggle", () => this.#opened.set(check.id, details.open));
    return details;
  }

  #details(check) {
    if (check.hidden) return check.status === "passed" ? [] : [h("p", { class: "soft" }, t("check.hidden"))];
    const parts = [];
    if (check.message) parts.push(h("p", { class: "message" }, check.message));
    if (check.got !== null && check.got !== undefined && check.expected !== null && check.expected !== undefined) parts.push(comparison(check.expected, check.got));
    else if (check.got !== null && check.got !== undefined) parts.push(h("h4", {}, t("check.got")), h("pre", { class: "terminal boxed" }, check.got));
    else if (check.expected !== null && check.expected !== undefined) parts.push(h("h4", {}, t("check.expected")), h("pre", { class: "terminal boxed" }, check.expected));
    if (check.status !== "passed") parts.push(explanation([check.got, check.message].filter(Boolean).join("\n")));
    if (check.figure) parts.push(this.#figure(check.figure));
    if (check.status !== "passed" && check.hints?.length) parts.push(this.#hints(check));
    else if (check.status !== "passed" && check.more_hints) parts.push(h("p", { class: "soft" }, this.later));
    return parts;
  }

  #figure(figure) {
    const place = h("div", { class: "figure" });
    // Drawn when it comes into view: a hidden frame has no size to draw for.
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      const frame = this.frameFor();
      this.#frames.push(frame);
      place.append(frame.element);
      frame.show({ "application/vnd.plotly.v1+json": figure });
    });
    watch.observe(place);
    return place;
  }

  /** One hint at a time, each asked for. */
  #hints(check) {
    const box = h("div", { class: "hints" });
    const draw = (focusNew) => {
      const shown = this.#hintsShown.get(check.id) ?? 0;
      const items = check.hints.slice(0, shown).map((text) => h("li", { tabindex: "-1" }, icon("hint"), h("span", {}, text)));
      const more = check.hints.length - shown;
      box.replaceChildren(
        ...(items.length ? [h("ol", { role: "list" }, items)] : []),
        ...(more > 0
          ? [h("button", { type: "button", onclick: () => (this.#hintsShown.set(check.id, shown + 1), draw(true)) }, icon("hint"), t("hint.show", { n: shown + 1, total: check.hints.length }))]
          : []),
        ...(more === 0 && check.more_hints ? [h("p", { class: "soft" }, this.later)] : []),
      );
      if (focusNew) items.at(-1)?.focus();
    };
    draw(false);
    return box;
  }
}

function comparison(expected, got) {
  const short = !expected.includes("\n") && !got.includes("\n") && expected.length + got.length < 160;
  if (!short) return diffView(expected, got, t("check.expected"), t("check.got"));
  return h("dl", { class: "compare" }, h("dt", {}, t("check.expected")), h("dd", {}, h("code", {}, expected)), h("dt", {}, t("check.got")), h("dd", { class: "bad" }, h("code", {}, got)));
}
