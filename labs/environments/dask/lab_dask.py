"""Writes what a Dask scheduler did as lines of JSON: graphs, tasks, bytes that moved, memory of the workers.

``dask scheduler --preload lab_dask`` starts it. It writes to ``$LAB_DASK_LOG``, by default ``registro-dask.jsonl`` in
the current folder; ``labkit.dask`` reads it. A file that grew beyond MAX_BYTES is begun again.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import cloudpickle
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.scheduler import Scheduler, TaskState
from distributed.utils import key_split
from tornado.ioloop import PeriodicCallback

MAX_BYTES = 6 << 20
MAX_PICKLED = 500
SAMPLE_MILLISECONDS = 200


def dask_setup(scheduler: Scheduler) -> None:
    """What ``--preload`` calls."""
    path = Path(os.environ.get("LAB_DASK_LOG", "registro-dask.jsonl")).absolute()
    scheduler.add_plugin(LabLog(scheduler, path), name="lab-log", idempotent=True)


class LabLog(SchedulerPlugin):
    """Times are Unix times of the scheduler's clock; those of tasks, of their worker's."""

    name = "lab-log"

    def __init__(self, scheduler: Scheduler, path: Path) -> None:
        self._scheduler = scheduler
        self._path = path
        self._file = path.open("w", encoding="utf-8")
        self._copies: dict[str, set[str]] = {}  # of each result: the workers that have had it
        self._samples: dict[str, tuple[int, ...]] = {}
        self._sampler = PeriodicCallback(self._sample, SAMPLE_MILLISECONDS)
        self._sampler.start()

    def update_graph(self, scheduler: Scheduler, *, tasks: list[Any], **_: Any) -> None:
        """A graph came in: how many tasks of each kind, how deep and wide, how large what each carries."""
        states = [scheduler.tasks[key] for key in tasks if key in scheduler.tasks]
        levels = _levels(states)
        given = {needed for state in states for needed in state.dependencies if needed.run_spec is None}
        for needed in given:
            self._copies.setdefault(str(needed.key), {worker.address for worker in needed.who_has or ()})
        self._write(
            "graph",
            tasks=len(states),
            edges=sum(len(state.dependencies) for state in states),
            depth=max(levels.values(), default=0),
            width=max(Counter(levels.values()).values(), default=0),
            prefixes=dict(Counter(_prefix(state.key) for state in states)),
            bytes=sum(_pickled(state) for state in states[:MAX_PICKLED]),
            given={str(needed.key): max(needed.nbytes, 0) for needed in given},
        )

    def transition(self, key: Any, start: str, finish: str, *_: Any, **kwargs: Any) -> None:
        """A task changed its state."""
        if start == "processing" and finish == "memory":
            self._finished(key, **kwargs)
        elif finish == "erred":
            self._write("error", key=str(key), prefix=_prefix(key), worker=str(kwargs.get("worker") or ""))
        elif start == "processing" and finish == "released":  # failed and is tried again, cancelled, or its worker died
            self._write("stopped", key=str(key), prefix=_prefix(key))
        elif start == "memory":
            self._copies.pop(str(key), None)
            self._write("gone", key=str(key))

    def _finished(self, key: Any, worker: str = "", nbytes: int = 0, startstops: Any = (), **_: Any) -> None:
        state = self._scheduler.tasks[key]
        moved = 0
        for needed in state.dependencies:
            had = self._copies.setdefault(str(needed.key), set())
            if worker not in had:
                moved += max(needed.nbytes, 0)
                had.add(worker)
        self._copies.setdefault(str(key), set()).add(worker)
        runs = [step for step in startstops or () if step.get("action") == "compute"]
        self._write(
            "done",
            key=str(key),
            prefix=_prefix(key),
            worker=worker,
            start=min((step["start"] for step in runs), default=0.0),
            stop=max((step["stop"] for step in runs), default=0.0),
            nbytes=nbytes,
            moved=moved,
        )

    def _sample(self) -> None:
        for address, state in self._scheduler.workers.items():
            spilled = state.metrics.get("spilled_bytes") or {}
            sample = (
                int(state.metrics.get("memory") or 0),
                int(state.metrics.get("managed_bytes") or 0),
                int(spilled.get("disk") or 0),
            )
            if self._samples.get(address) != sample:
                self._samples[address] = sample
                self._write("memory", worker=address, rss=sample[0], managed=sample[1], spilled=sample[2])

    def _write(self, event: str, **fields: Any) -> None:
        if self._file.tell() > MAX_BYTES:
            self._file.seek(0)
            self._file.truncate()
        self._file.write(json.dumps({"event": event, "time": time.time(), **fields}) + "\n")
        self._file.flush()


def _prefix(key: Any) -> str:
    return str(key_split(key))


def _levels(states: list[TaskState]) -> dict[Any, int]:
    """Of each task, the longest chain of tasks of this graph that ends in it."""
    inside = {state.key for state in states}
    levels: dict[Any, int] = {}
    stack = list(states)
    while stack:
        state = stack[-1]
        needed = [one for one in state.dependencies if one.key in inside and one.key not in levels]
        if needed and state.key not in levels:
            stack += needed
            continue
        stack.pop()
        levels[state.key] = 1 + max((levels[one.key] for one in state.dependencies if one.key in inside), default=0)
    return levels


def _pickled(state: TaskState) -> int:
    """The bytes of a task with the data that it carries."""
    try:
        return len(cloudpickle.dumps(state.run_spec))
    except Exception:  # what a student puts into a graph is theirs, and no reason to lose the rest
        return 0
