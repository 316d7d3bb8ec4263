"""Runs inside a freshly installed environment, on both drivers: drops what no lab uses and compiles the rest.

``/opt/lab/env/bin/python finish.py`` before the environment's own build lines, ``finish.py --seal`` after them.
"""

import compileall
import os
import py_compile
import shutil
import stat
import sys
from pathlib import Path

ENV = Path(sys.prefix)
KEPT_TESTS = {"sklearn", "hypothesis", "dbt"}
"""Packages that use their own ``tests`` folder: sklearn and hypothesis import it, dbt reads macros there."""


def prune(site: Path) -> None:
    """Test suites, caches and C headers are a fifth of the size, and nothing here imports them."""
    for folder in sorted(site.rglob("*"), reverse=True):
        if folder.name == "__pycache__" or (_is_test_suite(folder.relative_to(site)) and folder.is_dir()):
            shutil.rmtree(folder)
    for name in ("numpy/_core/include", "pyarrow/include", "pyarrow/src"):
        shutil.rmtree(site / name, ignore_errors=True)


def _is_test_suite(path: Path) -> bool:
    return path.name == "tests" and len(path.parts) > 1 and path.parts[0] not in KEPT_TESTS


def compile_all(site: Path) -> None:
    """Unchecked: the tree is read-only where it runs, so Python need not compare each source with its cache.

    A file that Python 3.11 can't parse (a template, a test of bad syntax) is left as it is.
    """
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(site, quiet=2, workers=os.cpu_count() or 1, invalidation_mode=mode, legacy=False)


def make_readable(root: Path) -> None:
    """A sandbox reads it under a uid of its own, whatever the builder's umask was."""
    for folder, _, files in os.walk(root):
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 -- readable by every uid is what it is for
        for name in files:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)


if __name__ == "__main__":
    if "--seal" not in sys.argv:
        packages = ENV / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        prune(packages)
        compile_all(packages)
    make_readable(ENV)
