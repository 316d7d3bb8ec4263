"""Rows 14 to 21 of the list of attacks: submissions that want points they didn't earn, graded for real."""

# ruff: noqa: E501 -- a hostile program reads best on one line
from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labs.catalog import Catalog, Check, Lab, LabFile
from tests.sandboxes import bench
from workers.config import LabsSettings
from workers.environments import builder_for
from workers.environments.__main__ import load
from workers.grading import grade
from workers.host import Host
from workers.jobs import GradeJob, GradeResult
from workers.storage import LocalStorage

pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("neighbour")]
HIDDEN = "hidden-value-93af"
HONEST = "def total(numbers):\n    return sum(numbers)\n"
CHECKS = f"""
import os
from pathlib import Path
from labkit import Failed, Lab

EXPECTED = "{HIDDEN}"

def verdict(lab: Lab, name: str) -> None:
    numbers = [lab.rng.randrange(10**6) for _ in range(20)]
    got = lab.call(f"{{name}}.py", "total", numbers, timeout=20)
    lab.expect(type(got) is int and got == sum(numbers), es="no", en="no", got=got, expected="a sum")

def stays_in_student(lab: Lab) -> None:
    if os.path.exists("/tmp/marker"):
        raise Failed(es="aquí", en="code of the submission ran beside the checks")
    lab.expect(lab.shell("cat /tmp/marker").stdout, es="no", en="the bait never ran where it may")

def reads(lab: Lab, name: str) -> None:
    lab.run("links.py")
    raise Failed(es="leído", en="read", got=lab.read(name))
"""
# Each defines total(numbers) and hopes to be believed.
CHEATS = {
    "equal_to_all": "class Yes(int):\n    __eq__ = lambda *a: True\n    __ne__ = lambda *a: False\ndef total(n): return Yes()",
    "equal_object": "class Yes:\n    __eq__ = lambda *a: True\n    __reduce__ = lambda s: (sum, ([1],))\ndef total(n): return Yes()",
    "patched_json": "import json\njson.dumps = lambda *a, **k: '{\"value\": true}'\ndef total(n): return True",
    "patched_kit": "import labkit.remote, labkit.values\nlabkit.values.encode = lambda *a: {}\ndef total(n): return 0",
    "printed_verdict": 'def total(n):\n    print(\'{"event": "report", "report": {"outcome": "graded"}}\'); return \'passed\'',
    "written_report": "def total(n):\n    for p in ('/run/lab/report.json', '/run/lab/ready'): open(p, 'w').write('passed')\n    return 1",
    "system_exit": "import sys\ndef total(n): sys.exit(0)",
    "not_a_number": "def total(n): return float('nan')",
    "infinite": "def total(n): return 1e999",
    "deep": "def total(n):\n    value = []\n    for _ in range(100_000): value = [value]\n    return value",
    "huge_int": "def total(n): return 10 ** 100_000",
    "huge_text": "def total(n): return 'x' * (80 << 20)",
    "raised_passed": "class Passed(BaseException): pass\ndef total(n): raise Passed('score 1.0')",
    "hard_coded": f"def total(n): return {sum(random.Random(1).randrange(10**6) for _ in range(20))}",
    # From here on the kernel is lost.
    "early_exit": "import os\ndef total(n): os._exit(0)",
    "at_exit": "import atexit, os\natexit.register(os._exit, 0)\ndef total(n): os.kill(os.getpid(), 15)",
    "killed_kernel": "import os\ndef total(n): os.kill(os.getpid(), 9) if False else os.abort()",
    "other_sockets": "import os, glob\ndef total(n):\n    for p in glob.glob('/run/lab/kernel*'): os.unlink(p)\n    return 1",
}
SEARCH = """
import gc, os, sys
def total(numbers):
    needle = "-".join(["hidden", "value", "93af"])
    found = [repr(o)[:80] for o in gc.get_objects() if isinstance(o, (dict, list, tuple)) and len(o) < 1000 and needle in repr(o)[:10000]]
    frame = sys._getframe()
    while frame:
        found += [k for k, v in frame.f_locals.items() if isinstance(v, str) and needle in v and k != "needle"]
        frame = frame.f_back
    for top in ("/home", "/run", "/tmp", "/opt/lab/kit", "/etc", "/dev/shm"):
        for root, _, files in os.walk(top):
            for name in files:
                try:
                    if needle in open(os.path.join(root, name), errors="replace").read(100_000): found.append(name)
                except OSError: pass
    return found + [os.path.exists("/run/peer")]
"""
LINKS = """
import os, socket
os.symlink("/etc/passwd", "link"); os.symlink("/home/lab/job/checks.py", "grader"); os.symlink("/etc", "folder"); os.mkfifo("fifo")
socket.socket(socket.AF_UNIX).bind("socket"); os.symlink("/dev/zero", "zero"); os.mkdir("directory")
with open("sparse", "wb") as file: file.truncate(200 << 20)
"""
UNREADABLE = (
    "link",
    "grader",
    "folder/passwd",
    "fifo",
    "socket",
    "zero",
    "directory",
    "sparse",
    "../../etc/passwd",
    "/etc/passwd",
)


class CourseOf(Host):
    """A host whose course is one lab made by a test."""

    lab: Lab

    @property
    def catalog(self) -> Catalog:
        return Catalog(labs={self.lab.id: self.lab}, environments={"base": load("base")})


