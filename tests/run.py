"""``make test``: lints, type-checks, builds the lab environments, runs every test. ``--lint`` stops before those two.

Each step runs even when an earlier one failed, so that one run tells all. Several things go on at once, since much of
each is waiting: the environments are built while all that needs none is looked at; bubblewrap's are there first, and
what needs no others is tested while Docker's are still built; the tests that start the whole portal run beside the
others, each a driver after the other. What runs in the background is printed at its end, and the tests that failed once
more at the very end, for a long log is often seen by its last lines only. With arguments, which pytest gets, the
environments are built and its tests run.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from portal.launcher.sweep import available

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LINT: dict[str, list[str | Path]] = {
    "ruff": [BIN / "ruff", "check", "--quiet", "."],
    "ruff format": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "mypy": [BIN / "mypy"],
    "migrations": [BIN / "python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "course files": [BIN / "python", "manage.py", "labs", "validate"],
}

NO_ENVIRONMENT = ("tests/portal",)
"""What is tested while the environments are being built."""

LIVE = ("tests/e2e", "tests/faults", "tests/attacks")
"""What starts the whole portal. Nothing is shared with the other tests but the built environments."""

PYTEST: list[str | Path] = [BIN / "python", "-m", "pytest", "--durations=25", "--durations-min=5"]

MESSAGE_LINES = 12
"""How much of a failed test's traceback is said again at the end."""


class Step:
    """A command of this run. What it prints is shown as it comes, or at the end when it runs in the background."""

    def __init__(self, name: str, command: Sequence[str | Path], *, background: bool = False) -> None:
        self.name = name
        file = ROOT / "var" / "logs" / f"tests-{name.replace(',', '').replace(' ', '-')}"
        file.parent.mkdir(parents=True, exist_ok=True)
        self.log = file.with_suffix(".log") if background else None
        self._report = file.with_suffix(".xml")
        self._report.unlink(missing_ok=True)
        if "pytest" in command:
            command = [*command, "--junitxml", self._report]
        where = f" meanwhile; what it prints is in {self.log.relative_to(ROOT)} until it ends" if self.log else " …"
        print(f"· {name}{where}", flush=True)
        self._began = time.monotonic()
        self._ending = threading.Lock()
        self._good: bool | None = None
        if self.log is None:
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
            return
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def passed(self) -> bool:
        """Waits for its end, and says how it went, once to all who ask."""
        with self._ending:
            if self._good is None:
                self._good = self._process.wait() == 0
                told = f"\n{self.log.read_text(errors='replace')}" if self.log else ""
                seconds = time.monotonic() - self._began
                print(f"{told}{'✓' if self._good else '✕'} {self.name} ({seconds:.0f} s)", flush=True)
            return self._good

    def failures(self) -> list[str]:
        """A paragraph for each test that failed: its name and the end of what it says; none for what isn't pytest."""
        if not self._report.exists():
            return []
        found = []
        for case in ElementTree.parse(self._report).iter("testcase"):
            for fault in (*case.iter("failure"), *case.iter("error")):
                end = "\n".join((fault.text or "").strip().splitlines()[-MESSAGE_LINES:])
                found.append(f"{case.get('classname')}::{case.get('name')}\n{end}")
        return found


def building() -> dict[str, Step]:
    """Every environment that this machine serves, for every driver that it has; by the driver.

    The drivers build at once, since each waits for downloads and the disk by turns; every second one begins with the
    last environment, so that they fetch different packages.
    """
    from workers.environments.__main__ import served

    build: list[str | Path] = [BIN / "python", "-m", "workers.environments", "build"]
    return {
        driver.name: Step(
            f"lab environments for {driver.name}",
            [*build, *served()[:: -1 if index % 2 else 1], "--driver", driver.name],
            background=True,
        )
        for index, driver in enumerate(available())
    }


def lint() -> list[Step]:
    """The steps that failed."""
    return [step for name, command in LINT.items() if not (step := Step(name, command)).passed()]


def test() -> list[Step]:
    """Everything; the steps that failed."""
    builds = building()
    failed = lint()
    # On the database that compose.yaml has; the tests of the whole portal run on the one that a new checkout has.
    portal = Step("tests without environments", [BIN / "python", "-m", "tests.postgres", *PYTEST, *NO_ENVIRONMENT])
    failed += [portal] if not portal.passed() else []
    elsewhere = [f"--ignore={folder}" for folder in (*NO_ENVIRONMENT, *LIVE)]

    def on_each_driver(name: str, chosen: Sequence[str], *, background: bool = False) -> list[Step]:
        failed = []
        for driver, build in builds.items():
            build.passed()
            uses = "--docker=only" if driver == "docker" else "--docker=without"
            step = Step(f"{name}, {driver}", [*PYTEST, uses, *chosen], background=background)
            failed += [step] if not step.passed() else []
        return failed

    with ThreadPoolExecutor() as pool:
        live = pool.submit(on_each_driver, "tests of the whole portal", LIVE, background=True)
        failed += on_each_driver("all other tests", elsewhere)
    return [*failed, *live.result(), *(build for build in builds.values() if not build.passed())]


def main(arguments: list[str]) -> int:
    if arguments == ["--lint"]:
        failed = lint()
    elif arguments:
        failed = [step for step in building().values() if not step.passed()]
        failed += [step for step in [Step("tests", [*PYTEST, *arguments])] if not step.passed()]
    else:
        failed = test()
    if failed:
        for message in (message for step in failed for message in step.failures()):
            print(f"\n✕ {message}", flush=True)
        print(f"✕ failed: {', '.join(step.name for step in failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
