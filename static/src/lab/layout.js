// The page's parts: beside each other and resizable where there is room, one at a time on a phone.
import { h } from "./dom.js";
import { tabs } from "./tabs.js";
import { t } from "./text.js";

function remembered(name, fallback) {
  const value = Number(localStorage.getItem(name));
  return Number.isFinite(value) && value > 0 ? value : fallback;
}

/** A handle between two parts, by pointer or arrow keys; the share (percent) goes to a custom property of `grid`. */
function splitter(handle, grid, { property, vertical, initial, least, most, label, share }) {
  let value = remembered(property, initial);
  const apply = (next, keep = true) => {
    value = Math.min(most, Math.max(least, next));
    grid.style.setProperty(property, `${value}%`);
    handle.setAttribute("aria-valuenow", String(Math.round(value)));
    if (keep) localStorage.setItem(property, String(value));
  };
  for (const [name, content] of Object.entries({ role: "separator", tabindex: "0", "aria-label": label, "aria-orientation": vertical ? "vertical" : "horizontal", "aria-valuemin": least, "aria-valuemax": most })) handle.setAttribute(name, content);
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    grid.classList.add("resizing");
  });
  handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && apply(share(event, grid.getBoundingClientRect())));
  handle.addEventListener("lostpointercapture", () => grid.classList.remove("resizing"));
  handle.addEventListener("dblclick", () => apply(initial));
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowUp: 2, ArrowRight: 2, ArrowDown: -2 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    apply(value + step);
  });
  apply(value, false);
}

/** Returns {show(view)}: on a phone one of instructions, editor, results is on screen. */
export function layout(grid) {
  splitter(document.getElementById("split-columns"), grid, {
    property: "--instructions",
    vertical: true,
    initial: 36,
    least: 20,
    most: 60,
    label: t("layout.columns"),
    share: (event, box) => ((event.clientX - box.left) / box.width) * 100,
  });
  splitter(document.getElementById("split-rows"), grid, {
    property: "--results",
    vertical: false,
    initial: 42,
    least: 15,
    most: 75,
    label: t("layout.rows"),
    share: (event, box) => ((box.bottom - event.clientY) / box.height) * 100,
  });
  const views = tabs(
    document.getElementById("views"),
    ["instructions", "editor", "results"].map((id) => ({ id, label: t(`view.${id}`), panel: id })),
    (id) => (grid.dataset.view = id),
  );
  views.select("instructions");
  return { show: (id) => views.select(id) };
}

export function shortcutHelp(mac) {
  const mod = mac ? "⌘" : "Ctrl";
  const rows = [
    [[mod, "↵"], "keys.run"],
    [[mod, "."], "keys.stop"],
    [[mod, "⇧", "↵"], "keys.submit"],
    [[mod, "S"], "keys.save"],
    [["Ctrl", "Alt", "1–3"], "keys.parts"],
    [["Esc", "Tab"], "keys.leave"],
    [["Ctrl", "`"], "keys.terminal"],
    [["Ctrl", "⇧", "↑"], "keys.terminal_leave"],
    [["Ctrl", "⇧", "C"], "keys.terminal_copy"],
    [["Ctrl", "⇧", "V"], "keys.terminal_paste"],
    [[mod, "F"], "keys.find"],
    [["Esc", "↵"], "keys.book.modes"],
    [["⇧", "↵"], "keys.book.run"],
    [["a", "b", "d d"], "keys.book.cells"],
    [["?"], "keys.help"],
  ];
  return h("dl", { class: "keys" }, rows.map(([keys, key]) => [h("dt", {}, keys.map((name) => h("kbd", {}, name))), h("dd", {}, t(key))]));
}
