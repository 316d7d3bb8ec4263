// Dialogs on the browser's own <dialog>: focus is kept inside and given back.
import { h, icon } from "./dom.js";
import { t } from "./text.js";

/** Shows a dialog; resolves with the value of the button pressed, or null when it was dismissed. */
export function ask({ title, body, buttons, wide = false }) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: wide ? "wide" : "", "aria-labelledby": "dialog-title" },
      h(
        "form",
        { method: "dialog", class: "dialog-form" },
        h(
          "header",
          {},
          h("h2", { id: "dialog-title" }, title),
          h("button", { class: "quiet square push", value: "", "aria-label": t("dialog.close"), formnovalidate: true }, icon("cross")),
        ),
        h("div", { class: "dialog-body" }, body),
        buttons?.length
          ? h("footer", {}, buttons.map(({ value, label, kind = "" }) => h("button", { class: kind, value, autofocus: kind === "primary" }, label)))
          : null,
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export async function confirmed(title, text, label, kind = "primary") {
  const answer = await ask({ title, body: h("p", {}, text), buttons: [{ value: "", label: t("dialog.cancel") }, { value: "yes", label, kind }] });
  return answer === "yes";
}
