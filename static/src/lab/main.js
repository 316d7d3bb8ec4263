// The lab page: puts its parts together and says which event of one matters to another.
import { readable } from "./bookmodel.js";
import { ask } from "./dialog.js";
import { diffView } from "./diffview.js";
import { announce, h, icon, isPhone, stateMark } from "./dom.js";
import { Drafts } from "./drafts.js";
import { Editors } from "./editors.js";
import { useExplanations } from "./explain.js";
import { FEATURES, VISITING } from "./features.js";
import { Files } from "./files.js";
import { History } from "./history.js";
import { noteOpened } from "./http.js";
import { layout, shortcutHelp } from "./layout.js";
import { Output } from "./output.js";
import { Outside } from "./outside.js";
import { RichFrame } from "./richframe.js";
import { Runs } from "./runs.js";
import { Session } from "./session.js";
import { SessionPanel } from "./sessionpanel.js";
import { Submissions, settled } from "./submissions.js";
import { tabs } from "./tabs.js";
import { clock, moment, t, tn, useLanguage } from "./text.js";
import { Verdict, failing } from "./verdict.js";
import { Waiting } from "./waiting.js";

/** Outcomes that are not the student's doing and cost no attempt. */
const FREE = new Set(["platform_error", "author_error"]);
const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

class LabPage {
  constructor(grid, config) {
    this.grid = grid;
    this.config = config;
    this.locked = false;
    this.files = new Files(config.files, config.urls, new Drafts(grid.dataset.reader, config.lab.id));
    this.session = new Session(config);
    this.runs = new Runs(this.session, this.files, config.lab.entry);
    this.submissions = new Submissions(config, this.files);
    this.active = (this.files.get(config.lab.entry) ?? config.files[0]).path;
    this.#buildEditor();
    this.#buildToolbar();
    this.#buildResults();
    this.views = layout(grid);
    this.outside = new Outside(this);
    this.runs.takeIn = () => this.outside.take();
    this.waiting = new Waiting(this.session, config.lab.readySeconds, (error) => this.fail(error));
    this.panel = new SessionPanel(document.getElementById("session"), this.session, config.lab.readySeconds, (error) => this.fail(error));
    this.#connect();
    this.#keys();
    for (const install of config.visit ? VISITING : FEATURES) install(this);
    this.#begin();
  }

  // Parts

  #buildEditor() {
    const host = document.getElementById("editor");
    this.tablist = h("div", { class: "tabs", role: "tablist", id: "files", "aria-label": t("files.label") });
    this.saved = h("button", { type: "button", class: "quiet saved", title: t("save.now"), onclick: () => this.#saveOrSettle() });
    const code = h("div", { class: "code", id: "code", role: "tabpanel" });
    host.append(h("div", { class: "pane-head" }, this.tablist, this.saved), code);
    this.editor = new Editors(code, this);
    this.fileTabs = tabs(this.tablist, this.files.paths().map((path) => ({ id: path, label: path, panel: "code" })), (path) => this.open(path));
    this.fileTabs.select(this.active);
  }

  open(path) {
    this.active = path;
    this.editor.open(path, this.files.get(path).text);
    document.getElementById("code").setAttribute("aria-labelledby", `tab-files-${path}`);
    this.#drawToolbar();
  }

  #buildToolbar() {
    const mod = MAC ? "⌘" : "⌃";
    const action = (name, iconName, keys, shortcut, onclick, kind = "") =>
      h("button", { type: "button", id: `act-${name}`, class: kind, "aria-keyshortcuts": shortcut, onclick }, icon(iconName), t(`act.${name}`), h("kbd", { "aria-hidden": "true" }, keys));
    const key = MAC ? "Meta" : "Control";
    this.runButton = action("run", "play", `${mod}↵`, `${key}+Enter`, () => this.run(), "primary");
    this.stopButton = action("stop", "stop", `${mod}.`, `${key}+.`, () => this.interrupt());
    this.submitButton = action("submit", "send", `${mod}⇧↵`, `${key}+Shift+Enter`, () => this.submit());
    this.restartButton = h("button", { type: "button", id: "act-restart", class: "quiet square", title: t("act.restart"), "aria-label": t("act.restart"), onclick: () => this.restart() }, icon("restart"));
    const help = h("button", { type: "button", class: "quiet square wide-only", title: t("keys.help"), "aria-label": t("keys.help"), onclick: () => this.help() }, icon("keyboard"));
    document.getElementById("toolbar").append(this.runButton, this.stopButton, this.submitButton, h("span", { class: "push" }), this.restartButton, help);
  }

