// Terminals of the sandbox as tabs of the results: open, close, find again after a reload, and run a command in one.
import { ask, confirmed } from "./dialog.js";
import { h, icon } from "./dom.js";
import { TerminalTab } from "./terminaltab.js";
import { t } from "./text.js";

const LOOK_MS = 4000;
const LOCAL = new Set(["localhost", "127.0.0.1", "0.0.0.0", "[::1]"]);

/** Gives the page `terminals.run(text)`: shows a terminal whose shell is free, making one if needed, and runs the text. */
export function terminals(page) {
  const set = new Terminals(page);
  page.terminals = { run: (text) => set.run(text) };
}

class Terminals {
  #tabs = new Map();
  #made = 0;

  constructor(page) {
    this.page = page;
    const name = t("terminal.new");
    this.button = h("button", { type: "button", class: "quiet term-new", title: name, "aria-label": name, "aria-keyshortcuts": "Control+`", onclick: () => this.show(this.#add()) }, icon("plus"), h("span", {}, t("terminal.name")));
    page.resultTabs.element.after(this.button);
    document.addEventListener("keydown", (event) => this.#key(event));
    page.session.addEventListener("change", ({ detail }) => page.session.ready && detail.before !== "ready" && this.#restore());
    if (page.session.ready) this.#restore();
    if (page.config.visit) this.#visit();
  }

  /** On an instructor's page that looks on, the student's terminals come and go by themselves; it makes and ends none. */
  #visit() {
    this.button.remove();
    setInterval(() => !document.hidden && this.page.session.ready && this.#restore(), LOOK_MS);
    this.page.grid.addEventListener("lock", () => this.#tabs.forEach((tab) => tab.reconnect()));
  }

  /** The tabs of terminals that have ended, gone from an instructor's page. */
  #forget(found) {
    for (const [id, tab] of this.#tabs) {
      if (!tab.over && found.some(({ name }) => name === tab.name)) continue;
      this.#tabs.delete(id);
      this.page.removePanel(id);
      tab.leave();
    }
  }

  /** Tabs for the terminals that the sandbox has already: of before a reload, or of another window. */
  async #restore() {
    try {
      const found = await (await this.page.session.fetch("/api/terminals")).json();
      if (this.page.config.visit) this.#forget(found);
      const known = new Set([...this.#tabs.values()].map((tab) => tab.name));
      for (const { name } of found) if (!known.has(name)) this.#add(name);
    } catch (error) {
      if (!error.code) throw error;
      // The session tells by itself when it is gone; a terminal opened by hand says what is wrong.
    }
  }

  #add(name = null) {
    const id = `terminal-${++this.#made}`;
    const label = (number) => t("terminal.title", { number });
    const panel = this.page.addPanel(id, label(name ?? this.#free()), this.page.config.visit ? {} : { onClose: (closed) => this.#close(closed) });
    panel.classList.add("term");
    const tab = new TerminalTab(panel, { session: this.page.session, name, onLink: (address) => this.#follow(address), onLeave: () => this.page.resultTabs.tab(id).focus() });
    tab.addEventListener("state", () => tab.atPrompt && this.page.outside.soon()); // a command may have written an open file
    tab.id = id;
    tab.addEventListener("named", () => (this.page.resultTabs.tab(id).querySelector(".tab-label").textContent = label(tab.name)));
    this.#tabs.set(id, tab);
    return tab;
  }

  /** The number that the next one will most likely have. */
  #free() {
    const taken = new Set([...this.#tabs.values()].map((tab) => tab.name));
    let number = 1;
    while (taken.has(String(number))) number++;
    return number;
  }

  show(tab) {
    this.page.views.show("results");
    this.page.resultTabs.select(tab.id);
    tab.focus();
  }

  async #close(id) {
    const tab = this.#tabs.get(id);
    const busy = tab.alive && !tab.atPrompt;
    if (busy && !(await confirmed(t("terminal.close", { number: tab.name }), t("terminal.close.text"), t("terminal.close.do"), "danger"))) return;
    this.#tabs.delete(id);
    this.page.removePanel(id);
    await tab.close().catch((error) => this.page.fail(error));
  }

  /** Resolves when the command was typed; rejects with the reason when there can be no terminal for it. */
  async run(text) {
    const tab = (await this.#idle()) ?? this.#add();
    this.show(tab);
    if (!(await tab.ready({ fresh: true }))) throw Object.assign(new Error(t("terminal.not_run")), { code: "terminal" });
    tab.run(text);
  }

  /** The terminal used last whose shell waits for a command. */
  async #idle() {
    const newest = [...this.#tabs.values()].filter((tab) => tab.name && !tab.over).sort((a, b) => b.used - a.used);
    for (const tab of newest) if (await tab.ready()) return tab;
    return null;
  }

  #key(event) {
    if (!event.ctrlKey || event.code !== "Backquote" || event.altKey || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    const current = this.#tabs.get(this.page.resultTabs.current());
    if (current && current.panel.contains(document.activeElement)) return this.#toEditor();
    const there = current ?? [...this.#tabs.values()].at(-1) ?? (this.page.config.visit ? null : this.#add());
    if (there) this.show(there);
  }

  #toEditor() {
    this.page.views.show("editor");
    this.page.editor.focus();
  }

  /** A person clicked an address: one of the sandbox's own servers, or the world outside. */
  async #follow(address) {
    const url = URL.canParse(address) ? new URL(address) : null;
    if (!url || !["http:", "https:"].includes(url.protocol)) return;
    if (LOCAL.has(url.hostname) && Number(url.port) >= 1024) return this.page.openPort(Number(url.port), url.pathname + url.search + url.hash);
    // What a program prints may say one address and mean another: the one that opens is shown first.
    const answer = await ask({ title: t("terminal.link"), body: [h("p", {}, t("terminal.link.text")), h("p", { class: "term-address" }, url.href)], buttons: [{ value: "", label: t("dialog.cancel") }, { value: "open", label: t("terminal.link.open"), kind: "primary" }] });
    if (answer === "open") window.open(url.href, "_blank", "noopener,noreferrer");
  }
}
