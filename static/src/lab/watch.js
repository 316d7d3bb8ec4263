// The lab as an instructor sees it: everything of the student's, live, to look at; to type in once the student says yes.
import { announce, h, icon } from "./dom.js";
import { follow, portal } from "./http.js";
import { Others } from "./others.js";
import { clock, t } from "./text.js";

/** Well within the life of a ticket: what earlier ones opened goes on as long as fresh ones are shown. */
const RENEW_MS = 3000;

export function watch(page) {
  new Watch(page);
}

class Watch {
  constructor(page) {
    const { visit, urls } = page.config;
    Object.assign(this, { page, urls, student: visit.student, hands: visit.hands, state: visit, notice: "" });
    this.words = h("span", { class: "looking-words", role: "status" });
    this.acts = h("span", { class: "row push" });
    this.strip = h("section", { id: "looking", class: "looking theirs" }, h("p", {}, icon("eye"), this.words, this.acts));
    page.grid.before(this.strip);
    page.submitButton.hidden = true;
    this.others = new Others(page, { all: true });
    this.others.runs(true);
    page.lock(true);
    this.#take(visit);
    this.unfollow = follow(urls.visitEvents, (state) => this.#take(state), (error) => this.#broken(error));
    this.timer = setInterval(() => this.#renew(), RENEW_MS);
  }

  #take(state) {
    const before = this.state;
    this.state = state;
    if (!state.going) return this.#ended(state.because);
    const types = state.typing?.state === "granted";
    if (types === this.page.locked) this.#turn(types);
    if (before.typing && !state.typing) this.notice = { refused: t("watch.refused", this), lapsed: t("watch.lapsed", this), ended: before.typing.state === "granted" ? t("watch.stopped", this) : "" }[state.last] ?? "";
    if (state.typing) this.notice = "";
    this.others.files(state.files);
    this.#adopt(state);
    this.#draw();
    if (this.notice && before.typing && !state.typing) announce(this.notice);
  }

  /** From looking to typing or back: other tickets from here on, and nothing left that may not be stored. */
  async #turn(types) {
    this.page.session.renew();
    this.page.lock(!types);
    if (!types) for (const path of await this.page.files.discard()) this.page.editor.replace(path, this.page.files.get(path).text);
  }

  /** A session or submissions that the student began meanwhile. */
  #adopt({ session, submissions }) {
    const { page } = this;
    const quiet = (error) => error.status === 409 || error.offline || page.fail(error); // gone again: the next news tells
    if (session && session !== page.session.current?.key) page.session.start().catch(quiet);
    for (const id of submissions.filter((each) => !page.submissions.list.some((known) => known.id === each))) {
      page.submissions.reload({ id }).then(() => page.submissions.watch(), quiet);
    }
  }

  #renew() {
    if (document.hidden || !this.page.session.ready) return;
    this.page.session.fetch("/lab/health").catch((error) => error.code || Promise.reject(error)); // the streams tell
  }

  #draw() {
    const { typing } = this.state;
    const types = typing?.state === "granted";
    this.strip.classList.toggle("typing", types);
    const title = types ? t("watch.typing", { student: this.student, time: clock(typing.until) }) : t("watch.title", this);
    const more = typing?.state === "asked" ? t("watch.asked", this) : this.notice || (types ? t("watch.careful") : t("watch.only", this));
    this.#say(title, more);
    const act = (key, kind, method, url) => h("button", { type: "button", id: key.replace(".", "-"), class: kind, onclick: () => this.#send(url, method) }, t(key));
    const { keyboard } = this.urls;
    let first = act("watch.ask", "primary", "POST", keyboard);
    if (typing) first = types ? act("watch.give_back", "", "DELETE", keyboard) : act("watch.withdraw", "", "DELETE", keyboard);
    if (this.acts.firstChild?.id === first.id) return;
    this.acts.replaceChildren(first, h("button", { type: "button", id: "watch-leave", class: "quiet", onclick: () => this.#leave() }, t("watch.leave")));
  }

  #say(title, more) {
    const words = `${title} ${more}`;
    if (this.words.textContent !== words) this.words.replaceChildren(h("strong", {}, title), " ", more);
  }

  async #send(url, method) {
    await portal(url, { method }).then((state) => this.#take(state), (error) => this.page.fail(error));
  }

  async #leave() {
    await portal(this.urls.leave, { method: "POST" }).then(() => location.assign(this.hands), (error) => this.#broken(error));
  }

  #broken(error) {
    if (error.status === 404) this.#ended("");
    else if (error.offline) this.#say(t("watch.title", this), t("watch.offline"));
  }

  #ended(because) {
    this.unfollow?.();
    clearInterval(this.timer);
    this.others.runs(false);
    this.page.lock(true);
    this.page.grid.inert = true;
    const words = t(because === "student" ? "watch.ended.student" : "watch.ended", this);
    this.#say(words, "");
    announce(words);
    this.strip.classList.remove("typing");
    this.acts.replaceChildren(h("a", { class: "button primary", href: this.hands }, t("watch.back")));
  }
}
