// Asks for a name until it is taken or given up: a refusal is shown beside what was typed, which stays.
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./text.js";

/** `take(name)` may reject with the reason. Resolves with what it gave, or null. `from`, `to`: what is selected of `value`. */
export async function askName({ title, hint = "", value = "", label, take, from = 0, to = value.length }) {
  let trouble = "";
  for (;;) {
    const input = h("input", { type: "text", value, autofocus: true, required: true, spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-invalid": trouble ? "true" : null, "aria-describedby": "name-hint" });
    // Enter would press the dialog's first button, which closes it.
    input.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), input.closest("dialog").close("take")));
    input.addEventListener("focus", () => input.setSelectionRange(from, to), { once: true });
    const field = h("label", { class: "field" }, h("span", {}, t("tree.name")), input);
    const more = h("p", { id: "name-hint", class: trouble ? "refusal" : "soft", role: trouble ? "alert" : null }, trouble || hint);
    const answer = await ask({ title, body: [field, more], buttons: [{ value: "", label: t("dialog.cancel") }, { value: "take", label, kind: "primary" }] });
    value = input.value.trim();
    if (answer !== "take") return null;
    if (!value) continue;
    try {
      return await take(value);
    } catch (error) {
      if (!error.code) throw error;
      trouble = error.message;
      [from, to] = [0, value.length];
    }
  }
}
