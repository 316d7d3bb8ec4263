"""The course as it is in this repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labs.catalog import LANGUAGES, Catalog, Lab, load
from labs.charts import draw, programs
from labs.contents import prose

LABS = Path(__file__).parents[2] / "labs"
CATALOG: Catalog = load(LABS)


def test_it_has_no_problems() -> None:
    assert [str(problem) for problem in CATALOG.problems] == []


SYLLABUS = {
    "1.1": (False, {"modelos-de-servicio", "seguridad-y-costos", "tres-nubes"}),
    "1.2": (False, {"base-relacional", "bloque-archivo-objeto", "etl-elt", "nosql"}),
    "1.3": (True, {"calidad-y-gobernanza", "catalogo", "data-lake"}),
    "2.1": (True, {"cluster", "paralelismo"}),
    "2.2": (True, {"dataframes-datasets", "entrenamiento-spark", "mllib", "optimizacion-spark", "rdd", "spark-sql"}),
    "2.3": (False, {"dask", "gpu", "torch-distribuido"}),
}
"""Each topic's mark, and the labs that teach it."""


def test_it_teaches_the_topics_of_the_syllabus_with_their_labs() -> None:
    topics = [topic for module in CATALOG.courses["ml-a-escala"].modules for topic in module.spec.topics]
    labs = {topic.number: {lab for page in topic.pages for lab in page.labs} for topic in topics}
    assert {topic.number: (topic.marked, labs[topic.number]) for topic in topics} == SYLLABUS
    assert list(SYLLABUS) == [topic.number for topic in topics]


def test_charts_are_as_their_programs_draw_them() -> None:
    for course in CATALOG.courses.values():
        for program in programs(course):
            for path, text in draw(program).items():
                assert path.read_text() == text, path


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_long_enough_to_teach_and_short_enough_to_read(language: str) -> None:
    for course in CATALOG.courses.values():
        for page in (page for module in course.modules for page in module.pages):
            text = page.markdown(language)
            assert 700 <= len(text.split()) <= 1500, page.id
            assert "![" in text, f"{page.id} has no figure"


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
