// Pages already read stay readable without a network (static/src/reading/worker.js keeps them), and say so.
import { h, icon } from "../lab/dom.js";
import { t } from "../lab/text.js";

export function readOffline() {
  const readAt = document.documentElement.dataset.readAt;
  if (readAt) {
    const when = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" }).format(new Date(readAt));
    const note = h("p", { class: "note warn offline", role: "status" }, icon("warn"), h("span", {}, t("offline.page", { when })));
    document.getElementById("main").prepend(note);
  }
  if (!("serviceWorker" in navigator) || !document.body.dataset.reader) return;
  navigator.serviceWorker.register("/lector.js", { scope: "/" }).catch(() => {
    // Where it can't be had (a private window), pages are read with a network as ever.
  });
}
