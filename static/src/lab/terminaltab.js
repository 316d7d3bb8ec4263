// One terminal in its tab: what is on screen, how it is connected, and what can be done when it has ended.
import { ask } from "./dialog.js";
import { announce, h, icon, stateMark } from "./dom.js";
import { RequestError } from "./http.js";
import { reasonText } from "./session.js";
import { HelperKeys, ownKeys } from "./terminalkeys.js";
import { TerminalLink } from "./terminallink.js";
import { t } from "./text.js";
import { estimateText, turnText } from "./waiting.js";

const SCREEN_READER = "terminal-screen-reader";
/** Characters that may wait to be drawn while nobody looks; a page in the background draws slowly. */
const MOST_UNDRAWN = 4_000_000;
const SHOWN_LINES = 2000;
const MARKS = { opening: ["busy", "dot"], open: ["good", "check"], lost: ["warn", "warn"], exited: ["none", "ring"], session: ["none", "ring"], failed: ["bad", "cross"] };
const OVER = new Set(["exited", "session", "failed"]);

/** `name`: of a terminal that is there already, else it makes one. Emits "named" when its name is known, and "state". */
export class TerminalTab extends EventTarget {
  #screen = null;
  #link = null;
  #begun = null;
  #undrawn = 0;
  #again = false;
  #settled = false;
  #key = null;

