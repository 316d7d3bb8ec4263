// A short message in the corner with at most one thing to do about it. It stays while somebody points at it or is in it.
import { announce, h, icon } from "./dom.js";
import { t } from "./text.js";

const SHOWN_MS = 12_000;
let place = null;

/** `action`: {label, run}. Returns a function that takes the message away. */
export function toast(message, action = null, { stays = false } = {}) {
  place ??= document.body.appendChild(h("div", { class: "toasts", role: "region", "aria-label": t("toast.label") }));
  const close = () => {
    clearTimeout(timer);
    item.remove();
  };
  const act = action ? h("button", { type: "button", class: "link", onclick: () => (close(), action.run()) }, action.label) : null;
  const cross = h("button", { type: "button", class: "quiet square", "aria-label": t("dialog.close"), onclick: close }, icon("cross"));
  const item = h("div", { class: "toast" }, h("span", {}, message), act, cross);
  place.append(item);
  announce(action ? `${message} ${action.label}` : message);
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    if (!stays) timer = setTimeout(() => (item.matches(":hover, :focus-within") ? wait() : close()), SHOWN_MS);
  };
  wait();
  return close;
}
