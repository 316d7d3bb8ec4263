"""Markdown of pages and lab instructions to safe HTML, cached by the text's hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import nh3
from django.core.cache import cache as stored
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from latex2mathml.converter import convert as mathml
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

from labs.contents import CHART
from labs.instructions import STEP_HEADING, BadDirective, directive
from labs.links import LAB, PAGE, TERM
from labs.markdown import grammar
from portal.courses.models import reader

# Part of the cache key: raise it when this module would render the same text differently.
_VERSION = "6"

# fmt: off
_TAGS = {
    "a", "abbr", "aside", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p",
    "pre", "s", "samp", "section", "small", "span", "strong", "sub", "summary", "details", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "ul", "var",
    # Formulas, as latex2mathml writes them.
    "math", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
}
# fmt: on

_ATTRIBUTES = {
    "*": {"class", "id"},
    "a": {"href", "title", "data-term"},
    "img": {"src", "alt", "title", "loading", "width", "height"},
    "th": {"scope"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "aside": {"role", "aria-label"},
    "div": {"data-act", "data-file", "data-chart", "role", "aria-label"},
    "math": {"display", "alttext"},
    "mi": {"mathvariant"},
    "mo": {
        "stretchy",
        "fence",
        "form",
        "separator",
        "lspace",
        "rspace",
        "largeop",
        "movablelimits",
    },
    "mspace": {"width"},
    "mtd": {"columnalign"},
    "mtable": {"columnalign"},
    "mfrac": {"linethickness"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "section": {"aria-labelledby", "data-step"},
}


@dataclass(frozen=True)
class Heading:
    """One entry of a page's table of contents."""

    id: str
    title: str
    level: int


@dataclass(frozen=True)
class Rendered:
    """Safe HTML, the headings in it, and a list of links to them (empty without headings)."""

    html: SafeString
    toc: tuple[Heading, ...]
    contents: SafeString


def render(text: str, figures: str = "", steps: Sequence[str] = (), *, course: str) -> Rendered:
    """Render Markdown. Relative image addresses ``figures/x.svg`` become ``<figures>x.svg``.

    Links to pages, labs and terms lead within ``course``.
    The heading ``## Paso n`` begins a section for the n-th of ``steps``, up to the next heading of its level.
    """
    digest = hashlib.sha256(
        f"{_VERSION}\0{course}\0{figures}\0{','.join(steps)}\0{reader()}\0{text}".encode()
    ).hexdigest()
    found: Rendered | None = stored.get(f"markdown:{digest}")
    if found is None:
        found = _render(text, figures, steps, course)
        stored.set(f"markdown:{digest}", found, None)
    return found


def _render(text: str, figures: str, steps: Sequence[str], course: str) -> Rendered:
    markdown = _markdown()
    env: dict[str, Any] = {"figures": figures, "course": course}
    tokens = markdown.parse(text, env)
    for index, token in enumerate(tokens):
        if token.type == "th_open" and not tokens[index + 1].content:
            # The corner of a table with headings on two sides heads nothing.
            token.tag = tokens[index + 2].tag = "td"
        if style := token.attrs.pop("style", None) if token.type in {"td_open", "th_open"} else None:
            # Inline styles are shut out by the content security policy.
            token.attrSet("class", f"align-{str(style).removeprefix('text-align:')}")
    html = markdown.renderer.render(list(_in_steps(tokens, steps)), markdown.options, env)
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    toc = _toc(tokens)
    return Rendered(mark_safe(clean), toc, _contents(toc))  # noqa: S308 -- just cleaned


def _contents(toc: Sequence[Heading]) -> SafeString:
    """With the text, once for all who read it: in a template it would be most of what a page costs to fill in."""
    entries = ((heading.level, heading.id, heading.title) for heading in toc)
    links = format_html_join("", '<li class="level-{}"><a href="#{}">{}</a></li>', entries)
    return format_html("<ol>{}</ol>", links) if toc else mark_safe("")


def _in_steps(tokens: Sequence[Token], steps: Sequence[str]) -> Iterator[Token]:
    """The tokens with a section around each step."""
    inside = False
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag in {"h1", "h2"}:
            if inside:
                yield Token("step_close", "section", -1, block=True)
            number = STEP_HEADING.match(tokens[index + 1].content) if token.tag == "h2" else None
            inside = number is not None and 1 <= int(number[1]) <= len(steps)
            if number and inside:
                named = {"class": "step", "data-step": steps[int(number[1]) - 1]}
                yield Token(
                    "step_open", "section", 1, attrs={**named, "aria-labelledby": str(token.attrGet("id"))}, block=True
                )
        yield token
    if inside:
        yield Token("step_close", "section", -1, block=True)


def _toc(tokens: Sequence[Token]) -> tuple[Heading, ...]:
    return tuple(
        Heading(str(token.attrGet("id") or ""), _plain(tokens[index + 1]), int(token.tag[1]))
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag in {"h2", "h3"}
    )


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [] if child.type in {"text", "code_inline"})


