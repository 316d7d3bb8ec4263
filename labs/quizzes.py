"""The quizzes of a module: each file held against its topic, the course's pages, and its own arithmetic."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

from labs.formulas import FormulaError, evaluate
from labs.instructions import BadDirective, blocks, directive
from labs.links import Known
from labs.markdown import anchors, parse, targets
from labs.models import LANGUAGES, ModuleFile, Problem, Text
from labs.quizmodels import (
    MOST_VALUES,
    SELF_TEST,
    Matching,
    Multiple,
    Numeric,
    Ordering,
    Output,
    Question,
    Quiz,
    QuizFile,
    Range,
    Single,
    texts,
)
from labs.quizvariants import PLACEHOLDER, code_of
from labs.yamlfile import Loc, YamlFile

Read = tuple[Quiz, YamlFile]
_Found = Iterator[tuple[Loc, str]]
"""Places below a question, and what is wrong there."""


def check(quiz: Quiz, source: YamlFile) -> Iterator[Problem]:
    """What a quiz file alone can get wrong."""
    seen: set[str] = set()
    for index, question in enumerate(quiz.spec.questions):
        place: Loc = ("questions", index)
        if question.id in seen:
            yield _at(source, (*place, "id"), f"two questions have the id `{question.id}`")
        seen.add(question.id)
        for below, reason in _question(question):
            yield _at(source, (*place, *below), f"question `{question.id}`: {reason}")


def check_name(path: Path, spec: ModuleFile) -> Iterator[Problem]:
    """A quiz belongs to the topic it is named like, or is the self-test."""
    if path.stem != SELF_TEST and path.stem not in {topic.id for topic in spec.topics}:
        yield Problem(path, 1, f"no topic of module.yaml has the id `{path.stem}` (the self-test is {SELF_TEST}.yaml)")


def check_links(read: Iterable[Read], known: Known) -> Iterator[Problem]:
    """Pages and links that lead nowhere in the course."""
    for quiz, source in read:
        for index, question in enumerate(quiz.spec.questions):
            place: Loc = ("questions", index)
            if question.page and question.page not in known.pages:
                reason = f"question `{question.id}`: unknown page `{question.page}`"
                yield _at(source, (*place, "page"), reason)
            for below, text in texts(question):
                for language in LANGUAGES:
                    for reason in _text(known, text[language], language):
                        loc = (*place, *below, language)
                        yield _at(source, loc, f"question `{question.id}`: {reason}")


def _text(known: Known, text: str, language: str) -> Iterator[str]:
    tokens = parse(text)
    for _line, target in targets(tokens):
        if reason := known.missing(target, anchors(tokens), language):
            yield reason
    for block in blocks(text):
        try:
            acts = directive(block.info) is not None
        except BadDirective as wrong:
            yield str(wrong)
            continue
        if acts:
            yield f"a block of a question can't have `{block.info}`"


def _question(question: Question) -> _Found:
    match question:
        case Single() | Multiple():
            yield from _options(question)
        case Numeric():
            yield from _numeric(question)
            yield from _placeholders(question, [set(question.parameters)])
        case Output():
            yield from _output(question)
            yield from _placeholders(question, [set(case) for case in question.cases])
        case Ordering():
            yield from _repeated("items", question.items)
        case Matching():
            yield from _repeated("pairs", [pair.left for pair in question.pairs])
            if len(question.rights) < 2:
                yield ("pairs",), "every pair has the same right text"


def _options(question: Single | Multiple) -> _Found:
    right = sum(option.correct for option in question.options)
    if not right:
        yield ("options",), "no option is `correct: true`"
    elif right > 1 and question.kind == "single":
        yield ("options",), f"{right} options are right; a question with several is `kind: multiple`"
    yield from _repeated("options", [option.text for option in question.options])


def _repeated(name: str, listed: Iterable[Text]) -> _Found:
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(listed):
        for language in LANGUAGES:
            if (language, text[language]) in seen:
                yield (name, index), f"`{text[language]}` stands there twice"
            seen.add((language, text[language]))


def _numeric(question: Numeric) -> _Found:
    for name, spec in question.parameters.items():
        if isinstance(spec, Range) and not 1 <= spec.count <= MOST_VALUES:
            yield ("parameters", name), f"`{name}` has {spec.count} values; 1 to {MOST_VALUES} are allowed"
            return
    names = list(question.parameters)
    for values in product(*(question.parameters[name].extremes for name in names)):
        drawn = dict(zip(names, values, strict=True))
        try:
            evaluate(question.answer, drawn)
        except FormulaError as wrong:
            where = ", ".join(f"{name} = {value}" for name, value in drawn.items())
            yield ("answer",), f"`{question.answer}` {f'with {where}' if where else ''}: {wrong}".replace("  ", " ")
            return


def _output(question: Output) -> _Found:
    if len(question.cases) != len(question.prints):
        yield ("prints",), f"{len(question.prints)} `prints` for {len(question.cases)} `cases`"
    for index in range(len(question.cases)):
        try:
            ast.parse(code_of(question, index))
        except (SyntaxError, ValueError) as wrong:
            yield ("code",), f"wrong Python in case {index + 1}: {wrong}"


def _placeholders(question: Numeric | Output, known: list[set[str]]) -> _Found:
    """``{{name}}`` must be a parameter, or a name of every case."""
    everywhere = set.intersection(*known)
    written = [((*below, language), text[language]) for below, text in texts(question) for language in LANGUAGES]
    if isinstance(question, Output):
        written.append((("code",), question.code))
    for below, text in written:
        for name in PLACEHOLDER.findall(text):
            if name not in everywhere:
                names = ", ".join(sorted(everywhere)) or "none"
                yield below, f"unknown {{{{{name}}}}} (there is: {names})"


def _at(source: YamlFile, loc: Loc, reason: str) -> Problem:
    return Problem(source.path, source.line(loc), reason)


__all__ = ["Quiz", "QuizFile", "Read", "check", "check_links", "check_name"]
