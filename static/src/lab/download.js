// Saving to the reader's own machine.
import { h } from "./dom.js";
import { failure, send } from "./http.js";

export function saveBlob(blob, name) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A file of the portal's, which the browser receives by itself; asked for first, so that a refusal is told here. */
export async function fromPortal(url) {
  const response = await send(url, { method: "HEAD", credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!response.ok) throw await failure(response);
  h("a", { href: url, download: "" }).click();
}
