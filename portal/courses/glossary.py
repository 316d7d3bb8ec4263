"""A course's glossary as its reader sees it."""

from __future__ import annotations

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
