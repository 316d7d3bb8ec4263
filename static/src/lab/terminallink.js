// The way to one terminal of the sandbox: terminado's messages over a WebSocket, kept up through breaks.
import { backoff, visible } from "./http.js";

/** The sandbox lets a program run ahead of what was drawn until it is told so; see labs/kit/terminals.py. */
const ACK_EVERY = 16_000;
const STDIN_PART = 65_536;

/**
 * Emits "open" (connected: all that is kept comes again), "text" ({text, again}), "lost" while it tries to connect, and
 * "end" with "exited" (its shell has ended) or "session" (the sandbox has).
 */
export class TerminalLink extends EventTarget {
  #socket = null;
  #closed = new AbortController();
  #drawn = 0;
  #exited = false;

  constructor(session, name) {
    super();
    Object.assign(this, { session, name });
  }

  async run() {
    for (let attempt = 0; !this.#closed.signal.aborted; attempt++) {
      await visible(this.#closed.signal);
      try {
        await this.session.fetch(`/api/terminals/${this.name}`);
        if (await this.#talk()) attempt = 0;
      } catch (error) {
        if (error.status === 404) this.#end(error.code === "no_session" ? "session" : "exited");
        else if (!error.code) throw error; // a fault of this page
      }
      if (this.#exited) this.#end("exited");
      if (this.#closed.signal.aborted) return;
      this.#emit("lost");
      await backoff(attempt, this.#closed.signal);
    }
  }

  /** One connection, until it breaks; whether there was one. */
  async #talk() {
    const ticket = await this.session.ticket("jupyter");
    if (this.#closed.signal.aborted) return false;
    const address = `${this.session.address("jupyter").replace(/^http/, "ws")}/terminals/websocket/${this.name}`;
    const socket = (this.#socket = new WebSocket(address, [`ticket.${ticket}`]));
    let opened = false;
    let again = true;
    this.#drawn = 0;
    socket.onmessage = ({ data }) => {
      const [kind, text] = JSON.parse(data);
      if (kind === "setup") {
        this.#send("ack", 0); // from now on it counts on being told
        this.#emit("open", (opened = true));
      }
      else if (kind === "disconnect") this.#exited = true;
      else if (kind === "stdout") {
        this.#emit("text", { text, again });
        again = false;
      }
    };
    await new Promise((resolve) => (socket.onclose = resolve));
    return opened;
  }

  /** `count` more characters are on screen. */
  drawn(count) {
    this.#drawn += count;
    if (this.#drawn >= ACK_EVERY) {
      this.#send("ack", this.#drawn);
      this.#drawn = 0;
    }
  }

  type(text) {
    for (let at = 0; at < text.length; at += STDIN_PART) this.#send("stdin", text.slice(at, at + STDIN_PART));
  }

  resize({ rows, cols }) {
    this.#send("set_size", rows, cols);
  }

  /** Let go of the connection; it comes back, with all that is kept, when the page is seen again. */
  drop() {
    this.#socket?.close();
  }

  close() {
    this.#closed.abort();
    this.#socket?.close();
  }

  #send(...order) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(order));
  }

  #end(why) {
    this.#closed.abort();
    this.#emit("end", why);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
