"""The import rule of docs/architecture.md: portal → workers → labs, and the Django apps in one order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("portal", "workers", "labs")
APPS = ("core", "accounts", "courses", "quizzes", "labsessions", "grading", "help", "operations")


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Every absolute module name a file imports, with its line, the ones inside functions too."""
    package = list(file.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: -node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def files(folder: str) -> list[Path]:
    content = ROOT / "labs" / "courses"  # what students and graders run: another world's imports
    return [p for p in sorted((ROOT / folder).rglob("*.py")) if content not in p.parents]


def breaches(folder: str, forbidden: set[str]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in files(folder)
        for line, name in imported(file)
        if any(name == banned or name.startswith(f"{banned}.") for banned in forbidden)
    ]


@pytest.mark.parametrize("layer", ["workers", "labs"])
def test_a_layer_imports_only_to_its_right(layer: str) -> None:
    left = set(LAYERS[: LAYERS.index(layer)])
    assert breaches(layer, left | {"django"}) == []


@pytest.mark.parametrize("app", APPS)
def test_an_app_imports_only_apps_before_it(app: str) -> None:
    later = {f"portal.{name}" for name in APPS[APPS.index(app) + 1 :]}
    assert breaches(f"portal/{app}", later) == []


def test_the_kit_stands_alone() -> None:
    """It runs inside sandboxes, where nothing else of this repository is."""
    absolute = {"labs", "workers", "portal", "django", "celery", "redis"}
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files("labs/kit")
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in absolute)
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] in absolute for alias in node.names))
    ]
    assert found == []


def test_every_app_is_in_the_order() -> None:
    """A new app must be given its place before this suite passes."""
    apps = {path.parent.name for path in (ROOT / "portal").glob("*/apps.py")}
    assert apps == set(APPS)
