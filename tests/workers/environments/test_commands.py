"""A build's commands: what they print is told, and none outlives who waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workers.environments.commands import CommandFailed, run


def ends(pid: int) -> bool:
    """Whether the process is gone, or will be in a moment."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_each_line_is_told_as_it_comes() -> None:
    lines: list[str] = []
    assert run(["/bin/sh", "-c", "echo one; echo two >&2"], lines.append) == "one\ntwo\n"
    assert lines == ["one", "two"]


def test_a_failure_says_with_what_status_and_last_words() -> None:
    with pytest.raises(CommandFailed, match="status 3: no space") as caught:
        run(["/bin/sh", "-c", "echo no space; exit 3"])
    assert caught.value.code == 3


def test_giving_up_ends_the_command_and_what_it_started() -> None:
    pids: list[int] = []

    def give_up(line: str) -> None:
        pids.append(int(line))
        raise TimeoutError

    with pytest.raises(TimeoutError):
        run(["/bin/sh", "-c", "sleep 60 & echo $!; wait"], give_up)
    assert ends(pids[0])


def test_a_killed_worker_leaves_no_command_behind(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    program = (
        f"from workers.environments.commands import run; run(['/bin/sh', '-c', 'echo $$ > {said}; exec sleep 60'])"
    )
    worker = subprocess.Popen([sys.executable, "-c", program])
    end = time.monotonic() + 120
    while not (said.exists() and said.read_text().strip()):
        assert time.monotonic() < end, "the command never began"
        time.sleep(0.02)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert ends(int(said.read_text()))


def test_a_worker_killed_while_a_sandbox_begins_leaves_nothing_of_it() -> None:
    """At any moment of it: bwrap's own --die-with-parent doesn't hold until its sandbox is ready."""
    sandbox = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "/bin/sleep", "4343.5"]
    program = f"import os; from workers.environments.commands import run; os.write(1, b'.'); run({sandbox})"
    for moment in range(20):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
            assert worker.stdout is not None
            assert worker.stdout.read(1) == b"."
            time.sleep(moment * 0.001)
            os.kill(worker.pid, signal.SIGKILL)
    found = subprocess.run(["pgrep", "-f", "sleep 4343[.]5"], capture_output=True, text=True, check=False).stdout
    assert all(ends(int(pid)) for pid in found.split())
