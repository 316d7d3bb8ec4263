"""What is bubblewrap's own: a supervisor that outlives the worker, control groups of both versions or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandboxes import Bench, available_drivers, bench, make_image, wait_for_file, wait_until_still
from workers.jobs import Limits
from workers.sandboxes import cgroup, shim
from workers.sandboxes.base import PreflightError
from workers.sandboxes.bubblewrap import BubblewrapDriver
from workers.sandboxes.cgroup import Cgroups

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif("bubblewrap" not in available_drivers(), reason="bubblewrap is not installed"),
]
OTHER_UID = 4242
BEAT = "import time\nwhile True: open('/run/lab/beat', 'w').close(); time.sleep(.02)"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Bench]:
    with bench("bubblewrap", make_image("bubblewrap", tmp_path)) as made:
        yield made


def test_a_killed_supervisor_takes_the_sandbox_along(box: Bench) -> None:
    handle = box.start(BEAT)
    wait_for_file(handle.run_dir / "beat")
    pid, _ = json.loads((handle.run_dir.parent / "pid").read_bytes())
    os.kill(pid, signal.SIGKILL)
    wait_until_still(handle.run_dir / "beat")
    record = box.driver.poll(handle)
    assert record is not None
    assert record.code is None


def test_the_limits_hold_when_the_worker_is_killed(box: Bench) -> None:
    worker = f"""
