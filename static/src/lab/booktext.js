// Markdown of a notebook's cells as elements: built from tokens, so that no text of a notebook can become markup.
import MarkdownIt from "markdown-it";
import { h } from "./dom.js";

const markdown = new MarkdownIt({ html: false });
const TAGS = new Set(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "em", "strong", "s", "table", "thead", "tbody", "tr", "th", "td"]);

/** Elements for a Markdown text; links lead to web addresses only, in a new tab. */
export function markdownElements(text) {
  const root = h("div", { class: "prose" });
  build(root, markdown.parse(text, {}));
  return root;
}

function build(root, tokens) {
  const open = [root];
  const put = (node) => open.at(-1).append(node);
  for (const token of tokens) {
    if (token.type === "inline") build(open.at(-1), token.children);
    else if (token.nesting === 1) {
      const element = token.type === "link_open" ? link(token) : h(TAGS.has(token.tag) ? token.tag : "div");
      put(element);
      open.push(element);
    } else if (token.nesting === -1) open.pop();
    else if (token.type === "fence" || token.type === "code_block") put(h("pre", {}, h("code", {}, token.content)));
    else if (token.type === "code_inline") put(h("code", {}, token.content));
    else if (token.type === "softbreak") put(" ");
    else if (token.type === "hardbreak") put(h("br"));
    else if (token.type === "hr") put(h("hr"));
    else if (token.type === "image") put(`[${token.content}]`); // a picture from elsewhere would tell who reads
    else put(token.content);
  }
}

function link(token) {
  const href = token.attrGet("href") ?? "";
  return /^https?:\/\//.test(href) ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }) : h("span");
}
