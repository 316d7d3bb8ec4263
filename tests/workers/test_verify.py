"""A lab proves itself, or it is said what is wrong with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from labs.catalog import Lab, load
from labs.kit import notebook
from tests.live import wait_for
from tests.workers.course import CHECKS
from tests.workers.lab_host import lab_host
from workers import proofs, spoiled, verify
from workers.config import ROOT
from workers.host import Host
from workers.sandboxes import choose

__all__ = ["lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


@pytest.fixture
def checks(lab_host: Host) -> Iterator[Path]:
    """The lab's checks.py, as it was again afterwards."""
    path = suma(lab_host).path / "checks.py"
    yield path
    path.write_text(CHECKS)


def suma(host: Host) -> Lab:
    return host.catalog.labs["suma"]


def test_a_lab_proves_itself_and_its_row_says_so(lab_host: Host, checks: Path, tmp_path: Path) -> None:
    lab, table = suma(lab_host), tmp_path / "labs.md"
    runs = list(verify.verify(lab_host, lab))
    bad = [f"bad: {kind}" for kind in spoiled.KINDS]
    assert [run.name for run in runs] == ["starter", "solution", "mutant resta", *bad]
    assert [verify.table_row(run) for run in runs if not run.ok] == []
    assert runs[2].lost == ("suma",)
    assert "mutant resta" in verify.table_row(runs[2])
    assert runs[1].peak_memory >= 0
    table.write_text(f"{proofs.HEAD}| gone | base | 1 | 1 | 1 of 2 | 3.0 | `000000000000` | 1 |\n")
    proofs.record(table, lab_host.catalog, lab, runs)
    assert list(proofs.read(table)) == ["suma"]
    assert in_a_row(table) == 1
    proofs.record(table, lab_host.catalog, lab, runs)
    assert in_a_row(table) == 2
    assert proofs.proven(table, lab_host.catalog) == {"suma"}
    (lab.path / "instructions.es.md").write_text("Sume dos números.\n")
    spec = lab.path / "lab.yaml"
    spec.write_text(spec.read_text().replace("title: {es: Suma, en: Sum}", "title: {es: La suma, en: The sum}"))
    assert suma(lab_host).digest != lab.digest
    assert proofs.proven(table, lab_host.catalog) == {"suma"}, "what is said to people is not graded"
    checks.write_text(f"{CHECKS}\n# another\n")
    assert proofs.proven(table, lab_host.catalog) == set(), "something else is there now"
    proofs.record(table, lab_host.catalog, suma(lab_host), runs)
    assert in_a_row(table) == 1, "it begins anew with what is there now"
    proofs.record(table, lab_host.catalog, suma(lab_host), [*runs, replace(runs[0], problems=("flaked",))])
    assert proofs.read(table) == {}, "one that failed is proven no more"


def in_a_row(table: Path) -> int:
    return int(proofs.read(table)["suma"].split("|")[-2])


def test_checks_that_break_on_what_students_hand_in_are_named(lab_host: Host, checks: Path) -> None:
    checks.write_text(CHECKS.replace("if got != a + b", "if got - a != b"))
    (run,) = verify.verify(lab_host, suma(lab_host), only=lambda name: name == "bad: wrong type")
    assert run.result.outcome == "author_error"
    assert not run.ok


def test_checks_that_show_what_is_theirs_are_named(lab_host: Host, checks: Path) -> None:
    checks.write_text(CHECKS.replace("got=str(got)", 'got="Traceback (most recent call last): ..."'))
    (run,) = verify.verify(lab_host, suma(lab_host), only=lambda name: name == "bad: wrong type")
    assert run.result.outcome == "graded"
    assert "stack trace" in verify.table_row(run)


def test_every_answer_of_a_notebook_is_spoiled_and_nothing_else() -> None:
    host_lab = next(lab for lab in _course().values() if lab.spec.files == ("main.ipynb",))
    solution = notebook.parse(host_lab.tree("solution")["main.ipynb"])
    for kind, files in spoiled.trees(host_lab):
        if kind in ("empty file", "missing file"):
            continue
        book = notebook.parse(files["main.ipynb"])
        assert [cell.id for cell in book.cells] == [cell.id for cell in solution.cells]
        changed = {cell.id for cell, was in zip(book.cells, solution.cells, strict=True) if cell.source != was.source}
        assert changed <= {cell.id for cell in solution.cells if cell.answer}, kind
        assert changed, kind


def test_functions_keep_their_names_and_take_anything() -> None:
    source = "import math\n\n@math.cache\ndef area(r: float) -> float:\n    return math.pi * r\n\nx = 1\n"
    space: dict[str, object] = {}
    exec(spoiled.wrong_types(source.replace("@math.cache\n", "")), space)
    assert space["area"](1, 2, other=3) == spoiled.WRONG  # type: ignore[operator]
    assert space["x"] == 1
    assert "cache" not in spoiled.wrong_types(source)
    assert spoiled.wrong_types("%matplotlib inline\n") == "%matplotlib inline\n"
    assert spoiled.wrong_types("x = 1\n") == "x = 1\n"


def _course() -> dict[str, Lab]:
    return load(ROOT / "labs").labs


def test_one_tree_can_be_asked_for_alone(lab_host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(verify, "Host", lambda *_: lab_host)
    assert verify.main("suma", lab_host.driver.name, said.append, only="resta")
    assert [row.split()[2:4] for row in said] == [["mutant", "resta"]]
    assert not verify.main("suma", lab_host.driver.name, said.append, only="resto")
    assert said[-1] == "suma has no tree named resto"


def test_when_it_is_ended_no_sandbox_of_it_stays(lab_host: Host) -> None:
    run_dir = Path(tempfile.mkdtemp(prefix="lab-", dir="/dev/shm"))
    driver = choose(lab_host.config.model_copy(update={"run_dir": run_dir}))
    told = {"LABS_RUN_DIR": str(run_dir), "LABS_CONTENT_DIR": str(lab_host.config.content_dir)}
    asked = ["verify", "suma", "--driver", driver.name, "--only", "endless loop"]
    with subprocess.Popen([sys.executable, "manage.py", "labs", *asked], cwd=ROOT, env={**os.environ, **told}) as going:
        wait_for(lambda: bool(driver.list()), 120, lambda: f"no sandbox came; exit status {going.poll()}")
        going.send_signal(signal.SIGTERM)
        assert going.wait(60) == 128 + signal.SIGTERM
    assert driver.list() == []
    shutil.rmtree(run_dir)
