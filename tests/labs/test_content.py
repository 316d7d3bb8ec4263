"""The course as it is in this repository."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from labs import charts
from labs.catalog import LANGUAGES, Catalog, Lab, Page, load
from labs.contents import prose
from labs.quizgrading import grade_question, printed, right_answers
from labs.quizmodels import Output, Quiz
from labs.quizvariants import code_of, draw

LABS = Path(__file__).parents[2] / "labs"
CATALOG: Catalog = load(LABS)


def test_it_has_no_problems() -> None:
    assert [str(problem) for problem in CATALOG.problems] == []


SYLLABUS = {
    "1.1": (4, "", {"modelos-de-servicio", "seguridad-y-costos", "tres-nubes"}),
    "1.2": (4, "4", {"base-relacional", "bloque-archivo-objeto", "etl-elt", "nosql"}),
    "1.3": (3, "·123", {"calidad-y-gobernanza", "catalogo", "data-lake"}),
    "2.1": (3, "·123", {"cluster", "paralelismo"}),
    "2.2": (
        5,
        "·12345",
        {"dataframes-datasets", "entrenamiento-spark", "mllib", "optimizacion-spark", "rdd", "spark-sql"},
    ),
    "2.3": (3, "123", {"dask", "gpu", "tensorflow-distribuido", "torch-distribuido"}),
    "3.1": (3, "", set()),
    "3.2": (4, "", set()),
    "3.3": (4, "", set()),
    "4.1": (3, "·123", set()),
    "4.2": (3, "·123", set()),
}
"""Each topic's number of lines, its marks (``·``: its own; a digit: the line's), and the labs that teach it."""


def test_it_has_a_page_for_every_line_of_the_syllabus_with_its_mark_and_labs() -> None:
    topics = [topic for module in CATALOG.courses["ml-a-escala"].modules for topic in module.spec.topics]
    found = {}
    for topic in topics:
        marks = "".join(str(number) for number, page in enumerate(topic.pages, 1) if page.marked)
        labs = {lab for page in topic.pages for lab in page.labs}
        found[topic.number] = (len(topic.pages), "·" * topic.marked + marks, labs)
    assert found == SYLLABUS
    assert list(SYLLABUS) == [topic.number for topic in topics]


def test_charts_are_as_their_programs_draw_them() -> None:
    for course in CATALOG.courses.values():
        for program in charts.programs(course):
            for path, text in charts.draw(program).items():
                assert path.read_text() == text, path


PAGES = [page for module in CATALOG.courses["ml-a-escala"].modules for page in module.pages]


@pytest.mark.parametrize("page", PAGES, ids=[page.id for page in PAGES])
@pytest.mark.parametrize("language", LANGUAGES)
class TestEveryPage:
    def test_is_long_enough_to_teach_and_short_enough_to_read(self, page: Page, language: str) -> None:
        read = [line for _, line in prose(page.markdown(language)) if not line.startswith("|")]
        assert 700 <= len(" ".join(read).split()) <= 1500

    def test_has_a_figure_common_mistakes_and_sources(self, page: Page, language: str) -> None:
        text = page.markdown(language)
        assert "![" in text
        mistakes, sources = HEADINGS[language]
        assert {f"## {mistakes}", f"## {sources}"} <= set(text.splitlines())


HEADINGS = {"es": ("Errores comunes", "Fuentes"), "en": ("Common mistakes", "Sources")}


@pytest.mark.parametrize("lab", CATALOG.labs.values(), ids=list(CATALOG.labs))
class TestEveryLab:
    def test_has_four_to_ten_checks_with_hints(self, lab: Lab) -> None:
        assert 4 <= len(lab.spec.checks) <= 10
        assert all(check.hints for check in lab.spec.checks)

    def test_has_a_mutant_for_every_check(self, lab: Lab) -> None:
        assert {check for mutant in lab.spec.mutants for check in mutant.loses} == {c.id for c in lab.spec.checks}
        assert len(lab.spec.mutants) >= 3

    def test_has_three_to_six_steps(self, lab: Lab) -> None:
        for language, word in (("es", "Paso"), ("en", "Step")):
            steps = [line for _, line in prose(lab.instructions(language)) if re.match(rf"## {word} \d", line)]
            assert 3 <= len(steps) <= 6

    def test_starter_and_mutants_differ_from_the_solution(self, lab: Lab) -> None:
        solution = lab.tree("solution")
        assert lab.tree("starter") != solution
        assert all(lab.mutant(mutant.id) != solution for mutant in lab.spec.mutants)


QUIZZES = [quiz for course in CATALOG.courses.values() for module in course.modules for quiz in module.quizzes]


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda quiz: f"{quiz.path.parents[1].name[:2]}-{quiz.id}")
class TestEveryQuiz:
    def test_asks_enough(self, quiz: Quiz) -> None:
        assert len(quiz.spec.questions) >= (6 if quiz.topic else 15)

    def test_asks_in_several_ways(self, quiz: Quiz) -> None:
        kinds = {question.kind for question in quiz.spec.questions}
        assert kinds & {"numeric", "output"}
        assert kinds & {"ordering", "matching"}

    def test_names_the_page_that_teaches_each_question(self, quiz: Quiz) -> None:
        assert [question.id for question in quiz.spec.questions if not question.page] == []

    def test_prints_what_it_says(self, quiz: Quiz) -> None:
        for question in quiz.spec.questions:
            if isinstance(question, Output):
                for index, expected in enumerate(question.prints):
                    assert printed(run(code_of(question, index))) == printed(expected), question.id

    def test_gives_full_points_for_the_solution(self, quiz: Quiz) -> None:
        """Whatever is drawn, and typed as a reader of either language would."""
        for seed in range(20):
            for question, variant in zip(quiz.spec.questions, draw(quiz.spec, seed), strict=True):
                for answer in [each for language in LANGUAGES for each in right_answers(question, variant, language)]:
                    assert grade_question(question, variant, answer).state == "right", (question.id, answer)


def run(code: str) -> str:
    """What a program of the standard library prints."""
    command = [sys.executable, "-I", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def test_a_self_test_asks_other_questions_than_the_topics() -> None:
    for course in CATALOG.courses.values():
        for module in course.modules:
            questions = [question for quiz in module.quizzes for question in quiz.spec.questions]
            asked = [question.model_dump_json(exclude={"id", "page", "points"}) for question in questions]
            assert sorted(asked) == sorted(set(asked))
