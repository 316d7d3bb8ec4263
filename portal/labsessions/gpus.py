"""Labs that have an environment for a GPU run in it while some host lends one, sessions and grading alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from portal.core import clock
from portal.courses.models import Environment, Lab
from portal.labsessions.models import Host


def lent(hosts: Iterable[Host], now: datetime) -> bool:
    """Whether one of them lends a GPU and was heard of lately."""
    return any(host.gpus and host.alive(now) for host in hosts)


def on_gpu(lab: Lab) -> bool:
    """Whether the lab runs on a GPU now."""
    return lab.gpu_environment_id is not None and lent(Host.objects.exclude(gpus=""), clock.now())


def environment_of(lab: Lab) -> Environment:
    """Where the lab runs now."""
    return lab.gpu_environment if lab.gpu_environment and on_gpu(lab) else lab.environment


def queue_of(kind: Literal["sessions", "grading"], *, gpu: bool) -> str:
    """The queue of the hosts that can take it."""
    return f"{kind}.gpu" if gpu else kind
