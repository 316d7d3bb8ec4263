"""A content folder with environments small enough to build for real in a second: one wheel, no Java."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from labs.catalog import Environment
from workers.config import ROOT, settings
from workers.environments.__main__ import load

SIX = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"
OLDER_SIX = "six==1.16.0 --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n"
IDNA = "idna==3.10 --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3\n"
Define = Callable[..., Environment]


@pytest.fixture(scope="session")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by the session's tests, as a host's var/ is by its builds: pip is seeded once."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def define(tmp_path: Path, var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Define]:
    """Writes the files of an environment, as an author would, and reads it."""
    content = tmp_path / "labs"
    (content / "kit").mkdir(parents=True)
    (content / "kit/__init__.py").write_text('"""The kit."""\n')
    (content / "environments").mkdir()
    for name in ("finish.py", "image.sh"):
        shutil.copy(ROOT / "labs/environments" / name, content / "environments")
    monkeypatch.setenv("LABS_CONTENT_DIR", str(content))
    monkeypatch.setenv("LABS_VAR_DIR", str(var_dir))
    settings.cache_clear()

    def write(
        requirements: str = SIX, name: str = "tiny", files: dict[str, str] | None = None, **spec: object
    ) -> Environment:
        folder = content / "environments" / name
        folder.mkdir(exist_ok=True)
        (folder / "requirements.txt").write_text(requirements)
        for path, text in (files or {}).items():
            (folder / path).write_text(text)
        title = {"es": "Pequeño", "en": "Tiny"}
        (folder / "environment.yaml").write_text(yaml.safe_dump({"title": title, **spec}))
        return load(name)

    yield write
    settings.cache_clear()


class Steps(list[str]):
    """A progress that remembers the codes it was given and checks that the fraction never falls."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.fraction = 0.0

    def __call__(self, fraction: float, text: str) -> None:
        assert self.fraction <= fraction + 1e-9, f"{text}: {fraction} after {self.fraction}"
        self.fraction = fraction
        self.texts.append(text)
        self.append(text.partition(" ")[0])


@pytest.fixture
def steps() -> Steps:
    return Steps()
