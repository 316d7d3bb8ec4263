// Interactive charts, each drawn when it comes into view: a hidden frame has no size to draw for.
import { h, icon } from "../lab/dom.js";
import { RichFrame } from "../lab/richframe.js";
import { t } from "../lab/text.js";

/** Each chart says in `data-state` how far it is: waiting, drawn or failed. */
export function drawCharts(prose, gateway) {
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watch.unobserve(entry.target);
        draw(entry.target, gateway);
      }
    },
    { rootMargin: "300px" },
  );
  for (const chart of prose.querySelectorAll(".chart")) {
    chart.dataset.state = "waiting";
    watch.observe(chart);
  }
}

async function draw(chart, gateway) {
  const text = chart.getAttribute("aria-label");
  const failed = () => {
    chart.dataset.state = "failed";
    chart.replaceChildren(h("p", { class: "chart-failed" }, icon("warn"), h("span", {}, t("chart.failed"))), h("p", {}, text));
    // What it shows is told by the text now, so the place is no picture any more.
    chart.removeAttribute("role");
    chart.removeAttribute("aria-label");
  };
  try {
    const response = await fetch(chart.dataset.chart, { credentials: "same-origin" });
    if (!response.ok) throw new Error(`${response.status}`);
    const figure = await response.json();
    // A picture has nothing to operate in it; a group with the same text has.
    chart.setAttribute("role", "group");
    const drawn = (ok) => (ok ? (chart.dataset.state = "drawn") : failed());
    const frame = new RichFrame(gateway, null, { title: t("chart.title"), instead: () => [], drawn });
    chart.append(frame.element);
    frame.show({ "application/vnd.plotly.v1+json": figure });
  } catch {
    failed();
  }
}
