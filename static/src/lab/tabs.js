// A tab list with roving tabindex: arrows move, Home and End jump, Delete closes what can be closed, one stop in the Tab order.
import { h, icon } from "./dom.js";
import { t } from "./text.js";

/**
 * `items`: [{id, label, panel, onClose}] (panel: the id of the element it controls; onClose: asked when a person closes
 * the tab, which is theirs to `remove` then). `onChange(id)` is called when a person or `select` changes the tab.
 * Returns {element, select, current, tab, has, add, remove}.
 */
export function tabs(element, items, onChange) {
  let current = null;
  const buttons = new Map();
  const closers = new Map();

  function add({ id, label, panel, onClose }) {
    const name = h("span", { class: "tab-label" }, label);
    // The cross is for the pointer; the keyboard has Delete, and says so.
    const cross = onClose ? h("span", { class: "tab-close", title: t("tabs.close"), onclick: (event) => (event.stopPropagation(), onClose(id)) }, icon("cross")) : null;
    const button = h("button", { type: "button", role: "tab", id: `tab-${element.id}-${id}`, class: "tab", "aria-selected": "false", "aria-controls": panel, tabindex: "-1", onclick: () => select(id) }, name, cross);
    if (onClose) button.setAttribute("aria-keyshortcuts", "Delete");
    buttons.set(id, button);
    if (onClose) closers.set(id, onClose);
    element.append(button);
    return button;
  }

  /** Takes a tab away; when it was the open one, its neighbour opens. */
  function remove(id) {
    const order = [...buttons.keys()];
    const at = order.indexOf(id);
    buttons.get(id)?.remove();
    buttons.delete(id);
    closers.delete(id);
    if (current === id && buttons.size) select(order[at - 1] ?? order[at + 1], { focus: true });
  }

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

  items.forEach(add);

  element.addEventListener("keydown", (event) => {
    if (!event.target.closest("[role=tab]")) return;
    if (event.key === "Delete" && closers.has(current)) {
      event.preventDefault();
      closers.get(current)(current);
      return;
    }
    const order = [...buttons.keys()];
    const at = order.indexOf(current);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: order.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    select(order[(next + order.length) % order.length], { focus: true });
  });

  return { element, select, current: () => current, tab: (id) => buttons.get(id), has: (id) => buttons.has(id), add, remove };
}
