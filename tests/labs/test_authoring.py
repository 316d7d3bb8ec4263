"""What ``labs new`` makes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from labs.authoring import AuthoringError, new_lab
from labs.catalog import load

LABS = Path(__file__).parents[2] / "labs"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("courses", "environments"):
        shutil.copytree(LABS / folder, tmp_path / folder)
    return tmp_path


@pytest.mark.parametrize("module", ["2", "02-procesamiento-paralelo-y-distribuido"])
def test_a_new_lab_passes_validation(root: Path, module: str) -> None:
    made = new_lab(root, "ml-a-escala", module, "mi-lab", "spark")
    catalog = load(root)
    assert catalog.problems == []
    assert catalog.labs["mi-lab"].path == made
    assert catalog.labs["mi-lab"].spec.environment == "spark"
    (module,) = [module for module in catalog.courses["ml-a-escala"].modules if module.spec.number == 2]
    assert "mi-lab" in module.pages[-1].spec.labs


@pytest.mark.parametrize(
    ("course", "module", "lab", "environment", "reason"),
    [
        ("ml-a-escala", "2", "Mi Lab", "base", "no lab id"),
        ("ml-a-escala", "2", "spark-sql", "base", "already"),
        ("ml-a-escala", "2", "mi-lab", "cobol", "unknown environment"),
        ("ml-a-escala", "9", "mi-lab", "base", "unknown module"),
        ("otro", "2", "mi-lab", "base", "unknown course"),
    ],
)
def test_what_cannot_be_made_changes_nothing(
    root: Path, course: str, module: str, lab: str, environment: str, reason: str
) -> None:
    before = load(root).courses["ml-a-escala"].digest
    with pytest.raises(AuthoringError, match=reason):
        new_lab(root, course, module, lab, environment)
    assert load(root).courses["ml-a-escala"].digest == before
