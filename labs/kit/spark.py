"""Reads Spark 4's JSON event log: what was run, how the data moved, which plan was used in the end.

The log is written in the student's process: it tells about speed; a check verifies results by itself.
Lines of kinds we don't know, or that are broken, are passed over: Spark adds kinds in every version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from . import strict

MAX_LINE = 8 << 20
MAX_LINES = 500_000
_SQL = "org.apache.spark.sql.execution.ui.SparkListener"
_FILTERS = re.compile(r"PushedFilters: \[(.*?)\](?:, |$)")
JOINS = (
    "BroadcastHashJoin",
    "SortMergeJoin",
    "ShuffledHashJoin",
    "BroadcastNestedLoopJoin",
    "CartesianProduct",
)


@dataclass(frozen=True)
class Task:
    """One attempt of a task that ended. Durations in seconds."""

    stage: int
    seconds: float
    input_bytes: int = 0
    input_records: int = 0
    shuffle_read_bytes: int = 0
    shuffle_read_records: int = 0
    shuffle_write_bytes: int = 0
    memory_spilled: int = 0
    disk_spilled: int = 0
    failed: bool = False


@dataclass(frozen=True)
class Stage:
    """One stage that ran, with its tasks. Skipped stages are not here."""

    id: int
    name: str
    seconds: float
    submitted: float
    tasks: tuple[Task, ...] = ()

    @property
    def input_bytes(self) -> int:
        return sum(task.input_bytes for task in self.tasks)

    @property
    def shuffle_read_bytes(self) -> int:
        return sum(task.shuffle_read_bytes for task in self.tasks)

    @property
    def shuffle_write_bytes(self) -> int:
        return sum(task.shuffle_write_bytes for task in self.tasks)

    @property
    def spilled_bytes(self) -> int:
        """On disk: what did not fit in memory."""
        return sum(task.disk_spilled for task in self.tasks)


@dataclass(frozen=True)
class Job:
    """One job. ``submitted`` is a Unix time; ``query`` the SQL execution it belongs to."""

    id: int
    submitted: float
    stages: tuple[int, ...]
    succeeded: bool | None = None
    query: int | None = None


@dataclass(frozen=True)
class Node:
    """One operator of a physical plan."""

    name: str
    text: str
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, from the top."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Query:
    """One SQL execution with its last plan: the final one when Spark re-planned while it ran (AQE)."""

    id: int
    description: str
    submitted: float
    plan: Node
    details: str = ""
    error: str = ""

    def nodes(self, name: str) -> list[Node]:
        """The operators whose name is or starts with this one (``Exchange``, ``Scan parquet`` …)."""
        return [node for node in self.plan.walk() if node.name.strip().startswith(name)]

    @property
    def joins(self) -> list[str]:
        """The strategy of each join of the plan, from the top."""
        return [node.name for node in self.plan.walk() if node.name in JOINS]

    @property
    def exchanges(self) -> int:
        """How often the data is shuffled; broadcasts don't count."""
        return sum(node.name == "Exchange" for node in self.plan.walk())

    @property
    def pushed_filters(self) -> list[str]:
        """What the file reader was asked to leave out by itself, as Spark writes it: ``GreaterThan(v,1000)``."""
        found = []
        for node in self.plan.walk():
            if match := _FILTERS.search(node.text):
                found += [part for part in _split(match[1]) if part and not part.startswith("IsNotNull")]
        return found

    @property
    def uses_python(self) -> bool:
        """Whether rows go through Python functions (UDFs)."""
        return any("Python" in node.name or "InPandas" in node.name for node in self.plan.walk())


@dataclass
class EventLog:
    """What one Spark application did."""

    jobs: list[Job] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    configuration: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> EventLog:
        """Read a log, whole or still being written."""
        reader = _Reader()
        for number, line in enumerate(text.splitlines()):
            if number >= MAX_LINES:
                break
            try:
                event = strict.loads(line.encode(errors="replace"), MAX_LINE, max_depth=400)
                if isinstance(event, dict):
                    reader.read(event)
            except (strict.BadJSON, KeyError, TypeError, ValueError, AttributeError, RecursionError):
                continue  # the last line may be half written, and S may write anything
        return reader.finish()

    def since(self, started: float) -> EventLog:
        """Only what was submitted at or after that Unix time."""
        return replace(
            self,
            jobs=[job for job in self.jobs if job.submitted >= started],
            stages=[stage for stage in self.stages if stage.submitted >= started],
            queries=[query for query in self.queries if query.submitted >= started],
        )

    @property
    def shuffle_write_bytes(self) -> int:
        return sum(stage.shuffle_write_bytes for stage in self.stages)

    @property
    def shuffle_read_bytes(self) -> int:
        return sum(stage.shuffle_read_bytes for stage in self.stages)

    @property
    def input_bytes(self) -> int:
        return sum(stage.input_bytes for stage in self.stages)

    @property
    def spilled_bytes(self) -> int:
        return sum(stage.spilled_bytes for stage in self.stages)

    @property
    def joins(self) -> list[str]:
        return [join for query in self.queries for join in query.joins]

    @property
    def pushed_filters(self) -> list[str]:
        return [part for query in self.queries for part in query.pushed_filters]

    @property
    def worst_skew(self) -> float:
        """The largest skew ratio of any stage."""
        return max((skew_ratio(stage) for stage in self.stages), default=1.0)


