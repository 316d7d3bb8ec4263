// Bundles static/src into static/build, each text file with its .gz and .br beside it for WhiteNoise.
import { build } from "esbuild";
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { promisify } from "node:util";
import zlib from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));
const src = (...parts) => path.join(here, "src", ...parts);
const finished = path.join(here, "build");
// Built aside and then swapped in: a portal that starts meanwhile never finds half of it.
const cache = path.join(here, "../node_modules/.cache");
const out = path.join(cache, `build.${process.pid}`);

const shared = {
  entryNames: "[name]",
  assetNames: "fonts/[name]",
  outdir: out,
  bundle: true,
  minify: true,
  target: ["chrome120", "firefox121", "safari17.4"],
  loader: { ".woff2": "file", ".svg": "dataurl" },
  legalComments: "none",
  logLevel: "warning",
};

/** xterm.js writes styles in ways that the page's content policy forbids, unless it gets a document that knows better. */
const withinPolicy = {
  name: "within-policy",
  setup: (building) =>
    building.onLoad({ filter: /@xterm[/\\]xterm[/\\]lib[/\\]xterm\.mjs$/ }, async ({ path: file }) => ({
      contents: `import { document } from ${JSON.stringify(src("lab/policydocument.js"))};\n${await readFile(file, "utf8")}`,
    })),
};

await mkdir(out, { recursive: true });
await build({
  ...shared,
  entryPoints: [
    { out: "theme", in: src("theme.js") },
    { out: "site", in: src("site.js") },
    { out: "site", in: src("css/site.css") },
    { out: "help", in: src("css/help.css") },
    { out: "quiz", in: src("quiz.js") },
    { out: "quiz", in: src("css/quiz.css") },
    { out: "reading", in: src("reading/main.js") },
    { out: "reading", in: src("css/reading.css") },
    { out: "reading-worker", in: src("reading/worker.js") },
    { out: "preview", in: src("reading/preview.js") },
    { out: "frame", in: src("frame/frame.js") },
    { out: "frame-markdown", in: src("frame/markdown.js") },
    { out: "frame", in: src("css/frame.css") },
  ],
  format: "iife",
});
// What the lab page imports with import() is loaded when it is first needed.
await build({
  ...shared,
  entryPoints: [
    { out: "lab", in: src("lab/main.js") },
    { out: "lab", in: src("css/lab.css") },
  ],
  chunkNames: "lab-parts/[name]-[hash]",
  format: "esm",
  splitting: true,
  plugins: [withinPolicy],
});
await cp(src("img"), path.join(out, "img"), { recursive: true });
// The frame may load scripts from its own host only, so its style sheet travels inside the page.
const [page, style] = await Promise.all([readFile(src("frame/frame.html"), "utf8"), readFile(path.join(out, "frame.css"), "utf8")]);
await writeFile(path.join(out, "frame.html"), page.replace("/* frame.css */", () => style.trim()));
await rm(path.join(out, "frame.css"));
// Large and needed only where a figure is: the frame loads it on its own.
await cp(path.join(here, "../node_modules/plotly.js-dist-min/plotly.min.js"), path.join(out, "frame-plotly.js"));

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);
for (const name of await readdir(out, { recursive: true })) {
  // The gateway serves the frame's files by itself, and as they are.
  if (!/\.(js|css)$/.test(name) || name.startsWith("frame")) continue;
  const content = await readFile(path.join(out, name));
  await writeFile(path.join(out, `${name}.gz`), await gzip(content, { level: 9 }));
  await writeFile(path.join(out, `${name}.br`), await brotli(content));
}

const old = path.join(cache, `old.${process.pid}`);
await rename(finished, old).catch((error) => {
  if (error.code !== "ENOENT") throw error;
});
await rename(out, finished);
await rm(old, { recursive: true, force: true });
