// Builds elements. Text only ever enters as text nodes, so nothing a student's program prints can become markup.

/** h("p", {class: "soft", onclick: f, data: {path: "a"}}, "text", child, null) */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  return h("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
}

/** A state as shape, colour and word. `tone` is good, bad, warn, busy or none. */
export function stateMark(tone, iconName, word) {
  return h("span", { class: `state ${tone}` }, icon(iconName), word);
}

/** Reads `message` to people who listen to the page; polite, so it never interrupts typing. */
export function announce(message) {
  document.getElementById("announce").textContent = message;
}

export function isPhone() {
  return matchMedia("(max-width: 56rem)").matches;
}
