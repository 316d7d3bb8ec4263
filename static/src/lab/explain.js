// What a common error means: one matching entry of the catalogue (labs/explanations), fetched when the first error comes.
import { h, icon } from "./dom.js";
import { portal } from "./http.js";
import { t } from "./text.js";

const MAX_CHARS = 40_000;
const WORD = /[\p{L}\p{N}_]/u;
let url = "";
let loading = null;

export function useExplanations(address) {
  url = address;
}

function hasWord(text, word) {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!WORD.test(text[at - 1] ?? "") && !WORD.test(text[at + word.length] ?? "")) return true;
  }
  return false;
}

/** How much of `text` an entry accounts for; 0 when it doesn't match. The same rules as labs/explaining.py, linear too. */
export function weight(entry, text) {
  const head = text.split("\n", 1)[0];
  const named = Math.max(0, ...entry.error.filter((name) => hasWord(head, name)).map((name) => name.length));
  if (entry.error.length && !named) return 0;
  let place = 0;
  for (const fragment of entry.match) {
    const found = text.indexOf(fragment, place);
    if (found < 0) return 0;
    place = found + fragment.length;
  }
  return named + entry.match.reduce((sum, fragment) => sum + fragment.length, 0);
}

/** The entry that accounts for most of `text`, of equals the first by id; null when none matches. */
export function explain(text, entries) {
  let best = null;
  for (const entry of entries) {
    const own = weight(entry, text);
    if (own && (!best || own > best.own || (own === best.own && entry.id < best.entry.id))) best = { own, entry };
  }
  return best?.entry ?? null;
}

async function catalogue() {
  loading ??= portal(url);
  try {
    return await loading;
  } catch (error) {
    loading = null; // the next error tries again
    throw error;
  }
}

/** An element for under the error `text`: empty and hidden for good when nothing in the catalogue matches. */
export function explanation(text) {
  const place = h("div", { class: "explained", hidden: true });
  const plain = text.replace(/\x1b\[[0-9;]*m/g, "");
  const short = plain.length > MAX_CHARS ? `${plain.slice(0, MAX_CHARS / 2)}\n${plain.slice(-MAX_CHARS / 2)}` : plain;
  const show = (...content) => {
    place.hidden = false;
    place.replaceChildren(...content);
  };
  catalogue().then(
    (entries) => {
      const entry = explain(short, entries);
      if (entry) show(h("details", { open: true }, h("summary", {}, icon("hint"), h("span", {}, entry.cause)), h("p", {}, entry.remedy)));
    },
    (error) => show(h("p", { class: "soft" }, t("explain.failed"), " ", error.message)),
  );
  return place;
}
