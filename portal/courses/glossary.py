"""A course's glossary as its reader sees it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

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
    language = reader()
    other = "es" if language == "en" else "en"
    read = [Term.model_validate(term) for term in course.glossary]
    entries = [Entry(each.id, each.term[language], each.definition[language], each.term[other]) for each in read]
    return sorted(entries, key=lambda entry: unicodedata.normalize("NFD", entry.term.casefold()))


_USED = re.compile(r'data-term="([a-z0-9-]+)"')


def terms_in(course: Course, html: str) -> dict[str, dict[str, str]]:
    """What a rendered page needs to show its definitions: ``{id: {term, other, definition}}`` of the terms it uses."""
    used = set(_USED.findall(html))
    if not used:
        return {}
    found = (entry for entry in terms(course) if entry.id in used)
    return {each.id: {"term": each.term, "other": each.other, "definition": each.definition} for each in found}
