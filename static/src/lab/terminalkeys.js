// Keys of the terminal that are the page's, and a row of those that a phone's keyboard lacks.
import { h } from "./dom.js";
import { t } from "./text.js";

const ARROWS = { up: ["↑", "A"], down: ["↓", "B"], left: ["←", "D"], right: ["→", "C"] };

/** Gives xterm.js' key handler: false for what is ours. `acts`: {leave, copy(): whether there was something}. */
export function ownKeys(acts) {
  return (event) => {
    const { ctrlKey, shiftKey, altKey, key, code } = event;
    if (ctrlKey && altKey && "123".includes(key)) return false; // parts of the page
    if (ctrlKey && code === "Backquote") return false; // the terminal's own shortcut
    if (ctrlKey && shiftKey && key === "ArrowUp") return ours(event, acts.leave);
    if (ctrlKey && shiftKey && key.toLowerCase() === "c") return ours(event, acts.copy);
    // Left to the browser, which pastes without asking for a permission.
    if (ctrlKey && shiftKey && key.toLowerCase() === "v") return false;
    return true;
  };
}

function ours(event, act) {
  event.preventDefault();
  if (event.type === "keydown") act();
  return false;
}

/** The row: Esc, Tab, Ctrl (for the next key), arrows. `term()`: the terminal, once there is one. */
export class HelperKeys {
  constructor(term) {
    this.term = term;
    const key = (label, name, act) =>
      h("button", { type: "button", class: "quiet", "aria-label": name, onpointerdown: (event) => event.preventDefault(), onclick: () => term() && act() }, label);
    this.ctrl = key("Ctrl", t("terminal.ctrl"), () => this.#hold(!this.held));
    this.element = h(
      "div",
      { class: "term-keys", role: "toolbar", "aria-label": t("terminal.keys") },
      key("Esc", "Escape", () => this.#press("\x1b")),
      key("Tab", t("terminal.tab"), () => this.#press("\t")),
      this.ctrl,
      Object.entries(ARROWS).map(([name, [sign, letter]]) => key(sign, t(`terminal.arrow.${name}`), () => this.#press(term().modes.applicationCursorKeysMode ? `\x1bO${letter}` : `\x1b[${letter}`))),
    );
    this.#hold(false);
  }

  #hold(held) {
    this.held = held;
    this.ctrl.setAttribute("aria-pressed", String(held));
  }

  #press(data) {
    this.term().input(data);
    this.term().focus();
  }

  /** What was typed, as a control character when Ctrl was held for it. */
  apply(data) {
    if (!this.held || data.length !== 1) return data;
    this.#hold(false);
    const code = data.toUpperCase().charCodeAt(0);
    return code >= 64 && code < 96 ? String.fromCharCode(code - 64) : data;
  }
}
