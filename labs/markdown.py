"""The Markdown of pages and instructions: one grammar for ``labs validate`` and for the portal that renders it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

CONTAINERS = ("nota", "cuidado", "ejemplo")


def grammar() -> MarkdownIt:
    """A parser of its own for whoever adds rules of rendering to it."""
    markdown = MarkdownIt("commonmark", {"typographer": False, "html": False})
    markdown.enable(["table", "strikethrough"])
    markdown.use(anchors_plugin, max_level=3, permalink=False)
    markdown.use(footnote_plugin).use(deflist_plugin)
    # A price is no formula: `$5` and `5$` stay as they are.
    markdown.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    for name in CONTAINERS:
        markdown.use(container_plugin, name)
    return markdown


@cache
def _parser() -> MarkdownIt:
    return grammar()


def parse(text: str) -> list[Token]:
    return _parser().parse(text)


def anchors(tokens: Sequence[Token]) -> set[str]:
    """What ``#…`` can lead to: the ids of headings."""
    return {str(token.attrGet("id")) for token in tokens if token.type == "heading_open" and token.attrGet("id")}


def targets(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Where links lead, each with the line on which its paragraph begins."""
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                yield (token.map or [0])[0] + 1, str(child.attrGet("href"))
