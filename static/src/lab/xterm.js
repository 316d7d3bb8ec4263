// The terminal itself (xterm.js), fitted to its place, in the page's colours and within its content policy. Loaded when
// the first terminal opens.
import { FitAddon } from "@xterm/addon-fit";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import { create } from "./policydocument.js";
import { t } from "./text.js";

const FONT_PX = 14;
const SCROLLBACK_LINES = 10_000;
const READABLE = 4.5; // WCAG 2.2, 1.4.3
const ANSI = { red: "--ansi-red", green: "--ansi-green", yellow: "--ansi-yellow", blue: "--ansi-blue", magenta: "--ansi-magenta", cyan: "--ansi-cyan" };

/** Opens one in `host`. `onLink(address)` is asked when a person clicks an address. Returns {term, fit, close}. */
export async function openTerminal(host, { onLink, screenReaderMode }) {
  const style = getComputedStyle(document.documentElement);
  const fontFamily = style.getPropertyValue("--mono");
  await Promise.all(["", "bold "].map((weight) => document.fonts.load(`${weight}${FONT_PX}px ${fontFamily}`)));
  Terminal.strings.promptLabel = t("terminal.input");
  Terminal.strings.tooMuchOutput = t("terminal.too_much");
  const linkHandler = { activate: (_event, address) => onLink(address) };
  const term = new Terminal({ fontFamily, fontSize: FONT_PX, lineHeight: 1.2, scrollback: SCROLLBACK_LINES, cursorBlink: false, minimumContrastRatio: READABLE, theme: theme(host), linkHandler, screenReaderMode });
  const fitting = new FitAddon();
  term.loadAddon(fitting);
  term.loadAddon(new WebLinksAddon(linkHandler.activate));
  opened(term, host);
  const fit = () => host.clientWidth && host.clientHeight && fitting.fit();
  const room = new ResizeObserver(() => requestAnimationFrame(fit));
  room.observe(host);
  const unwatch = watchTheme(() => (term.options.theme = theme(host)));
  return { term, fit, close: () => (room.disconnect(), unwatch(), term.dispose()) };
}

/** Our tokens as xterm.js takes them: read where they apply, so light and dark come out by themselves. */
function theme(host) {
  const probe = document.createElement("i");
  host.append(probe);
  const colour = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const ansi = Object.entries(ANSI).flatMap(([name, token]) => [[name, colour(token)], [`bright${name[0].toUpperCase()}${name.slice(1)}`, colour(token)]]);
  const ink = colour("--ink");
  const soft = colour("--ink-soft");
  const ground = colour("--well");
  const found = { ...Object.fromEntries(ansi), foreground: ink, background: ground, cursor: colour("--accent"), cursorAccent: ground, selectionBackground: colour("--line"), black: soft, brightBlack: soft, white: ink, brightWhite: ink };
  probe.remove();
  return found;
}

function watchTheme(changed) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = new MutationObserver(changed);
  dark.addEventListener("change", changed);
  chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => (dark.removeEventListener("change", changed), chosen.disconnect());
}

/** term.open. What it makes at once it makes by the window's own document. */
function opened(term, host) {
  document.createElement = create;
  try {
    term.open(host);
  } finally {
    delete document.createElement;
  }
}
