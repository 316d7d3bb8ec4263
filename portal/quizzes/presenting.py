"""An attempt as its student sees it: while it is open without a word about what is right, afterwards by the rule."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nh3
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from labs.models import Text
from labs.quizgrading import cleaned, right_answers
from labs.quizmodels import Matching, Multiple, Numeric, Ordering, Output, Question, ShortText, Single
from labs.quizvariants import Variant, code_of, fill
from portal.courses.models import Page, reader
from portal.courses.rendering import render
from portal.quizzes import answers
from portal.quizzes.models import QuizAttempt

LETTERS = "ABCDEF"
_ONE_PARAGRAPH = re.compile(r"\s*<p>((?:(?!</?p>).)*)</p>\s*", re.DOTALL)
_LABEL = 70
"""Characters of a text that stands in a menu."""


@dataclass(frozen=True)
class Choice:
    """An option, or a right text to match. ``right`` and ``feedback`` stay empty until the attempt is handed in."""

    value: int
    html: SafeString
    label: str
    letter: str = ""
    chosen: bool = False
    right: bool | None = None
    feedback: SafeString | None = None


@dataclass(frozen=True)
class Row:
    """An item to order or a left text to match, with what was given to it. ``given`` is the chosen value."""

    name: str
    html: SafeString
    label: str
    given: int | None
    given_html: str | None = None
    right_html: str | None = None
    right: bool | None = None


@dataclass(frozen=True)
class Asked:
    """A question on the page of an open attempt. ``places``: positions that an item can take."""

    number: int
    name: str
    kind: str
    points: float
    html: SafeString
    code: SafeString | None = None
    unit: str = ""
    typed: str = ""
    choices: list[Choice] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    places: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """A question on the page of its result. ``right``: a right answer to what is typed, where the rule shows it."""

    asked: Asked
    state: str
    points: float
    max_points: float
    feedback: SafeString | None
    right: list[str]
    page: Page | None


class Presenter:
    """Presents one attempt in its reader's language."""

    def __init__(self, attempt: QuizAttempt) -> None:
        self.attempt = attempt
        self.course = attempt.quiz.module.course
        self.language = reader()
        self._pages = {page.slug: page for page in self._named_pages()}

    def _named_pages(self) -> Any:
        named = {question.page for question in self.attempt.file.questions if question.page}
        rows = Page.objects.filter(topic__module__course=self.course, slug__in=named).defer("bodies")
        return rows.select_related("topic__module__course")

    def asked(self) -> list[Asked]:
        """Every question to answer. What is right is nowhere in it."""
        return [self._asked(number, question, variant, None) for number, question, variant in self._numbered()]

    def told(self, shows: bool) -> list[Told]:
        """Every question with what its answer was worth; with what would have been right when ``shows``."""
        detail = {entry["id"]: entry for entry in self.attempt.detail}
        return [self._told(*numbered, detail[numbered[1].id], shows) for numbered in self._numbered()]

    def _numbered(self) -> Iterator[tuple[int, Question, Variant]]:
        for number, pair in enumerate(zip(self.attempt.file.questions, self.attempt.variants, strict=True), 1):
            yield (number, *pair)

    def _told(self, number: int, question: Question, variant: Variant, entry: dict[str, Any], shows: bool) -> Told:
        state = entry["state"]
        # How to work it out is as good as the answer, so it is told with it; what is right already may know why.
        explained = question.feedback if shows or state == "right" else None
        typed = isinstance(question, Numeric | ShortText | Output)
        right = right_answers(question, variant, self.language) if typed and shows and state != "right" else []
        return Told(
            asked=self._asked(number, question, variant, shows),
            state=state,
            points=entry["points"],
            max_points=entry["max_points"],
            feedback=self._html(explained, variant, question) if explained else None,
            right=right[:1],
            page=self._pages.get(question.page or ""),
        )

    def _asked(self, number: int, question: Question, variant: Variant, shows: bool | None) -> Asked:
        """``shows``: None while the attempt is open, then whether what is right is told."""
        answer = cleaned(question, variant, self.attempt.answer(question.id))
        common: dict[str, Any] = {
            "number": number,
            "name": answers.field(number),
            "kind": question.kind,
            "points": question.points,
            "html": self._html(question.text, variant, question),
        }
        match question:
            case Single() | Multiple():
                common["choices"] = self._options(question, variant, answer, shows)
            case Ordering():
                common["places"] = list(range(1, len(question.items) + 1))
                common["rows"] = self._items(number, question, variant, answer, shows)
            case Matching():
                common["choices"] = [
                    self._choice(value, question.rights[original], variant, question)
                    for value, original in enumerate(variant.order)
                ]
                common["rows"] = self._lefts(number, question, variant, answer, shows, common["choices"])
            case Output():
                block = f"```python\n{code_of(question, variant.case).rstrip()}\n```"
                common |= {"code": self._render(block, question), "typed": answer or ""}
            case Numeric():
                unit = question.unit[self.language] if question.unit else ""
                common |= {"unit": unit, "typed": answer or ""}
            case ShortText():
                common["typed"] = answer or ""
        return Asked(**common)

    def _options(self, question: Single | Multiple, variant: Variant, answer: Any, shows: bool | None) -> list[Choice]:
        chosen = set(answer if isinstance(answer, list) else [] if answer is None else [answer])
        found = []
        for value, original in enumerate(variant.order):
            option = question.options[original]
            tells = shows or (shows is not None and value in chosen)
            found.append(
                self._choice(
                    value,
                    option.text,
                    variant,
                    question,
                    chosen=value in chosen,
                    right=option.correct if tells else None,
                    feedback=self._html(option.feedback, variant, question) if tells else None,
                )
            )
        return found

    def _choice(self, value: int, text: Text, variant: Variant, question: Question, **more: Any) -> Choice:
        html = inline(self._html(text, variant, question))
        return Choice(value, html, plain(html), LETTERS[value % len(LETTERS)], **more)

    def _items(self, number: int, question: Ordering, variant: Variant, answer: Any, shows: bool | None) -> list[Row]:
        given = answer or [None] * len(variant.order)
        rows = []
        for row, original in enumerate(variant.order):
            html = inline(self._html(question.items[original], variant, question))
            tells = {"right_html": str(original + 1), "right": given[row] == original + 1} if shows else {}
            place = str(given[row]) if given[row] else None
            rows.append(Row(answers.field(number, row), html, plain(html), given[row], given_html=place, **tells))
        # Once handed in, an ordering reads as the student left it.
        return rows if shows is None else sorted(rows, key=lambda row: row.given or len(rows) + 1)

    def _lefts(
        self, number: int, question: Matching, variant: Variant, answer: Any, shows: bool | None, choices: list[Choice]
    ) -> list[Row]:
        given = answer or [None] * len(question.pairs)
        rows = []
        for row, pair in enumerate(question.pairs):
            html = inline(self._html(pair.left, variant, question))
            own = None if given[row] is None else choices[given[row]].html
            right = variant.order.index(question.rights.index(pair.right))
            tells = {"right_html": choices[right].html, "right": given[row] == right} if shows else {}
            rows.append(Row(answers.field(number, row), html, plain(html), given[row], given_html=own, **tells))
        return rows

    def _html(self, text: Text, variant: Variant, question: Question) -> SafeString:
        return self._render(fill(text[self.language], variant.values, self.language), question)

    def _render(self, markdown: str, question: Question) -> SafeString:
        """Pictures are those of the topic whose page the question is about."""
        page = self._pages.get(question.page or "")
        topic = page.topic.slug if page else self.attempt.quiz.topic.slug if self.attempt.quiz.topic else ""
        address = reverse("courses:figure", args=[self.course.slug, topic, "x.svg"]) if topic else "x.svg"
        return render(markdown, address.removesuffix("x.svg"), course=self.course.slug).html


def inline(html: SafeString) -> SafeString:
    """What is one paragraph without its tags, so that it may stand in a label."""
    found = _ONE_PARAGRAPH.fullmatch(html)
    return mark_safe(found[1]) if found else html  # noqa: S308 -- a part of what render has cleaned


def plain(html: str) -> str:
    """The text alone, for menus and buttons, cut to what fits there."""
    text = " ".join(entities.unescape(nh3.clean(html, tags=set())).split())
    return text if len(text) <= _LABEL else f"{text[: _LABEL - 1].rstrip()}…"
