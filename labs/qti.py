"""Quizzes to and from QTI, the exchange format of question banks: packages of 1.2 (labs.qti12) and 2.1 (labs.qti21).

QTI knows one language, no parameters and no programs: what is exported is one language and one drawn variant, and
what is imported has the same text in both languages until an author translates it. A package is a zip with
``imsmanifest.xml`` (IMS Content Packaging 1.1.4); what is read of one is capped in size and may define no entities.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

import yaml
from defusedxml import ElementTree as Safe
from defusedxml.common import DefusedXmlException
from pydantic import ValidationError

from labs import authoring, qti12, qti21, quizzes
from labs.catalog import load
from labs.qtiitems import Item, local
from labs.quizgrading import allowed_distance
from labs.quizmodels import (
    SELF_TEST,
    Matching,
    Multiple,
    Numeric,
    Ordering,
    Output,
    Question,
    Quiz,
    QuizFile,
    ShortText,
)
from labs.quizmodels import Single as SingleChoice
from labs.quizvariants import Variant, code_of, draw, fill, solution
from labs.yamlfile import YamlFile

VERSIONS = {"1.2": qti12, "2.1": qti21}
MOST_FILES = 2000
MOST_BYTES = 30 * 1024 * 1024
"""Of everything in a package, unpacked."""
MOST_XML = 5 * 1024 * 1024


class QtiError(Exception):
    """A package that is refused, and why."""


def export_quiz(quiz: Quiz, out: Path, version: str, language: str = "es", seed: int = 0) -> list[str]:
    """Write a package. Returns notes on what QTI can't say."""
    notes = []
    items = []
    for question, variant in zip(quiz.spec.questions, draw(quiz.spec, seed), strict=True):
        items.append(_item(question, variant, language))
        if variant.values:
            drawn = ", ".join(f"{name} = {value}" for name, value in variant.values.items())
            notes.append(f"{question.id}: QTI has no such parameters; exported with {drawn}")
        if isinstance(question, Output):
            notes.append(f"{question.id}: exported as a short text, compared as a whole")
    title = quiz.spec.title[language]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in VERSIONS[version].package(quiz.id, title, items, language).items():
            package.writestr(name, content)
    return notes


def _item(question: Question, variant: Variant, language: str) -> Item:
    def say(text: Any) -> str:
        return fill(text[language], variant.values, language).strip() if text else ""

    item = Item(question.id, question.kind, say(question.text), question.points, feedback=say(question.feedback))
    match question:
        case SingleChoice() | Multiple():
            item.options = [(say(each.text), each.correct, say(each.feedback)) for each in question.options]
        case Numeric():
            item.answer = solution(question, variant)
            item.tolerance = allowed_distance(question, item.answer)
        case Ordering():
            item.items = [say(text) for text in question.items]
        case Matching():
            item.pairs = [(say(pair.left), say(pair.right)) for pair in question.pairs]
        case ShortText():
            item.accept = list(dict.fromkeys((*question.accept.es, *question.accept.en)))
        case Output():
            item.kind = "text"
            item.text += f"\n\n```python\n{code_of(question, variant.case).rstrip()}\n```"
            item.accept = [question.prints[variant.case]]
    return item


def import_quiz(root: Path, package: Path, course: str, module: str, quiz: str) -> tuple[Path, list[str]]:
    """Make a quiz file of a package. Returns where, and notes on what wasn't understood.

    Raises QtiError or AuthoringError, and then nothing was written.
    """
    folder = authoring.module_folder(root / "courses" / course, module)
    (found,) = [each for each in load(root).courses[course].modules if each.id == folder.name]
    known = [*(topic.id for topic in found.spec.topics), SELF_TEST]
    if quiz not in known:
        raise QtiError(f"a quiz is named like a topic or the self-test (there is: {', '.join(known)})")
    target = folder / "quizzes" / f"{quiz}.yaml"
    if target.exists():
        raise QtiError(f"{target} exists already")
    items, notes = read_package(package)
    questions, more = _questions(items)
    if not questions:
        raise QtiError("; ".join(["no question of this package was understood", *notes, *more]))
    title = (
        found.spec.title.model_dump()
        if quiz == SELF_TEST
        else next(topic.title.model_dump() for topic in found.spec.topics if topic.id == quiz)
    )
    target.parent.mkdir(exist_ok=True)
    data = {"title": title, "questions": questions}
    target.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110))
    return target, [*notes, *more, "every text stands in both languages as the package has it: translate it"]


def _questions(items: Iterable[Item]) -> tuple[list[dict[str, Any]], list[str]]:
    """What validates, and why the rest doesn't."""
    kept: list[dict[str, Any]] = []
    notes: list[str] = []
    for item in items:
        question = {**item.as_yaml(), "id": _slug(item.id, {each["id"] for each in kept})}
        try:
            spec = QuizFile.model_validate({"title": {"es": "x", "en": "x"}, "questions": [question]})
        except ValidationError as wrong:
            reasons = {f"{error['loc'][-1]}: {error['msg']}" for error in wrong.errors()}
            notes.append(f"{item.id}: left out ({'; '.join(sorted(reasons))})")
            continue
        if problems := list(quizzes.check(Quiz("", Path(), None, spec), YamlFile(Path(), {}, {}))):
            notes.append(f"{item.id}: left out ({'; '.join(problem.reason for problem in problems)})")
            continue
        kept.append(question)
    return kept, notes


def _slug(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "pregunta"
    return next(each for each in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if each not in taken)


def read_package(path: Path) -> tuple[list[Item], list[str]]:
    """The items of a zip or of a single XML file, and notes on what wasn't understood. Raises QtiError."""
    items: list[Item] = []
    notes: list[str] = []
    for name, root in _documents(path):
        match local(root):
            case "questestinterop":
                found, said = qti12.read(root)
            case "assessmentItem":
                found, said = qti21.read(root)
            case "manifest" | "assessmentTest":
                continue
            case other:
                found, said = [], [f"{name}: <{other}> is no QTI of 1.2 or 2.1; left out"]
        items += found
        notes += said
    return items, notes


def _documents(path: Path) -> list[tuple[str, Element]]:
    if not zipfile.is_zipfile(path):
        if path.stat().st_size > MOST_XML:
            raise QtiError(f"{path.name} is larger than {MOST_XML} bytes")
        return [(path.name, _parse(path.name, path.read_bytes()))]
    with zipfile.ZipFile(path) as package:
        members = package.infolist()
        if len(members) > MOST_FILES or sum(each.file_size for each in members) > MOST_BYTES:
            raise QtiError(f"{path.name} holds too much: {MOST_FILES} files and {MOST_BYTES} bytes unpacked at most")
        for each in members:
            if each.filename.startswith(("/", "\\")) or ".." in PurePosixPath(each.filename.replace("\\", "/")).parts:
                raise QtiError(f"{path.name} holds a file outside of itself: {each.filename}")
        names = sorted(each.filename for each in members if each.filename.lower().endswith(".xml"))
        return [(name, _parse(name, _content(package, name))) for name in names]


def _content(package: zipfile.ZipFile, name: str) -> bytes:
    """What is really there: the size that a zip states is its author's word."""
    with package.open(name) as file:
        content = file.read(MOST_XML + 1)
    if len(content) > MOST_XML:
        raise QtiError(f"{name} is larger than {MOST_XML} bytes")
    return content


def _parse(name: str, content: bytes) -> Element:
    try:
        root: Element = Safe.fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise QtiError(f"{name} defines entities or names outside files; that is refused") from None
    except (Safe.ParseError, ValueError) as wrong:
        raise QtiError(f"{name} is no XML: {wrong}") from None
    return root
