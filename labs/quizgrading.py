"""What an answer is worth. Pure functions of question, variant and answer; nothing here talks to a person.

An answer is plain JSON, in terms of what was shown (never of the file, whose order is the solution):
single: index of the chosen option · multiple: list of indexes · numeric, text, output: what was typed ·
ordering: for each item shown, the position it is given (from 1) or None ·
matching: for each left text, the index of a right text shown or None. None or empty: unanswered.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from labs.models import LANGUAGES
from labs.quizmodels import (
    Absolute,
    Matching,
    Multiple,
    Numeric,
    Ordering,
    Output,
    Question,
    QuizFile,
    ShortText,
    Single,
)
from labs.quizvariants import Variant, draw, solution

Answer = Any
State = Literal["right", "partial", "wrong", "unanswered"]
LONGEST = 2000
"""Characters of a typed answer; what is longer is cut."""

# What people put between groups of thousands: spaces of all widths and apostrophes.
_GROUPS = re.compile(r"(?<=\d)[\s'’\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"[≈~=\s]*([+-]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d+)?)(.*)", re.DOTALL)
_PUNCTUATION = re.compile(r"\s*([,:;()\[\]{}])\s*")
ROUNDING = 1e-13
"""Of binary arithmetic, as a share of the answer."""


@dataclass(frozen=True)
class Result:
    """``points``: of ``max_points``, rounded to hundredths."""

    points: float
    max_points: float
    state: State


def grade(quiz: QuizFile, seed: int, answers: dict[str, Answer]) -> list[Result]:
    """One result for each question of the variant that ``seed`` draws; ``answers`` by question id."""
    pairs = zip(quiz.questions, draw(quiz, seed), strict=True)
    return [grade_question(question, variant, answers.get(question.id)) for question, variant in pairs]


def grade_question(question: Question, variant: Variant, answer: Answer) -> Result:
    clean = cleaned(question, variant, answer)
    if clean is None:
        return Result(0, question.points, "unanswered")
    share = _share(question, variant, clean)
    state: State = "right" if share == 1 else "partial" if share else "wrong"
    return Result(round(question.points * share, 2), question.points, state)


def cleaned(question: Question, variant: Variant, answer: Answer) -> Answer:
    """The answer in its kind's shape, or None for one that is empty or makes no sense."""
    match question:
        case Single():
            return answer if _index(answer, len(variant.order)) else None
        case Multiple():
            found = answer if isinstance(answer, list) else []
            return sorted({each for each in found if _index(each, len(variant.order))}) or None
        case Ordering():
            return _places(answer, len(question.items), range(1, len(question.items) + 1))
        case Matching():
            return _places(answer, len(question.pairs), range(len(variant.order)))
    return answer[:LONGEST] if isinstance(answer, str) and answer.strip() else None


