// The output pane: text as it comes, errors with their traceback folded, rich results in their frame.
import { h, icon, stateMark } from "./dom.js";
import { explanation } from "./explain.js";
import { RichFrame, isRich } from "./richframe.js";
import { Terminal, colouredText } from "./terminal.js";
import { clock, seconds, t, tn } from "./text.js";

const MAX_FRAMES = 12;
const OPEN_TRACEBACK_LINES = 14;
const MARKS = { ok: ["good", "check"], error: ["bad", "cross"], interrupted: ["warn", "dash"], killed: ["bad", "warn"], output_limit: ["bad", "warn"], running: ["busy", "dot"] };

export class Output {
  /** `frameFor()` makes a frame for rich results; `goTo(path, line)` moves the editor; `knows(path)` says whether it is a file here. */
  constructor(host, { frameFor, goTo, knows }) {
    this.frameFor = frameFor;
    this.goTo = goTo;
    this.knows = knows;
    this.head = h("div", { class: "run-head", hidden: true });
    this.body = h("div", { class: "run-body" });
    this.empty = h("div", { class: "empty" });
    this.host = host;
    this.frames = 0;
    host.append(this.head, this.body, this.empty);
  }

  showEmpty(...content) {
    // What is there already stays: a button in it keeps the focus.
    if (this.empty.firstChild !== content[0]) this.empty.replaceChildren(...content);
    this.empty.hidden = false;
  }

  start(run) {
    this.clear();
    this.empty.hidden = true;
    this.run = run;
    this.startedAt = run.started ? run.started * 1000 : Date.now();
    this.#heading(run.state);
  }

  /** Lets go of what is shown. */
  clear() {
    for (const frame of this.liveFrames ?? []) frame.destroy();
    this.liveFrames = [];
    this.terminal = null;
    this.frame = null;
    this.frames = 0;
    this.body.replaceChildren();
  }

  #heading(state, spent = null) {
    const [tone, name] = MARKS[state] ?? MARKS.error;
    this.head.hidden = false;
    this.head.replaceChildren(
      stateMark(tone, name, t(`run.${state}`)),
      h("span", { class: "path" }, this.run.path),
      h("span", { class: "soft numeric push" }, [clock(this.startedAt), spent === null ? null : seconds(spent)].filter(Boolean).join(" · ")),
    );
    this.head.classList.toggle("working", state === "running");
  }

  link(connected) {
    this.head.classList.toggle("broken", !connected);
    if (!connected) this.head.firstChild?.replaceWith(stateMark("warn", "warn", t("run.reconnecting")));
    else if (this.run?.state === "running") this.#heading("running");
  }

  add(event) {
    const follow = this.#atEnd();
    if (event.t === "stream") this.#text(event);
    else if (event.t === "display") this.#display(event.data ?? {});
    else if (event.t === "error") this.#error(event);
    if (follow) this.#toEnd();
  }

  end(run) {
    this.terminal?.flush();
    this.#heading(run.state, run.seconds);
    if (!this.body.childElementCount && run.state === "ok") this.#note(t("run.silent"));
    if (run.state === "killed" || run.state === "output_limit") this.#note(t(`run.${run.state}.more`));
    this.#toEnd();
  }

  #note(text) {
    this.#break();
    this.body.append(h("p", { class: "soft" }, text));
  }

  #break() {
    this.terminal?.flush();
    this.terminal = null;
    this.frame = null;
  }

  #text({ text, name }) {
    this.frame = null;
    if (!this.terminal) {
      const dropped = h("p", { class: "soft", hidden: true });
      this.terminal = new Terminal({
        onDropped: (n) => {
          dropped.hidden = false;
          dropped.textContent = tn("output.dropped", n);
        },
        onFlush: () => this.pinned && this.#toEnd(),
      });
      this.body.append(dropped, this.terminal.element);
    }
    this.pinned = this.#atEnd();
    this.terminal.write(text, name);
  }

  #display(bundle) {
    if (!isRich(bundle)) {
      const json = bundle["application/json"];
      const text = bundle["text/markdown"] ?? bundle["text/plain"] ?? (json === undefined ? "" : JSON.stringify(json, null, 2));
      this.#text({ text: `${text}\n`, name: "stdout" });
      return;
    }
    this.terminal?.flush();
    this.terminal = null;
    if (!this.frame) {
      if (this.frames >= MAX_FRAMES) {
        this.#note(t("output.many"));
        return;
      }
      this.frames++;
      this.frame = this.frameFor();
      this.liveFrames.push(this.frame);
      this.body.append(this.frame.element);
    }
    this.frame.show(bundle);
  }

  #error({ ename, evalue, traceback }) {
    this.#break();
    const text = traceback ?? "";
    const lines = text.split("\n").length;
    const place = this.#placeIn(text);
    this.body.append(
      h(
        "div",
        { class: "error-box" },
        h("p", { class: "error-line" }, icon("cross"), h("strong", {}, ename), evalue ? `: ${evalue}` : ""),
        place ? h("button", { type: "button", class: "link", onclick: () => this.goTo(place.path, place.line) }, t("output.go_to", place)) : null,
        text ? h("details", { open: lines <= OPEN_TRACEBACK_LINES }, h("summary", {}, tn("output.traceback", lines)), colouredText(text)) : null,
        explanation(`${ename}: ${evalue}\n${text}`),
      ),
    );
  }

  /** The innermost of the student's own lines that a traceback names. */
  #placeIn(text) {
    const plain = text.replace(/\x1b\[[0-9;]*m/g, "");
    const found = [...plain.matchAll(/(?:File "?|^)(?:\/home\/lab\/work\/)?([\w./-]+\.\w+(?:#[\w-]+)?)"?(?:, line |:)(\d+)/gm)];
    const own = found.filter(([, path]) => this.knows(path)).at(-1);
    return own ? { path: own[1], line: Number(own[2]) } : null;
  }

  #atEnd() {
    return this.host.scrollHeight - this.host.scrollTop - this.host.clientHeight < 60;
  }

  #toEnd() {
    this.host.scrollTop = this.host.scrollHeight;
  }
}
