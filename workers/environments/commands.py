"""Runs a build's commands: line by line for progress, nothing left running when the build is given up."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

KEPT_LOG = 64 * 1024
# util-linux, on every Debian: the kernel tells the guard when the process that waits for it is killed.
TOLD_OF_DEATH = ("/usr/bin/setpriv", "--pdeathsig", "TERM", "--")
# It ends its whole group then, itself too: only killing the command would leave what that had just started (bwrap's
# --die-with-parent takes hold when its sandbox is ready, milliseconds later). Who was alone before doesn't begin.
GUARD = ("/bin/sh", "-c", 'trap "kill -KILL 0" TERM; test "$PPID" = "$0" || exit 1; "$@" & wait "$!"')


class CommandFailed(Exception):
    """A command ended with a status other than 0; ``log`` is the end of what it printed."""

    def __init__(self, command: Sequence[str], code: int, log: str) -> None:
        super().__init__(f"{Path(command[0]).name} ended with status {code}: {last_line(log)}")
        self.code = code
        self.log = log


def last_line(log: str) -> str:
    """The last line with something in it, where most tools say what went wrong; cut to what fits a message."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1][:400] if lines else ""


def run(
    command: Sequence[str | Path], on_line: Callable[[str], None] | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run it to the end, giving ``on_line`` each printed line (stdout and stderr alike). Returns the end of the output.

    The command gets a session of its own, and all of it is killed when this function is left by an exception: a soft
    time limit of Celery, Ctrl-C, a failing ``on_line`` leave no pip behind. Nor does a worker that is killed.
    """
    words = [str(part) for part in command]
    process = subprocess.Popen(
        [*TOLD_OF_DEATH, *GUARD, str(os.getpid()), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(env) if env is not None else None,
        start_new_session=True,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None  # noqa: S101 -- PIPE was asked for
    log = ""
    try:
        with process.stdout:
            for line in process.stdout:
                log = (log + line)[-KEPT_LOG:]
                if on_line:
                    on_line(line.rstrip("\n"))
        code = process.wait()
    except BaseException:
        _kill_session(process)
        raise
    if code:
        raise CommandFailed(words, code, log)
    return log


def _kill_session(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()
