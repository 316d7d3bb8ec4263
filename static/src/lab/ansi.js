// Turns terminal output into coloured text: SGR colours only; every other escape sequence is swallowed.
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const ESCAPE = /\x1b(?:\[([0-9;:?<=>]*)([ -/]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])/g;
const UNFINISHED = /\x1b(?:\[[0-9;:?<=>]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)?$/;
const LONGEST_UNFINISHED = 4096;

export class Ansi {
  #style = { colour: null, bold: false, faint: false, italic: false, underline: false };
  #held = "";

  /** Splits `text` into [{text, className}]; an escape sequence cut in two by the stream is held for the next call. */
  parse(text) {
    let input = this.#held + text;
    this.#held = "";
    const open = UNFINISHED.exec(input);
    if (open && open[0].length < LONGEST_UNFINISHED) {
      this.#held = open[0];
      input = input.slice(0, open.index);
    }
    const parts = [];
    let from = 0;
    for (const match of input.matchAll(ESCAPE)) {
      this.#push(parts, input.slice(from, match.index));
      from = match.index + match[0].length;
      if (match[3] === "m" && !match[2]) this.#apply(match[1]);
    }
    this.#push(parts, input.slice(from));
    return parts;
  }

  #push(parts, text) {
    const clean = text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g, "");
    if (clean) parts.push({ text: clean, className: this.#className() });
  }

  #className() {
    const { colour, ...flags } = this.#style;
    const names = Object.keys(flags).filter((name) => flags[name]);
    if (colour) names.push(colour);
    return names.map((name) => `ansi-${name}`).join(" ");
  }

  #apply(parameters) {
    const codes = parameters.split(/[;:]/).map(Number);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      const style = this.#style;
      if (code === 0) this.#style = { colour: null, bold: false, faint: false, italic: false, underline: false };
      else if (code === 1) style.bold = true;
      else if (code === 2) style.faint = true;
      else if (code === 3) style.italic = true;
      else if (code === 4) style.underline = true;
      else if (code === 22) style.bold = style.faint = false;
      else if (code === 23) style.italic = false;
      else if (code === 24) style.underline = false;
      else if (code >= 30 && code <= 37) style.colour = COLOURS[code - 30];
      else if (code >= 90 && code <= 97) style.colour = COLOURS[code - 90];
      else if (code === 39) style.colour = null;
      else if (code === 38 || code === 48) {
        const [colour, used] = extended(codes.slice(i + 1));
        if (code === 38) style.colour = colour;
        i += used;
      }
    }
  }
}

/** The nearest of the eight colours to an extended one, and how many codes it took. */
function extended(codes) {
  if (codes[0] === 2) return [nearest(codes[1], codes[2], codes[3]), 4];
  if (codes[0] !== 5) return [null, 0];
  const n = codes[1];
  if (n < 16) return [COLOURS[n % 8], 2];
  if (n >= 232) return [null, 2];
  const level = (v) => (v ? v * 40 + 55 : 0);
  const cube = n - 16;
  return [nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)), 2];
}

function nearest(r, g, b) {
  const high = Math.max(r, g, b);
  if (!(high > 40) || high - Math.min(r, g, b) < 40) return null;
  const bit = (v) => (v > high * 0.6 ? 1 : 0);
  return COLOURS[bit(r) + 2 * bit(g) + 4 * bit(b)];
}
