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
