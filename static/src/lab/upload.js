// Uploads: text within the portal's caps is stored there; anything else goes into the sandbox, under the sandbox's caps.
import { RequestError } from "./http.js";

export const STORED_BYTES = 1 << 20;
export const BOX_BYTES = 32 << 20;
const MAX_FILES = 200;
// eslint-disable-next-line no-control-regex -- the portal's own rule (portal/labsessions/files.py)
const BINARY = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;

/** A file's text when the portal can store it, else null. */
export async function storable(file) {
  if (file.size > STORED_BYTES) return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    return BINARY.test(text) ? null : text;
  } catch (error) {
    if (error instanceof TypeError) return null; // not UTF-8
    throw error;
  }
}

/** [{path, file}] of what was dropped, folders with all they hold. Rejects with "too_many". */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry, above, found) {
  const path = above + entry.name;
  if (found.length >= MAX_FILES) throw new RequestError("too_many", "");
  if (entry.isFile) found.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
  else {
    const reader = entry.createReader();
    for (let part; (part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length; ) for (const inner of part) await walk(inner, `${path}/`, found);
  }
}
