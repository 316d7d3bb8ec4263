// What every page has: theme choice, menus that close, parts that keep themselves fresh, the table of contents' mark.
import { forgetOthers } from "./kept.js";

const root = document.documentElement;

function applyTheme(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Chosen for this page only when storage is blocked.
  }
  showTheme();
  document.dispatchEvent(new CustomEvent("themechange"));
}

function showTheme() {
  const current = root.dataset.theme ?? "auto";
  for (const button of document.querySelectorAll("[data-set-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === current));
  }
}

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-set-theme]");
  if (choice) applyTheme(choice.dataset.setTheme);
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A part marked data-refresh="seconds" is read again from the same page while it is in view of a person.
function keepFresh(part) {
  setInterval(async () => {
    if (document.hidden) return;
    const response = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (!response?.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(part.id);
    if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
  }, Number(part.dataset.refresh) * 1000);
}

// A part marked data-live="address" is read again whenever that event stream says that something changed.
function keepLive(part) {
  const read = async () => {
    const response = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (!response?.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(part.id);
    if (!fresh || fresh.innerHTML === part.innerHTML) return;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.replaceChildren(...fresh.childNodes);
    if (focused) document.getElementById(focused)?.focus();
  };
  new EventSource(part.dataset.live).addEventListener(part.dataset.liveEvent, read);
}

function markReading(toc) {
  const links = new Map([...toc.querySelectorAll("a[href^='#']")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const mark = () => {
    const passed = headings.filter((h) => h.getBoundingClientRect().top < 140);
    const here = passed.at(-1) ?? headings[0];
    for (const [id, link] of links) {
      if (here?.id === id) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
}

showTheme();
document.querySelectorAll("[data-refresh]").forEach(keepFresh);
document.querySelectorAll("[data-live]").forEach(keepLive);
document.querySelectorAll(".toc").forEach(markReading);
forgetOthers();

// A table or a drawing that is wider than its place scrolls sideways, also for who has no mouse.
const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const part of document.querySelectorAll(".table-wrap, .drawing")) wide.observe(part);
