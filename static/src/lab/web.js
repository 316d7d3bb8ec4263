// The web pages of what runs in the sandbox (Spark UI, the student's own server …): a menu that opens each as a tab.
import { icon, h } from "./dom.js";
import { t } from "./text.js";
import { askPort } from "./webports.js";
import { WebPanel } from "./webpanel.js";

export function webPages(page) {
  const pages = page.config.web.uis;
  const open = new Map();
  const sheet = h("div", { class: "sheet" });
  const menu = h("details", { class: "menu web-menu push" }, h("summary", {}, t("web.menu"), icon("down")), sheet);
  page.resultTabs.element.after(menu);

  const choose = (label, act) =>
    h("button", { type: "button", class: "plain", onclick: () => ((menu.open = false), act()) }, label);
  sheet.append(
    h("nav", { class: "web-pages", "aria-label": t("web.pages") }, pages.map((ui) => choose(ui.title, () => show(ui))), choose(t("web.other"), other)),
  );

  function show(ui) {
    const id = `web-${ui.id}`;
    if (!open.has(id)) {
      const panel = page.addPanel(id, ui.title, { onClose: close });
      panel.classList.add("web");
      open.set(id, new WebPanel(panel, page, ui));
    }
    page.views.show("results");
    page.resultTabs.select(id, { focus: true });
  }

  function close(id) {
    open.get(id).close();
    open.delete(id);
    page.removePanel(id);
  }

  async function other() {
    const port = await askPort(page.session);
    if (port) page.openPort(port);
  }

  /** What listens on a port of the sandbox, in a tab. */
  page.openPort = (port, path = "/") => show(pages.find((ui) => ui.port === port) ?? { id: `port-${port}`, title: t("web.port", { port }), port, path });
}