  #buildResults() {
    const host = document.getElementById("results");
    const list = h("div", { class: "tabs", role: "tablist", id: "result-tabs", "aria-label": t("results.label") });
    this.banner = h("div", { class: "banner", role: "alert", hidden: true });
    host.append(h("div", { class: "pane-head" }, list), this.banner);
    this.panels = {};
    this.resultTabs = tabs(list, [], (id) => this.#showPanel(id));
    for (const id of ["output", "verdict", "history"]) this.addPanel(id, t(`results.${id}`));
    const frameFor = () => new RichFrame(this.config.gateway, this.session.current?.key);
    this.output = new Output(this.panels.output, { frameFor, goTo: (path, line) => this.goTo(path, line), knows: (path) => Boolean(this.files.get(path.split("#")[0])) });
    this.verdict = new Verdict(this.panels.verdict, { frameFor, attemptsLeft: () => this.attemptsLeft() });
    this.history = new History(this.panels.history, {
      submissions: this.submissions,
      files: this.files,
      onShow: (submission) => this.showSubmission(submission),
      onRestore: (path, text) => this.editor.replace(path, text, { edit: true }),
      onError: (error) => this.fail(error),
    });
    this.resultTabs.select("output");
  }

  /**
   * A tab beside Output, Grade and History; returns its panel. `onClose(id)` makes it closable (call `removePanel`).
   * The panel gets a "show" event when its tab opens.
   */
  addPanel(id, label, { onClose } = {}) {
    const panel = h("div", { id: `panel-${id}`, class: `panel ${id}`, role: "tabpanel", tabindex: "0", "aria-labelledby": `tab-result-tabs-${id}`, hidden: true });
    this.panels[id] = panel;
    document.getElementById("results").append(panel);
    this.resultTabs.add({ id, label, panel: panel.id, onClose });
    return panel;
  }

  removePanel(id) {
    this.resultTabs.remove(id);
    this.panels[id].remove();
    delete this.panels[id];
  }

