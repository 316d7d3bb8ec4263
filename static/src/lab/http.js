// Requests to the portal, and event streams read by fetch (so that they can carry a ticket and resume where they broke).
import { t } from "./text.js";

/** A refusal in words. `code` is the server's, or "offline" when it didn't answer. */
export class RequestError extends Error {
  constructor(code, message, status = 0, body = null) {
    super(message);
    this.code = code;
    this.status = status;
    this.body = body;
  }

  get offline() {
    return this.code === "offline";
  }
}

function csrfToken() {
  return document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

export async function failure(response) {
  const body = await response.json().catch(() => null);
  const code = body?.error?.code ?? `http_${response.status}`;
  const fallback = response.status === 401 || response.status === 403 ? t("error.signed_out") : t("error.server", { status: response.status });
  return new RequestError(code, body?.error?.message ?? fallback, response.status, body);
}

export async function send(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError("offline", t("error.offline"));
  }
}

/** JSON to and from the portal. */
export async function portal(url, { method = "GET", body, headers = {}, ...rest } = {}) {
  const response = await send(url, {
    method,
    headers: {
      Accept: "application/json",
      ...(method === "GET" ? {} : { "X-CSRFToken": csrfToken() }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    redirect: "error",
    ...rest,
  });
  if (!response.ok) throw await failure(response);
  return response.status === 204 ? null : response.json();
}

/** Waits, growing with each attempt, and cut short when the network comes back. */
export function backoff(attempt, signal) {
  const base = Math.min(8000, 400 * 2 ** attempt);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, base * (0.75 + Math.random() / 2));
    addEventListener("online", done);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Yields {id, event, data} of one text/event-stream response until it ends. */
export async function* readEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer += value.replaceAll("\r\n", "\n");
    for (let end = buffer.indexOf("\n\n"); end >= 0; end = buffer.indexOf("\n\n")) {
      const message = parseEvent(buffer.slice(0, end));
      buffer = buffer.slice(end + 2);
      if (message.data !== "") yield message;
    }
  }
}

function parseEvent(block) {
  const message = { id: null, event: "message", data: "" };
  const data = [];
  for (const line of block.split("\n")) {
    const cut = line.indexOf(":");
    if (cut === 0) continue;
    const field = cut < 0 ? line : line.slice(0, cut);
    const value = cut < 0 ? "" : line.slice(cut + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "id" || field === "event") message[field] = value;
  }
  message.data = data.join("\n");
  return message;
}

/**
 * Follows a portal stream: calls `onData` with each event's JSON, resumes after breaks, and lets go of the
 * connection while the page is hidden (browsers keep six a host). Returns a function that ends it.
 */
export function follow(url, onData, onBreak = () => {}) {
  const ended = new AbortController();
  let last = null;
  const loop = async () => {
    let attempt = 0;
    while (!ended.signal.aborted) {
      await visible(ended.signal);
      if (ended.signal.aborted) return;
      const current = new AbortController();
      const close = () => (document.hidden || ended.signal.aborted) && current.abort();
      document.addEventListener("visibilitychange", close);
      ended.signal.addEventListener("abort", close);
      try {
        const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
        const response = await fetch(url, { headers, signal: current.signal, credentials: "same-origin" });
        if (!response.ok) throw await failure(response);
        for await (const message of readEvents(response)) {
          attempt = 0;
          if (message.id) last = message.id;
          onData(JSON.parse(message.data));
        }
        if (!ended.signal.aborted) await backoff(attempt++, ended.signal);
      } catch (error) {
        if (!current.signal.aborted) {
          onBreak(error);
          if (error.status === 404 || error.status === 403) return;
          await backoff(attempt++, ended.signal);
        }
      } finally {
        document.removeEventListener("visibilitychange", close);
        ended.signal.removeEventListener("abort", close);
        current.abort();
      }
    }
  };
  loop();
  return () => ended.abort();
}

/** Resolves when the page is looked at, or the signal aborts. */
export function visible(signal) {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
    signal.addEventListener("abort", check, { once: true });
  });
}

/** So that the course can lead back here. Who only looks on has no such address, and nothing depends on the answer. */
export function noteOpened(url) {
  if (url) fetch(url, { method: "POST", headers: { "X-CSRFToken": csrfToken() }, credentials: "same-origin" }).catch(() => null);
}