def skew_ratio(stage: Stage) -> float:
    """The largest task's shuffled (without a shuffle: read) records over the median task's: 1.0 is even."""
    records = [task.shuffle_read_records or task.input_records for task in stage.tasks if not task.failed]
    if len(records) < 2 or not max(records):
        return 1.0
    return max(records) / max(median(records), 1)


def _split(text: str) -> list[str]:
    """At commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    return [*parts, text[start:].strip()]


class _Reader:
    """Collects events by what they are about."""

    def __init__(self) -> None:
        self._log = EventLog()
        self._jobs: dict[int, Job] = {}
        self._stages: dict[tuple[int, int], Stage] = {}
        self._tasks: dict[tuple[int, int], list[Task]] = {}
        self._queries: dict[int, Query] = {}

    def read(self, event: dict[str, Any]) -> None:
        kind = str(event["Event"]).removeprefix(_SQL).removeprefix("SparkListener")
        handler = getattr(self, f"_on_{kind}", None)
        if handler is not None:
            handler(event)

    def finish(self) -> EventLog:
        self._log.jobs = list(self._jobs.values())
        self._log.queries = list(self._queries.values())
        self._log.stages = [
            replace(stage, tasks=tuple(self._tasks.get(key, ()))) for key, stage in sorted(self._stages.items())
        ]
        return self._log

    def _on_EnvironmentUpdate(self, event: dict[str, Any]) -> None:
        self._log.configuration = {str(k): str(v) for k, v in event["Spark Properties"].items()}

    def _on_JobStart(self, event: dict[str, Any]) -> None:
        query = (event.get("Properties") or {}).get("spark.sql.execution.id")
        self._jobs[int(event["Job ID"])] = Job(
            id=int(event["Job ID"]),
            submitted=event["Submission Time"] / 1000,
            stages=tuple(int(stage) for stage in event["Stage IDs"]),
            query=None if query is None else int(query),
        )

    def _on_JobEnd(self, event: dict[str, Any]) -> None:
        job = self._jobs[event["Job ID"]]
        self._jobs[job.id] = replace(job, succeeded=event["Job Result"]["Result"] == "JobSucceeded")

    def _on_StageCompleted(self, event: dict[str, Any]) -> None:
        info = event["Stage Info"]
        submitted = info["Submission Time"] / 1000
        key = (int(info["Stage ID"]), int(info["Stage Attempt ID"]))
        self._stages[key] = Stage(
            key[0], str(info["Stage Name"]), info["Completion Time"] / 1000 - submitted, submitted
        )

    def _on_TaskEnd(self, event: dict[str, Any]) -> None:
        info, metrics = event["Task Info"], event.get("Task Metrics") or {}
        read, write = metrics.get("Shuffle Read Metrics") or {}, metrics.get("Shuffle Write Metrics") or {}
        given = metrics.get("Input Metrics") or {}
        key = (int(event["Stage ID"]), int(event["Stage Attempt ID"]))
        task = Task(
            stage=key[0],
            seconds=(info["Finish Time"] - info["Launch Time"]) / 1000,
            input_bytes=int(given.get("Bytes Read", 0)),
            input_records=int(given.get("Records Read", 0)),
            shuffle_read_bytes=int(read.get("Local Bytes Read", 0)) + int(read.get("Remote Bytes Read", 0)),
            shuffle_read_records=int(read.get("Total Records Read", 0)),
            shuffle_write_bytes=int(write.get("Shuffle Bytes Written", 0)),
            memory_spilled=int(metrics.get("Memory Bytes Spilled", 0)),
            disk_spilled=int(metrics.get("Disk Bytes Spilled", 0)),
            failed=bool(info.get("Failed")),
        )
        self._tasks.setdefault(key, []).append(task)

    def _on_SQLExecutionStart(self, event: dict[str, Any]) -> None:
        ident = int(event["executionId"])
        self._queries[ident] = Query(
            id=ident,
            description=str(event["description"]),
            submitted=event["time"] / 1000,
            plan=_node(event["sparkPlanInfo"]),
            details=str(event["physicalPlanDescription"]),
        )

    def _on_SQLAdaptiveExecutionUpdate(self, event: dict[str, Any]) -> None:
        query = self._queries[event["executionId"]]
        details = str(event["physicalPlanDescription"])
        self._queries[query.id] = replace(query, plan=_node(event["sparkPlanInfo"]), details=details)

    def _on_SQLExecutionEnd(self, event: dict[str, Any]) -> None:
        query = self._queries[event["executionId"]]
        self._queries[query.id] = replace(query, error=str(event.get("errorMessage") or ""))


def _node(info: dict[str, Any], depth: int = 200) -> Node:
    if depth == 0:
        raise ValueError("plan too deep")
    children = tuple(_node(child, depth - 1) for child in info["children"])
    return Node(str(info["nodeName"]).strip(), str(info["simpleString"]), children)
