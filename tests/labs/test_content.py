"""The course as it is in this repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labs.catalog import LANGUAGES, Catalog, Lab, Page, load
from labs.charts import draw, programs
from labs.contents import prose

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
        for program in programs(course):
            for path, text in draw(program).items():
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