def _index(value: Any, count: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count


def _places(answer: Answer, count: int, allowed: range) -> list[int | None] | None:
    if not isinstance(answer, list) or len(answer) != count:
        return None
    places = [each if _index(each, allowed.stop) and each in allowed else None for each in answer]
    return places if any(each is not None for each in places) else None


def is_complete(question: Question, clean: Answer) -> bool:
    """Whether nothing is left open: every item has its place, every left text its right one."""
    return clean is not None and (not isinstance(question, Ordering | Matching) or None not in clean)


def _share(question: Question, variant: Variant, answer: Answer) -> float:
    """Between 0 and 1."""
    match question:
        case Single():
            return float(question.options[variant.order[answer]].correct)
        case Multiple():
            right = sum(option.correct for option in question.options)
            chosen = [question.options[variant.order[index]].correct for index in answer]
            return max(0, 2 * sum(chosen) - len(chosen)) / right
        case Numeric():
            return float(numeric_matches(question, solution(question, variant), answer))
        case Ordering():
            return sum(place == original + 1 for place, original in zip(answer, variant.order, strict=True)) / len(
                answer
            )
        case Matching():
            shown = [question.rights[original] for original in variant.order]
            given = (None if index is None else shown[index] for index in answer)
            return sum(right == pair.right for right, pair in zip(given, question.pairs, strict=True)) / len(answer)
        case ShortText():
            accepted = {normal(text) for text in (*question.accept.es, *question.accept.en)}
            return float(normal(answer) in accepted)
        case Output():
            return float(printed(answer) == printed(question.prints[variant.case]))
    return 0


def right_answers(question: Question, variant: Variant, language: str = "en") -> list[Answer]:
    """Answers that earn all points, the one to show first; a number is written as readers of ``language`` do."""
    match question:
        case Single():
            return [place for place, original in enumerate(variant.order) if question.options[original].correct]
        case Multiple():
            return [[place for place, original in enumerate(variant.order) if question.options[original].correct]]
        case Numeric():
            value = solution(question, variant)
            return [_written(value, allowed_distance(question, value), language)]
        case Ordering():
            return [[original + 1 for original in variant.order]]
        case Matching():
            return [[variant.order.index(question.rights.index(pair.right)) for pair in question.pairs]]
        case ShortText():
            first, second = (getattr(question.accept, each) for each in sorted(LANGUAGES, key=language.__ne__))
            return [*first, *second]
        case Output():
            return [question.prints[variant.case]]
    return []


def allowed_distance(question: Numeric, right: float) -> float:
    """How far from the right answer still counts."""
    tolerance = question.tolerance
    share = tolerance.absolute if isinstance(tolerance, Absolute) else tolerance * abs(right)
    return share + ROUNDING * max(1, abs(right))


def _written(value: float, allowed: float, language: str) -> str:
    """With as many digits as the tolerance makes sense of, four at least, and never in powers of ten."""
    texts = (f"{value:.{digits}g}" for digits in range(4, 18))
    text = next((text for text in texts if abs(float(text) - value) <= allowed / 10), repr(value))
    plain = format(Decimal(text), "f")
    return plain.replace(".", ",") if language == "es" else plain


def numeric_matches(question: Numeric, right: float, typed: str) -> bool:
    return any(abs(value - right) <= allowed_distance(question, right) for value in readings(typed))


def readings(typed: str) -> tuple[float, ...]:
    """The numbers that a typed text may mean; none when it is no number. A unit behind the number is left aside.

    Comma and point both serve for decimals: where both stand, the last one does; one that stands several times groups
    thousands. ``1.234`` may be either, so both readings count.
    """
    text = typed.replace("−", "-").replace("×10^", "e").strip()
    found = _NUMBER.fullmatch(_GROUPS.sub("", text))
    # A digit that begins a word behind the number is a second number; the one in m2 or CO2 isn't.
    if not found or re.search(r"(?<![^\W\d_])\d", found[2]):
        return ()
    digits, exponent = re.fullmatch(r"([^eE]*)(.*)", found[1].rstrip(".,")).groups()  # type: ignore[union-attr]
    values = []
    for plain in _plain_decimals(digits):
        try:
            values.append(float(plain + exponent))
        except (ValueError, OverflowError):
            continue
    return tuple(values)


def _plain_decimals(digits: str) -> list[str]:
    """With a point for decimals and no grouping, in each way it can be read."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        decimal, group = (".", ",") if digits.rindex(".") > digits.rindex(",") else (",", ".")
        return [digits.replace(group, "").replace(decimal, ".")] if digits.count(decimal) == 1 else []
    mark = "." if points else ","
    whole, _, rest = digits.partition(mark)
    if points + commas > 1:
        return [digits.replace(mark, "")] if all(len(part) == 3 for part in rest.split(mark)) else []
    as_decimal = digits.replace(mark, ".")
    grouped = bool(points + commas) and re.fullmatch(r"[+-]?[1-9]\d{0,2}", whole) and len(rest) == 3
    return [as_decimal, digits.replace(mark, "")] if grouped else [as_decimal]


def normal(text: str) -> str:
    """Case, accents, spaces and a closing point aside."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.split()).rstrip(".")


def printed(text: str) -> str:
    """Output as far as it counts: without spaces around lines, brackets and commas, and empty lines around it."""
    lines = (_PUNCTUATION.sub(r"\1", " ".join(line.split())) for line in text.strip().splitlines())
    return "\n".join(lines)