import os, signal, sys
from tests.sandboxes import Bench
from workers.config import LabsSettings
from workers.sandboxes.bubblewrap import BubblewrapDriver
settings = LabsSettings(run_dir={str(box.settings.run_dir)!r})
handle = Bench(BubblewrapDriver(settings), settings, {box.image!r}).start({BEAT!r}, wall_seconds=10)
print(handle.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", worker], stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    (handle,) = [h for h in box.driver.list() if h.id == done.stdout.strip()]
    wait_for_file(handle.run_dir / "beat")
    assert box.driver.poll(handle) is None
    assert box.wait(handle).timed_out
    wait_until_still(handle.run_dir / "beat")


def test_a_deadline_brought_forward_in_the_record_holds_with_nobody_looking(box: Bench) -> None:
    handle = box.start(BEAT)
    wait_for_file(handle.run_dir / "beat")
    record = handle.run_dir.parent / "meta.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "deadline": time.time() + 1}))
    assert box.wait(handle).timed_out
    wait_until_still(handle.run_dir / "beat")


def test_a_process_with_a_dead_supervisors_number_is_left_alone(box: Bench) -> None:
    handle = box.start()
    box.wait(handle)
    (handle.run_dir.parent / "pid").write_text(json.dumps([os.getpid(), shim.birth(os.getpid()) - 1]))
    (handle.run_dir.parent / "exit.json").unlink()
    record = box.driver.poll(handle)
    assert record is not None
    box.driver.stop(handle)  # would have ended this very process


def test_what_a_program_says_as_it_fails_is_kept(box: Bench) -> None:
    record = box.run("import sys; sys.exit('the last words')")
    assert (record.code, record.detail) == (1, "the last words\n")


def test_a_start_that_fails_says_why(box: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.sandboxes.bubblewrap._bwrap", lambda: "/usr/bin/no-such-bwrap")
    with pytest.raises(Exception, match="No such file"):
        box.start()
    assert box.driver.list() == []


def test_preflight_names_a_missing_program(box: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PreflightError, match="bwrap"):
        box.driver.preflight()


def test_preflight_refuses_a_host_without_namespaces(box: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.sandboxes.bubblewrap._bwrap", lambda: "/bin/false")
    with pytest.raises(PreflightError, match="namespaces"):
        box.driver.preflight()


def test_without_control_groups_each_process_is_limited(box: Bench) -> None:
    box.driver.__dict__["cgroups"] = Cgroups(0, {})
    seen = box.ask(
        """
import resource
forks = 0
try:
    while forks < 200:
        if os.fork() == 0:
            import time; time.sleep(30); os._exit(0)
        forks += 1
except BlockingIOError: pass
try: bytearray(400 << 20); memory = True
except MemoryError: memory = False
say([forks, memory, resource.getrlimit(resource.RLIMIT_CORE)])
""",
        pids=20,
        memory_mb=128,
    )
    assert seen[0] < 20
    assert seen[1:] == [False, [0, 0]]
    lacking = {p.name for p in box.driver.preflight() if not p.ok}
    assert {"memory limit", "pids limit", "cpu limit"} <= lacking


def test_a_sandbox_that_ends_while_it_begins_leaves_no_process(box: Bench) -> None:
    """bwrap's --die-with-parent doesn't hold yet then, and here no control group ends what is left."""
    box.driver.__dict__["cgroups"] = Cgroups(0, {})
    handles = [box.start("import time; time.sleep(4141.5)", wall_seconds=step % 10 / 1000) for step in range(100)]
    for handle in handles:
        assert box.wait(handle).timed_out
    assert subprocess.run(["pgrep", "-f", "sleep[(]4141[.]5"], capture_output=True, text=True, check=False).stdout == ""


def as_another_uid(work: Any) -> Any:
    """What ``work`` returns, run in a child without root."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(OTHER_UID, OTHER_UID, OTHER_UID)
            os.setresuid(OTHER_UID, OTHER_UID, OTHER_UID)
            os.write(writing, json.dumps(work()).encode())
        except BaseException as error:
            os.write(writing, json.dumps(f"{type(error).__name__}: {error}").encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as answer:
        return json.load(answer)


@pytest.mark.skipif(os.geteuid() != 0, reason="is another uid already")
def test_it_serves_an_account_without_root(tmp_path: Path) -> None:
    image = make_image("bubblewrap", tmp_path)
    for folder in (tmp_path, *list(tmp_path.parents)[:-1]):
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            pytest.skip(f"{folder} is closed to other accounts") if folder == Path("/root") else folder.chmod(0o711)

    def work() -> Any:
        if not os.access(shim.__file__, os.R_OK):
            return "unreadable"
        with bench("bubblewrap", image) as box:
            lacking = sorted(p.name for p in box.driver.preflight() if not p.ok)
            seen = box.ask("say([os.getuid(), open('/proc/self/status').read().count('0000000000000000')])")
            full = box.ask(
                """
made = 0
try:
    while True:
        open(f"/tmp/{made}", "w").close(); made += 1
except OSError as error:
    say([made, error.errno])
"""
            )
            box.stop_all()
            return [lacking, seen, full, len(box.driver.list())]

    answer = as_another_uid(work)
    if answer == "unreadable":
        pytest.skip("this checkout is closed to other accounts")
    lacking, seen, full, left = answer
    assert "unique uid" in lacking
    assert seen[0] == OTHER_UID
    assert seen[1] >= 5
    assert full[0] <= 200
    assert full[1] == 28
    assert left == 0


def delegated(root: Path, controllers: str = "cpu memory pids") -> Path:
    """A cgroup 2 tree as systemd lends one to a user's service."""
    group = root / "user.slice" / "user@1.service" / "app.scope"
    group.mkdir(parents=True)
    for folder in (group, *group.parents):
        (folder / "cgroup.procs").touch()
        (folder / "cgroup.subtree_control").write_text("" if folder == group else controllers)
        if folder == root:
            return group
    raise AssertionError


@pytest.fixture
def version_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    group = delegated(tmp_path)
    (tmp_path / "mounts").write_text(f"30 23 0:26 / {tmp_path} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n")
    (tmp_path / "own").write_text(f"0::/{group.relative_to(tmp_path)}\n")
    monkeypatch.setattr(cgroup, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(cgroup, "OWN", tmp_path / "own")
    return group


def test_version_two_uses_the_nearest_group_that_hands_down_controllers(version_two: Path) -> None:
    if os.geteuid() == 0:
        (version_two / "cgroup.subtree_control").unlink()
        (version_two / "cgroup.subtree_control").mkdir()  # a group with processes refuses, to root too
    found = cgroup.find("tag")
    assert found.version == 2
    assert found.groups("sandbox") == [version_two.parent / "labs-tag" / "sandbox"]


def test_version_two_limits_memory_with_swap(version_two: Path) -> None:
    found = Cgroups(2, dict.fromkeys(("memory", "pids", "cpu"), version_two))
    found.create("sandbox", Limits(memory_mb=64, cpus=0.5, pids=7))
    written = {path.name: path.read_text() for path in (version_two / "sandbox").iterdir()}
    assert written == {"memory.max": "67108864", "memory.swap.max": "0", "pids.max": "7", "cpu.max": "50000 100000"}
    assert found.oom_file("sandbox") == version_two / "sandbox" / "memory.events"


def test_no_control_group_is_made_where_none_is_lent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mounts").write_text("23 1 8:1 / / rw - ext4 /dev/root rw\n")
    monkeypatch.setattr(cgroup, "MOUNTS", tmp_path / "mounts")
    assert cgroup.find("tag") == Cgroups(0, {})


def test_preflight_tells_of_a_run_directory_on_a_disk(box: Bench, tmp_path: Path) -> None:
    settings = box.settings.model_copy(update={"run_dir": Path("/usr")})
    with pytest.raises(PreflightError, match="run directory"):
        BubblewrapDriver(settings).preflight()
