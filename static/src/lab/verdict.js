// One submission as a person reads it: where it is, then points per check, the first failing one open.
import { CheckList } from "./checklist.js";
import { h, icon, stateMark } from "./dom.js";
import { settled } from "./submissions.js";
import { moment, number, t, tn } from "./text.js";

const PHASES = ["queued", "starting", "preparing", "running", "checking", "recording"];
const LOST = new Set(["partial", "failed", "error"]);

/** The checks that cost points, as far as the reader may know. */
export function failing(submission) {
  return (submission.checks ?? []).filter((check) => LOST.has(check.status));
}

/** The phase of something being judged, as its stages are named. */
export function phaseOf({ state, phase }) {
  return state === "waiting" || state === "queued" ? "queued" : phase || "starting";
}

function phaseText(submission) {
  const phase = phaseOf(submission);
  if (submission.state === "waiting") return t("phase.waiting");
  return phase === "queued" && submission.position > 0 ? tn("phase.ahead", submission.position) : t(`phase.${phase}.more`);
}

export class Verdict {
  #shown = null;

  /** `attemptsLeft()` is a number; `frameFor()` makes a frame for figures. */
  constructor(host, { frameFor, attemptsLeft }) {
    this.host = host;
    this.list = new CheckList({ frameFor });
    this.attemptsLeft = attemptsLeft;
  }

  show(submission) {
    if (this.#shown !== submission.id) this.list.forget();
    this.#shown = submission.id;
    const graded = settled(submission);
    const checks = submission.checks ?? [];
    const firstFailing = graded ? failing(submission)[0] : null;
    this.host.replaceChildren(
      h(
        "div",
        { class: "verdict" },
        h("header", {}, h("h2", {}, t("submission.number", { number: submission.number })), h("span", { class: "soft numeric" }, moment(submission.received_at))),
        graded ? this.#summary(submission, checks) : this.#progress(submission),
        this.list.draw(checks, graded, firstFailing),
        graded ? this.#next(submission) : null,
      ),
    );
  }

  #progress(submission) {
    const at = PHASES.indexOf(phaseOf(submission));
    return h(
      "div",
      { class: "progress" },
      h("ol", { class: "phases", role: "list", "aria-label": t("phase.label") }, PHASES.map((name, i) => h("li", { class: i < at ? "past" : i === at ? "now" : "", "aria-current": i === at ? "step" : null }, t(`phase.${name}`)))),
      h("p", {}, phaseText(submission)),
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
