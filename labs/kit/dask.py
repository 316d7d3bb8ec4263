"""Reads what a Dask scheduler wrote by ``lab_dask``: graphs, tasks, bytes that moved, memory of the workers.

The log is written in S: it tells how something was computed; a check verifies results by itself. Lines of kinds that
we don't know, or that are broken, are passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import strict

MAX_LINE = 1 << 20
MAX_LINES = 200_000
MAX_TEXT = 200


@dataclass(frozen=True)
class Graph:
    """One graph that a client sent."""

    time: float
    tasks: int
    edges: int
    depth: int
    """The longest chain of tasks that wait for one another."""
    width: int
    """The most tasks at one distance from the start: how many could run at once."""
    prefixes: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    """Of its tasks with the data that they carry."""
    given: dict[str, int] = field(default_factory=dict)
    """Scattered data that it uses: key and bytes."""


@dataclass(frozen=True)
class Task:
    """One run of a task that ended well. ``start`` and ``stop`` are Unix times."""

    time: float
    key: str
    prefix: str
    worker: str
    start: float
    stop: float
    nbytes: int
    """Of its result."""
    moved: int
    """Bytes of results of others that came to its worker for it."""


@dataclass(frozen=True)
class Trouble:
    """A task that ended without result: ``error``, or ``stopped`` (tried again, cancelled, its worker died)."""

    time: float
    kind: str
    key: str
    prefix: str


@dataclass(frozen=True)
class Memory:
    """What a worker said about its memory, in bytes."""

    time: float
    worker: str
    rss: int
    managed: int
    spilled: int


@dataclass(frozen=True)
class Gone:
    """A result that was let go of."""

    time: float
    key: str


Event = Graph | Task | Trouble | Memory | Gone


@dataclass(frozen=True)
class DaskLog:
    """What one scheduler did, in its order."""

    events: tuple[Event, ...] = ()

    @classmethod
    def parse(cls, text: str) -> DaskLog:
        """Read a log, whole or still being written."""
        events: list[Event] = []
        for line in text.splitlines()[:MAX_LINES]:
            try:
                fields = strict.loads(line.encode(errors="replace"), MAX_LINE)
                events.append(_READERS[fields["event"]](fields))
            except (strict.BadJSON, KeyError, TypeError, ValueError, AttributeError, OverflowError):
                continue  # the last line may be half written, and S may write anything
        return cls(tuple(events))

    def since(self, time: float) -> DaskLog:
        """Only what came after that moment, for instance another log's ``end``."""
        return DaskLog(tuple(event for event in self.events if event.time > time))

    @property
    def end(self) -> float:
        """When its last event was."""
        return max((event.time for event in self.events), default=0.0)

    @property
    def graphs(self) -> list[Graph]:
        return [event for event in self.events if isinstance(event, Graph)]

    @property
    def tasks(self) -> list[Task]:
        return [event for event in self.events if isinstance(event, Task)]

    @property
    def errors(self) -> list[Trouble]:
        """Tasks that failed for good."""
        return [event for event in self.events if isinstance(event, Trouble) and event.kind == "error"]

    @property
    def stopped(self) -> list[Trouble]:
        """Tasks that a worker had begun or was to begin, and that ran again or were given up."""
        return [event for event in self.events if isinstance(event, Trouble) and event.kind == "stopped"]

    def named(self, prefix: str) -> list[Task]:
        """The tasks whose prefix is this one, or this one and more (``read_parquet``, ``read_parquet-fused``)."""
        return [
            task for task in self.tasks if task.prefix == prefix or task.prefix.startswith((f"{prefix}-", f"{prefix}_"))
        ]

    def runs(self, key: str) -> int:
        """How often a task gave its result."""
        return sum(task.key == key for task in self.tasks)

    @property
    def largest(self) -> int:
        """Bytes of the largest result of a task."""
        return max((task.nbytes for task in self.tasks), default=0)

    @property
    def moved(self) -> int:
        """Bytes that went from one worker to another."""
        return sum(task.moved for task in self.tasks)

    @property
    def sent(self) -> int:
        """Bytes that clients sent: what graphs carry, and each scattered object once."""
        given = {key: size for graph in self.graphs for key, size in graph.given.items()}
        return sum(graph.bytes for graph in self.graphs) + sum(given.values())

    @property
    def peak_stored(self) -> int:
        """The most bytes of results that the workers held together at one time."""
        held: dict[str, int] = {}
        now = peak = 0
        for event in self.events:
            if isinstance(event, Task):
                now += event.nbytes - held.get(event.key, 0)
                held[event.key] = event.nbytes
                peak = max(peak, now)
            elif isinstance(event, Gone):
                now -= held.pop(event.key, 0)
        return peak

    @property
    def peak_memory(self) -> dict[str, int]:
        """The most resident memory each worker was seen with. Sampled twice a second: short peaks go unseen."""
        return self._peaks(lambda sample: sample.rss)

    @property
    def peak_spilled(self) -> dict[str, int]:
        """The most bytes each worker had written to disk for want of memory."""
        return self._peaks(lambda sample: sample.spilled)

    @property
    def parallelism(self) -> int:
        """The most workers that computed at one time. Their clocks differ by milliseconds."""
        moments = [(task.start, 1, task.worker) for task in self.tasks]
        moments += [(task.stop, -1, task.worker) for task in self.tasks]
        running: Counter[str] = Counter()
        most = 0
        for _, change, worker in sorted(moments):
            running[worker] += change
            most = max(most, sum(count > 0 for count in running.values()))
        return most

    @property
    def workers(self) -> Counter[str]:
        """How many tasks each worker did."""
        return Counter(task.worker for task in self.tasks)

    def _peaks(self, size: Callable[[Memory], int]) -> dict[str, int]:
        peaks: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, Memory):
                peaks[event.worker] = max(peaks.get(event.worker, 0), size(event))
        return peaks


def _text(value: Any) -> str:
    return str(value)[:MAX_TEXT]


def _sizes(value: Any) -> dict[str, int]:
    return {_text(key): int(size) for key, size in dict(value).items()}


def _graph(fields: dict[str, Any]) -> Graph:
    return Graph(
        time=float(fields["time"]),
        tasks=int(fields["tasks"]),
        edges=int(fields["edges"]),
        depth=int(fields["depth"]),
        width=int(fields["width"]),
        prefixes=_sizes(fields["prefixes"]),
        bytes=int(fields["bytes"]),
        given=_sizes(fields["given"]),
    )


def _task(fields: dict[str, Any]) -> Task:
    return Task(
        time=float(fields["time"]),
        key=_text(fields["key"]),
        prefix=_text(fields["prefix"]),
        worker=_text(fields["worker"]),
        start=float(fields["start"]),
        stop=float(fields["stop"]),
        nbytes=int(fields["nbytes"]),
        moved=int(fields["moved"]),
    )


def _trouble(fields: dict[str, Any]) -> Trouble:
    return Trouble(float(fields["time"]), str(fields["event"]), _text(fields["key"]), _text(fields["prefix"]))


def _memory(fields: dict[str, Any]) -> Memory:
    rss, managed, spilled = (int(fields[name]) for name in ("rss", "managed", "spilled"))
    return Memory(float(fields["time"]), _text(fields["worker"]), rss, managed, spilled)


def _gone(fields: dict[str, Any]) -> Gone:
    return Gone(float(fields["time"]), _text(fields["key"]))


_READERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "graph": _graph,
    "done": _task,
    "error": _trouble,
    "stopped": _trouble,
    "memory": _memory,
    "gone": _gone,
}
