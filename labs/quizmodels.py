"""What quiz files say, as frozen objects: labs.quizzes reads them, labs/README.md explains each field to authors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from labs.models import Model, Slug, Text, content_digest

SELF_TEST = "autoevaluacion"
"""The quiz of a whole module; the others are named like their topic."""

MOST_VALUES = 10_000
"""Of one parameter."""


def _as_text(value: Any) -> Any:
    """A number where YAML's author meant text: ``prints: [6]``, ``answer: 42``."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Number = int | float
Value = bool | int | float | str
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,29}$")]
Words = Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=2000)]


class Choose(Model):
    """A parameter that is one of a list."""

    choose: tuple[Number, ...] = Field(min_length=1, max_length=MOST_VALUES)

    @property
    def values(self) -> tuple[Number, ...]:
        return self.choose

    @property
    def extremes(self) -> tuple[Number, ...]:
        return tuple(sorted({min(self.choose), max(self.choose)}))


class Range(Model):
    """A parameter that runs from ``from`` to ``to``, both included, by ``step``."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: Number = Field(alias="from")
    to: Number
    step: Number = Field(gt=0)

    @property
    def count(self) -> int:
        return int((_exact(self.to) - _exact(self.start)) / _exact(self.step)) + 1 if self.to >= self.start else 0

    @property
    def values(self) -> tuple[Number, ...]:
        """Exact in decimals: 0.1, 0.2, 0.3 and not 0.30000000000000004."""
        steps = (_exact(self.start) + index * _exact(self.step) for index in range(self.count))
        return tuple(_plain(value) for value in steps)

    @property
    def extremes(self) -> tuple[Number, ...]:
        found = self.values
        return tuple(dict.fromkeys((found[0], found[-1]))) if found else ()


def _exact(number: Number) -> Decimal:
    return Decimal(str(number))


def _plain(value: Decimal) -> Number:
    return int(value) if value == value.to_integral_value() else float(value)


Parameter = Choose | Range


class Absolute(Model):
    absolute: float = Field(ge=0)


class Option(Model):
    """``feedback``: why it is right, or what mistake it is."""

    text: Text
    correct: bool = False
    feedback: Text


class Pair(Model):
    left: Text
    right: Text


class Accepted(Model):
    """What counts as right, in every language."""

    es: tuple[Words, ...] = Field(min_length=1)
    en: tuple[Words, ...] = Field(min_length=1)


class _Question(Model):
    """``page``: the one that teaches it, which its result leads to."""

    id: Slug
    page: Slug | None = None
    points: float = Field(default=1, gt=0, le=100)
    text: Text


class Single(_Question):
    """One right option."""

    kind: Literal["single"]
    options: tuple[Option, ...] = Field(min_length=2, max_length=8)
    feedback: Text | None = None


class Multiple(_Question):
    """Any number of right options, one at least."""

    kind: Literal["multiple"]
    options: tuple[Option, ...] = Field(min_length=2, max_length=8)
    feedback: Text | None = None


class Numeric(_Question):
    """``answer``: arithmetic over the parameters. ``tolerance``: a share of the answer, or ``{absolute: x}``."""

    kind: Literal["numeric"]
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    answer: Words
    tolerance: Annotated[float, Field(ge=0, le=1)] | Absolute = 0.01
    unit: Text | None = None
    feedback: Text


class Ordering(_Question):
    """``items``: in the right order."""

    kind: Literal["ordering"]
    items: tuple[Text, ...] = Field(min_length=3, max_length=6)
    feedback: Text


class Matching(_Question):
    """``pairs``: two lefts may have the same right, which is shown once."""

    kind: Literal["matching"]
    pairs: tuple[Pair, ...] = Field(min_length=3, max_length=6)
    feedback: Text

    @cached_property
    def rights(self) -> tuple[Text, ...]:
        """The right column, each text once."""
        return tuple(dict.fromkeys(pair.right for pair in self.pairs))


class ShortText(_Question):
    kind: Literal["text"]
    accept: Accepted
    feedback: Text


class Output(_Question):
    """What ``code`` prints; with the n-th of ``cases`` in its ``{{name}}`` it prints the n-th of ``prints``."""

    kind: Literal["output"]
    code: str = Field(min_length=1, max_length=4000)
    cases: tuple[dict[Name, Value], ...] = Field(default=({},), min_length=1)
    prints: tuple[Words, ...] = Field(min_length=1)
    feedback: Text


Question = Annotated[
    Single | Multiple | Numeric | Ordering | Matching | ShortText | Output, Field(discriminator="kind")
]


class QuizFile(Model):
    """One file of ``quizzes/``."""

    title: Text
    questions: tuple[Question, ...] = Field(min_length=1, max_length=60)

    @property
    def max_points(self) -> float:
        return sum(question.points for question in self.questions)


@dataclass(frozen=True)
class Quiz:
    """``id``: its file's name. ``topic``: the topic it belongs to; None for a module's self-test."""

    id: str
    path: Path
    topic: str | None
    spec: QuizFile

    @cached_property
    def digest(self) -> str:
        """Changes when anything of it changes that a student could see or be graded by."""
        return content_digest([("spec", self.spec.model_dump_json(by_alias=True).encode())])


def texts(question: Question) -> Iterator[tuple[tuple[str | int, ...], Text]]:
    """Every Markdown text of a question with its place in the file, below the question's own."""
    yield ("text",), question.text
    match question:
        case Single() | Multiple():
            for index, option in enumerate(question.options):
                yield ("options", index, "text"), option.text
                yield ("options", index, "feedback"), option.feedback
        case Ordering():
            yield from ((("items", index), item) for index, item in enumerate(question.items))
        case Matching():
            for index, pair in enumerate(question.pairs):
                yield ("pairs", index, "left"), pair.left
                yield ("pairs", index, "right"), pair.right
    if question.feedback is not None:
        yield ("feedback",), question.feedback
