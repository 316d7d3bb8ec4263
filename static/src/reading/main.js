// The pages of a course: charts, definitions, code to copy, headings to link to, what was read, search and reading offline.
import { useLanguage } from "../lab/text.js";
import { anchorHeadings } from "./anchors.js";
import { drawCharts } from "./charts.js";
import { copyCode } from "./code.js";
import { readOffline } from "./offline.js";
import { keepPlace } from "./place.js";
import { printAddresses } from "./print.js";
import { searchBoxes } from "./search.js";
import { explainTerms } from "./terms.js";

const config = JSON.parse(document.getElementById("reading-config").textContent);
useLanguage(document.documentElement.lang, config.words);

const prose = document.querySelector(".reading .prose");
if (prose) {
  drawCharts(prose, config.gateway);
  copyCode(prose);
  anchorHeadings(prose);
  explainTerms(prose, config.terms);
  printAddresses(prose);
}
keepPlace(config);
searchBoxes();
readOffline();
