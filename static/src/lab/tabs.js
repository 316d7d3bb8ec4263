// A tab list with roving tabindex: arrows move, Home and End jump, one stop in the Tab order.
import { h } from "./dom.js";

/**
 * `items`: [{id, label, panel}] (panel: the id of the element it controls). `onChange(id)` is called when a person or
 * `select` changes the tab. Returns {element, select, current, tab}.
 */
export function tabs(element, items, onChange) {
  let current = null;
  const buttons = new Map(
    items.map(({ id, label, panel }) => [
      id,
      h("button", { type: "button", role: "tab", id: `tab-${element.id}-${id}`, class: "tab", "aria-selected": "false", "aria-controls": panel, tabindex: "-1", onclick: () => select(id) }, label),
    ]),
  );
  element.append(...buttons.values());

  function select(id, { focus = false, quiet = false } = {}) {
    current = id;
    for (const [other, button] of buttons) {
      button.setAttribute("aria-selected", String(other === id));
      button.tabIndex = other === id ? 0 : -1;
    }
    if (focus) buttons.get(id).focus();
    buttons.get(id).scrollIntoView({ block: "nearest", inline: "nearest" });
    if (!quiet) onChange(id);
  }

  element.addEventListener("keydown", (event) => {
    const order = [...buttons.keys()];
    const at = order.indexOf(current);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: order.length - 1 }[event.key];
    if (next === undefined || !event.target.closest("[role=tab]")) return;
    event.preventDefault();
    select(order[(next + order.length) % order.length], { focus: true });
  });

  return { element, select, current: () => current, tab: (id) => buttons.get(id) };
}
