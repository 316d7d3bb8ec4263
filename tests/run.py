"""``make test``: lints, type-checks, builds the lab environments, runs every test. ``--lint`` stops before those two.

Each step runs even when an earlier one failed, so that one run tells all; pytest's own summaries are printed last. The
tests run in two halves at once, since much of each is waiting; with arguments, which pytest gets, there is one.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portal.launcher.sweep import available

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LINT = {
    "ruff": [BIN / "ruff", "check", "--quiet", "."],
    "ruff format": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "mypy": [BIN / "mypy"],
    "migrations": [BIN / "python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "course files": [BIN / "python", "manage.py", "labs", "validate"],
}

LIVE = ("tests/e2e", "tests/faults", "tests/attacks")
"""The half that starts the whole portal. Nothing is shared by the two but the built environments."""


def run(name: str, command: list[str | Path]) -> bool:
    """Run one step and say how it went; its output is shown as it comes."""
    print(f"· {name} …", flush=True)
    began = time.monotonic()
    passed = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode == 0
    print(f"{'✓' if passed else '✕'} {name} ({time.monotonic() - began:.0f} s)", flush=True)
    return passed


def build_environments() -> list[str]:
    """Every environment for every driver of this machine; the steps that failed.

    The drivers build at once, since each waits for downloads and the disk by turns; every second one begins with the
    last environment, so that they fetch different packages.
    """
    names = sorted(path.parent.name for path in (ROOT / "labs/environments").glob("*/environment.yaml"))
    build = [BIN / "python", "-m", "workers.environments", "build"]
    steps = [
        (f"lab environments for {driver.name}", [*build, *names[:: -1 if index % 2 else 1], "--driver", driver.name])
        for index, driver in enumerate(available())
    ]
    with ThreadPoolExecutor() as pool:
        passed = list(pool.map(lambda step: run(*step), steps))
    return [name for (name, _command), worked in zip(steps, passed, strict=True) if not worked]


def run_tests(arguments: list[str]) -> int:
    """pytest's exit status, or the worse of two."""
    pytest: list[str | Path] = [BIN / "python", "-m", "pytest"]
    if arguments:
        return subprocess.run([*pytest, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
    log = ROOT / "var" / "logs" / "tests-live.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"· {', '.join(LIVE)} run meanwhile; they are in {log.relative_to(ROOT)}", flush=True)
    with log.open("wb") as out:
        live = subprocess.Popen([*pytest, *LIVE], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        others = [*pytest, *(f"--ignore={folder}" for folder in LIVE)]
        status = subprocess.run(others, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        worse = max(status, live.wait(), key=abs)
    print(log.read_text(errors="replace"), flush=True)
    return worse


def main(arguments: list[str]) -> int:
    failed = [name for name, command in LINT.items() if not run(name, list(command))]
    if arguments == ["--lint"]:
        return 1 if failed else 0
    failed += build_environments()
    if failed:
        print(f"✕ failed before the tests: {', '.join(failed)}", flush=True)
    return run_tests(arguments) or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
