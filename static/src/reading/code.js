// Each block of code can be copied; what it can do besides (open a lab) stands in the same bar.
import { announce, h, icon } from "../lab/dom.js";
import { t } from "../lab/text.js";

const SHOWN_MS = 2000;

export function copyCode(prose) {
  for (const block of prose.querySelectorAll("pre.code")) {
    const label = h("span", {}, t("code.copy"));
    const button = h("button", { type: "button", class: "quiet code-copy", onclick: () => copy(block, label) }, icon("copy"), label);
    const bar = h("div", { class: "code-bar" }, button);
    const leads = block.nextElementSibling?.matches("p.try") ? block.nextElementSibling : null;
    const box = h("div", { class: "code-box" });
    block.before(box);
    box.append(block, bar);
    if (leads) bar.prepend(leads);
  }
}

async function copy(block, label) {
  try {
    await navigator.clipboard.writeText(block.textContent.replace(/\n+$/, ""));
    label.textContent = t("copied");
  } catch {
    label.textContent = t("copy_failed");
  }
  announce(label.textContent);
  setTimeout(() => (label.textContent = t("code.copy")), SHOWN_MS);
}
