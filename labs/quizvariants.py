"""A quiz as one attempt sees it: parameters drawn and orders shuffled from a seed.

Pure: the same seed gives the same variant, always.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from labs.formulas import evaluate
from labs.quizmodels import Matching, Multiple, Numeric, Ordering, Output, Question, QuizFile, Single, Value

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
# Code and formulas keep the decimal point in every language.
_LITERAL = re.compile(r"(```.*?```|~~~.*?~~~|`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$)", re.DOTALL)


@dataclass(frozen=True)
class Variant:
    """``values``: what ``{{name}}`` stands for. ``order``: for each place shown, the index in the file of the option,
    item or right text that stands there. ``case``: which of an output question's cases."""

    values: Mapping[str, Value] = field(default_factory=dict)
    order: tuple[int, ...] = ()
    case: int = 0


def draw(quiz: QuizFile, seed: int) -> list[Variant]:
    """One for each question, in the quiz's order. Questions are drawn apart: adding one leaves the others alone."""
    return [draw_question(question, seed) for question in quiz.questions]


def draw_question(question: Question, seed: int) -> Variant:
    # Not for secrets: what is drawn never decides what is right, and the seed stays on the server.
    random = Random(f"{seed}:{question.id}")  # noqa: S311
    match question:
        case Single() | Multiple():
            return Variant(order=_shuffled(random, len(question.options)))
        case Numeric():
            return Variant({name: random.choice(spec.values) for name, spec in question.parameters.items()})
        case Ordering():
            return Variant(order=_disordered(random, len(question.items)))
        case Matching():
            return Variant(order=_shuffled(random, len(question.rights)))
        case Output():
            case = random.randrange(len(question.cases))
            return Variant(question.cases[case], case=case)
    return Variant()


def _shuffled(random: Random, count: int) -> tuple[int, ...]:
    order = list(range(count))
    random.shuffle(order)
    return tuple(order)


def _disordered(random: Random, count: int) -> tuple[int, ...]:
    """Any order but the right one, which would be given away by standing there at the start."""
    while (order := _shuffled(random, count)) == tuple(range(count)):
        pass
    return order


def solution(question: Numeric, variant: Variant) -> float:
    """The right answer. Raises FormulaError, which validation has ruled out for the extremes of the parameters."""
    return evaluate(question.answer, variant.values)


def code_of(question: Output, case: int) -> str:
    """The program of one case, as it is shown and run."""
    return fill(question.code, question.cases[case], "en", prose=False)


def fill(text: str, values: Mapping[str, Value], language: str, *, prose: bool = True) -> str:
    """``text`` with its ``{{name}}`` replaced; in Spanish prose a number has a decimal comma, in code never."""
    if not values:
        return text
    if not prose:
        return _replace(text, values, "en")
    # An odd part is code or a formula, as re.split gives what its group matched.
    parts = _LITERAL.split(text)
    return "".join(_replace(part, values, "en" if index % 2 else language) for index, part in enumerate(parts))


def _replace(text: str, values: Mapping[str, Value], language: str) -> str:
    return PLACEHOLDER.sub(lambda m: spoken(values[m[1]], language) if m[1] in values else m[0], text)


def spoken(value: Value, language: str) -> str:
    """A value as a reader of ``language`` writes it, without grouping: 0,05 or 0.05."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return repr(value).replace(".", ",") if language == "es" else repr(value)
