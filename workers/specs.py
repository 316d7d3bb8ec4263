"""From an environment, and what a sandbox is for, to the SandboxSpec of it. Pooled and fresh ones come out alike."""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import string
import time
from dataclasses import asdict, replace
from typing import Literal

from labs.catalog import Environment, EnvironmentLimits
from workers.jobs import Limits, Role, SandboxSpec

Kind = Literal["session", "grading"]
POOL_SECONDS = 24 * 3600.0
LONGEST_SESSION_SECONDS = 13 * 3600.0
"""The most that lab.yaml may say, and an hour: a sandbox claimed on its pool's last day still has it before it."""
_ALPHABET = string.ascii_lowercase + string.digits


def new_id() -> str:
    """Unguessable: 26 characters, 134 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(26))


def owner(pid: int | None = None) -> str:
    """Names one process for good: its number may be used again, its number and start time may not."""
    pid = pid or os.getpid()
    return f"{pid}:{_start_time(pid)}"


def owner_lives(label: str) -> bool:
    pid, _, started = label.partition(":")
    return pid.isdigit() and _start_time(int(pid)) == started


def _start_time(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123 -- read in a loop
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]


def limits_of(environment: Environment, own: EnvironmentLimits | None = None) -> Limits:
    """The lab's own limits where it has any. ``make`` sets the wall time."""
    limits = own or environment.spec.limits
    return Limits(
        memory_mb=limits.memory_mb,
        cpus=limits.cpus,
        pids=limits.pids,
        disk_mb=limits.disk_mb,
        file_mb=limits.file_mb,
        cpu_seconds=int(4 * 3600 * limits.cpus),
    )


def pool_key(environment: Environment, image: str) -> str:
    """What a warm sandbox was made from: a change in any of it makes those in the pool stale."""
    made_from = [image, asdict(limits_of(environment)), environment.spec.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:16]


def make(
    environment: Environment,
    image: str,
    role: Role,
    *,
    deadline: float,
    labels: dict[str, str],
    limits: Limits | None = None,
    peer: str | None = None,
    hibernate_seconds: int = 0,
    latest: float | None = None,
) -> SandboxSpec:
    """A new sandbox's spec. ``since`` and ``owner`` are what the reaper judges by; 0 is no hibernation.

    ``latest`` is the time up to which its deadline may be moved; not at all where it isn't given.
    """
    env = dict(environment.spec.env)
    if role == "session":  # what grades must not be paused
        env["LAB_HIBERNATE_SECONDS"] = str(hibernate_seconds)
    if environment.spec.warmup:
        env["LAB_WARMUP"] = environment.spec.warmup
    if environment.spec.gpu:
        env["LAB_GPU"] = "1"
    return SandboxSpec(
        id=new_id(),
        environment=environment.name,
        image=image,
        role=role,
        limits=replace(
            limits or limits_of(environment), wall_seconds=math.ceil(max(latest or 0.0, deadline) - time.time())
        ),
        deadline=deadline,
        labels={"owner": owner(), "since": f"{time.time():.0f}", **labels},
        peer=peer,
        ui_ports=tuple(ui.port for ui in environment.spec.uis) if role == "session" else (),
        env=env,
        gpu=environment.spec.gpu and role != "grader",
    )
