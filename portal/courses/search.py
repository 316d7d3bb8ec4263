"""Search over a course's pages, labs and terms, in the reader's language; accents don't matter, typos are forgiven."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.core.cache import cache
from django.urls import reverse
from markdown_it.token import Token
from rapidfuzz import fuzz, process

from labs.markdown import parse
from portal.courses import glossary
from portal.courses.models import Course, Lab, Page, reader

MOST_RESULTS = 30
MOST_CHARS = 100
SNIPPET = 160
# How much of a word may differ for it to count as the same, mistyped: a letter in five.
_SIMILAR = 78
_SHORT = 4
_SPACES = {"softbreak": " ", "hardbreak": " "}
_WORD = re.compile(r"[^\W_]+")
# Part of the cache key: raise it when this module would index the same course differently.
_VERSION = "1"

PAGE, LAB, TERM = "page", "lab", "term"


@dataclass(frozen=True)
class Entry:
    """Something to find: a section of a page, a lab, a term. ``title``: the page's, lab's or term's; ``heading``: the
    section's, else empty."""

    kind: str
    title: str
    heading: str
    url: str
    text: str

    @cached_property
    def folded_title(self) -> str:
        return fold(self.title)

    @cached_property
    def folded_heading(self) -> str:
        return fold(self.heading)

    @cached_property
    def folded_text(self) -> str:
        return fold(self.text)


@dataclass(frozen=True)
class Hit:
    """One result. ``snippet``: pieces of text, each with whether it is what was searched."""

    entry: Entry
    snippet: list[tuple[str, bool]]


@dataclass(frozen=True)
class Found:
    """``instead``: the words that were searched where the reader's own have no match."""

    hits: list[Hit]
    instead: str


@dataclass(frozen=True)
class Index:
    """``vocabulary``: every word that there is to find, folded."""

    entries: list[Entry]
    vocabulary: list[str]


def _vocabulary(entries: Sequence[Entry]) -> list[str]:
    words: set[str] = set()
    for entry in entries:
        words.update(_WORD.findall(f"{entry.folded_title} {entry.folded_heading} {entry.folded_text}"))
    return sorted(word for word in words if len(word) >= _SHORT)


def fold(text: str) -> str:
    """Lower case without accents, letter for letter, so that places in it are places in the text."""
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] or letter for letter in text)


def index(course: Course) -> Index:
    """Built once for each state of the course and language."""
    key = f"search:{_VERSION}:{course.slug}:{course.digest}:{reader()}"
    found: Index | None = cache.get(key)
    if found is None:
        entries = list(_entries(course))
        found = Index(entries, _vocabulary(entries))
        cache.set(key, found, None)
    return found


def search(course: Course, query: str) -> Found:
    """The best results first: hits in titles before hits in text; every word must be in what is found."""
    words = list(dict.fromkeys(_WORD.findall(fold(query[:MOST_CHARS]))))
    if not words:
        return Found([], "")
    where = index(course)
    corrected = [_known(word, where) for word in words]
    scored = [(score, entry) for entry in where.entries if (score := _score(entry, corrected))]
    scored.sort(key=lambda each: -each[0])
    hits = [Hit(entry, snippet(entry, corrected)) for _score_, entry in scored[:MOST_RESULTS]]
    return Found(hits, " ".join(corrected) if corrected != words else "")


def _known(word: str, where: Index) -> str:
    """The word, or the most similar one that the course has when nothing has it."""
    if len(word) < _SHORT or any(known.startswith(word) for known in where.vocabulary):
        return word
    found = process.extractOne(word, where.vocabulary, scorer=fuzz.ratio, score_cutoff=_SIMILAR)
    return found[0] if found else word


def _score(entry: Entry, words: Sequence[str]) -> float:
    """0 when a word is nowhere in it."""
    # What is called just that comes first of all.
    total = 200.0 if not entry.heading and _WORD.findall(entry.folded_title) == list(words) else 0.0
    for word in words:
        start = re.compile(_pattern(word))
        if found := start.search(entry.folded_title):
            # The page itself before each of its sections, and a whole word before one that begins like it.
            whole = not entry.folded_title[found.end() : found.end() + 1].isalnum()
            total += 100 + 40 * (not entry.heading) + 20 * whole
        elif start.search(entry.folded_heading):
            total += 60
        elif times := len(start.findall(entry.folded_text)):
            total += min(times, 10)
        else:
            return 0
    return total


def _pattern(word: str) -> str:
    """A word that begins so; short ones ("de", "la") only as they are."""
    return rf"(?<![^\W_]){re.escape(word)}" + (r"(?![^\W_])" if len(word) < _SHORT else "")


def snippet(entry: Entry, words: Sequence[str]) -> list[tuple[str, bool]]:
    """A piece of the text around the first hit, cut at words, with the hits marked."""
    telling = [word for word in words if len(word) >= _SHORT] or words
    hit = re.compile("|".join(rf"{_pattern(word)}[^\W_]*" for word in telling))
    first = hit.search(entry.folded_text)
    start = max(0, (first.start() if first else 0) - SNIPPET // 3)
    if start:
        start = entry.text.find(" ", start) + 1 or start
    end = min(len(entry.text), start + SNIPPET)
    if end < len(entry.text):
        end = max(entry.text.rfind(" ", start, end), first.end() if first else 0, start + 1)
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = start
    for found in hit.finditer(entry.folded_text, start, end):
        pieces += [(entry.text[at : found.start()], False), (entry.text[found.start() : found.end()], True)]
        at = found.end()
    pieces.append((entry.text[at:end] + (" …" if end < len(entry.text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _entries(course: Course) -> Iterator[Entry]:
    language = reader()
    for page in Page.objects.filter(topic__module__course=course).select_related("topic__module__course"):
        for heading, anchor, text in _sections(page.bodies[language]):
            yield Entry(PAGE, page.title, heading, page.url + (f"#{anchor}" if anchor else ""), text)
    for lab in Lab.objects.filter(module__course=course, active=True):
        text = " ".join(text for _heading, _anchor, text in _sections(lab.instructions[language]))
        yield Entry(LAB, lab.title, "", reverse("labs:lab", args=[lab.slug]), f"{lab.summary} {text}")
    address = reverse("courses:glossary", args=[course.slug])
    for term in glossary.terms(course):
        yield Entry(TERM, term.term, "", f"{address}#{term.id}", f"{term.definition} ({term.other})")


def _sections(markdown: str) -> Iterator[tuple[str, str, str]]:
    """Heading, anchor and text of each part of a page; the first has no heading."""
    tokens = parse(markdown)
    heading, anchor, parts = "", "", list[str]()
    for position, token in enumerate(tokens):
        if token.type == "heading_open" and token.attrGet("id"):
            yield heading, anchor, " ".join(parts)
            heading, anchor, parts = _plain(tokens[position + 1]), str(token.attrGet("id")), []
        elif token.type == "inline" and tokens[position - 1].type != "heading_open":
            parts.append(_plain(token))
        elif token.type == "fence":
            parts.append(" ".join(token.content.split()))
    yield heading, anchor, " ".join(parts)


def _plain(inline: Token) -> str:
    """What a reader reads of it, a picture's description too."""
    words = {"text", "code_inline", "image", "math_inline"}
    parts = [child.content if child.type in words else _SPACES.get(child.type, "") for child in inline.children or ()]
    return " ".join("".join(parts).split())
