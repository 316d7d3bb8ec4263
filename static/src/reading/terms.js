// What a term means, shown beside it on hover, focus and tap. Without this script a term is a link to the glossary.
import { h } from "../lab/dom.js";

const CLOSE_MS = 150;
const EDGE = 8;

/** `terms` maps ids to {term, other, definition}. */
export function explainTerms(prose, terms) {
  const links = [...prose.querySelectorAll("a.term")].filter((link) => terms?.[link.dataset.term]);
  if (!links.length) return;
  const bubble = new Bubble(terms);
  for (const link of links) {
    link.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && bubble.open(link));
    link.addEventListener("pointerleave", () => bubble.closeSoon());
    link.addEventListener("focus", () => link.matches(":focus-visible") && bubble.open(link));
    link.addEventListener("blur", () => bubble.close());
    link.addEventListener("click", (event) => {
      // The first tap shows, the second leads on.
      if (event.pointerType !== "touch" || bubble.link === link) return;
      event.preventDefault();
      bubble.open(link);
    });
  }
}

class Bubble {
  link = null;
  #timer = 0;

  constructor(terms) {
    this.terms = terms;
    this.element = h("div", { id: "term-bubble", class: "term-bubble", role: "tooltip", hidden: true });
    document.body.append(this.element);
    this.element.addEventListener("pointerenter", () => clearTimeout(this.#timer));
    this.element.addEventListener("pointerleave", () => this.closeSoon());
    addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    addEventListener("scroll", () => this.link && this.#place(), { passive: true });
    document.addEventListener("pointerdown", (event) => {
      if (this.link && !this.element.contains(event.target) && !this.link.contains(event.target)) this.close();
    });
  }

  open(link) {
    clearTimeout(this.#timer);
    if (this.link === link) return;
    this.close();
    this.link = link;
    const { term, other, definition } = this.terms[link.dataset.term];
    this.element.replaceChildren(h("p", {}, h("strong", {}, term), other === term ? null : h("span", { class: "soft" }, other)), h("p", {}, definition));
    this.element.hidden = false;
    link.setAttribute("aria-describedby", this.element.id);
    this.#place();
  }

  closeSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), CLOSE_MS);
  }

  close() {
    clearTimeout(this.#timer);
    this.link?.removeAttribute("aria-describedby");
    this.link = null;
    this.element.hidden = true;
  }

  /** Under the term, or above it where there is more room. */
  #place() {
    const at = this.link.getClientRects()[0];
    if (!at) return this.close();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const below = at.bottom + height + EDGE < innerHeight || at.top < height + EDGE;
    this.element.style.left = `${Math.max(EDGE, Math.min(at.left, document.documentElement.clientWidth - width - EDGE))}px`;
    this.element.style.top = `${below ? at.bottom + 4 : at.top - height - 4}px`;
  }
}
