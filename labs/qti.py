"""Quizzes to and from QTI, the exchange format of question banks: packages of 1.2 (labs.qti12) and 2.1 (labs.qti21).

QTI knows one language, no parameters and no programs: what is exported is one language and one drawn variant, and
what is imported has the same text in both languages until an author translates it. A package is a zip with
``imsmanifest.xml`` (IMS Content Packaging 1.1.4); what is read of one is capped in size and may define no entities.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

import yaml
from defusedxml import ElementTree as Safe
from defusedxml.common import DefusedXmlException
from pydantic import ValidationError

from labs import authoring, qti12, qti12read, qti21, qti21read, quizzes
from labs.catalog import load
from labs.models import LANGUAGES
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
"""Of everything that is read of a package, unpacked; its films and pictures stay packed."""
MOST_XML = 5 * 1024 * 1024
MOST_QUESTIONS = 60
_READ = (".xml", ".qti", ".dat")
"""Canvas keeps its own form of a quiz in a .xml.qti, Blackboard calls its files .dat."""
_NO_ITEMS = {"manifest", "assessmentTest", "assessmentSection"}


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
        if reason := _wrong(question):
            notes.append(f"{item.id}: left out ({reason})")
        elif len(kept) == MOST_QUESTIONS:
            notes.append(f"{item.id}: left out (a quiz has {MOST_QUESTIONS} questions at most)")
        else:
            kept.append(question)
    return kept, notes


def _wrong(question: dict[str, Any]) -> str:
    try:
        spec = QuizFile.model_validate({"title": {"es": "x", "en": "x"}, "questions": [question]})
    except ValidationError as wrong:
        found = {(_field(error["loc"]), error["msg"]) for error in wrong.errors()}
        return "; ".join(sorted(f"{field}: {message}" for field, message in found))
    return "; ".join(
        problem.reason for problem in quizzes.check(Quiz("", Path(), None, spec), YamlFile(Path(), {}, {}))
    )


def _field(place: tuple[int | str, ...]) -> str:
    """The last name that an author would know: not an index, a language or the kind."""
    names = [part for part in place if isinstance(part, str) and part not in LANGUAGES]
    return names[-1] if names else "question"


def _slug(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "pregunta"
    return next(each for each in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if each not in taken)


def read_package(path: Path) -> tuple[list[Item], list[str]]:
    """The items of a zip or of a single XML file, and notes on what wasn't understood. Raises QtiError."""
    items: list[Item] = []
    notes: list[str] = []
    for name, content in _contents(path):
        root = _parse(name, content)
        if isinstance(root, str):
            notes += [] if name.lower().endswith(".dat") else [root]  # Blackboard keeps settings in such files too
            continue
        match local(root):
            case "questestinterop":
                found, said = qti12read.read(root)
            case "assessmentItem":
                found, said = qti21read.read(root)
            case known if known in _NO_ITEMS or name.lower().endswith(".dat"):
                continue
            case other:
                found, said = [], [f"{name}: <{other}> is no QTI of 1.2, 2.1 or 2.2; left out"]
        new = [item for item in found if item not in items]  # a course of Canvas holds each quiz in two forms
        items += new
        notes += [note for note in said if note not in notes]
    return items, notes


def _contents(path: Path) -> list[tuple[str, bytes]]:
    try:
        return _zipped(path) if zipfile.is_zipfile(path) else [(path.name, _single(path))]
    except (OSError, EOFError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile) as wrong:
        # RuntimeError: it has a password; NotImplementedError: packed in a way that Python can't.
        raise QtiError(f"{path.name} can't be read: {wrong}") from None


def _single(path: Path) -> bytes:
    if path.stat().st_size > MOST_XML:
        raise QtiError(f"{path.name} is larger than {MOST_XML} bytes")
    return path.read_bytes()


def _zipped(path: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as package:
        members = package.infolist()
        for each in members:
            if each.filename.startswith(("/", "\\")) or ".." in PurePosixPath(each.filename.replace("\\", "/")).parts:
                raise QtiError(f"{path.name} holds a file outside of itself: {each.filename}")
        # A Mac puts a shadow of every file in __MACOSX.
        read = [each for each in members if each.filename.lower().endswith(_READ) and "__MACOSX" not in each.filename]
        if len(members) > MOST_FILES or sum(each.file_size for each in read) > MOST_BYTES:
            raise QtiError(f"{path.name} holds too much: {MOST_FILES} files and {MOST_BYTES} bytes unpacked at most")
        return [(name, _content(package, name)) for name in sorted(each.filename for each in read)]


def _content(package: zipfile.ZipFile, name: str) -> bytes:
    """What is really there: the size that a zip states is its author's word."""
    with package.open(name) as file:
        content = file.read(MOST_XML + 1)
    if len(content) > MOST_XML:
        raise QtiError(f"{name} is larger than {MOST_XML} bytes")
    return content


def _parse(name: str, content: bytes) -> Element | str:
    """The root, or why there is none. A DOCTYPE alone does no harm: QTI 1.2 often has one, and nothing is fetched."""
    try:
        root: Element = Safe.fromstring(content, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise QtiError(f"{name} defines entities or names outside files; that is refused") from None
    except (Safe.ParseError, ValueError, LookupError) as wrong:
        return f"{name} is no XML: {wrong}"
    return root
