// Earlier submissions: each a row, one click from its result, its diff to the files now, and from getting it back.
import { readable } from "./bookmodel.js";
import { ask, confirmed } from "./dialog.js";
import { diffView } from "./diffview.js";
import { announce, h, stateMark } from "./dom.js";
import { settled } from "./submissions.js";
import { moment, number, t } from "./text.js";

export class History {
  constructor(host, { submissions, files, onShow, onRestore, onError }) {
    Object.assign(this, { host, submissions, files, onShow, onRestore, onError });
    this.draw();
  }

  draw() {
    const rows = this.submissions.list.map((submission) => this.#row(submission));
    this.host.replaceChildren(rows.length ? h("ol", { class: "history", role: "list" }, rows) : h("div", { class: "empty" }, h("p", {}, t("history.empty"))));
  }

  #row(submission) {
    const n = { number: submission.number };
    return h(
      "li",
      {},
      h("div", { class: "history-what" }, h("strong", {}, t("submission.number", n)), h("span", { class: "soft numeric" }, moment(submission.received_at)), this.#state(submission)),
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", class: "quiet", "aria-label": t("history.show_label", n), onclick: () => this.onShow(submission) }, t("history.show")),
        h("button", { type: "button", class: "quiet", "aria-label": t("history.diff_label", n), onclick: () => this.#compare(submission) }, t("history.diff")),
        h("button", { type: "button", class: "quiet changes", "aria-label": t("history.restore_label", n), onclick: () => this.#restore(submission) }, t("history.restore")),
      ),
    );
  }

  #state(submission) {
    if (submission.state === "needs_staff") return stateMark("warn", "warn", t("outcome.needs_staff.short"));
    if (!settled(submission)) return stateMark("busy", "dot", t("history.going"));
    const points = t("check.points", { points: number(submission.points ?? 0, 1), total: number(submission.max_points) });
    return submission.passed ? stateMark("good", "check", points) : stateMark("bad", "cross", points);
  }

  async #compare(submission) {
    try {
      const then = await this.submissions.sources(submission);
      const name = t("submission.number", { number: submission.number });
      const changed = Object.entries(then).filter(([path, text]) => this.files.get(path)?.text !== text);
      const body = changed.length
        ? changed.map(([path, text]) => h("section", {}, h("h3", {}, path), diffView(readable(path, text), readable(path, this.files.get(path)?.text ?? ""), name, t("diff.now"))))
        : h("p", {}, t("history.same"));
      await ask({ title: t("history.diff_title", { number: submission.number }), body, buttons: [], wide: true });
    } catch (error) {
      this.onError(error);
    }
  }

  async #restore(submission) {
    try {
      const then = await this.submissions.sources(submission);
      const changed = Object.keys(then).filter((path) => this.files.get(path) && this.files.get(path).text !== then[path]);
      if (!changed.length) {
        await ask({ title: t("history.restore"), body: h("p", {}, t("history.same")), buttons: [{ value: "", label: t("dialog.close") }] });
        return;
      }
      const sure = await confirmed(
        t("history.restore_title", { number: submission.number }),
        t("history.restore_text", { files: changed.join(", ") }),
        t("history.restore"),
      );
      if (!sure) return;
      for (const path of changed) this.onRestore(path, then[path]);
      announce(t("history.restored", { number: submission.number }));
    } catch (error) {
      this.onError(error);
    }
  }
}
