"""A question between our files and QTI, and its texts as the little XHTML that both versions of QTI carry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

_BLOCK = re.compile(r"```\w*\n(.*?)\n```", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


@dataclass
class Item:
    """``options``: text, whether it is right, feedback. ``tolerance``: an absolute distance. ``items``: in order."""

    id: str
    kind: str
    text: str
    points: float = 1
    feedback: str = ""
    options: list[tuple[str, bool, str]] = field(default_factory=list)
    answer: float = 0
    tolerance: float = 0
    accept: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def as_yaml(self) -> dict[str, Any]:
        """A question of a quiz file; feedback that a package lacks is said to be missing, as ours always teaches."""
        found: dict[str, Any] = {"kind": self.kind, "points": self.points, "text": _both(self.text)}
        if self.kind in {"single", "multiple"}:
            found["options"] = [
                {"text": _both(text), **({"correct": True} if right else {}), "feedback": _both(feedback or "—")}
                for text, right, feedback in self.options
            ]
        elif self.kind == "numeric":
            found |= {"answer": repr(self.answer), "tolerance": {"absolute": self.tolerance}}
        elif self.kind == "ordering":
            found["items"] = [_both(text) for text in self.items]
        elif self.kind == "matching":
            found["pairs"] = [{"left": _both(left), "right": _both(right)} for left, right in self.pairs]
        else:
            found["accept"] = {"es": [*self.accept], "en": [*self.accept]}  # apart, or YAML would alias them
        if self.feedback or self.kind not in {"single", "multiple"}:
            found["feedback"] = _both(self.feedback or "—")
        return found


def _both(text: str) -> dict[str, str]:
    return {"es": text, "en": text}


def local(element: Element) -> str:
    """A tag without its namespace."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def each(element: Element, *names: str) -> list[Element]:
    """Every descendant with one of these tags, in document order."""
    return [found for found in element.iter() if local(found) in names]


def first(element: Element, name: str) -> Element | None:
    return next(iter(each(element, name)), None)


def write_xhtml(parent: Element, markdown: str) -> None:
    """Paragraphs, blocks of code and code within a line; other marks of Markdown stay as they are written."""
    # An odd part is a block of code, as re.split gives what its group matched.
    for index, part in enumerate(_BLOCK.split(markdown)):
        if index % 2:
            SubElement(SubElement(parent, "pre"), "code").text = part
            continue
        for paragraph in filter(None, (piece.strip() for piece in part.split("\n\n"))):
            write_inline(SubElement(parent, "p"), paragraph)


def write_inline(parent: Element, markdown: str) -> None:
    last: Element | None = None
    for index, part in enumerate(_CODE.split(markdown)):
        if index % 2:
            last = SubElement(parent, "code")
            last.text = part
        elif last is None:
            parent.text = (parent.text or "") + part
        else:
            last.tail = part


def html_of(markdown: str) -> str:
    """The same as text, for the mattext of QTI 1.2."""
    holder = Element("div")
    write_xhtml(holder, markdown)
    return "".join(tostring(child, encoding="unicode") for child in holder)


def read_xhtml(element: Element, without: tuple[str, ...] = ()) -> str:
    """Markdown of a QTI text; elements named in ``without`` are passed over, with what is in them."""
    text = _read(element, without)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+(?=\n)", "", text)).strip()


def _read(element: Element, without: tuple[str, ...]) -> str:
    inside = element.text or ""
    for child in element:
        name = local(child)
        if name not in without:
            content = _read(child, without)
            if name == "pre":
                code = "".join(child.itertext())
                content = f"\n\n```python\n{code}\n```\n\n"
            elif name == "code":
                content = f"`{content}`"
            elif name in {"p", "div", "li", "br"}:
                content = f"\n\n{content.strip()}\n\n"
            inside += content
        inside += child.tail or ""
    return inside
