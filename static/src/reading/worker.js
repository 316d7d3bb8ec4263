// Keeps what the reader has read of a course: its pages, their figures and what draws them. Nothing else passes through here:
// no labs, no forms, no administration. What is kept belongs to one reader and goes when they sign out (static/src/kept.js).
const PAGES = /^\/(curso|glosario)\/[a-z0-9-]+\/([a-z0-9-]+\/)?$/;
const FIGURES = /^\/curso\/[a-z0-9-]+\/figuras\//;
const STATIC = /^\/static\/build\//;
const SHELL = "reading-shell";
const OFFLINE = "/sin-conexion/";

self.addEventListener("install", (event) => {
  event.waitUntil(
    // Without credentials: this page is the same for all.
    caches
      .open(SHELL)
      .then(async (cache) => cache.put(OFFLINE, await fetch(OFFLINE, { credentials: "omit" })))
      .then(() => self.skipWaiting()),
  );
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (STATIC.test(address.pathname)) event.respondWith(keptFirst(request, address, SHELL));
  else if (FIGURES.test(address.pathname)) event.respondWith(networkFirst(request));
  else if (PAGES.test(address.pathname) && request.mode === "navigate") event.respondWith(page(request));
});

/**
 * Static files carry their digest in the address: what is kept is what the server has, and an older one may go.
 * A network that changes ends what is under way, so what fails is asked for once more; and a browser that keeps nothing
 * (no room, a private window) must not cost the page its scripts.
 */
async function keptFirst(request, address, name) {
  const kept = await caches.match(request).catch(() => null);
  if (kept && address.search) return kept;
  const response = await fetch(request).catch(() => kept ?? fetch(request));
  if (response !== kept && response.ok && response.type === "basic") await replace(name, request, response.clone()).catch(() => null);
  return response;
}

async function replace(name, request, response) {
  const cache = await caches.open(name);
  await cache.delete(request, { ignoreSearch: true });
  await cache.put(request, response);
}

async function networkFirst(request) {
  try {
    const response = await fetch(request);
    if (response.ok && !response.redirected) await keep(request, response.clone());
    return response;
  } catch (error) {
    const kept = await caches.match(request);
    if (kept) return kept;
    throw error;
  }
}

async function page(request) {
  try {
    const response = await fetch(request);
    // A page that led elsewhere (to the sign-in) isn't this one.
    if (response.ok && !response.redirected) await keep(request, response.clone());
    return response;
  } catch {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (!kept) return (await caches.match(OFFLINE)) ?? Response.error();
    const text = (await kept.text()).replace("<html ", () => `<html data-read-at="${kept.headers.get("X-Read-At")}" `);
    return new Response(text, { headers: kept.headers });
  }
}

/** In the reader's own cache; a page says whose it is, and without that nothing is kept. */
async function keep(request, response) {
  const type = response.headers.get("Content-Type") ?? "";
  const body = await response.blob();
  const reader = type.startsWith("text/html") ? (await body.text()).match(/<body[^>]* data-reader="(\d+)"/)?.[1] : await onlyReader();
  if (!reader) return;
  const headers = new Headers(response.headers);
  headers.set("X-Read-At", new Date().toISOString());
  const cache = await caches.open(`reading-of-${reader}`);
  await cache.put(request, new Response(body, { status: response.status, headers }));
}

async function onlyReader() {
  const own = (await caches.keys()).filter((name) => name.startsWith("reading-of-"));
  return own.length === 1 ? own[0].slice("reading-of-".length) : null;
}
