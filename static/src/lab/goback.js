// Back to an earlier version: of one file or of the whole workspace; seen as a diff first, and a version of its own after.
import { ask } from "./dialog.js";
import { diffView } from "./diffview.js";
import { h } from "./dom.js";
import { bytes } from "./filepanel.js";
import { portal } from "./http.js";
import { moment, t, tn } from "./text.js";
import { toast } from "./toast.js";

const MAX_SAVES = 100;

/** Asks which version, and puts it in place. `panel`: FilePanel; `node`: a file, or null for all. */
export async function goBack(panel, node) {
  const { page, work } = panel;
  await panel.tabs.settle(node?.path ?? "");
  await work.refresh();
  const sources = [...(await saves(page, node)), ...submissions(page, node)].sort((a, b) => (a.at < b.at ? 1 : -1));
  if (!node || page.files.get(node.path)?.starter || node.fixed) sources.push({ label: t("goback.starter"), read: () => starter(page, node) });
  const chosen = await choose(page, work, node, sources);
  if (!chosen) return;
  const before = await texts(page, work, chosen.changed.map(({ path }) => path));
  await put(panel, chosen.changed);
  const undo = async () => {
    await put(panel, before);
    toast(t("goback.undone"));
  };
  toast(tn("goback.done", chosen.changed.length, { version: chosen.label }), { label: t("toast.undo"), run: () => undo().catch((error) => page.fail(error)) });
}

/** The workspace's texts now, of these paths: an entry for each. */
async function texts(page, work, paths) {
  return Promise.all(paths.map(async (path) => ({ path, text: page.files.get(path)?.saved ?? (work.nodes.has(path) ? (await work.text(path)).text : "") })));
}

async function put(panel, entries) {
  const { page, work, tabs } = panel;
  const stored = work.nodes;
  const asked = entries.map(({ path, text }) => ({ path, text, base_version: page.files.get(path)?.version ?? stored.get(path)?.version ?? 0 }));
  const saved = await work.saveAll(asked);
  tabs.replaced(saved.map((file, i) => ({ ...file, text: asked[i].text })));
  await work.refresh();
}

async function saves(page, node) {
  const { urls } = page.config;
  const url = node ? urls.fileVersions.replace("__path__", node.path.split("/").map(encodeURIComponent).join("/")) : urls.versions;
  const { saves: list } = await portal(url);
  return list.slice(0, MAX_SAVES).map((save) => ({
    at: save.saved_at,
    label: node ? t("goback.version", { n: save.version, when: moment(save.saved_at) }) : t("goback.save", { path: save.path, when: moment(save.saved_at) }),
    more: bytes(save.size),
    read: async () => (node ? { [node.path]: (await portal(`${url}?version=${save.version}`)).text } : (await portal(`${url}?at=${encodeURIComponent(save.saved_at)}`)).files),
  }));
}

function submissions(page, node) {
  return page.submissions.list.map((submission) => ({
    at: submission.received_at,
    label: t("goback.submission", { n: submission.number, when: moment(submission.received_at) }),
    read: async () => {
      const then = await page.submissions.sources(submission);
      return node ? Object.fromEntries(Object.entries(then).filter(([path]) => path === node.path)) : then;
    },
  }));
}

async function starter(page, node) {
  const { files } = await portal(`${page.config.urls.versions}?at=starter`);
  return node ? { [node.path]: files[node.path] } : files;
}

async function choose(page, work, node, sources) {
  const list = h("select", { class: "goback-list", size: Math.min(8, Math.max(2, sources.length)), autofocus: true, "aria-label": t("goback.which") }, sources.map(({ label, more }, i) => h("option", { value: i }, [label, more].filter(Boolean).join(" · "))));
  const diff = h("div", { class: "goback-diff", "aria-live": "polite" }, h("p", { class: "soft" }, t("goback.pick")));
  let chosen = null;
  let turn = 0;
  const show = async () => {
    const mine = ++turn;
    chosen = null;
    const source = sources[Number(list.value)];
    diff.replaceChildren(h("p", { class: "state busy" }, t("preview.reading")));
    try {
      const changed = await compare(page, work, await source.read());
      if (mine !== turn) return;
      chosen = changed.length ? { label: source.label, changed } : null;
      diff.replaceChildren(...(changed.length ? changed.map(({ path, text, now }) => h("section", {}, h("h3", {}, path), diffView(now, text, t("goback.now"), source.label))) : [h("p", {}, t("goback.same"))]));
    } catch (error) {
      if (mine === turn) diff.replaceChildren(h("p", { class: "state bad", role: "alert" }, error.message));
      if (!error.code) throw error;
    }
  };
  list.addEventListener("change", show);
  for (;;) {
    const answer = await ask({
      title: node ? t("goback.title", { path: node.path }) : t("goback.title_all"),
      body: [h("p", { class: "soft" }, t(node ? "goback.text" : "goback.text_all")), list, diff],
      buttons: [{ value: "", label: t("dialog.cancel") }, { value: "back", label: t("goback.do"), kind: "primary" }],
      wide: true,
    });
    if (answer !== "back") return null;
    if (chosen) return chosen;
    if (list.value !== "") return null; // nothing differs: there is nothing to do
  }
}

async function compare(page, work, then) {
  const now = await texts(page, work, Object.keys(then));
  return now.filter(({ path, text }) => then[path] !== undefined && then[path] !== text).map(({ path, text }) => ({ path, now: text, text: then[path] }));
}
