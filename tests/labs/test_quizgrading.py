"""What answers are worth, and variants that a seed draws again and again the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from labs.quizgrading import Result, grade, grade_question, is_complete, printed, readings, right_answers
from labs.quizmodels import Numeric, Output, QuizFile
from labs.quizvariants import Variant, draw, fill, solution
from tests.labs.quiz_of_every_kind import QUIZ

SPEC = QuizFile.model_validate(yaml.safe_load(QUIZ))
BY_ID = {question.id: question for question in SPEC.questions}
PLAIN = Variant(order=(0, 1, 2, 3))
"""Shown as the file has it, so that a test reads like the file."""


def graded(question: str, answer: Any, variant: Variant = PLAIN) -> tuple[float, str]:
    result = grade_question(BY_ID[question], variant, answer)
    return result.points, result.state


def test_a_seed_draws_the_same_variant_again() -> None:
    assert draw(SPEC, 7) == draw(SPEC, 7)
    assert len({str(draw(SPEC, seed)) for seed in range(20)}) == 20


def test_a_new_question_leaves_the_others_as_drawn() -> None:
    fewer = SPEC.model_copy(update={"questions": SPEC.questions[1:]})
    assert draw(fewer, 7) == draw(SPEC, 7)[1:]


def test_what_is_drawn_is_what_the_author_allows() -> None:
    drawn = [dict(zip(BY_ID, draw(SPEC, seed), strict=True)) for seed in range(60)]
    assert {variant["amdahl"].values["n"] for variant in drawn} == {4, 8, 16}
    assert {variant["amdahl"].values["f"] for variant in drawn} <= {0.05, 0.1, 0.15, 0.2, 0.25, 0.3}
    assert {variant["que-imprime"].case for variant in drawn} == {0, 1}
    assert all(sorted(variant["quien-espera"].order) == [0, 1, 2] for variant in drawn)
    assert {len(variant["parejas"].order) for variant in drawn} == {2}, "a right text that two share is shown once"


def test_items_to_order_are_never_shown_in_order() -> None:
    assert all(draw(SPEC, seed)[3].order != (0, 1, 2, 3) for seed in range(200))


@pytest.mark.parametrize(("answer", "expected"), [(0, (1, "right")), (1, (0, "wrong")), (None, (0, "unanswered"))])
def test_single(answer: Any, expected: tuple[float, str]) -> None:
    assert graded("quien-espera", answer) == expected


def test_an_option_is_chosen_by_where_it_was_shown() -> None:
    assert graded("quien-espera", 2, Variant(order=(2, 1, 0))) == (1, "right")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([0, 1], (2, "right")),
        ([0], (1, "partial")),
        ([0, 1, 2], (1, "partial")),
        ([0, 2], (0, "wrong")),
        ([2, 3], (0, "wrong")),
        ([0, 1, 2, 3], (0, "wrong")),
        ([], (0, "unanswered")),
    ],
)
def test_multiple_takes_wrong_ones_from_right_ones(answer: Any, expected: tuple[float, str]) -> None:
    assert graded("que-escala", answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([1, 2, 3, 4], (1, "right")),
        ([2, 1, 3, 4], (0.5, "partial")),
        ([4, 3, 2, 1], (0, "wrong")),
        ([1, None, None, None], (0.25, "partial")),
        ([1, 1, 1, 1], (0.25, "partial")),
        ([None] * 4, (0, "unanswered")),
        ([1, 2, 3], (0, "unanswered")),
    ],
)
def test_ordering_counts_items_in_their_place(answer: Any, expected: tuple[float, str]) -> None:
    assert graded("ciclo", answer) == expected


def test_ordering_gives_places_to_items_as_they_were_shown() -> None:
    assert graded("ciclo", [3, 1, 4, 2], Variant(order=(2, 0, 3, 1))) == (1, "right")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([0, 1, 1], (1, "right")),
        ([0, 0, 1], (0.67, "partial")),
        ([1, 0, 0], (0, "wrong")),
        ([None] * 3, (0, "unanswered")),
    ],
)
def test_matching_counts_pairs(answer: Any, expected: tuple[float, str]) -> None:
    assert graded("parejas", answer, Variant(order=(0, 1))) == expected


@pytest.mark.parametrize(
    "typed", ["Consistencia eventual", "  EVENTUAL ", "consisténcia   eventual.", "eventual consistency"]
)
def test_text_is_right_in_either_language_whatever_case_accents_and_spaces(typed: str) -> None:
    assert graded("consistencia", typed) == (1, "right")


@pytest.mark.parametrize("typed", ["eventua", "consistencia fuerte", "eventualmente"])
def test_text_is_compared_exactly(typed: str) -> None:
    assert graded("consistencia", typed) == (0, "wrong")


def test_output_is_that_of_the_case_drawn() -> None:
    assert graded("que-imprime", " 10\n", Variant({"n": 5}, case=1)) == (1, "right")
    assert graded("que-imprime", "6", Variant({"n": 5}, case=1)) == (0, "wrong")


@pytest.mark.parametrize(
    ("typed", "real"), [("[1,2]", "[1, 2]\n"), ("a\r\nb  ", "a\nb"), ("{'a':1}", "{'a': 1}"), ("( 1 , 2 )", "(1, 2)")]
)
def test_spaces_that_do_not_matter_in_output_do_not_count(typed: str, real: str) -> None:
    assert printed(typed) == printed(real)


def test_a_space_between_words_of_output_counts() -> None:
    assert printed("ab") != printed("a b")
    assert printed("A") != printed("a")


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("3.2", (3.2,)),
        ("3,2", (3.2,)),
        (" 3,2 veces", (3.2,)),
        ("≈ 3.2x", (3.2,)),
        ("-0,5", (-0.5,)),
        ("−0.5", (-0.5,)),
        (".5", (0.5,)),
        ("1 234,5", (1234.5,)),
        ("1 234 567", (1234567,)),
        ("1.234,5", (1234.5,)),
        ("1,234.5", (1234.5,)),
        ("1.234.567", (1234567,)),
        ("1'234", (1234,)),
        ("1.234", (1.234, 1234)),
        ("0.125", (0.125,)),
        ("12.3456", (12.3456,)),
        ("3e6", (3_000_000,)),
        ("3×10^6", (3_000_000,)),
        ("45 %", (45,)),
        ("9 m2", (9,)),
        ("20 USD", (20,)),
        ("5.", (5,)),
        ("3 o 4", ()),
        ("1/3", ()),
        ("1.2.3", ()),
        ("1.2,3,4", ()),
        ("tres", ()),
        ("", ()),
        ("1e999", (float("inf"),)),
    ],
)
def test_a_typed_number_is_read_as_people_write_it(typed: str, values: tuple[float, ...]) -> None:
    assert readings(typed) == values


def amdahl(**changes: Any) -> Numeric:
    question = BY_ID["amdahl"]
    assert isinstance(question, Numeric)
    return Numeric.model_validate(question.model_dump(by_alias=True) | changes)


@pytest.mark.parametrize(("typed", "state"), [("2,91", "right"), ("2.96", "right"), ("3.0", "wrong"), ("nan", "wrong")])
def test_numeric_within_a_share_of_the_answer(typed: str, state: str) -> None:
    variant = Variant({"n": 4, "f": 0.125})
    assert round(solution(amdahl(), variant), 4) == 2.9091
    assert graded("amdahl", typed, variant)[1] == state


def test_numeric_within_an_absolute_distance() -> None:
    question = amdahl(answer="100 * n", tolerance={"absolute": 0.5})
    variant = Variant({"n": 4, "f": 0.1})
    assert [grade_question(question, variant, typed).points for typed in ("400,5", "399.5", "401")] == [1, 1, 0]


def test_a_number_without_tolerance_survives_binary_arithmetic() -> None:
    question = amdahl(answer="0.1 + 0.2", tolerance=0)
    assert grade_question(question, Variant(), "0,3").state == "right"


def test_a_whole_quiz_is_graded_question_by_question() -> None:
    results = grade(SPEC, 7, {"consistencia": "eventual", "no-such": 1})
    assert [result.state for result in results].count("unanswered") == 6
    assert results[5] == Result(1, 1, "right")


@pytest.mark.parametrize("nonsense", [{}, [], [[]], "x" * 5000, 10**9, -1, True, [True], {"0": 1}, [99] * 4, None])
def test_nonsense_earns_nothing_and_breaks_nothing(nonsense: Any) -> None:
    assert [result.points for result in grade(SPEC, 7, dict.fromkeys(BY_ID, nonsense))] == [0] * 7


def test_an_item_without_a_place_is_an_answer_left_open() -> None:
    assert not is_complete(BY_ID["ciclo"], [1, None, 2, 3])
    assert is_complete(BY_ID["ciclo"], [1, 4, 2, 3])
    assert not is_complete(BY_ID["quien-espera"], None)


def test_prose_has_its_languages_decimals_and_code_its_own() -> None:
    text = "Fracción {{f}}: `s({{ f }})`, $f = {{f}}$, {{n}} y {{otro}}"
    values = {"f": 0.05, "n": 4}
    assert fill(text, values, "es") == "Fracción 0,05: `s(0.05)`, $f = 0.05$, 4 y {{otro}}"
    assert fill(text, values, "en") == "Fracción 0.05: `s(0.05)`, $f = 0.05$, 4 y {{otro}}"


def test_code_is_filled_as_code() -> None:
    question = BY_ID["que-imprime"]
    assert isinstance(question, Output)
    assert fill(question.code, {"n": 0.5}, "es", prose=False) == "print(sum(range(0.5)))\n"


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_answers_shown_as_right_earn_all_points(language: str) -> None:
    for seed in range(50):
        for question, variant in zip(SPEC.questions, draw(SPEC, seed), strict=True):
            for answer in right_answers(question, variant, language):
                assert grade_question(question, variant, answer).state == "right", (question.id, answer)


@pytest.mark.parametrize(
    ("answer", "tolerance", "shown"),
    [
        ("1 / 3", 0.01, "0,3333"),
        ("1234567.8", {"absolute": 0.05}, "1234567,8"),
        ("2 ** 40", 0, "1099511627776"),
        ("2e-7", 0.01, "0,0000002"),
        ("12", 0.01, "12"),
    ],
)
def test_a_right_number_is_shown_as_exactly_as_it_is_asked(answer: str, tolerance: Any, shown: str) -> None:
    assert right_answers(amdahl(answer=answer, tolerance=tolerance), Variant({"n": 4, "f": 0.1}), "es") == [shown]
