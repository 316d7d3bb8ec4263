// What was kept for reading offline belongs to one reader: it goes when they sign out, and before another reads here.
const OWN = "reading-of-";

async function forget(all) {
  if (!("caches" in window)) return;
  const keep = all ? "" : `${OWN}${document.body.dataset.reader ?? ""}`;
  const names = (await caches.keys()).filter((name) => name.startsWith(OWN) && name !== keep);
  await Promise.all(names.map((name) => caches.delete(name)));
}

export function forgetOthers() {
  // A page that comes from what was kept is no proof of who is signed in.
  if (!document.documentElement.dataset.readAt && navigator.onLine) forget(false);
  document.querySelector("form[data-sign-out]")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    await forget(true).catch(() => null);
    event.target.submit();
  });
}
