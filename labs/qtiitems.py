"""A question between our files and QTI, and its texts as the little XHTML that both versions of QTI carry."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

_BLOCK = re.compile(r"```\w*\n(.*?)\n```", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_SPACE = "\N{NO-BREAK SPACE}"
_PARAGRAPHS = {"p", "div", "li", "ul", "ol", "br", "tr", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"}
_INDENT = re.compile(r"\n[ \t]{4,}")
"""What only lays out the XML; in Markdown it would be a block of code."""
_MOST_DEEP = 200
GAP = "____"
"""What stands in a text where something is typed or chosen within it."""
_GAPS = {"textEntryInteraction", "inlineChoiceInteraction"}


class LeftOut(Exception):
    """Why an item of a package can't be a question here."""


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


def number(text: str | None) -> float | None:
    """A finite number; None where there is none."""
    try:
        found = float((text or "").strip())
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def unseen(*texts: Element) -> list[str]:
    """Notes on what a text shows and Markdown of ours can't be given."""
    notes = []
    pictures = each_of(texts, "img", "object", "audio", "video", "matimage", "mataudio", "matvideo")
    if any(not one.get("data-equation-content") for one in pictures):
        notes.append("a picture or file was left out")
    if each_of(texts, "math"):
        notes.append("a formula was taken as plain text: write it in LaTeX")
    return notes


def each_of(texts: tuple[Element, ...], *names: str) -> list[Element]:
    return [found for text in texts for found in each(text, *names)]


def read_xhtml(element: Element, without: tuple[str, ...] = ()) -> str:
    """Markdown of a QTI text; elements named in ``without`` are passed over, with what is in them."""
    text = _read(element, without).replace(_SPACE, " ")
    text = re.sub(rf"\n\s*{GAP}\s*(?=\n|$)", "", f"\n{text}")  # a gap alone on its line says nothing
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+(?=\n)", "", text)).strip()


def _read(element: Element, without: tuple[str, ...], deep: int = 0) -> str:
    if deep > _MOST_DEEP:
        return "".join(element.itertext())
    inside = _INDENT.sub("\n", element.text or "")
    for child in element:
        name = local(child)
        if name in _GAPS:
            inside += GAP
        elif name and name not in without:
            inside += _marked(child, name, _read(child, without, deep + 1))
        inside += _INDENT.sub("\n", child.tail or "")
    return inside


def _marked(child: Element, name: str, content: str) -> str:
    if name == "pre":
        return f"\n\n```python\n{''.join(child.itertext())}\n```\n\n"
    if name == "code":
        return f"`{content}`"
    if name in {"sup", "sub"} and content.strip():
        return ("^" if name == "sup" else "_") + content.strip()
    if name in {"td", "th"}:
        return f"{content.strip()} "
    if name == "img" and (formula := child.get("data-equation-content")):
        return f"${formula}$"
    return f"\n\n{content.strip()}\n\n" if name in _PARAGRAPHS else content
