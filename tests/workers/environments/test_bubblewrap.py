"""Environments for bubblewrap, built and run for real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workers.environments.conftest import SIX, Define, Steps
from workers.environments import BuildError, builder_for
from workers.environments.bubblewrap import SANDBOX_SECONDS

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
BUILDER = builder_for("bubblewrap")


def inside(image: str, code: str) -> str:
    """What a program prints that runs on the environment as a sandbox has it: read-only, at /opt/lab/env."""
    command = ["bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib64", "/lib64"]
    command += ["--symlink", "usr/lib", "/lib", "--proc", "/proc", "--ro-bind", image, "/opt/lab/env"]
    command += ["/opt/lab/env/bin/python", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def test_it_builds_an_environment_that_runs_in_a_sandbox(define: Define, steps: Steps) -> None:
    env = define()
    assert BUILDER.find(env) is None
    image = BUILDER.build(env, steps)
    assert inside(image, "import six, sys; print(six.__version__, sys.prefix)") == "1.17.0 /opt/lab/env"
    assert BUILDER.find(env) == image
    assert steps[-1] == "ready"
    assert {"downloading", "installing", "finishing"} <= set(steps)
    assert BUILDER.size(env) > 10_000


def test_a_second_build_only_says_it_is_ready(define: Define, steps: Steps) -> None:
    image = BUILDER.build(define(), Steps())
    made = Path(image).stat().st_mtime
    assert BUILDER.build(define(), steps) == image
    assert list(steps) == ["ready"]
    assert Path(image).stat().st_mtime == made


def test_two_environments_store_a_package_once(define: Define) -> None:
    first, second = (Path(BUILDER.build(define(name=name), Steps())) for name in ("tiny", "other"))
    (module,) = first.glob("lib/python3*/site-packages/six.py")
    other = second / module.relative_to(first)
    assert first != second
    assert module.samefile(other)
    assert inside(str(second), "import six; print(six.__version__)") == "1.17.0"


def test_build_lines_see_their_files_their_variables_and_no_network(define: Define, steps: Steps) -> None:
    lines = [
        "cp /opt/lab/build/note.txt .",
        'echo "$COLOUR" > colour',
        "ls /sys/class/net 2>/dev/null || cat /proc/net/dev > net",
    ]
    image = BUILDER.build(define(build=lines, env={"COLOUR": "verde"}, files={"note.txt": "hola"}), steps)
    tree = Path(image)
    assert (tree / "note.txt").read_text() == "hola"
    assert (tree / "colour").read_text() == "verde\n"
    assert [row.split(":")[0].strip() for row in (tree / "net").read_text().splitlines()[2:]] == ["lo"]


def test_a_build_line_that_fails_is_named_and_leaves_nothing(define: Define, steps: Steps, var_dir: Path) -> None:
    env = define(build=["true", "echo no hay datos >&2; exit 3"])
    with pytest.raises(BuildError, match=r"echo no hay datos.*: no hay datos") as caught:
        BUILDER.build(env, steps)
    assert caught.value.reason == "build_line"
    assert BUILDER.find(env) is None
    assert not [path for path in (var_dir / "environments/tiny").glob(".*-*") if path.is_dir()]


def test_a_build_line_can_change_nothing_but_the_environment(define: Define, steps: Steps) -> None:
    lines = ["! touch /usr/share/mine", "! touch /opt/lab/build/mine", "! touch /etc/mine || rm /etc/mine"]
    BUILDER.build(define(build=lines), steps)
    assert not Path("/usr/share/mine").exists()
    assert not Path("/etc/mine").exists()


def test_every_uid_may_read_it_whatever_the_builders_umask(define: Define, steps: Steps) -> None:
    before = os.umask(0o077)
    try:
        image = BUILDER.build(define(SIX + "# umask\n", build=["echo x > own"]), steps)
    finally:
        os.umask(before)
    for path in [Path(image), *Path(image).rglob("*")]:
        if not path.is_symlink():
            assert path.stat().st_mode & 0o005 == (0o005 if path.is_dir() else path.stat().st_mode & 0o001 | 0o004), (
                path
            )


def test_a_missing_debian_package_is_named_with_the_line_that_installs_it(define: Define, steps: Steps) -> None:
    with pytest.raises(BuildError, match="apt-get install --no-install-recommends no-such-package") as caught:
        BUILDER.build(define(debian_packages=["no-such-package"]), steps)
    assert (caught.value.reason, caught.value.package) == ("missing_host_package", "no-such-package")


def test_a_package_is_compiled_once_and_anew_where_its_text_differs(define: Define, steps: Steps) -> None:
    """A build line has put another text of the same length there, which only its own compiled file can be of."""
    alter = "sed -i s/1.17.0/9.99.9/ lib/python3.11/site-packages/six.py"
    compiled = "lib/python3.11/site-packages/__pycache__/six.cpython-311.pyc"
    again = "bin/python -m compileall -q -f --invalidation-mode unchecked-hash lib"
    altered = Path(BUILDER.build(define(name="altered", build=[alter, again]), steps))
    trees = [Path(BUILDER.build(define(name=name, build=["true"]), Steps())) for name in ("one", "two")]
    numbers = [(tree / compiled).stat().st_ino for tree in (altered, *trees)]
    assert numbers[0] != numbers[1] == numbers[2]
    code = "import six; print(six.__version__)"
    version = subprocess.run([trees[1] / "bin/python", "-c", code], capture_output=True, text=True, check=True).stdout
    assert version == "1.17.0\n"


def test_two_processes_build_one_tree(define: Define, tmp_path: Path) -> None:
    env = define(SIX + "# two\n", build=["sleep 1; date +%N >> built"])
    command = [sys.executable, "-m", "workers.environments", "build", "tiny", "--driver", "bubblewrap"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert sorted("installing" in output for output in outputs) == [False, True]
    assert len((Path(BUILDER.find(env) or "") / "built").read_text().split()) == 1


def test_a_killed_build_leaves_no_process_and_the_next_one_works(define: Define, var_dir: Path) -> None:
    env = define(SIX + "# killed\n", build=["sleep 4242.5"])
    command = [sys.executable, "-m", "workers.environments", "build", "tiny", "--driver", "bubblewrap"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    sleeping = ["pgrep", "-f", "sleep 4242[.]5"]
    end = time.monotonic() + 60
    while subprocess.run(sleeping, capture_output=True, check=False).returncode and time.monotonic() < end:
        time.sleep(0.05)
    process.kill()
    process.wait()
    end = time.monotonic() + 120
    while not subprocess.run(sleeping, capture_output=True, check=False).returncode and time.monotonic() < end:
        time.sleep(0.05)
    assert subprocess.run(sleeping, capture_output=True, check=False).returncode == 1
    assert BUILDER.find(env) is None
    after = define(SIX + "# killed\n", build=["true"])
    assert BUILDER.build(after, Steps())
    BUILDER.remove_stale([after])
    assert not [path for path in (var_dir / "environments/tiny").glob(".*-*") if path.is_dir()]


def test_an_old_tree_goes_only_when_no_sandbox_can_run_on_it(define: Define) -> None:
    old = BUILDER.build(define(SIX + "# old tree\n"), Steps())
    wanted = define(SIX + "# new tree\n")
    new = BUILDER.build(wanted, Steps())
    assert old not in BUILDER.remove_stale([wanted])
    assert Path(old, "bin/python").exists()
    long_ago = time.time() - SANDBOX_SECONDS - 60
    os.utime(Path(old, "unwanted"), (long_ago, long_ago))
    assert old in BUILDER.remove_stale([wanted])
    assert not Path(old).exists()
    assert BUILDER.find(wanted) == new


def test_a_tree_wanted_again_is_kept(define: Define) -> None:
    env = define(SIX + "# back\n")
    image = BUILDER.build(env, Steps())
    BUILDER.remove_stale([])
    assert Path(image, "unwanted").exists()
    BUILDER.remove_stale([env])
    assert not Path(image, "unwanted").exists()


def test_the_tree_tells_what_it_is(define: Define) -> None:
    env = define()
    facts = json.loads(Path(BUILDER.build(env, Steps()), "ready.json").read_text())
    assert (facts["name"], facts["digest"]) == ("tiny", env.digest)
