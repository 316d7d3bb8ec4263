// The code editor: CodeMirror inside a shadow root, where its styles are constructed sheets that the page's policy allows.
import { basicSetup } from "codemirror";
import { indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { sql } from "@codemirror/lang-sql";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, StreamLanguage, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import { scala } from "@codemirror/legacy-modes/mode/clike";
import { Compartment, EditorState, Transaction } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { announce, h } from "./dom.js";
import { t } from "./text.js";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.self], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.attributeValue], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.literal], color: "var(--code-number)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName)), tags.className, tags.typeName, tags.propertyName, tags.definition(tags.propertyName), tags.tagName], color: "var(--code-name)" },
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--well)", color: "var(--ink)", fontSize: "15px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontVariantLigatures: "none", lineHeight: "1.55" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 14px 0 8px" },
  ".cm-gutters": { backgroundColor: "var(--well)", color: "var(--ink-soft)", border: "none", paddingLeft: "4px" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  ".cm-activeLine": { backgroundColor: "light-dark(oklch(93% 0.01 262 / 0.5), oklch(30% 0.02 262 / 0.35))" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "light-dark(oklch(88% 0.05 268), oklch(38% 0.08 270))" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "light-dark(oklch(90% 0.05 268), oklch(38% 0.06 268))", color: "inherit" },
  ".cm-selectionMatch": { backgroundColor: "light-dark(oklch(93% 0.04 90), oklch(34% 0.05 85))" },
  ".cm-foldGutter .cm-gutterElement": { opacity: "0.5" },
  ".cm-panels": { backgroundColor: "var(--surface)", color: "var(--ink)", borderColor: "var(--line)", fontFamily: "var(--text)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--raised)", border: "1px solid var(--line-strong)", borderRadius: "4px", color: "var(--ink)" },
  ".cm-textfield": { backgroundColor: "var(--raised)", border: "1px solid var(--line-strong)", borderRadius: "4px", color: "var(--ink)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "6px", overflow: "hidden", boxShadow: "var(--shadow)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-flash": { backgroundColor: "var(--warn-soft)" },
});

const BY_NAME = [
  [/\.py$/, () => python()],
  [/\.sql$/, () => sql()],
  [/\.ya?ml$/, () => yaml()],
  [/\.(scala|sc)$/, () => StreamLanguage.define(scala)],
  [/(^|\/)(Dockerfile|Containerfile)([.-].*)?$|\.dockerfile$/i, () => StreamLanguage.define(dockerFile)],
];

function languageOf(path) {
  return BY_NAME.find(([pattern]) => pattern.test(path))?.[1]() ?? [];
}

/** What every piece of code is edited with; `onText(text)` is called for what a person changes, never for what the page loads. */
export function coding(path, onText) {
  return [
    basicSetup,
    keymap.of([
      { key: "Escape", run: () => (announce(t("editor.tab_leaves")), false) },
      // The page's own shortcuts; the editor would read them as new lines otherwise.
      { key: "Mod-Enter", run: () => true },
      { key: "Shift-Mod-Enter", run: () => true },
      indentWithTab,
    ]),
    indentUnit.of(/\.(ya?ml|scala|sc)$/.test(path) ? "  " : "    "),
    languageOf(path),
    syntaxHighlighting(colours),
    look,
    EditorState.phrases.of(phrases()),
    EditorView.contentAttributes.of({ "aria-label": t("editor.label", { path }), "aria-description": t("editor.escape"), autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      const loaded = update.transactions.every((transaction) => transaction.annotation(Transaction.remote));
      if (!loaded) onText(update.state.doc.toString());
    }),
  ];
}

export class Editor {
  #states = new Map();
  #path = null;
  #locking = new Compartment();
  #locked = [];

  /** `onEdit(path, text)` is called for what a person changes, never for what the page loads. */
  constructor(host, onEdit) {
    const root = host.attachShadow({ mode: "open" });
    const place = h("div", { class: "place" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(":host{display:block;min-height:0;height:100%}.place{height:100%}*{box-sizing:border-box}");
    root.append(place);
    this.view = new EditorView({ parent: place, root });
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    this.onEdit = onEdit;
  }

  #extensions(path) {
    return [this.#locking.of(this.#locked), ...coding(path, (text) => this.onEdit(path, text))];
  }

  open(path, text) {
    if (this.#path) this.#states.set(this.#path, this.view.state);
    this.#path = path;
    this.view.setState(this.#states.get(path) ?? EditorState.create({ doc: text, extensions: this.#extensions(path) }));
    if (this.view.state.doc.toString() !== text) this.replace(path, text);
  }

  /** Whether the person may change anything here; what the page loads still comes in. */
  lock(locked) {
    this.#locked = locked ? [EditorState.readOnly.of(true)] : [];
    if (this.#path) this.#states.set(this.#path, this.view.state);
    for (const [path, state] of this.#states) this.#states.set(path, state.update({ effects: this.#locking.reconfigure(this.#locked) }).state);
    if (this.#path) this.view.setState(this.#states.get(this.#path));
  }

  /** Puts a text in a file's buffer (undoable); `edit` says whether it counts as the person's own change. */
  replace(path, text, { edit = false } = {}) {
    const state = path === this.#path ? this.view.state : this.#states.get(path);
    if (!state) {
      if (edit) this.onEdit(path, text);
      return;
    }
    const change = { changes: difference(state.doc.toString(), text), annotations: edit ? [] : [Transaction.remote.of(true)] };
    if (path === this.#path) this.view.dispatch(change);
    else {
      this.#states.set(path, state.update(change).state);
      if (edit) this.onEdit(path, text);
    }
  }

  /** Adds lines at the end of the open file, as one change of the person's own, and goes there. */
  append(text) {
    const { doc } = this.view.state;
    const before = doc.length && doc.lineAt(doc.length).length ? "\n" : "";
    const insert = `${before}${text.replace(/\n*$/, "\n")}`;
    this.view.dispatch({ changes: { from: doc.length, insert }, selection: { anchor: doc.length + before.length }, scrollIntoView: true });
    this.focus();
  }

  /** Lets go of a file's buffer: another may take its name. */
  forget(path) {
    this.#states.delete(path);
    if (path === this.#path) this.#path = null;
  }

  focus() {
    this.view.focus();
  }

  goTo(line) {
    const found = this.view.state.doc.line(Math.min(Math.max(1, line), this.view.state.doc.lines));
    this.view.dispatch({ selection: { anchor: found.from }, effects: EditorView.scrollIntoView(found.from, { y: "center" }) });
    this.focus();
  }
}

/** The one stretch in which two texts differ, so that the cursor stays where it is when somebody else changed the rest. */
function difference(before, after) {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from++;
  let end = 0;
  while (end < most - from && before.at(-1 - end) === after.at(-1 - end)) end++;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

function phrases() {
  const known = ["Find", "Replace", "next", "previous", "all", "match case", "by word", "regexp", "replace", "replace all", "close", "Go to line", "go", "current match", "on line", "Folded lines", "Unfolded lines", "unfold", "Fold line", "Unfold line", "Completions"];
  return Object.fromEntries(known.map((phrase) => [phrase, t(`cm.${phrase}`)]));
}