  constructor(panel, { session, name = null, onLink, onLeave }) {
    super();
    Object.assign(this, { panel, session, name, onLink, onLeave });
    this.state = "opening";
    this.atPrompt = false;
    this.used = 0;
    this.keys = new HelperKeys(() => this.#screen?.term);
    this.mark = h("div", { class: "term-state", role: "status" });
    this.place = h("div", { class: "term-place" });
    panel.append(this.#bar(), this.place, this.keys.element);
    panel.addEventListener("show", () => this.begin());
    this.changed = () => this.#sessionChanged();
    session.addEventListener("change", this.changed);
    this.#key = name ? session.current.key : null;
  }

  #bar() {
    const act = (name, glyph, onclick) => h("button", { type: "button", class: "quiet square", title: t(name), "aria-label": t(name), onclick }, icon(glyph));
    const reader = act("terminal.reader", "reader", () => this.#readAloud(reader.getAttribute("aria-pressed") !== "true"));
    reader.setAttribute("aria-pressed", String(readsAloud()));
    return h("div", { class: "term-bar" }, this.mark, h("span", { class: "push" }), reader, act("terminal.copy", "copy", () => this.#copyOrShow()), act("terminal.paste", "paste", () => this.#paste()));
  }

  /** Make the terminal, or find it, and connect. Does nothing the second time. */
  begin() {
    this.#begun ??= this.#begin().catch((error) => this.#fail(error));
    return this.#begun;
  }

  async #begin() {
    this.#say("opening");
    if (!this.name) {
      await this.session.whenReady();
      this.#key = this.session.current.key;
      this.#say("opening");
      ({ name: this.name } = await (await this.session.fetch("/api/terminals", { method: "POST" })).json());
      this.dispatchEvent(new Event("named"));
    }
    if (!this.#screen) await this.#show();
    this.#connect();
  }

  async #show() {
    const { openTerminal } = await import("./xterm.js").catch(() => {
      throw new RequestError("stale", t("terminal.stale"));
    });
    this.#screen = await openTerminal(this.place, { onLink: this.onLink, screenReaderMode: readsAloud() });
    const { term } = this.#screen;
    term.attachCustomKeyEventHandler(ownKeys({ leave: () => this.onLeave(), copy: () => this.#copy() }));
    term.onData((data) => this.#typed(this.keys.apply(data)));
    term.onBinary((data) => this.#typed(data));
    term.onResize((size) => this.#link?.resize(size));
    // labs/kit/bashrc says where the prompt ends (B) and when a command begins (C).
    term.parser.registerOscHandler(133, (mark) => this.#prompt(mark[0]));
    if (this.wantsFocus) this.focus();
  }

  #connect() {
    const link = (this.#link = new TerminalLink(this.session, this.name));
    const { term, fit } = this.#screen;
    link.addEventListener("open", () => {
      this.#settled = false;
      term.write("\x1bc"); // all of it comes again
      fit();
      link.resize(term);
      this.#say("open");
    });
    link.addEventListener("text", ({ detail }) => this.#draw(link, detail));
    link.addEventListener("lost", () => this.#say("lost"));
    link.addEventListener("end", ({ detail }) => this.#ended(detail));
    link.run().catch((error) => this.#fail(error));
  }

  #draw(link, { text, again }) {
    this.#undrawn += text.length;
    // What the terminal is asked in a text that was drawn before was answered then.
    if (again) this.#again = true;
    const early = document.hidden;
    if (early) link.drawn(text.length);
    this.#screen.term.write(text, () => {
      this.#undrawn -= text.length;
      if (!early) link.drawn(text.length);
      if (!again) return;
      this.#again = false;
      this.#settled = true;
      this.dispatchEvent(new Event("state"));
    });
    if (early && this.#undrawn > MOST_UNDRAWN) link.drop();
  }

  #typed(data) {
    if (this.#again) return;
    this.used = Date.now();
    this.#link?.type(data);
  }

  #prompt(mark) {
    if (mark === "B" || mark === "C") {
      this.atPrompt = mark === "B";
      this.dispatchEvent(new Event("state"));
    }
    return true;
  }

  /** Resolves when the shell takes commands, or is found not to (false): it has ended, or runs something. */
  async ready({ fresh = false } = {}) {
    await this.begin();
    await new Promise((resolve) => {
      const check = () => {
        if (!this.over && !this.atPrompt && (fresh || !this.#settled)) return;
        this.removeEventListener("state", check);
        resolve();
      };
      this.addEventListener("state", check);
      check();
    });
    return this.atPrompt && this.state === "open";
  }

  /** Types a command at the prompt in place of what was begun there, and Enter. */
  run(text) {
    const { term } = this.#screen;
    this.atPrompt = false;
    term.input("\x05\x15"); // to the end, and away: Ctrl-Y brings it back
    term.paste(text.trimEnd());
    term.input("\r");
  }

  #sessionChanged() {
    const { session } = this;
    if (this.#key === null) {
      if (session.going && !session.ready && this.state === "opening") this.#say("opening");
    } else if (!this.over && (session.current?.key !== this.#key || !session.going)) this.#ended("session");
  }

  #ended(why) {
    this.#link?.close();
    this.#link = null;
    this.atPrompt = false;
    if (why === "session" && this.session.current?.key === this.#key) this.session.refresh().catch(() => {}); // the top bar tells what is known
    this.#say(why);
    announce(t(`terminal.${why}`));
  }

  #fail(error) {
    this.#say("failed", error.message);
    if (error.code === "no_session") this.session.refresh().catch(() => {}); // as in #ended
    announce(error.message);
    if (!error.code) throw error; // a fault of this page: it belongs in the console too
  }

  #say(state, text = t(`terminal.${state}`)) {
    this.state = state;
    const [tone, glyph] = MARKS[state];
    const waits = state === "opening" && this.session.going && !this.session.ready ? why(this.session.current) : "";
    const { over } = this;
    const again = !over ? null : h("button", { type: "button", onclick: () => this.#afresh() }, icon("restart"), t("terminal.again"));
    this.mark.replaceChildren(stateMark(tone, glyph, text), ...(waits ? [h("span", { class: "soft" }, waits)] : []), ...(again ? [again] : []));
    this.panel.classList.toggle("over", over);
    this.dispatchEvent(new Event("state"));
  }

  /** Another shell in this tab's place; what is on screen goes. */
  #afresh() {
    this.name = null;
    this.#key = null;
    this.#begun = null;
    this.begin();
    this.focus();
  }

  get alive() {
    return Boolean(this.#link);
  }

  get over() {
    return OVER.has(this.state);
  }

  focus() {
    this.wantsFocus = true;
    this.#screen?.term.focus();
  }

  /** Connects again, with whatever this page may do by now. */
  reconnect() {
    this.#link?.drop();
  }

  /** Lets go of the terminal, which goes on in the sandbox. */
  leave() {
    this.session.removeEventListener("change", this.changed);
    this.#link?.close();
    this.#link = null;
    this.#screen?.close();
  }

  /** Ends the terminal in the sandbox, too. */
  async close() {
    const { alive, name } = this;
    this.leave();
    if (name && (alive || !this.#begun) && this.session.ready && this.session.current.key === this.#key) {
      await this.session.fetch(`/api/terminals/${name}`, { method: "DELETE" }).catch((error) => {
        if (error.status !== 404) throw error; // it had ended by itself
      });
    }
  }

  // Copy and paste

  #copy() {
    const text = this.#screen?.term.getSelection();
    if (!text) return false;
    navigator.clipboard.writeText(text).then(
      () => announce(t("terminal.copied")),
      () => this.#showText(text),
    );
    return true;
  }

  /** A finger can't select in the terminal: without a selection its text comes where it can. */
  #copyOrShow() {
    if (this.#screen && !this.#copy()) this.#showText(lastLines(this.#screen.term.buffer.active));
  }

  async #showText(text) {
    const shown = h("pre", { class: "terminal boxed term-text", tabindex: "0" }, text);
    const answer = await ask({ title: t("terminal.text"), body: [h("p", { class: "soft" }, t("terminal.text.more")), shown], buttons: [{ value: "all", label: t("terminal.copy_all"), kind: "primary" }], wide: true });
    if (answer === "all") await navigator.clipboard.writeText(text).then(() => announce(t("terminal.copied")), () => announce(t("terminal.no_clipboard")));
  }

  async #paste() {
    if (!this.#screen) return;
    const text = await navigator.clipboard.readText().catch(() => this.#askText());
    if (text) this.#screen.term.paste(text);
    this.focus();
  }

  /** Browsers may keep the clipboard from a page; a field takes what a person pastes there. */
  async #askText() {
    const field = h("textarea", { rows: 5, "aria-label": t("terminal.paste"), spellcheck: "false", autofocus: true });
    const answer = await ask({ title: t("terminal.paste"), body: [h("p", { class: "soft" }, t("terminal.paste.more")), field], buttons: [{ value: "", label: t("dialog.cancel") }, { value: "yes", label: t("terminal.paste"), kind: "primary" }] });
    return answer === "yes" ? field.value : "";
  }

  #readAloud(on) {
    localStorage.setItem(SCREEN_READER, String(on));
    this.panel.querySelector("[aria-pressed]").setAttribute("aria-pressed", String(on));
    if (this.#screen) this.#screen.term.options.screenReaderMode = on;
    announce(t(on ? "terminal.reader.on" : "terminal.reader.off"));
  }
}

/** Why the sandbox isn't there yet, and about how long it takes. */
function why(session) {
  return [turnText(session), reasonText(session), estimateText(session)].filter(Boolean).join(" ");
}

function readsAloud() {
  return localStorage.getItem(SCREEN_READER) === "true";
}

function lastLines(buffer) {
  const lines = [];
  for (let row = Math.max(0, buffer.length - SHOWN_LINES); row < buffer.length; row++) {
    const line = buffer.getLine(row);
    const text = line.translateToString(true);
    if (line.isWrapped && lines.length) lines.push(lines.pop() + text);
    else lines.push(text);
  }
  return lines.join("\n").trimEnd();
}
