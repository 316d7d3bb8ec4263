// Streamed text: coloured, carriage returns honoured, the oldest lines dropped past a cap.
import { Ansi } from "./ansi.js";
import { h } from "./dom.js";

const MAX_LINES = 4000;
const MAX_LINE = 20_000;

export class Terminal {
  #ansi = { stdout: new Ansi(), stderr: new Ansi() };
  #line = null;
  #returned = false;
  #pending = [];
  #frame = 0;

  /** `onDropped(count)` learns how many lines have been let go so far. */
  constructor({ onDropped = () => {}, onFlush = () => {} } = {}) {
    this.element = h("pre", { class: "terminal" });
    this.dropped = 0;
    this.onDropped = onDropped;
    this.onFlush = onFlush;
  }

  write(text, name = "stdout") {
    this.#pending.push([text, name]);
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.flush());
  }

  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    for (const [text, name] of this.#pending.splice(0)) {
      for (const part of this.#ansi[name].parse(text)) this.#append(part, name);
    }
    this.#trim();
    this.onFlush();
  }

  #append({ text, className }, name) {
    for (const piece of text.split(/(\r\n|\n|\r)/)) {
      if (piece === "") continue;
      if (piece === "\r") this.#returned = true;
      else if (piece === "\n" || piece === "\r\n") this.#endLine();
      else this.#put(piece, className, name);
    }
  }

  #put(text, className, name) {
    if (this.#returned) this.#line?.replaceChildren();
    this.#returned = false;
    if (!this.#line) this.element.append((this.#line = h("span", { class: "line" })));
    const room = MAX_LINE - this.#line.textContent.length;
    if (room <= 0) return;
    const shown = text.length > room ? `${text.slice(0, room)}…` : text;
    const classes = [className, name === "stderr" ? "err" : ""].filter(Boolean).join(" ");
    this.#line.append(classes ? h("span", { class: classes }, shown) : shown);
  }

  #endLine() {
    if (!this.#line) this.element.append((this.#line = h("span", { class: "line" })));
    this.#line.append("\n");
    this.#line = null;
    this.#returned = false;
  }

  #trim() {
    const over = this.element.childElementCount - MAX_LINES;
    if (over <= 0) return;
    for (let i = 0; i < over; i++) this.element.firstElementChild.remove();
    this.dropped += over;
    this.onDropped(this.dropped);
  }
}

/** A finished text with ANSI colours, in one element. */
export function colouredText(text) {
  const terminal = new Terminal();
  terminal.write(text);
  terminal.flush();
  return terminal.element;
}
