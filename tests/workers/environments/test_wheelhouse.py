"""Downloading: real pip, real failures."""

from __future__ import annotations

import hashlib
import io
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.workers.environments.conftest import SIX, Define, Steps
from workers.environments import BuildError
from workers.environments.bubblewrap import PYTHON
from workers.environments.wheelhouse import remove_stale_wheels, wheelhouse

ZERO = "0" * 64


def unbuildable(folder: Path) -> str:
    """A source package whose wheel can't be built, as a requirement."""
    text = (
        b"import sys\nfrom setuptools import setup\nif 'bdist_wheel' in sys.argv:\n    sys.exit('libfoo.h not found')\n"
    )
    text += b"setup(name='broken', version='1.0')\n"
    archive = folder / "broken-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as target:
        member = tarfile.TarInfo("broken-1.0/setup.py")
        member.size = len(text)
        target.addfile(member, io.BytesIO(text))
    return f"broken @ {archive.as_uri()} --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}\n"


def test_it_downloads_a_wheel_for_each_pin_once(define: Define, steps: Steps) -> None:
    folder = wheelhouse(define(), PYTHON, steps)
    assert [path.name for path in folder.iterdir()] == ["six-1.17.0-py2.py3-none-any.whl"]
    again = Steps()
    assert wheelhouse(define(), PYTHON, again) == folder
    assert again.texts == ["downloading"]


def test_progress_names_the_package(define: Define, steps: Steps) -> None:
    wheelhouse(define(SIX + "# once more\n"), PYTHON, steps)
    assert "downloading six" in steps.texts
    assert steps.fraction == 1.0


@pytest.mark.parametrize(
    ("requirement", "reason", "package", "message"),
    [
        (
            f"zz-no-such-package-here==1.0 --hash=sha256:{ZERO}",
            "unknown_package",
            "zz-no-such-package-here",
            "no package",
        ),
        (
            f"six==99.0 --hash=sha256:{ZERO}",
            "unknown_version",
            "six",
            r"six==99\.0: no such version .*newest is 1\.\d+",
        ),
        (f"six==1.17.0 --hash=sha256:{ZERO}", "hash_mismatch", "six", "not what requirements.txt pins"),
        (f"{SIX}idna==3.10", "hash_mismatch", "idna", "no hash"),
        ("six=1.17.0", "bad_requirement", "six=1.17.0", "not a valid requirement"),
    ],
)
def test_a_failure_names_the_package_and_the_reason(
    define: Define, steps: Steps, requirement: str, reason: str, package: str, message: str
) -> None:
    with pytest.raises(BuildError, match=message) as caught:
        wheelhouse(define(requirement + "\n"), PYTHON, steps)
    assert (caught.value.reason, caught.value.package) == (reason, package)


def test_a_package_that_does_not_build_says_so_in_its_own_words(define: Define, steps: Steps, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"broken.*building it from source failed: libfoo\.h not found") as caught:
        wheelhouse(define(unbuildable(tmp_path)), PYTHON, steps)
    assert (caught.value.reason, caught.value.package) == ("build_failed", "broken")


def test_an_index_out_of_reach_is_the_networks_fault(
    define: Define, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheelhouse(define(), PYTHON, steps)  # pip itself is there by now
    settings = {"CONFIG_FILE": "/dev/null", "FIND_LINKS": "", "INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    with pytest.raises(BuildError, match="can't be reached") as caught:
        wheelhouse(define(f"idna==3.10 --hash=sha256:{ZERO}\n"), PYTHON, Steps())
    assert (caught.value.reason, caught.value.package) == ("network", "idna")


def test_a_failure_leaves_nothing_and_the_next_try_works(define: Define, var_dir: Path) -> None:
    text = SIX + "# after a failure\n"
    before = set((var_dir / "wheelhouse").glob("[!.]*"))
    with pytest.raises(BuildError):
        wheelhouse(define(text + f"six==99.0 --hash=sha256:{ZERO}\n"), PYTHON, Steps())
    assert set((var_dir / "wheelhouse").glob("[!.]*")) == before
    assert not [path for path in (var_dir / "wheelhouse").glob(".*-*-*") if path.is_dir()]
    assert wheelhouse(define(text), PYTHON, Steps()).is_dir()


def test_no_interpreter_is_a_missing_package_of_the_host(define: Define, steps: Steps) -> None:
    with pytest.raises(BuildError, match="apt-get install python3") as caught:
        wheelhouse(define(), "/usr/bin/python3.99", steps)
    assert caught.value.reason == "missing_host_package"


def test_two_builders_download_once_and_the_second_says_it_waits(define: Define) -> None:
    env = define(SIX + "# both at once\n")
    reports = Steps(), Steps()
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda steps: wheelhouse(env, PYTHON, steps), reports))
    assert folders[0] == folders[1]
    assert sorted("downloading six" in steps.texts for steps in reports) == [False, True]
    assert sum("waiting" in steps for steps in reports) <= 1


def test_wheels_nobody_wants_go_and_so_does_what_a_killed_download_left(define: Define, var_dir: Path) -> None:
    old = wheelhouse(define(SIX + "# old\n"), PYTHON, Steps())
    new = wheelhouse(define(SIX + "# new\n"), PYTHON, Steps())
    left = var_dir / "wheelhouse" / f".{new.name}-killed"
    left.mkdir()
    assert old in remove_stale_wheels([define(SIX + "# new\n")])
    assert new.is_dir()
    assert not old.exists()
    assert not left.exists()
