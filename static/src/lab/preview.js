// A file shown as what it is: a table's first rows, a picture, Markdown. Only text enters this page; the rest is drawn in
// the sandboxed frame.
import { h, icon } from "./dom.js";
import { bytes } from "./filepanel.js";
import { RichFrame } from "./richframe.js";
import { number, t, tn } from "./text.js";
import { encoded } from "./workspacefiles.js";

const MARKDOWN = /\.(md|markdown)$/i;
const SVG = /\.svg$/i;

export class Preview {
  #turn = 0;
  #frame = null;

  constructor(panel, page, work, path) {
    Object.assign(this, { panel, page, work, path });
    panel.classList.add("preview");
    this.again = h("button", { type: "button", class: "quiet square push", title: t("tree.refresh"), "aria-label": t("tree.refresh"), onclick: () => this.load() }, icon("restart"));
    this.facts = h("p", { class: "soft numeric", role: "status" });
    this.place = h("div", { class: "preview-place" });
    panel.append(h("div", { class: "preview-head" }, h("strong", { class: "tree-path" }, path), this.facts, this.again), this.place);
  }

  close() {
    this.#turn++;
    this.#frame?.destroy();
  }

  async load() {
    const turn = ++this.#turn;
    this.#say("busy", "dot", t("preview.reading"));
    try {
      const shown = await this.#read();
      if (turn !== this.#turn) return;
      if (shown) this.#show(shown);
      else this.#say("none", "ring", t("preview.cold"), h("button", { type: "button", class: "primary", onclick: () => this.#start() }, icon("play"), t("preview.start")));
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#say("bad", "cross", error.message);
      if (!error.code) throw error;
    }
  }

  async #start() {
    this.#say("busy", "dot", t("preview.starting"));
    try {
      await this.page.session.whenReady();
      await this.load();
    } catch (error) {
      this.#say("bad", "cross", error.message);
      if (!error.code) throw error;
    }
  }

  /** What to show; null when only a sandbox could say and none runs. Text that the portal keeps needs none. */
  async #read() {
    const { files, session, runs } = this.page;
    const stored = files.get(this.path) ?? (this.work.nodes.get(this.path)?.stored ? await this.work.text(this.path) : null);
    if (stored && MARKDOWN.test(this.path)) return { kind: "markdown", text: stored.text, size: stored.text.length };
    if (stored && SVG.test(this.path)) return { kind: "image", type: "image/svg+xml", data: stored.text, size: stored.text.length };
    if (!session.ready) return null;
    await runs.push();
    return (await session.fetch(`/lab/preview/${encoded(this.path)}`)).json();
  }

  #show(shown) {
    this.facts.textContent = bytes(shown.size);
    if (shown.kind === "table") this.#table(shown);
    else if (shown.kind === "image") this.#draw({ [shown.type]: shown.data, "text/plain": t("preview.no_frame") });
    else if (shown.kind === "markdown") this.#draw({ "text/markdown": shown.text, "text/plain": shown.text });
    else if (shown.kind === "text") this.place.replaceChildren(h("pre", { class: "terminal" }, shown.text), shown.cut ? h("p", { class: "soft" }, t("preview.cut")) : "");
    else this.#say("none", "ring", t(`preview.${shown.kind}`));
  }

  #draw(bundle) {
    this.#frame?.destroy();
    this.#frame = new RichFrame(this.page.config.gateway, this.page.session.current?.key);
    this.place.replaceChildren(this.#frame.element);
    this.#frame.show(bundle);
  }

  #table({ columns, rows, row_count: count, column_count: wide, bad_rows: bad, encoding, size }) {
    const facts = [count === null ? t("preview.many_rows") : tn("preview.rows", count), tn("preview.columns", wide), bytes(size)];
    this.facts.textContent = facts.join(" · ");
    const notes = [
      rows.length && (count === null || count > rows.length) ? t("preview.first_rows", { n: number(rows.length) }) : "",
      wide > columns.length ? t("preview.first_columns", { n: number(columns.length) }) : "",
      bad ? tn("preview.bad_rows", bad) : "",
      encoding === "latin-1" ? t("preview.latin") : "",
    ].filter(Boolean);
    const numeric = columns.map(({ type }) => /^(u?int|float|double|half|decimal)/.test(type));
    const cell = (value, i) => (value === null ? h("td", { class: "null" }, t("preview.null")) : h("td", { class: numeric[i] ? "numeric" : "" }, value));
    this.place.replaceChildren(
      h("div", { class: "preview-table", tabindex: "0", role: "region", "aria-label": this.path }, h("table", {}, h("thead", {}, h("tr", {}, columns.map(({ name, type }) => h("th", { scope: "col" }, name, h("span", { class: "type" }, type))))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell)))))),
      rows.length ? "" : h("p", { class: "soft" }, t("preview.no_rows")),
      ...notes.map((note) => h("p", { class: "soft" }, note)),
    );
  }

  #say(tone, glyph, text, ...more) {
    this.#frame?.destroy();
    this.#frame = null;
    this.place.replaceChildren(h("div", { class: "empty" }, h("p", { class: `state ${tone}`, role: "status" }, icon(glyph), text), ...more));
  }
}
