// Markdown for the frame, loaded where there is some. Markup in it stays text, and a link can't lead out of the frame.
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ html: false });
const { escapeHtml } = markdown.utils;
markdown.renderer.rules.link_open = (tokens, i) => `<span class="link" title="${escapeHtml(tokens[i].attrGet("href") ?? "")}">`;
markdown.renderer.rules.link_close = () => "</span>";

window.renderMarkdown = (text) => markdown.render(text);
