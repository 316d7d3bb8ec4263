// A notebook (nbformat 4.5, https://nbformat.readthedocs.io) as the page edits it: its cells' sources. Outputs are never stored.

const CODE_EMPTY = { execution_count: null, outputs: [] };

/** Whether a text is a notebook that can be edited here; null or the parsed JSON. */
function parsed(text) {
  try {
    const whole = JSON.parse(text);
    const fine = whole?.nbformat === 4 && Array.isArray(whole.cells) && whole.cells.every((cell) => ["code", "markdown", "raw"].includes(cell?.cell_type));
    return fine ? whole : null;
  } catch {
    return null;
  }
}

const sourceOf = (cell) => (Array.isArray(cell.source) ? cell.source.join("") : String(cell.source ?? ""));

/** Lines as nbformat writes them: each but the last with its newline. */
const lines = (source) => source.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** A cell: {id, kind: code|markdown|raw, source, answer, own}. `answer`: graded; `own`: the student added it. */
export class BookModel {
  #whole;

  /** `starter` is the lab's own notebook, whose cells the student can't take away. Null when `text` is no notebook. */
  static read(text, starter) {
    const whole = parsed(text);
    return whole ? new BookModel(whole, parsed(starter ?? "")) : null;
  }

  constructor(whole, pristine) {
    this.#whole = whole;
    const given = new Set(pristine?.cells.map((cell) => cell.id));
    this.cells = whole.cells.map((raw, at) => {
      const id = typeof raw.id === "string" && raw.id ? raw.id : `cell-${at + 1}`;
      return { id, kind: raw.cell_type, source: sourceOf(raw), answer: raw.metadata?.lab?.answer === true, own: !given.has(id), metadata: raw.metadata ?? {} };
    });
  }

  get(id) {
    return this.cells.find((cell) => cell.id === id);
  }

  at(id) {
    return this.cells.findIndex((cell) => cell.id === id);
  }

  editable(cell) {
    return cell.answer || cell.own;
  }

  /** A new empty cell at a position; returns it. */
  insert(at, kind) {
    const cell = { id: crypto.randomUUID().slice(0, 8), kind, source: "", answer: false, own: true, metadata: {} };
    this.cells.splice(at, 0, cell);
    return cell;
  }

  /** Takes a cell out; returns what `putBack` needs. */
  remove(id) {
    const at = this.at(id);
    return { at, cell: this.cells.splice(at, 1)[0] };
  }

  putBack({ at, cell }) {
    this.cells.splice(at, 0, cell);
  }

  /** One place up (-1) or down (1); false at the end. */
  move(id, by) {
    const at = this.at(id);
    const to = at + by;
    if (to < 0 || to >= this.cells.length) return false;
    this.cells.splice(to, 0, ...this.cells.splice(at, 1));
    return true;
  }

  /** The notebook as a file, byte for byte what it was when nothing changed. */
  text() {
    const cells = this.cells.map(({ id, kind, source, metadata }) => ({ cell_type: kind, id, metadata, source: lines(source), ...(kind === "code" ? CODE_EMPTY : {}) }));
    return `${JSON.stringify({ ...this.#whole, cells, nbformat_minor: Math.max(5, this.#whole.nbformat_minor ?? 5) }, null, 1)}\n`;
  }
}

/** A notebook as plain lines, for a difference that a person reads; any other text as it is. */
export function readable(path, text) {
  const whole = path.endsWith(".ipynb") ? parsed(text) : null;
  if (!whole) return text;
  return whole.cells.map((cell) => `# ── ${cell.id ?? ""} (${cell.cell_type})\n${sourceOf(cell)}\n`).join("\n");
}
