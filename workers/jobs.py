"""What crosses between the portal and the workers: frozen, JSON-safe descriptions of work.

Every class turns into plain JSON with :func:`to_json` and back with ``cls.from_json``; nothing is ever pickled.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Role = Literal["session", "student", "grader"]
"""``session`` runs a Jupyter Server for the browser, ``student`` a bare kernel (S), ``grader`` the checks (G)."""

Outcome = Literal["graded", "timeout", "memory", "output_limit", "author_error", "platform_error"]


def to_json(value: Any) -> dict[str, Any]:
    """The plain-JSON form of one of this module's dataclasses."""
    return dataclasses.asdict(value)


@dataclass(frozen=True)
class Limits:
    """What one sandbox may use. Memory counts swap; sizes are MiB, times seconds."""

    memory_mb: int = 1024
    cpus: float = 1.0
    pids: int = 256
    disk_mb: int = 512
    inodes: int = 20_000
    wall_seconds: int = 3600
    cpu_seconds: int = 3600
    open_files: int = 1024
    file_mb: int = 256

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class SandboxSpec:
    """One single-use sandbox.

    ``id`` is an unguessable token (``[a-z0-9]{26}``); ``image`` is what the driver's environment builder returned;
    ``labels`` are the strings the reaper reads back (``session`` or ``job`` + ``attempt``, ``owner``, ``pool``);
    ``deadline`` is the Unix time past which the sandbox is stopped whatever it does (it may be moved, but never past
    ``limits.wall_seconds`` from the start); ``peer`` names the sandbox whose
    socket directory a grader sees, read-only, at ``/run/peer``; ``gpu``: it gets the cards that the host lends.
    """

    id: str
    environment: str
    image: str
    role: Role
    limits: Limits
    deadline: float
    labels: dict[str, str] = field(default_factory=dict)
    peer: str | None = None
    ui_ports: tuple[int, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    gpu: bool = False
    command: tuple[str, ...] = ("/opt/lab/env/bin/python", "-m", "labkit.main")

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        lists: dict[str, Any] = {name: tuple(data[name]) for name in ("ui_ports", "command") if name in data}
        given: dict[str, Any] = {**data, **lists, "limits": Limits.from_json(data["limits"])}
        return cls(**given)


@dataclass(frozen=True)
class SessionJob:
    """Start one student's interactive sandbox.

    ``files`` maps a workspace path to the SHA-256 of its stored content; ``snapshot`` is the SHA-256 of the
    workspace as an earlier sandbox left it (workers/snapshots.py), laid before ``files``; paths in ``deleted`` are
    taken out at the end. ``gpu``: in the lab's environment for hosts that lend a GPU.
    """

    session: str
    lab: str
    lab_digest: str
    files: dict[str, str]
    deadline: float
    """When the student's time is over; the sandbox gets a little longer, to be snapshotted."""
    snapshot: str | None = None
    deleted: list[str] = field(default_factory=list)
    gpu: bool = False

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class GradeJob:
    """Judge files by a lab's checks. ``attempt`` counts the portal's tries at this job, not the student's submissions.

    ``checks`` are the ids of those that are run; None: all of them. ``gpu`` as in SessionJob.
    """

    job: str
    attempt: int
    lab: str
    lab_digest: str
    files: dict[str, str]
    seed: int
    checks: list[str] | None = None
    gpu: bool = False

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class GradeResult:
    """What the worker reports for one attempt. ``checks`` are the grader's, already size-capped and schema-checked."""

    job: str
    attempt: int
    outcome: Outcome
    message: dict[str, str] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**data)
