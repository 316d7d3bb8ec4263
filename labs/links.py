"""Where pages and instructions lead: to pages, labs, terms of the glossary and headings that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from markdown_it.token import Token

from labs.instructions import BadDirective, blocks, directive
from labs.markdown import anchors, parse, targets
from labs.models import LANGUAGES, Course, Lab, Page, Problem

PAGE, LAB, TERM = "pagina", "lab", "glosario"
"""Schemes of links within a course: ``pagina:dask#grafo``, ``lab:rdd``, ``glosario:data-lake``."""


def known(course: Course, labs: Mapping[str, Lab]) -> Known:
    """What links within a course can lead to."""
    pages = {page.id: page for module in course.modules for page in module.pages}
    return Known(pages, labs, {term.id for term in course.glossary})


def check(course: Course, labs: Mapping[str, Lab]) -> Iterator[Problem]:
    """Every link, block and page reference of a course that leads to nothing."""
    pages: dict[str, Page] = {}
    for module in course.modules:
        for page in module.pages:
            if page.id in pages and pages[page.id].path.parent != page.path.parent:
                reason = f"two pages of the course have the id `{page.id}`: the other is in {pages[page.id].path}"
                yield Problem(module.path / "module.yaml", 1, reason)
            pages[page.id] = page
    there = known(course, labs)
    for module in course.modules:
        yield from _order(module.path / "module.yaml", module.pages, pages)
        for page in module.pages:
            for language in LANGUAGES:
                path = page.path / f"{page.id}.{language}.md"
                if (text := _text(path)) is not None:
                    yield from _page(there, path, text, language)
        for lab in module.labs:
            for language in LANGUAGES:
                path = lab.path / f"instructions.{language}.md"
                if (text := _text(path)) is not None:
                    yield from _links(there, path, parse(text), language)


def _order(path: Path, own: tuple[Page, ...], pages: Mapping[str, Page]) -> Iterator[Problem]:
    order = list(pages)
    for page in own:
        for before in page.spec.after:
            if before not in pages or order.index(before) >= order.index(page.id):
                yield Problem(path, 1, f"`{page.id}` comes after `{before}`, which is no earlier page of the course")


class Known:
    """What a course has to lead to."""

    def __init__(self, pages: Mapping[str, Page], labs: Mapping[str, Lab], terms: set[str]) -> None:
        self.pages, self.labs, self.terms = pages, labs, terms

    def missing(self, target: str, own: set[str], language: str) -> str | None:
        """Why a link leads nowhere; None when it leads somewhere, or out of the course."""
        scheme, _, rest = target.partition(":")
        name, _, anchor = rest.partition("#")
        if target.startswith("#"):
            return None if target[1:] in own else f"no heading has the anchor `{target}`"
        if target.startswith(("https://", "http://", "mailto:")):
            return None
        if scheme == PAGE:
            return self._page(name, anchor, language)
        if scheme == LAB:
            return None if name in self.labs else f"a link to the unknown lab `{name}`"
        if scheme == TERM:
            return None if name in self.terms else f"a link to the unknown term `{name}`"
        return f"`{target}` leads nowhere (there is: https://…, #heading, {PAGE}:id, {LAB}:id, {TERM}:id)"

    def _page(self, name: str, anchor: str, language: str) -> str | None:
        if name not in self.pages:
            return f"a link to the unknown page `{name}`"
        path = self.pages[name].path / f"{name}.{language}.md"
        if anchor and path.is_file() and anchor not in anchors(parse(path.read_text())):
            return f"no heading of the page `{name}` has the anchor `#{anchor}`"
        return None


def _links(known: Known, path: Path, tokens: Sequence[Token], language: str) -> Iterator[Problem]:
    own = anchors(tokens)
    for line, target in targets(tokens):
        if reason := known.missing(target, own, language):
            yield Problem(path, line, reason)


def _page(known: Known, path: Path, text: str, language: str) -> Iterator[Problem]:
    tokens = parse(text)
    yield from _links(known, path, tokens, language)
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h1":
            yield Problem(path, (token.map or [0])[0] + 1, "the title of a page stands in module.yaml, not in its text")
    for block in blocks(text):
        yield from _block(known, path, block.line, block.info)


def _text(path: Path) -> str | None:
    """None for one that can't be read: that is said where translations are checked."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None


def _block(known: Known, path: Path, line: int, info: str) -> Iterator[Problem]:
    """Pages are read outside any lab: all a block can do is lead to one."""
    try:
        found = directive(info)
    except BadDirective as wrong:
        yield Problem(path, line, str(wrong))
        return
    if found and found.act != "lab":
        yield Problem(path, line, f"only the instructions of a lab can have `{info}`")
    elif found and found.file not in known.labs:
        yield Problem(path, line, f"a block leads to the unknown lab `{found.file}`")
