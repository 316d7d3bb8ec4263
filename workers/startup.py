"""Waiting for a started sandbox to become ready, and giving a warm one its purpose."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from workers.host import Host
from workers.sandboxes.base import ExitRecord, Handle, SandboxError
from workers.sandboxes.rundir import RunDir
from workers.sockets import read_note

POLL_SECONDS = 0.01
PATIENCE = 3  # a host starting many at once takes longer than the environment's own figure


class StartError(SandboxError):
    """A sandbox didn't become ready. ``reason`` is a code the page translates."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def is_ready(handle: Handle) -> bool:
    return (handle.run_dir / "ready").exists()


def wait_ready(host: Host, handles: Iterable[Handle], seconds: float) -> None:
    """Return when all are ready. Raises StartError as soon as one says it can't be, ends, or time is up."""
    waiting = list(handles)
    end = time.monotonic() + PATIENCE * seconds
    turn = 0
    while waiting := [h for h in waiting if not is_ready(h)]:
        for handle in waiting:
            if (error := read_note(handle.run_dir, "error")) is not None:
                raise StartError("start_failed", error)
            # The driver is asked five times a second: an engine's answer costs it more than a look at a file.
            if turn % 20 == 19 and (record := host.driver.poll(handle)) is not None:
                raise StartError(*_why(handle, record))
        if time.monotonic() > end:
            raise StartError("start_timeout", f"not ready after {seconds:.0f} s")
        turn += 1
        time.sleep(POLL_SECONDS)


def _why(handle: Handle, record: ExitRecord) -> tuple[str, str]:
    if record.oom:
        return "memory", "out of memory while starting"
    return "start_failed", read_note(handle.run_dir, "error") or record.detail or f"ended with {record.code}"


def handle_of(host: Host, sandbox: str) -> Handle:
    """A sandbox known by its id alone."""
    return Handle(sandbox, host.config.run_dir / sandbox / "lab")


def adopt(host: Host, handle: Handle, labels: dict[str, str], deadline: float) -> Handle:
    """Give a warm sandbox its labels and its deadline in the host's record, where driver and reaper read them."""
    records = RunDir(host.config.run_dir)
    meta = records.read(handle.id)
    if meta is None:
        raise StartError("start_failed", "the warm sandbox is gone")
    return records.update(replace(meta, labels=labels, deadline=deadline))


def put_off(host: Host, handle: Handle, deadline: float) -> Handle:
    """Move a sandbox's deadline back, never forward: orders may come twice. Raises SandboxError past its limit."""
    records = RunDir(host.config.run_dir)
    meta = records.read(handle.id)
    if meta is None:
        raise SandboxError(f"sandbox {handle.id} is gone")
    if deadline > meta.latest:
        raise SandboxError(f"sandbox {handle.id} can't go on for so long")
    return records.update(replace(meta, deadline=max(deadline, meta.deadline)))
