"""What a host knows of the labs: always as the files are now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers import course
from workers.config import settings
from workers.environments.bubblewrap import BubblewrapBuilder
from workers.host import Host
from workers.sandboxes.bubblewrap import BubblewrapDriver
from workers.storage import LocalStorage


@pytest.fixture
def host(tmp_path: Path) -> Host:
    config = settings().model_copy(update={"content_dir": course.write(tmp_path / "content"), "run_dir": tmp_path})
    return Host(config, BubblewrapDriver(config), BubblewrapBuilder(), LocalStorage(tmp_path / "storage"))


def test_unchanged_files_are_read_once(host: Host) -> None:
    assert host.catalog is host.catalog


@pytest.mark.parametrize("name", ["checks.py", "lab.yaml", "new.txt"])
def test_a_lab_that_changed_is_read_again(host: Host, name: str) -> None:
    before = host.catalog
    lab = next(iter(before.labs.values()))
    digest = lab.digest
    with (lab.path / name).open("a") as file:
        file.write("# changed\n")
    assert host.catalog is not before
    assert host.catalog.labs[lab.id].digest != digest


def test_a_course_that_lists_fewer_modules_has_fewer_labs(host: Host) -> None:
    assert host.catalog.labs
    (file,) = host.config.content_dir.glob("courses/*/course.yaml")
    lines = [line for line in file.read_text().splitlines() if not line.startswith("modules:")]
    file.write_text("\n".join([*lines, "modules: []"]) + "\n")
    assert not host.catalog.labs


def test_a_file_that_goes_while_the_labs_are_looked_at_is_no_trouble(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = next(iter(host.catalog.labs.values()))
    gone = lab.path / "checks.py~"
    gone.touch()
    list_folders = os.walk

    def editor_tidies_up(top: str | Path) -> Iterator[tuple[str, list[str], list[str]]]:
        yield from list(list_folders(top))
        if lab.path.is_relative_to(top):
            gone.unlink(missing_ok=True)

    monkeypatch.setattr(os, "walk", editor_tidies_up)
    assert lab.id in host.catalog.labs
    assert not gone.exists()
