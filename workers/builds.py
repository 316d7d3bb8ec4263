"""Builds one environment on this host and tells the portal and whoever watches how it goes."""

from __future__ import annotations

import time
from typing import Any

from labs.catalog import Environment
from workers.app import tell_portal
from workers.environments import BuildError, split_step
from workers.host import Host
from workers.streams import publish

EVERY_SECONDS = 0.5
DETAIL = 2000


class Report:
    """Progress of one build: a stream entry twice a second at most, every new step, and each state for the record."""

    def __init__(self, host: Host, environment: Environment) -> None:
        self.began = time.monotonic()
        self._facts = {
            "environment": environment.name,
            "digest": environment.digest,
            "driver": host.driver.name,
            "host": host.config.host,
        }
        self._stream = f"environment:{environment.name}"
        self._told = 0.0
        self._step = ""

    def state(self, state: str, **facts: Any) -> None:
        known = {"progress": 0.0, "step": "", "detail": "", "image": "", "size_bytes": 0}
        seconds = round(time.monotonic() - self.began, 1)
        tell_portal("environment_changed", {**self._facts, "state": state, **known, "seconds": seconds, **facts})

    def progress(self, fraction: float, text: str) -> None:
        step, detail = split_step(text)
        if step == self._step and time.monotonic() - self._told < EVERY_SECONDS:
            return
        publish(self._stream, {"t": "progress", "fraction": fraction, "step": step, "detail": detail[:DETAIL]})
        if step != self._step or time.monotonic() - self._told >= 4 * EVERY_SECONDS:
            self.state("building", progress=fraction, step=step, detail=detail[:DETAIL])
        self._told, self._step = time.monotonic(), step


def build(host: Host, name: str) -> None:
    """Build it unless it is built. Raises nothing for a build that fails: the portal is told why."""
    environment = host.catalog.environments.get(name)
    if environment is None:
        return
    report = Report(host, environment)
    report.state("building")
    try:
        image = host.builder.build(environment, report.progress)
    except BuildError as error:
        report.state("failed", step=error.reason, detail=str(error)[:DETAIL])
        return
    report.state("ready", progress=1.0, step="ready", image=image, size_bytes=host.builder.size(environment))
    host.builder.remove_stale(list(host.catalog.environments.values()))
