"""The contract every sandbox driver keeps. ``tests/workers/sandboxes/test_contract.py`` holds each of them to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from workers.jobs import SandboxSpec


class SandboxError(Exception):
    """The platform could not do what was asked of a sandbox: never the student's fault."""


class PreflightError(SandboxError):
    """A protection the driver must have is missing; the message names it and how to get it."""


@dataclass(frozen=True)
class Handle:
    """A started sandbox. ``run_dir`` is the host side of its ``/run/lab``."""

    id: str
    run_dir: Path
    labels: dict[str, str] = field(default_factory=dict)
    deadline: float = 0.0


@dataclass(frozen=True)
class ExitRecord:
    """How a sandbox ended. ``code`` is the exit status (128 + n for signal n), None when nobody saw it."""

    code: int | None
    oom: bool = False
    timed_out: bool = False
    detail: str = ""


@dataclass(frozen=True)
class Protection:
    """One line of the security profile as this host gives it. ``required`` ones stop the service when missing."""

    name: str
    ok: bool
    required: bool
    detail: str = ""


class SandboxDriver(Protocol):
    """Starts, watches and ends sandboxes. Drivers keep no state in memory: any process of a host may call any verb."""

    name: str

    def preflight(self) -> list[Protection]:
        """Every protection with its state. Raises PreflightError when a required one is missing."""

    def start(self, spec: SandboxSpec) -> Handle:
        """Start it and return at once, before the program inside is ready. Raises SandboxError and leaves nothing; nor
        does it leave anything when the handler of a signal cuts it short.
        """

    def poll(self, handle: Handle) -> ExitRecord | None:
        """None while it lives, else how it ended. An id nobody knows gives ``ExitRecord(None)``."""

    def oom(self, handle: Handle) -> bool:
        """Whether the kernel killed anything in it for memory: a part of it may, and the rest live on."""

    def peak_memory(self, handle: Handle) -> int:
        """The most that it has held so far (bytes), cached files included; 0 where the kernel keeps no count."""

    def stop(self, handle: Handle) -> None:
        """End it and remove all it left, its run directory included. Gone already is fine."""

    def list(self) -> list[Handle]:
        """Every sandbox of this portal on this host, the ended but not yet removed ones too."""