@cache
def _markdown() -> MarkdownIt:
    markdown = grammar()
    markdown.options["highlight"] = _highlight
    for name, title in _BOXES.items():
        for side in ("open", "close"):
            markdown.add_render_rule(f"container_{name}_{side}", _box(name, title))
    markdown.add_render_rule("link_open", _link)
    for kind in ("math_inline", "math_inline_double", "math_block"):
        markdown.add_render_rule(kind, _formula)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("image", _image)
    markdown.add_render_rule("paragraph_open", _paragraph)
    markdown.add_render_rule("paragraph_close", _paragraph)
    markdown.add_render_rule("table_open", lambda *_args: '<div class="table-wrap"><table>\n')
    markdown.add_render_rule("table_close", lambda *_args: "</table></div>\n")
    return markdown


_BOXES: dict[str, Callable[[], str]] = {
    "nota": lambda: _("Note"),
    "cuidado": lambda: _("Careful"),
    "ejemplo": lambda: _("Example"),
}


def _box(name: str, title: Callable[[], str]) -> Callable[..., str]:
    """``::: nota Own title`` … ``:::`` becomes an aside with its kind as class and its title in words."""

    def rule(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
        if tokens[index].nesting < 0:
            return "</aside>\n"
        own = tokens[index].info.strip().removeprefix(name).strip()
        return f'<aside class="box box-{name}"><p class="box-title">{escapeHtml(own or title())}</p>\n'

    return rule


def _highlight(code: str, language: str, _attributes: str) -> str:
    """Colours by Pygments classes; the stylesheet draws them for light and dark."""
    try:
        lexer = get_lexer_by_name(language or "text")
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    inner = highlight(code, lexer, HtmlFormatter(nowrap=True))
    return (
        f'<pre class="code" tabindex="0"><code class="language-{escapeHtml(language or "text")}">{inner}</code></pre>'
    )


def _link(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """Addresses within the course: ``pagina:dask#grafo``, ``lab:rdd``, ``glosario:data-lake``."""
    token = tokens[index]
    scheme, _, rest = str(token.attrGet("href")).partition(":")
    name, _, anchor = rest.partition("#")
    if scheme == PAGE:
        token.attrSet("href", reverse("courses:page", args=[env["course"], name]) + (f"#{anchor}" if anchor else ""))
    elif scheme == LAB:
        token.attrSet("href", reverse("labs:lab", args=[name]))
    elif scheme == TERM:
        token.attrSet("href", f"{reverse('courses:glossary', args=[env['course']])}#{name}")
        token.attrSet("class", "term")
        token.attrSet("data-term", name)
    return self.renderToken(tokens, index, options, env)


def _formula(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """MathML, which browsers draw and screen readers read without a script."""
    token = tokens[index]
    display = "inline" if token.type == "math_inline" else "block"
    html = mathml(token.content.strip(), display=display)
    return f'<div class="formula">{html}</div>\n' if token.type == "math_block" else html


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A block that acts says so to the lab page's script; without it, it is a block like the others."""
    html = self.fence(tokens, index, options, env)
    try:
        found = directive(tokens[index].info)
    except BadDirective:
        found = None
    if found is None:
        return html
    if found.act == "lab":
        address = reverse("labs:lab", args=[found.file])
        return f'{html}<p class="try"><a href="{escapeHtml(address)}">{escapeHtml(_("Open in a lab"))}</a></p>\n'
    return f'<div class="act" data-act="{found.act}" data-file="{escapeHtml(found.file)}">{html}</div>\n'


def _is_figure(tokens: Sequence[Token], index: int) -> bool:
    inline = tokens[index]
    children = inline.children or []
    return inline.type == "inline" and len(children) == 1 and children[0].type == "image"


def _paragraph(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A paragraph that is only an image has become a figure, which may not stand inside a paragraph."""
    inline = index + 1 if tokens[index].nesting > 0 else index - 1
    return "" if _is_figure(tokens, inline) else self.renderToken(tokens, index, options, env)


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    source = str(token.attrGet("src") or "")
    if source.startswith("figures/") and "/" not in source[8:]:
        source = f"{env.get('figures', '')}{source[8:]}"
    alt = escapeHtml(self.renderInlineAsText(token.children, options, env))
    if source.endswith(CHART):
        drawn = escapeHtml(f"{source.removesuffix(CHART)}-{reader()}.json")
        image = f'<div class="chart" data-chart="{drawn}" role="img" aria-label="{alt}"></div>'
    else:
        image = f'<img src="{escapeHtml(source)}" alt="{alt}" loading="lazy">'
    if len(tokens) > 1:
        return image
    if not source.endswith(CHART):
        image = f'<div class="drawing">{image}</div>'  # on a phone it scrolls: shrunk, nobody could read it
    caption = escapeHtml(str(token.attrGet("title") or ""))
    return f"<figure>{image}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>\n"
