// "Another port": what listens in the sandbox now, or a number.
import { ask } from "./dialog.js";
import { h, icon } from "./dom.js";
import { t } from "./text.js";

const REFRESH_MS = 2000;

/** Resolves with the port a person chose, or null. The list is read again while the dialog is open. */
export async function askPort(session) {
  const list = h("div", { class: "web-ports" });
  const number = h("input", { type: "number", min: 1024, max: 65535, step: 1, inputmode: "numeric", placeholder: "8000" });
  const go = h("button", { class: "primary", value: "typed" }, t("web.open"));
  const typed = h("label", { class: "field" }, h("span", {}, t("web.number")), h("span", { class: "row" }, number, go));
  const refresh = async () => {
    if (!session.ready) return fill(list, [], t("web.ports.cold"));
    try {
      fill(list, await (await session.fetch("/lab/ports")).json(), t("web.ports.none"));
    } catch (error) {
      fill(list, [], error.message);
    }
  };
  const timer = setInterval(refresh, REFRESH_MS);
  refresh();
  const answer = await ask({ title: t("web.other"), body: [h("p", { class: "soft" }, t("web.ports.text")), list, typed], buttons: [] });
  clearInterval(timer);
  return Number(answer === "typed" ? number.value : answer) || null;
}

function fill(list, servers, nothing) {
  const shown = JSON.stringify([servers, nothing]);
  if (list.dataset.shown === shown) return; // a button that is rebuilt loses the focus
  list.dataset.shown = shown;
  const rows = servers.map(({ port, process }) =>
    h("button", { value: port, class: "plain" }, icon("external"), h("span", { class: "numeric" }, String(port)), h("span", { class: "soft" }, process)),
  );
  list.replaceChildren(...(rows.length ? rows : [h("p", { class: "soft", role: "status" }, nothing)]));
}
