// The lab session: its state as the portal tells it, its clock, and requests into its sandbox by ticket.
import { RequestError, failure, follow, portal, send } from "./http.js";
import { has, t } from "./text.js";

const RENEW_BEFORE_MS = 45_000;
const GOING = new Set(["queued", "starting", "ready", "stopping"]);

/** Emits "change" with the session (or null) on every change, and "tick" each second while one is ready. */
export class Session extends EventTarget {
  #tickets = new Map();
  #unfollow = null;
  #clockAhead = 0;

  constructor(config) {
    super();
    this.urls = config.urls;
    this.gateway = config.gateway;
    this.current = null;
    this.trouble = null;
    setInterval(() => this.ready && this.dispatchEvent(new Event("tick")), 1000);
    if (config.session) this.#take(config.session);
  }

  get state() {
    return this.current?.state ?? "none";
  }

  get ready() {
    return this.state === "ready";
  }

  get going() {
    return GOING.has(this.state);
  }

  get secondsLeft() {
    if (!this.current?.deadline) return null;
    return Math.max(0, (Date.parse(this.current.deadline) - Date.now() - this.#clockAhead) / 1000);
  }

  async start(body) {
    this.trouble = null;
    this.#take(await portal(this.urls.session, { method: "POST", body }));
  }

  async stop() {
    const stopped = await portal(this.#url("stop"), { method: "POST" });
    if (stopped?.key) this.#take(stopped);
  }

  /** Puts off the end that is shown. */
  async extend() {
    this.#take(await portal(this.#url("extend"), { method: "POST", body: { deadline: this.current.deadline } }));
  }

  /** Tells the sandbox that somebody is here, whatever they do. */
  async here() {
    await this.fetch("/lab/activity", { method: "POST" });
  }

  /** Starts one if none is going and resolves when it is ready; rejects with the reason when it fails. */
  async whenReady() {
    if (this.ready) return;
    if (!this.going) await this.start();
    await new Promise((resolve, reject) => {
      const check = () => {
        if (this.state === "stopping" || (this.going && !this.ready)) return;
        this.removeEventListener("change", check);
        if (this.ready) resolve();
        else reject(new RequestError("session", reasonText(this.current)));
      };
      this.addEventListener("change", check);
      check();
    });
  }

  /** Asks the portal how the session is: a sandbox that doesn't answer may be gone. */
  async refresh() {
    if (this.current) this.#take(await portal(this.#url("sessionDetail")));
  }

  #url(name) {
    return this.urls[name].replace("__key__", this.current.key);
  }

  #take(session) {
    const other = session.key !== this.current?.key;
    const before = this.state;
    this.current = session;
    // Only some answers say how long is left; they tell how far the portal's clock is from this one.
    if (typeof session.seconds_left === "number") this.#clockAhead = Date.parse(session.deadline) - session.seconds_left * 1000 - Date.now();
    if (other) {
      this.#tickets.clear();
      this.#unfollow?.();
      this.#unfollow = null;
    }
    if (this.going && !this.#unfollow) {
      const key = session.key;
      this.#unfollow = follow(this.#url("sessionEvents"), (next) => next.key === key && this.#take(next), (error) => this.#lost(error));
    } else if (!this.going) {
      this.#unfollow?.();
      this.#unfollow = null;
    }
    if (this.trouble) this.trouble = null;
    this.dispatchEvent(new CustomEvent("change", { detail: { before, other } }));
  }

  #lost(error) {
    this.trouble = error.message;
    this.dispatchEvent(new CustomEvent("change", { detail: { before: this.state, other: false } }));
  }

  async ticket(ui, { fresh = false } = {}) {
    const held = this.#tickets.get(ui);
    if (!fresh && held && held.until - RENEW_BEFORE_MS > Date.now()) return held.ticket;
    const asked = Date.now();
    const { ticket, expires_at: until, seconds: life } = await portal(this.#url("ticket"), { method: "POST", body: { ui } });
    // Clocks differ: a ticket whose end looks past by ours is taken as good for a minute.
    let end = typeof until === "number" ? until * 1000 : Date.parse(until);
    if (life) end = asked + RENEW_BEFORE_MS + life * 600; // a helper's: good for seconds, renewed well before its end
    this.#tickets.set(ui, { ticket, until: end > asked + RENEW_BEFORE_MS ? end : asked + RENEW_BEFORE_MS + 60_000 });
    return ticket;
  }

  /** Forgets the tickets there are: what they let one do has changed. */
  renew() {
    this.#tickets.clear();
  }

  address(ui) {
    return this.gateway.replace("{ui}", ui).replace("{session}", this.current.key);
  }

  /** A request into the sandbox. A ticket that is refused is renewed once. */
  async fetch(path, options = {}) {
    for (const fresh of [false, true]) {
      const ticket = await this.ticket("jupyter", { fresh });
      const headers = { Authorization: `Bearer ${ticket}`, ...options.headers };
      const response = await send(this.address("jupyter") + path, { ...options, headers, credentials: "omit", cache: "no-store" });
      if (response.ok) return response;
      if (response.status === 401 && !fresh) continue;
      throw worded(await failure(response));
    }
    throw new RequestError("no_ticket", t("error.no_ticket"));
  }

  /** The address of one of the sandbox's web pages, with a ticket that its host turns into a cookie. */
  async pageAddress(ui, path = "/") {
    const address = new URL(this.address(ui));
    const [, pathname, query, hash] = path.match(/^([^?#]*)(\?[^#]*)?(#.*)?$/s);
    Object.assign(address, { pathname, search: query ?? "", hash: hash ?? "" });
    address.searchParams.append("ticket", await this.ticket(ui, { fresh: true }));
    return address.href;
  }
}

/** The sandbox and its gateway answer in codes; the words are ours. */
function worded(error) {
  if (has(`sandbox.${error.code}`)) error.message = t(`sandbox.${error.code}`);
  return error;
}

/** Why a session is as it is, in words. The portal sends a sentence; the codes that workers use have texts here. */
export function reasonText(session) {
  const reason = session?.reason;
  if (!reason) return t(`session.${session?.state ?? "none"}.more`);
  return has(`reason.${reason}`) ? t(`reason.${reason}`) : reason;
}
