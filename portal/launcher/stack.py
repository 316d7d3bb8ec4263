"""One running portal: its supervisor, and the certainty that nothing of it stays behind."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

import httpx

from portal.launcher.options import LaunchError, Options, load_secrets
from portal.launcher.programs import BIN, MARK, redis_configuration, supervisor_configuration
from workers.config import ROOT, LabsSettings

PR_SET_PDEATHSIG = 1


class Stack:
    """The processes of one checkout (or one ``LABS_VAR_DIR``), started and stopped together."""

    def __init__(self, options: Options, labs: LabsSettings) -> None:
        self.options = options
        self.labs = labs
        self.secret = load_secrets(labs.var_dir / "secrets.env")
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Make sure that this is the only launcher of this folder, and clear what a killed one left."""
        self._lock = (self.labs.var_dir / "serve.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise LaunchError("This portal already runs from this folder. Stop that one first (Ctrl-C).") from error
        self._end_processes()
        self.options.refuse_taken_ports()

    def start(self) -> None:
        """Write the configuration and start the supervisor, in a session of its own so that Ctrl-C reaches only us."""
        var = self.labs.var_dir
        (var / "redis").mkdir(parents=True, exist_ok=True)
        for folder in ("logs", "static"):
            (var / folder).mkdir(exist_ok=True)
        _write_private(
            var / "redis.conf", redis_configuration(self.options, var / "redis", self.secret["REDIS_PASSWORD"])
        )
        _write_private(var / "supervisord.conf", supervisor_configuration(self.options, self.labs, self.secret))
        with (var / "logs" / "supervisord.out").open("wb") as out:
            self._supervisor = subprocess.Popen(
                [BIN / "supervisord", "-c", var / "supervisord.conf"],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_stop_with_parent,  # only a system call: no lock can be held
            )

    def _environment(self) -> dict[str, str]:
        """Ours without the portal's own settings (each program is given its own) and without what slows Python down."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_") and k not in {"LABS_GATEWAY_KEY"}}
        for name in ("PYTHONDONTWRITEBYTECODE", "TZ"):  # Django sets its time zone for the whole of our process
            kept.pop(name, None)
        return {**kept, "PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1", MARK: str(self.labs.var_dir)}

    def wait_until_healthy(self, seconds: float) -> None:
        """Until the web process answers its health page. Raises LaunchError with where to look."""
        ends = time.monotonic() + seconds
        reason = "no answer"
        while time.monotonic() < ends:
            self.check()
            try:
                answer = httpx.get(f"{self.options.url}/salud/", timeout=5)
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
            else:
                if answer.status_code == httpx.codes.OK:
                    return
                reason = f"{answer.status_code} {answer.text[:300]}"
            time.sleep(0.2)
        logs = self.labs.var_dir / "logs"
        raise LaunchError(f"The portal doesn't answer at {self.options.url}/salud/ ({reason}). Its logs are in {logs}")

    def check(self) -> None:
        """Raises LaunchError when the supervisor is gone."""
        if self._supervisor is not None and (code := self._supervisor.poll()) is not None:
            out = (self.labs.var_dir / "logs" / "supervisord.out").read_text(errors="replace")[-2000:]
            raise LaunchError(f"The supervisor ended (exit {code}).\n{out}")

    def stop(self) -> None:
        """End every process; those that don't end by themselves are killed."""
        if self._supervisor is not None:
            self._supervisor.terminate()
            try:
                self._supervisor.wait(30)
            except subprocess.TimeoutExpired:
                self._supervisor.kill()
                self._supervisor.wait()
        self._end_processes()
        for name in ("supervisord.conf", "redis.conf"):  # they hold secrets
            (self.labs.var_dir / name).unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Let another launcher claim this folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _end_processes(self) -> None:
        """TERM, then KILL, to every process that carries this stack's mark."""
        for sign, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            found = self.processes()
            for pid in found:
                _signal(pid, sign)
            ends = time.monotonic() + patience
            while found and time.monotonic() < ends:
                time.sleep(0.1)
                found = self.processes()
            if not found:
                return
        raise LaunchError(f"These processes don't end: {self.processes()}")

    def processes(self) -> list[int]:
        """Every process started for this stack, however deep below its supervisor."""
        mark = f"{MARK}={self.labs.var_dir}".encode()
        return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and mark in _environment_of(p)]


def _environment_of(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:  # gone meanwhile, or another user's
        return []


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return


def _stop_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
        file.write(text)
