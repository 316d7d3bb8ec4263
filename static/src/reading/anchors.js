// Each heading has a link to itself, which also copies its address.
import { announce, h } from "../lab/dom.js";
import { t } from "../lab/text.js";

const SHOWN_MS = 2000;

export function anchorHeadings(prose) {
  for (const heading of prose.querySelectorAll(":is(h2, h3)[id]")) {
    const link = h("a", { class: "header-anchor", href: `#${heading.id}`, "aria-label": t("anchor.copy", { title: heading.textContent }), title: t("anchor.short") }, "#");
    link.addEventListener("click", () => copy(link));
    heading.append(link);
  }
}

async function copy(link) {
  try {
    await navigator.clipboard.writeText(link.href);
  } catch {
    return; // The link has led to the heading, so its address can be had from the browser's bar.
  }
  link.dataset.copied = t("copied");
  announce(t("copied"));
  setTimeout(() => delete link.dataset.copied, SHOWN_MS);
}