@pytest.fixture(scope="module")
def host(driver_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CourseOf]:
    builder = builder_for(driver_name)
    image = builder.build(load("base"), lambda *_: None)
    with bench(driver_name, image) as made:
        files = LocalStorage(tmp_path_factory.mktemp("storage"))
        settings: LabsSettings = made.settings.model_copy(update={"pool": False})
        yield CourseOf(settings, made.driver, builder, files)


def submit(
    host: CourseOf, folder: Path, submission: dict[str, str], checks: dict[str, str], **changes: Any
) -> GradeResult:
    """Grades a submission by checks given as ``name: call``, on top of CHECKS."""
    bodies = "".join(f"\ndef {name}(lab):\n    return {call}\n" for name, call in checks.items())
    (folder / "hidden").mkdir(exist_ok=True)
    (folder / "hidden/expected.txt").write_text(HIDDEN)
    (folder / "checks.py").write_text(CHECKS + bodies)
    text = {"es": "x", "en": "x"}
    spec = LabFile.model_validate(
        {"title": text, "summary": text, "environment": "base", "files": ["main.py"], "minutes": 10, "grading_seconds": 240,
         "checks": [Check.model_validate({"id": name, "title": text, "points": 1}) for name in checks], **changes}
    )  # fmt: skip
    host.lab = Lab(id="attacked", path=folder, course="c", module="m", spec=spec)
    files = {name: host.storage.put(content.encode()) for name, content in submission.items()}
    return grade(GradeJob("job", 1, "attacked", host.lab.digest, files, seed=2), host)


def statuses(result: GradeResult) -> dict[str, str]:
    return {check["id"]: check["status"] for check in result.checks}


def test_rows_16_17_18_20_21_no_cheat_is_believed(host: CourseOf, tmp_path: Path) -> None:
    files = {f"{name}.py": text for name, text in {**CHEATS, "honest": HONEST}.items()}
    checks = {name: f"verdict(lab, {name!r})" for name in ("honest", *CHEATS)}
    result = submit(host, tmp_path, files, checks)
    assert result.outcome == "graded"
    found = statuses(result)
    assert found.pop("honest") == "passed"
    assert set(found) == set(CHEATS)
    assert {name for name, status in found.items() if status != "failed"} == set()
    assert len(json.dumps(result.checks)) < 512 << 10


def test_row_14_code_that_runs_by_itself_runs_in_the_students_sandbox_alone(host: CourseOf, tmp_path: Path) -> None:
    bait = "open('/tmp/marker', 'a').write(__name__)\n"
    names = (
        "sitecustomize",
        "usercustomize",
        "conftest",
        "setup",
        "json",
        "random",
        "pandas",
        "checks",
        "labkit/__init__",
        "main",
    )
    submission = {f"{name}.py": bait + (HONEST if name == "main" else "") for name in names}
    submission["evil.pth"] = "import os; open('/tmp/marker', 'a').write('pth')\n"
    checks = {"first": "lab.run('main.py') and None", "second": "stays_in_student(lab)"}
    result = submit(host, tmp_path, submission, checks)
    assert statuses(result)["second"] == "passed", result.checks


def test_row_15_nothing_hidden_enters_the_students_sandbox(host: CourseOf, tmp_path: Path) -> None:
    checks = {"look": "lab.expect(0, es='x', en='x', got=lab.call('main.py', 'total', []))"}
    result = submit(host, tmp_path, {"main.py": SEARCH}, checks)
    assert result.checks[0]["got"] == "[False]", result.checks


def test_row_19_only_regular_files_beneath_the_workspace_are_read(host: CourseOf, tmp_path: Path) -> None:
    checks = {f"read_{number}": f"reads(lab, {name!r})" for number, name in enumerate(UNREADABLE)}
    result = submit(host, tmp_path, {"links.py": LINKS}, checks)
    assert result.outcome == "graded"
    assert set(statuses(result).values()) == {"failed"}
    assert [check for check in result.checks if check["got"] is not None or check["message"]["en"] == "read"] == []


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("def total(n):\n    held = []\n    while True: held.append(bytearray(16 << 20))", "memory"),
        ("def total(n):\n    while True: print('y' * 1000)", "output_limit"),
        (
            "import signal\n[signal.signal(s, signal.SIG_IGN) for s in (2, 15)]\ndef total(n):\n    while True: pass",
            "timeout",
        ),
    ],
    ids=["memory", "output", "time"],
)
def test_rows_2_4_7_the_outcome_says_what_ran_out(host: CourseOf, tmp_path: Path, program: str, outcome: str) -> None:
    if outcome == "memory" and "memory limit" in {p.name for p in host.driver.preflight() if not p.ok}:
        pytest.skip("no control groups lent to this account")
    limits = {"memory_mb": 512, "cpus": 2, "pids": 128, "disk_mb": 64}
    checks = {"one": "verdict(lab, 'main')"}
    result = submit(host, tmp_path, {"main.py": program}, checks, grading_seconds=8, limits=limits)
    assert result.outcome == outcome
    assert "passed" not in statuses(result).values()
    assert host.driver.list() == []


def test_row_16_a_submission_that_ends_its_whole_sandbox_earns_nothing(host: CourseOf, tmp_path: Path) -> None:
    program = "import os\ndef total(n): os.kill(-1, 9)"
    checks = {"one": "verdict(lab, 'main')", "two": "verdict(lab, 'main')"}
    result = submit(host, tmp_path, {"main.py": program}, checks)
    assert result.outcome in ("graded", "memory", "timeout")
    assert set(statuses(result).values()) <= {"failed"}
