// The preview of course files: the page is read again as soon as a file is saved.
const PAUSE_MS = 700;
const known = document.body.querySelector("[data-version]").dataset.version;

async function look() {
  const response = await fetch("/version/", { cache: "no-store" }).catch(() => null);
  if (response?.ok && (await response.text()) !== known) location.reload();
  else setTimeout(look, PAUSE_MS);
}
look();
