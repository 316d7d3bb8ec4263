"""HTML as other platforms write it in QTI, which is seldom XML: ``<br>``, ``&nbsp;``, tags that nobody closes."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree.ElementTree import Element, SubElement

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_UNSEEN = {"script", "style"}
_CLOSED_BY_ITSELF = {"p", "li", "td", "th", "tr", "option"}
MOST_DEEP = 100
"""What stands deeper is taken as if it stood there: no text needs more."""


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("div")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _CLOSED_BY_ITSELF and self.open[-1].tag == tag:
            self.open.pop()
        if len(self.open) >= MOST_DEEP:
            return
        element = SubElement(self.open[-1], tag, {name: value or "" for name, value in attrs})
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.open) < MOST_DEEP:
            SubElement(self.open[-1], tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        depth = max((index for index, element in enumerate(self.open) if index and element.tag == tag), default=0)
        if depth:
            del self.open[depth:]

    def handle_data(self, data: str) -> None:
        inside = self.open[-1]
        if inside.tag in _UNSEEN:
            return
        if len(inside):
            inside[-1].tail = (inside[-1].tail or "") + data
        else:
            inside.text = (inside.text or "") + data


def parse_html(html: str) -> Element:
    """A ``div`` with what was understood; never raises, and knows no entities but those of HTML."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    return tree.root
