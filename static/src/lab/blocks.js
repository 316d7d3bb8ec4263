// Blocks of the instructions that act: typed into the terminal or put into a file with one click, or copied.
import { announce, h, icon, isPhone } from "./dom.js";
import { t } from "./text.js";

const ICONS = { run: "play", insert: "down", open: "down" };

/** Gives each block that carries a directive (portal.courses.rendering) its buttons. */
export function actingBlocks(page) {
  for (const block of document.querySelectorAll("#instructions .act")) new ActingBlock(page, block);
}

class ActingBlock {
  constructor(page, block) {
    this.page = page;
    this.file = block.dataset.file;
    this.text = block.querySelector("code").textContent.replace(/\n+$/, "");
    const act = block.dataset.act;
    const told = { path: this.file };
    const able = act === "run" ? page.terminals : page.files.get(this.file);
    this.button = able ? h("button", { type: "button", class: "act-do", title: this.text, onclick: () => this.#do(act) }, icon(ICONS[act]), t(`block.${act}`, told)) : null;
    const copy = h("button", { type: "button", class: "quiet", onclick: () => this.#copy() }, icon("copy"), t("block.copy"));
    this.note = h("span", { class: "act-note soft" });
    block.append(h("div", { class: "act-bar" }, this.button, copy, this.note));
  }

  async #do(act) {
    if (this.button.getAttribute("aria-disabled")) return;
    if (act === "run") return this.#run();
    if (isPhone()) this.page.views.show("editor");
    this.page.fileTabs.select(this.file);
    const before = this.page.files.get(this.file).text;
    if (act === "insert") this.page.editor.append(this.text);
    else this.page.editor.replace(this.file, `${this.text}\n`, { edit: true });
    this.#offerUndo(act, before);
  }

  /** The command finds the files as they are on the page, saved or still being saved. */
  async #run() {
    this.button.setAttribute("aria-disabled", "true");
    this.#say(t("block.starting"));
    try {
      await this.page.session.whenReady();
      await this.page.runs.push();
      if (isPhone()) this.page.views.show("results");
      await this.page.terminals.run(this.text);
      this.#say("");
    } catch (error) {
      this.#say("");
      this.page.fail(error);
    } finally {
      this.button.removeAttribute("aria-disabled");
    }
  }

  /** Takes the change back in one click, as long as nothing else was typed since. */
  #offerUndo(act, before) {
    const after = this.page.files.get(this.file).text;
    const done = t(`block.${act}.done`, { path: this.file });
    const undo = h("button", { type: "button", class: "link" }, t("block.undo"));
    undo.addEventListener("click", () => {
      const now = this.page.files.get(this.file).text;
      if (now === after) this.page.editor.replace(this.file, before, { edit: true });
      this.#say(t(now === after ? "block.undone" : "block.changed", { path: this.file }));
      this.button.focus();
    });
    this.#say(done, " ", undo);
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.text);
      this.#say(t("block.copied"));
    } catch {
      // Refused, or no secure context: the reader copies by hand what is selected for them.
      getSelection().selectAllChildren(this.note.closest(".act").querySelector("code"));
      this.#say(t("block.select"));
    }
  }

  #say(text, ...more) {
    this.note.replaceChildren(text, ...more);
    announce(text);
  }
}
