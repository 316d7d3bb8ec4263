// One submission as a person reads it: where it is, then points per check, the first failing one open.
import { diffView } from "./diffview.js";
import { h, icon, stateMark } from "./dom.js";
import { settled } from "./submissions.js";
import { moment, number, t, tn } from "./text.js";

const PHASES = ["queued", "starting", "preparing", "running", "checking", "recording"];
const MARKS = { passed: ["good", "check"], partial: ["warn", "half"], failed: ["bad", "cross"], error: ["bad", "warn"], hidden: ["none", "dash"] };

const LOST = new Set(["partial", "failed", "error"]);

/** The checks that cost points, as far as the reader may know. */
export function failing(submission) {
  return (submission.checks ?? []).filter((check) => LOST.has(check.status));
}

export class Verdict {
  #hintsShown = new Map();
  #opened = new Map();
  #shown = null;

  /** `attemptsLeft()` is a number; `frameFor()` makes a frame for figures. */
  constructor(host, { frameFor, attemptsLeft }) {
    this.host = host;
    this.frameFor = frameFor;
    this.attemptsLeft = attemptsLeft;
    this.frames = [];
  }

  show(submission) {
    if (this.#shown !== submission.id) {
      this.#hintsShown.clear();
      this.#opened.clear();
      this.#shown = submission.id;
    }
    for (const frame of this.frames.splice(0)) frame.destroy();
    const graded = settled(submission);
    const checks = submission.checks ?? [];
    const firstFailing = graded ? failing(submission)[0] : null;
    this.host.replaceChildren(
      h(
        "div",
        { class: "verdict" },
        h("header", {}, h("h2", {}, t("submission.number", { number: submission.number })), h("span", { class: "soft numeric" }, moment(submission.received_at))),
        graded ? this.#summary(submission, checks) : this.#progress(submission),
        checks.length ? h("ol", { class: "checks", role: "list" }, checks.map((check) => h("li", {}, this.#check(check, graded, check === firstFailing)))) : null,
        graded ? this.#next(submission) : null,
      ),
    );
  }

  #progress(submission) {
    const phase = submission.state === "waiting" || submission.state === "queued" ? "queued" : (submission.phase || "starting");
    const at = PHASES.indexOf(phase);
    const ahead = submission.position ?? null;
    const text = submission.state === "waiting" ? t("phase.waiting") : phase === "queued" && ahead > 0 ? tn("phase.ahead", ahead) : t(`phase.${phase}.more`);
    return h(
      "div",
      { class: "progress" },
      h("ol", { class: "phases", role: "list", "aria-label": t("phase.label") }, PHASES.map((name, i) => h("li", { class: i < at ? "past" : i === at ? "now" : "", "aria-current": i === at ? "step" : null }, t(`phase.${name}`)))),
      h("p", {}, text),
    );
  }

  #summary(submission, checks) {
    if (submission.state === "needs_staff") return note("warn", "warn", submission.message || t("outcome.needs_staff"));
    if (submission.outcome && submission.outcome !== "graded") {
      const ours = submission.outcome === "platform_error" || submission.outcome === "author_error";
      return [this.#points(submission), note(ours ? "warn" : "bad", ours ? "warn" : "cross", submission.message || t(`outcome.${submission.outcome}`))];
    }
    const lost = failing(submission).length;
    const all = submission.points >= submission.max_points ? t("verdict.all") : "";
    const text = lost ? tn("verdict.failing", lost, { total: number(checks.length) }) : all;
    return [this.#points(submission), submission.message || text ? h("p", { class: "headline" }, submission.message || text) : null];
  }

  #points({ points, max_points: most, passed }) {
    const shown = t("verdict.points", { points: number(points ?? 0, 1), total: number(most) });
    return h(
      "div",
      { class: "points" },
      h("strong", { class: "numeric" }, shown),
      passed ? stateMark("good", "check", t("verdict.passed")) : stateMark("bad", "cross", t("verdict.not_passed")),
      h("progress", { class: `ruler${passed ? " done" : ""}`, value: points ?? 0, max: most, "aria-label": shown }),
    );
  }

  #check(check, graded, first) {
    const [tone, name] = MARKS[check.status] ?? ["none", graded ? "dash" : "ring"];
    const earned = graded && check.points !== null && check.points !== undefined;
    const head = [
      h("span", { class: `state ${tone}` }, icon(name), h("span", { class: "visually-hidden" }, t(`check.${check.status || (graded ? "none" : "waiting")}`))),
      h("span", { class: "check-title" }, check.title),
      h("span", { class: "numeric soft push" }, earned ? t("check.points", { points: number(check.points, 1), total: number(check.max_points) }) : tn("check.worth", check.max_points)),
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
    if (check.figure) parts.push(this.#figure(check.figure));
    if (check.status !== "passed" && check.hints?.length) parts.push(this.#hints(check));
    else if (check.status !== "passed" && check.more_hints) parts.push(h("p", { class: "soft" }, t("hint.later")));
    return parts;
  }

  #figure(figure) {
    const place = h("div", { class: "figure" });
    // Drawn when it comes into view: a hidden frame has no size to draw for.
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      const frame = this.frameFor();
      this.frames.push(frame);
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
        ...(more === 0 && check.more_hints ? [h("p", { class: "soft" }, t("hint.later"))] : []),
      );
      if (focusNew) items.at(-1)?.focus();
    };
    draw(false);
    return box;
  }

  #next(submission) {
    if (submission.state === "needs_staff") return null;
    const left = this.attemptsLeft();
    if (submission.points >= submission.max_points) return h("p", { class: "next" }, t("verdict.next.done"));
    const again = left > 0 ? tn("verdict.left", left) : t("verdict.none_left");
    return h("p", { class: "next" }, submission.passed ? t("verdict.next.better") : t("verdict.next.fix"), " ", again);
  }
}

function note(tone, name, text) {
  return h("p", { class: `note ${tone}` }, icon(name), h("span", {}, text));
}

function comparison(expected, got) {
  const short = !expected.includes("\n") && !got.includes("\n") && expected.length + got.length < 160;
  if (!short) return diffView(expected, got, t("check.expected"), t("check.got"));
  return h("dl", { class: "compare" }, h("dt", {}, t("check.expected")), h("dd", {}, h("code", {}, expected)), h("dt", {}, t("check.got")), h("dd", { class: "bad" }, h("code", {}, got)));
}
