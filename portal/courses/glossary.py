"""A course's glossary as its reader sees it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from labs.catalog import Term
from portal.courses.models import Course, reader


@dataclass(frozen=True)
class Entry:
    """``other``: the term in the course's other language, for who reads the field's papers."""

    id: str
    term: str
    definition: str
    other: str


def terms(course: Course) -> list[Entry]:
    """In the alphabet's order, accents aside."""
    return list(_terms(course.pk, course.digest, reader()).values())


@lru_cache(maxsize=16)
def _terms(course: int, digest: str, language: str) -> dict[str, Entry]:  # noqa: ARG001 -- another digest, other terms
    """By id. Every page needs a few of them, so they are kept as the course's structure is."""
    other = "es" if language == "en" else "en"
    stored = Course.objects.values_list("glossary", flat=True).get(pk=course)
    read = [Term.model_validate(term) for term in stored]
    entries = [Entry(each.id, each.term[language], each.definition[language], each.term[other]) for each in read]
    entries.sort(key=lambda entry: unicodedata.normalize("NFD", entry.term.casefold()))
    return {entry.id: entry for entry in entries}


def forget() -> None:
    """For tests; see ``portal.courses.structure.forget``."""
    _terms.cache_clear()


_USED = re.compile(r'data-term="([a-z0-9-]+)"')


def terms_in(course: Course, html: str) -> dict[str, dict[str, str]]:
    """What a rendered page needs to show its definitions: ``{id: {term, other, definition}}`` of the terms it uses."""
    used = set(_USED.findall(html))
    known = _terms(course.pk, course.digest, reader()) if used else {}
    found = (known[term] for term in used & known.keys())
    return {each.id: {"term": each.term, "other": each.other, "definition": each.definition} for each in found}
