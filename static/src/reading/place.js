// Remembers the heading at which a page is left, and notes a page as read: its end was seen, and the time was enough to read it.
import { announce } from "../lab/dom.js";
import { t } from "../lab/text.js";

const LEAST_SHARE = 1 / 3;
const TICK_MS = 1000;

/** `config.place`: where the heading goes; `config.minutes`: how long the page takes to read. */
export function keepPlace(config) {
  const form = document.getElementById("read-mark");
  if (!form) return;
  const token = form.elements.csrfmiddlewaretoken.value;
  rememberHeading(config.place, token);
  const mark = new ReadMark(form);
  if (form.dataset.read === "no") whenRead((config.minutes * 60 * 1000) * LEAST_SHARE, () => mark.set(true));
}

function rememberHeading(address, token) {
  const headings = [...document.querySelectorAll(".reading .prose :is(h2, h3)[id]")];
  let sent = "";
  addEventListener("visibilitychange", () => {
    if (!document.hidden) return;
    const here = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 2).at(-1)?.id ?? "";
    if (here === sent) return;
    sent = here;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", token);
    body.append("anchor", here);
    navigator.sendBeacon(address, body);
  });
}

/** Calls back once the end has been in view and the page has been looked at for `least` milliseconds. */
function whenRead(least, callback) {
  let spent = 0;
  let ended = false;
  const watch = new IntersectionObserver((entries) => {
    ended ||= entries.some((entry) => entry.isIntersecting);
  });
  watch.observe(document.getElementById("read-end"));
  const timer = setInterval(() => {
    if (!document.hidden) spent += TICK_MS;
    if (!ended || spent < least) return;
    clearInterval(timer);
    watch.disconnect();
    callback();
  }, TICK_MS);
  document.addEventListener("readmark", () => (clearInterval(timer), watch.disconnect()), { once: true });
}

/** The button that marks the page as read or takes that back; a form, so it works without this script. */
class ReadMark {
  constructor(form) {
    this.form = form;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // Who has said it by hand is not contradicted by what was scrolled.
      document.dispatchEvent(new Event("readmark"));
      this.set(form.dataset.read === "no");
    });
  }

  async set(read) {
    const body = new FormData(this.form);
    body.set("read", read ? "yes" : "no");
    const response = await fetch(this.form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" }).catch(() => null);
    if (!response?.ok) return announce(t("read.failed"));
    this.form.dataset.read = read ? "yes" : "no";
    this.form.elements.read.value = read ? "no" : "yes";
    announce(t(read ? "read.done" : "read.undone"));
  }
}
