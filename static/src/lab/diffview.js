// Two texts beside their differences: a table of lines that also reads well aloud.
import { diffLines } from "diff";
import { h } from "./dom.js";
import { t, tn } from "./text.js";

const CONTEXT = 3;
const MAX_ROWS = 2000;

function rows(before, after) {
  const all = [];
  let left = 1;
  let right = 1;
  for (const part of diffLines(before, after, { timeout: 1500 }) ?? [{ value: before, removed: true }, { value: after, added: true }]) {
    const lines = part.value.replace(/\n$/, "").split("\n");
    for (const text of lines) {
      if (part.added) all.push({ kind: "added", right: right++, text });
      else if (part.removed) all.push({ kind: "removed", left: left++, text });
      else all.push({ kind: "same", left: left++, right: right++, text });
    }
  }
  return all;
}

/** Unchanged stretches shrink to a few lines around each change. */
function folded(all) {
  const near = new Set();
  all.forEach((row, i) => {
    if (row.kind === "same") return;
    for (let j = i - CONTEXT; j <= i + CONTEXT; j++) near.add(j);
  });
  const shown = [];
  let hidden = 0;
  all.forEach((row, i) => {
    if (near.has(i)) {
      if (hidden) shown.push({ kind: "gap", hidden });
      hidden = 0;
      shown.push(row);
    } else hidden++;
  });
  if (hidden && shown.length) shown.push({ kind: "gap", hidden });
  return shown.slice(0, MAX_ROWS);
}

const SIGN = { added: "+", removed: "−", same: "" };

function line(row) {
  if (row.kind === "gap") return h("tr", { class: "gap" }, h("td", { colspan: 4 }, tn("diff.hidden", row.hidden)));
  const spoken = row.kind === "same" ? null : h("span", { class: "visually-hidden" }, `${t(`diff.${row.kind}`)}: `);
  return h(
    "tr",
    { class: row.kind },
    h("td", { class: "n" }, row.left ? String(row.left) : ""),
    h("td", { class: "n" }, row.right ? String(row.right) : ""),
    h("td", { class: "sign", "aria-hidden": "true" }, SIGN[row.kind]),
    h("td", { class: "text" }, spoken, row.text || " "),
  );
}

/** `before` and `after` as one table; the captions say which is which. */
export function diffView(before, after, beforeName, afterName) {
  const shown = folded(rows(before, after));
  if (!shown.length) return h("p", { class: "soft" }, t("diff.equal"));
  return h(
    "div",
    { class: "diff", tabindex: "0", role: "region", "aria-label": t("diff.label", { before: beforeName, after: afterName }) },
    h("p", { class: "diff-names" }, h("span", { class: "removed" }, `− ${beforeName}`), h("span", { class: "added" }, `+ ${afterName}`)),
    h("table", {}, h("tbody", {}, shown.map(line))),
  );
}