  #showPanel(id) {
    for (const [name, element] of Object.entries(this.panels)) element.hidden = name !== id;
    this.panels[id].dispatchEvent(new Event("show"));
  }

  #connect() {
    this.files.addEventListener("change", () => this.#drawSaved());
    this.files.addEventListener("conflict", ({ detail }) => this.#settle(detail));
    this.session.addEventListener("change", ({ detail }) => this.#sessionChanged(detail));
    this.runs.addEventListener("stage", () => this.#drawStage());
    this.runs.addEventListener("start", ({ detail }) => {
      this.#outputOf(detail).start(detail);
      if (detail.cell) this.#drawEmpty();
      else this.resultTabs.select("output");
      this.#drawToolbar();
    });
    this.runs.addEventListener("event", ({ detail }) => this.#outputOf(this.runs.current).add(detail));
    this.runs.addEventListener("link", ({ detail }) => this.#outputOf(this.runs.current).link(detail));
    this.runs.addEventListener("end", ({ detail }) => {
      this.#outputOf(detail).end(detail);
      announce(t(`run.${detail.state}`));
      this.#drawToolbar();
    });
    this.submissions.addEventListener("sending", () => this.#drawToolbar());
    this.submissions.addEventListener("change", ({ detail }) => this.#submissionChanged(detail));
    document.getElementById("instructions").addEventListener("click", (event) => this.#openNamed(event));
  }

  /** A cell's output belongs to its notebook, a file's to the results. */
  #outputOf(run) {
    return this.editor.outputOf(run) ?? this.output;
  }

  #begin() {
    const restored = this.files.restore();
    if (restored.length) this.open(this.active);
    this.#drawSaved();
    this.#drawToolbar();
    this.#drawEmpty();
    this.submissions.watch();
    const { dueAt } = this.config.lab;
    if (dueAt) document.getElementById("due").append(` · ${t("due", { when: moment(dueAt) })}`);
    const newest = this.submissions.list[0];
    this.verdictOf = newest?.id ?? null;
    if (newest) this.verdict.show(newest);
    else this.panels.verdict.append(h("div", { class: "empty" }, h("p", {}, t("verdict.empty"))));
    if (newest && !settled(newest)) this.resultTabs.select("verdict");
    if (this.session.ready) this.#resume().catch((error) => this.fail(error));
  }

  async #resume() {
    await this.editor.ready(); // what a cell says must find its notebook
    await this.runs.resume();
  }

  // Acts

  /** Whoever looks on at a student's lab may change nothing in it until the student lets them. Tells the grid: "lock". */
  lock(locked) {
    this.locked = locked;
    this.grid.classList.toggle("locked", locked);
    this.editor.lock(locked);
    this.grid.dispatchEvent(new Event("lock"));
  }

  async run() {
    if (this.runs.busy || this.locked) return;
    this.#clearFailure();
    if (this.editor.run()) return;
    if (isPhone()) this.views.show("results");
    this.resultTabs.select("output");
    await this.runs.run(this.active).catch((error) => this.fail(error));
    this.#drawToolbar();
  }

  async interrupt() {
    if (this.runs.current?.state !== "running" || this.locked) return;
    announce(t("run.stopping"));
    await this.runs.interrupt().catch((error) => this.fail(error));
  }

  async restart() {
    if (!this.session.ready || this.locked) return;
    await this.runs.restart().then(() => announce(t("run.restarted"))).catch((error) => this.fail(error));
  }

  async submit() {
    if (this.submissions.sending || this.submissions.pending || this.config.visit) return;
    this.#clearFailure();
    try {
      await this.outside.take();
      const submission = await this.submissions.submit();
      if (submission) this.showSubmission(submission);
    } catch (error) {
      this.fail(error.code === "unsaved" ? Object.assign(error, { message: `${t("submit.unsaved")} ${error.message}` }) : error);
    }
    this.#drawToolbar();
  }

  async help() {
    await ask({ title: t("keys.title"), body: shortcutHelp(MAC), buttons: [] });
  }

  goTo(path, line) {
    if (isPhone()) this.views.show("editor");
    this.fileTabs.select(path.split("#")[0]);
    this.editor.goTo(path, line);
  }

  showSubmission(submission) {
    this.verdictOf = submission.id;
    this.verdict.show(submission);
    if (isPhone()) this.views.show("results");
    this.resultTabs.select("verdict");
    if (settled(submission) && !submission.checks) this.submissions.reload(submission).catch((error) => this.fail(error));
  }

  attemptsLeft() {
    const { maxAttempts, attemptsUsed } = this.config.lab;
    const atLoad = new Set(this.config.submissions.map(({ id }) => id));
    const since = this.submissions.list.filter((other) => !atLoad.has(other.id) && other.state !== "needs_staff" && !FREE.has(other.outcome));
    return Math.max(0, maxAttempts - attemptsUsed - since.length);
  }

  fail(error) {
    this.banner.hidden = false;
    this.banner.replaceChildren(icon("warn"), h("span", {}, error.message || String(error)), h("button", { type: "button", class: "quiet square push", "aria-label": t("dialog.close"), onclick: () => this.#clearFailure() }, icon("cross")));
    if (isPhone()) this.views.show("results");
    if (!error.code) throw error; // a fault of this page: it belongs in the console too
  }

  #clearFailure() {
    this.banner.hidden = true;
  }

  // What changed

  #sessionChanged({ before, other }) {
    const { state } = this.session;
    if (other) this.runs.forget();
    if (before === "ready" && state !== "ready") this.runs.forget();
    if (state === "ready" && before !== "ready" && !this.runs.busy) this.#resume().catch(() => this.session.refresh().catch(() => {}));
    this.#drawStage();
    this.#drawToolbar();
  }

  #submissionChanged({ submission, before }) {
    this.history.draw();
    if (submission.id === this.verdictOf || !before) {
      this.verdictOf = submission.id;
      this.verdict.show(submission);
    }
    this.#drawToolbar();
    if (!settled(submission)) {
      if (before?.phase !== submission.phase || before?.state !== submission.state) announce(t(`phase.${submission.phase || "queued"}`));
      return;
    }
    if (before && settled(before)) return;
    const lost = failing(submission).length;
    const points = t("verdict.points", { points: submission.points ?? 0, total: submission.max_points });
    announce(submission.state === "graded" ? [points, lost ? tn("verdict.failing", lost, { total: submission.checks.length }) : ""].join(". ") : t("outcome.needs_staff"));
  }

  #drawSaved() {
    const file = this.files.worst();
    const last = this.files.lastSaved();
    const marks = { saved: ["none", "check"], unsaved: ["none", "dot"], saving: ["none", "dot"], offline: ["warn", "cloud"], conflict: ["bad", "warn"], refused: ["bad", "cross"] };
    const [tone, name] = marks[file.state];
    const word = file.state === "saved" && last ? t("save.saved_at", { time: clock(last) }) : t(`save.${file.state}`);
    this.saved.replaceChildren(stateMark(tone, name, word));
    this.saved.title = file.message || t(`save.${file.state}.more`);
    if (file.state === "refused") this.fail(Object.assign(new Error(`${file.path}: ${file.message}`), { code: "refused" }));
    if (file.state !== this.savedState && ["offline", "conflict", "refused"].includes(file.state)) announce(word);
    this.savedState = file.state;
    for (const path of this.files.paths()) this.fileTabs.tab(path)?.classList.toggle("unsaved", this.files.get(path).text !== this.files.get(path).saved);
  }

  #saveOrSettle() {
    const conflicted = this.files.paths().map((path) => this.files.get(path)).find((file) => file.state === "conflict");
    if (conflicted) this.#settle(conflicted);
    else this.files.flush();
  }

  async #settle(file) {
    if (this.settling) return;
    this.settling = true;
    const answer = await ask({
      title: t("conflict.title", { path: file.path }),
      body: [h("p", {}, t("conflict.text")), diffView(readable(file.path, file.theirs.text), readable(file.path, file.text), t("conflict.theirs"), t("conflict.mine"))],
      buttons: [
        { value: "", label: t("conflict.later") },
        { value: "theirs", label: t("conflict.use_theirs") },
        { value: "mine", label: t("conflict.use_mine"), kind: "primary" },
      ],
      wide: true,
    });
    this.settling = false;
    if (answer !== "mine" && answer !== "theirs") return;
    const text = answer === "mine" ? file.text : file.theirs.text;
    this.editor.replace(file.path, text);
    await this.files.resolve(file.path, text);
  }

  #drawToolbar() {
    if (!this.runButton) return;
    const target = this.runs.target(this.active);
    this.runButton.setAttribute("aria-disabled", String(this.runs.busy));
    this.runButton.title = t("act.run.title", { path: target });
    this.stopButton.setAttribute("aria-disabled", String(this.runs.current?.state !== "running"));
    const grading = this.submissions.sending || Boolean(this.submissions.pending);
    this.submitButton.setAttribute("aria-disabled", String(grading));
    this.submitButton.title = grading ? t("submit.going") : t("act.submit.title");
    this.restartButton.setAttribute("aria-disabled", String(!this.session.ready));
  }

  #drawStage() {
    const { stage } = this.runs;
    const busy = stage && this.runs.current?.state !== "running";
    if (busy) {
      const waits = stage === "session" && this.waiting.going;
      this.output.head.hidden = true;
      this.output.body.replaceChildren();
      this.output.showEmpty(waits ? this.waiting.element : h("p", { class: "state busy" }, icon("dot"), t(`stage.${stage}`)));
    } else if (!this.runs.current) this.#drawEmpty();
    this.#drawToolbar();
  }

  #drawEmpty() {
    if (this.waiting.going) return this.output.showEmpty(this.waiting.element);
    this.output.showEmpty(h("p", {}, t(this.active.endsWith(".ipynb") ? "output.empty.book" : "output.empty")), h("p", { class: "soft" }, t(this.session.ready ? "output.empty.ready" : "output.empty.cold")));
  }

  /** A file's name in the instructions opens it. */
  #openNamed(event) {
    const name = event.target.closest("code")?.textContent;
    if (!name || !this.files.get(name) || getSelection()?.toString()) return;
    if (isPhone()) this.views.show("editor");
    this.fileTabs.select(name);
  }

  #keys() {
    const parts = ["instructions", "editor", "results"];
    document.addEventListener("keydown", (event) => {
      if (document.querySelector("dialog[open]")) return;
      const mod = MAC ? event.metaKey : event.ctrlKey;
      const typing = event.target.closest?.("input, textarea, [contenteditable]") || event.target.shadowRoot;
      let act = null;
      if (mod && event.key === "Enter") act = event.shiftKey ? () => this.submit() : () => this.run();
      else if (mod && event.key === ".") act = () => this.interrupt();
      else if (mod && !event.shiftKey && event.key.toLowerCase() === "s") act = () => this.files.flush();
      else if (event.ctrlKey && event.altKey && "123".includes(event.key)) act = () => this.#focusPart(parts[Number(event.key) - 1]);
      else if (event.key === "?" && !typing) act = () => this.help();
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  #focusPart(part) {
    this.views.show(part);
    if (part === "editor") this.editor.focus();
    else if (part === "instructions") document.getElementById("instructions").focus();
    else this.panels[this.resultTabs.current()].focus();
  }
}

const config = JSON.parse(document.getElementById("lab-config").textContent);
const grid = document.getElementById("lab");
useLanguage(config.language, config.strings, grid.dataset.timezone);
useExplanations(config.urls.explanations);
new LabPage(grid, config);
noteOpened(config.urls.opened);
