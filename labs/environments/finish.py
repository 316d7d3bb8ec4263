"""Runs inside a freshly installed environment, on both drivers: drops what no lab uses and compiles the rest.

``/opt/lab/env/bin/python finish.py`` before the environment's own build lines, ``finish.py --seal`` after them.
"""

import compileall
import functools
import importlib.util
import os
import py_compile
import shutil
import stat
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ENV = Path(sys.prefix)
KEPT_TESTS = {"sklearn", "hypothesis", "dbt"}
"""Packages that use their own ``tests`` folder: sklearn and hypothesis import it, dbt reads macros there."""


def prune(site: Path) -> None:
    """Test suites and C headers are a fifth of the size, and nothing here imports them."""
    for folder in sorted(site.rglob("tests"), reverse=True):
        if folder.is_dir() and _is_test_suite(folder.relative_to(site)):
            shutil.rmtree(folder)
    for name in ("numpy/_core/include", "pyarrow/include", "pyarrow/src"):
        shutil.rmtree(site / name, ignore_errors=True)


def _is_test_suite(path: Path) -> bool:
    return len(path.parts) > 1 and path.parts[0] not in KEPT_TESTS


def compile_all(site: Path) -> None:
    """Unchecked: the tree is read-only where it runs, so Python need not compare each source with its cache.

    What the common image has compiled stays as it is. A file that Python 3.11 can't parse (a template, a test of bad
    syntax) has no cache.
    """
    compile_file = functools.partial(
        compileall.compile_file, quiet=2, force=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(compile_file, [path for path in site.rglob("*.py") if not _compiled(path)], chunksize=32):
            pass


def _compiled(source: Path) -> bool:
    """Whether its cache is of this very text and unchecked (PEP 552: magic number, flags, hash of the source)."""
    cache = Path(importlib.util.cache_from_source(str(source)))
    unchecked = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    if not source.is_file() or not cache.is_file():
        return False
    with cache.open("rb") as file:
        return file.read(16) == unchecked + importlib.util.source_hash(source.read_bytes())


def make_readable(root: Path) -> None:
    """A sandbox reads it under a uid of its own, whatever the builder's umask was."""
    for folder, _, files in os.walk(root):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            mode = path.lstat().st_mode
            wanted = 0o755 if mode & stat.S_IXUSR else 0o644
            # Even a change to the same mode would copy a file of a lower layer into this one.
            if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != wanted:
                path.chmod(wanted)


if __name__ == "__main__":
    if "--seal" not in sys.argv:
        packages = ENV / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        prune(packages)
        compile_all(packages)
    make_readable(ENV)
