"""nbgrader assignments become labs, and labs become nbgrader assignments."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from labs import nbgrader
from labs.authoring import AuthoringError
from labs.catalog import load
from labs.kit.notebook import BadNotebook, parse
from tests.labs.notebooks import assert_valid, code, notebook, text

LABS = Path(nbgrader.__file__).parent


def graded(ident: str, **more: Any) -> dict[str, Any]:
    own = {"schema_version": 3, "grade_id": ident, "grade": False, "solution": False, "locked": True, "task": False}
    return {"metadata": {"nbgrader": {**own, **more}}}


SUMA = "def suma(ns):\n    ### BEGIN SOLUTION\n    return np.sum(ns)\n    ### END SOLUTION"
TESTS = "assert suma([1, 2]) == 3\n### BEGIN HIDDEN TESTS\nassert suma([]) == 0\n### END HIDDEN TESTS"
ASSIGNMENT = notebook(
    text("t", "# Sumas\n\nEscribe `suma`."),
    code("i", "import numpy as np\nbase = 10"),
    code("a", SUMA, **graded("suma", solution=True, locked=False)),
    code("b", TESTS, **graded("test suma", grade=True, points=2)),
    code("c", "assert suma([base]) == 10", **graded("test_base", grade=True, points=1)),
    {**text("d", "Porque sí."), **graded("porque", grade=True, solution=True, locked=False, points=3)},
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the course files in which labs can be made."""
    shutil.copytree(LABS / "courses", tmp_path / "labs" / "courses")
    shutil.copytree(LABS / "environments", tmp_path / "labs" / "environments")
    return tmp_path / "labs"


def brought(root: Path, data: bytes = ASSIGNMENT) -> tuple[Path, list[str]]:
    source = root.parent / "sumas.ipynb"
    source.write_bytes(data)
    return nbgrader.import_assignment(root, source, "ml-a-escala", "2", "sumas-nb", "base")


def test_an_assignment_becomes_a_lab_that_validates(root: Path) -> None:
    path, notes = brought(root)
    catalog = load(root)
    assert [str(p) for p in catalog.problems if "sumas-nb" in str(p)] == []
    assert {c.id: c.points for c in catalog.labs["sumas-nb"].spec.checks} == {"t1_test_suma": 66, "t2_test_base": 34}
    starter = (path / "starter" / "main.ipynb").read_bytes()
    assert "HIDDEN" not in starter.decode()
    assert "np.sum" not in starter.decode()
    assert any("porque" in note and "3 points" in note for note in notes)
    assert_valid(starter)


def test_a_test_of_a_class_runs_beside_it_and_its_hidden_part_is_told_as_lost() -> None:
    book = notebook(
        code("a", "class Pila:\n    pass", **graded("pila", solution=True, locked=False)),
        code("b", TESTS.replace("suma", "Pila"), **graded("prueba", grade=True, points=1)),
    )
    made = nbgrader.convert(book)
    assert 'lab.cell("prueba", "main.ipynb").ok()' in made.checks
    assert "Pila([])" not in made.checks
    assert any("hidden tests of `prueba` were left out" in note for note in made.notes)


def test_what_comes_back_is_the_assignment_again(root: Path) -> None:
    brought(root)
    (path,), notes = nbgrader.export_lab(load(root).labs["sumas-nb"], root.parent / "out")
    assert notes == []
    assert_valid(path.read_bytes())
    back = parse(path.read_bytes())
    assert back["suma"].source == SUMA
    assert back["test-suma"].source == TESTS
    again, first = nbgrader.convert(path.read_bytes()), nbgrader.convert(ASSIGNMENT)
    assert again.points == first.points
    assert again.checks == first.checks
    with pytest.raises(AuthoringError, match="exists already"):
        nbgrader.export_lab(load(root).labs["sumas-nb"], root.parent / "out")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{}", "format 4"),
        (notebook(code("a", "1")), "no cell is graded"),
        (notebook(code("a", "1", **graded("a", grade=True, schema_version=9))), "schema 9"),
    ],
)
def test_what_is_no_assignment_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadNotebook, match=reason):
        nbgrader.convert(data)


def test_a_refused_assignment_makes_nothing(root: Path) -> None:
    with pytest.raises(AuthoringError, match="format 4"):
        brought(root, json.dumps({"cells": []}).encode())
    assert not list(root.rglob("sumas-nb"))
