// Draws what a run displays (tables, pictures, plotly figures). It lives on a host of its own, in a sandbox with an opaque
// origin and a policy that allows no request but for its own scripts: whatever the content does, it does to itself.
const out = document.getElementById("out");
const figures = [];
const NARROW = 500; // CSS pixels
const PICTURES = ["image/jpeg", "image/gif", "image/webp"];
let plotly = null;
let markdown = null;
let theme = "light";
// What plotly says of a chart's tools; it has the English itself. Numbers stay as the figure's author wrote them.
const SPANISH = {
  Zoom: "Ampliar una zona",
  Pan: "Desplazar",
  "Box Select": "Seleccionar con un rectángulo",
  "Lasso Select": "Seleccionar a mano",
  "Zoom in": "Acercar",
  "Zoom out": "Alejar",
  Autoscale: "Ver todos los datos",
  "Reset axes": "Volver a la vista inicial",
  Reset: "Volver a la vista inicial",
  "Double-click to zoom back out": "Doble clic para volver a alejar",
};

function loadScript(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = name;
    script.onload = resolve;
    script.onerror = () => reject(new Error(name));
    document.head.append(script);
  });
}

async function loadPlotly() {
  await (plotly ??= loadScript("frame-plotly.js").then(() => window.Plotly.register({ moduleType: "locale", name: "es", dictionary: SPANISH })));
  return window.Plotly;
}

async function drawMarkdown(item, text) {
  await (markdown ??= loadScript("frame-markdown.js"));
  item.classList.add("markdown");
  item.innerHTML = window.renderMarkdown(text);
}

function themed() {
  const style = getComputedStyle(document.documentElement);
  const dark = style.colorScheme === "dark" || (style.colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  const ink = dark ? "#e4e7ec" : "#20242c";
  const grid = dark ? "#333945" : "#e4e7eb";
  const line = dark ? "#565e6c" : "#aab0ba";
  const axis = { gridcolor: grid, zerolinecolor: grid, linecolor: line, automargin: true };
  return {
    ink,
    axis,
    slider: { bgcolor: grid, bordercolor: line, activebgcolor: line, tickcolor: line, font: { color: ink } },
    layout: {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 13, color: ink },
      colorway: dark ? ["#a9b8ff", "#7fd6a8", "#f0b76b", "#f08f86", "#9fd0e8", "#d5a6e6"] : ["#3b4fb8", "#1f7a52", "#a8650f", "#b23b32", "#1d6f8f", "#8a3f9e"],
      modebar: { bgcolor: "rgba(0,0,0,0)", color: dark ? "#a4acb9" : "#5b6472", activecolor: ink },
      margin: { t: 40, r: 16, b: 48, l: 56 },
    },
  };
}

/** An axis' name in the size of the rest: plotly's own would not fit a phone. */
function titleFor(given) {
  const title = typeof given === "string" ? { text: given } : given;
  return title && { ...title, font: { size: 13, ...title.font } };
}

function layoutFor(given) {
  const { axis, layout, slider } = themed();
  // The figure's own template (plotly's white default) would paint over the page's theme.
  const { template: _template, ...own } = given ?? {};
  const merged = { ...layout, ...own, font: { ...layout.font, ...own.font }, autosize: true, width: undefined };
  for (const name of ["xaxis", "yaxis", ...Object.keys(own).filter((key) => /^[xy]axis\d*$/.test(key))]) {
    merged[name] = { ...axis, ...own[name], title: titleFor(own[name]?.title) };
  }
  if (innerWidth < NARROW) merged.dragmode ??= false; // a finger on the chart scrolls the page
  if (own.sliders) merged.sliders = own.sliders.map((each) => ({ ...slider, ...each, font: { ...slider.font, ...each.font } }));
  return merged;
}

/** What was given, with the sliders where the reader has moved them. */
function asLeft({ place, given }) {
  const left = place.layout?.sliders ?? [];
  const sliders = given.layout?.sliders?.map((each, i) => ({ ...each, active: left[i]?.active ?? each.active ?? 0 }));
  return sliders ? { ...given.layout, sliders } : given.layout;
}

async function drawFigure(item, figure) {
  const place = document.createElement("div");
  place.className = figure?.layout?.sliders ? "plot movable" : "plot";
  item.append(place);
  const Plotly = await loadPlotly();
  const given = { data: Array.isArray(figure?.data) ? figure.data : [], layout: figure?.layout };
  const config = {
    responsive: true,
    locale: document.documentElement.lang,
    displaylogo: false,
    // On a phone the tools would lie on the legend, and fingers pan the page.
    displayModeBar: innerWidth < NARROW ? false : "hover",
    modeBarButtonsToRemove: ["toImage"], // a frame may not download
    showSendToCloud: false, // nothing leaves the portal
  };
  await Plotly.newPlot(place, given.data, layoutFor(given.layout), config);
  figures.push({ place, given });
}

function picture(data) {
  const image = new Image();
  image.src = `data:${data}`;
  image.alt = "";
  image.onload = measure;
  image.onerror = () => {
    const text = document.createElement("p");
    text.textContent = "✕";
    image.replaceWith(text);
    measure();
  };
  return image;
}

function plain(bundle) {
  const text = document.createElement("pre");
  text.textContent = bundle["text/plain"] ?? "";
  return text;
}

async function draw(bundle) {
  const item = document.createElement("div");
  item.className = "item";
  out.append(item);
  let ok = true;
  try {
    await drawRichest(item, bundle);
  } catch (error) {
    console.error(error);
    ok = false;
    item.replaceChildren(plain(bundle));
  }
  measure();
  parent.postMessage({ t: "drawn", ok }, "*");
}

/** Draws the richest form that a bundle has. */
async function drawRichest(item, bundle) {
  if (bundle["application/vnd.plotly.v1+json"]) await drawFigure(item, bundle["application/vnd.plotly.v1+json"]);
  else if (bundle["image/svg+xml"]) {
    // As an image, an SVG runs no scripts and loads nothing.
    item.append(picture(`image/svg+xml;charset=utf-8,${encodeURIComponent(bundle["image/svg+xml"])}`));
  } else if (bundle["image/png"]) item.append(picture(`image/png;base64,${String(bundle["image/png"]).replace(/\s/g, "")}`));
  else if (PICTURES.some((type) => bundle[type])) {
    const type = PICTURES.find((other) => bundle[other]);
    item.append(picture(`${type};base64,${bundle[type]}`));
  } else if (bundle["text/markdown"] !== undefined) await drawMarkdown(item, bundle["text/markdown"]);
  else if (bundle["text/html"]) item.innerHTML = bundle["text/html"];
  else item.append(plain(bundle));
}

function measure() {
  parent.postMessage({ t: "height", height: Math.ceil(document.body.getBoundingClientRect().height) + 4 }, "*");
}

function applyTheme(next) {
  theme = next;
  document.documentElement.dataset.theme = theme;
  for (const figure of figures) window.Plotly.react(figure.place, figure.given.data, layoutFor(asLeft(figure)));
}

let drawing = Promise.resolve();
addEventListener("message", (event) => {
  if (event.source !== parent) return;
  const message = event.data;
  if (message?.t === "language") document.documentElement.lang = message.language;
  if (message?.t === "theme") applyTheme(message.theme);
  if (message?.t === "show") {
    drawing = drawing.then(() => draw(message.bundle));
  }
});
new ResizeObserver(measure).observe(document.body);
parent.postMessage({ t: "ready" }, "*");
