// Installs the file tree beside the editor and keeps it up with what runs and what is saved.
import { h } from "./dom.js";
import { FilePanel } from "./filepanel.js";
import { OwnTabs } from "./owntabs.js";
import { WorkspaceFiles } from "./workspacefiles.js";

export function fileTree(page) {
  const work = new WorkspaceFiles(page.config.urls, page.session);
  const tabs = new OwnTabs(page, work);
  const previews = new Map();

  async function show(node) {
    const { Preview } = await import("./preview.js");
    const id = `preview-${node.path}`;
    if (!previews.has(id)) {
      const panel = page.addPanel(id, node.path.split("/").at(-1), { onClose: close });
      previews.set(id, new Preview(panel, page, work, node.path));
    }
    page.views.show("results");
    page.resultTabs.select(id, { focus: true });
    await previews.get(id).load();
  }

  function close(id) {
    previews.get(id).close();
    previews.delete(id);
    page.removePanel(id);
  }

  const panel = new FilePanel(page, work, tabs, show);
  const code = document.getElementById("code");
  const body = h("div", { class: "editor-body" });
  code.replaceWith(body);
  body.append(panel.element, code);
  page.tablist.before(panel.toggle);

  const refresh = () => !panel.element.hidden && work.refresh().catch((error) => page.fail(error));
  page.session.addEventListener("change", ({ detail }) => {
    if (detail.before !== page.session.state) work.carry().then(refresh).catch((error) => page.fail(error));
  });
  page.runs.addEventListener("end", refresh);
  tabs.restore().catch((error) => page.fail(error));
  page.work = work;
  page.openFile = (path) => tabs.open(path);
}
