"""The log of a real scheduler of Dask 2026.8 (data/make_dask_log.py), and lines that nobody should believe."""

from __future__ import annotations

from pathlib import Path

import pytest

from labs.kit import dask
from labs.kit.dask import DaskLog

TEXT = (Path(__file__).parent / "data" / "dask-log.jsonl").read_text()
ARRAY = 50_000 * 8


@pytest.fixture(scope="module")
def log() -> DaskLog:
    return DaskLog.parse(TEXT)


def test_it_counts_tasks_by_prefix(log: DaskLog) -> None:
    assert len(log.named("load")) == 4
    assert len(log.named("scaled")) == 8 + 4 + 1
    assert all(log.runs(task.key) == 1 for task in log.named("load"))
    assert sum(log.workers.values()) == len(log.tasks)
    assert len(log.workers) == 2


def test_it_tells_the_shape_of_a_graph(log: DaskLog) -> None:
    graph = log.graphs[0]
    assert (graph.tasks, graph.depth, graph.prefixes) == (13, 3, {"load": 4, "scaled": 8, "sum": 1})
    assert graph.width == 8
    assert graph.edges == 8 + 8


def test_tasks_ran_side_by_side(log: DaskLog) -> None:
    assert log.parallelism == 2


def test_it_tells_scattered_data_from_data_sent_with_a_task(log: DaskLog) -> None:
    with_given = [graph for graph in log.graphs if graph.given]
    assert [list(graph.given.values()) for graph in with_given] == [[ARRAY]] * 4
    assert sum(graph.bytes > ARRAY for graph in log.graphs) == 1
    assert 2 * ARRAY < log.sent < 2.5 * ARRAY


def test_it_tells_what_moved_and_what_was_held(log: DaskLog) -> None:
    assert 0 < log.moved < sum(task.nbytes for task in log.tasks)
    assert max(task.nbytes for task in log.named("load")) == log.largest
    assert log.largest <= log.peak_stored <= sum(task.nbytes for task in log.tasks)


def test_it_tells_a_task_that_recovered_from_one_that_did_not(log: DaskLog) -> None:
    assert [trouble.prefix for trouble in log.errors] == ["fails"]
    assert len(log.stopped) == 2
    assert len(log.named("fails")) == 1


def test_it_knows_each_workers_memory(log: DaskLog) -> None:
    assert len(log.peak_memory) == 2
    assert all(rss > 50 << 20 for rss in log.peak_memory.values())
    assert set(log.peak_spilled.values()) == {0}


def test_since_leaves_out_what_was_before(log: DaskLog) -> None:
    first = log.graphs[1].time
    later = log.since(first)
    assert len(later.graphs) == len(log.graphs) - 2
    assert log.since(log.end) == DaskLog()
    assert DaskLog().end == 0


def test_prefixes_are_whole_words() -> None:
    done = '{{"event": "done", "time": 1, "key": "{0}-1", "prefix": "{0}", "worker": "w", "start": 1, "stop": 2, '
    done += '"nbytes": 1, "moved": 0}}'
    log = DaskLog.parse("\n".join(done.format(name) for name in ("read", "read-fused", "read_csv", "reader")))
    assert [task.prefix for task in log.named("read")] == ["read", "read-fused", "read_csv"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        '{"event": "new in a later version", "time": 1}',
        '{"event": "gone", "time": "soon", "key": "a"}',
        '{"event": "gone", "time": NaN, "key": "a"}',
        '{"event": ["gone"], "time": 1, "key": "a"}',
        '{"event": "done", "time": 1, "key": "a"}',
        '{"event": "graph", "time": 1, "tasks": 1, "edges": 0, "depth": 1, "width": 1, "prefixes": 7, "bytes": 0}',
        '{"event": "gone", "time": 1, "key": ' + "[" * 200 + "]" * 200 + "}",
    ],
)
def test_broken_lines_are_passed_over(line: str, log: DaskLog) -> None:
    assert DaskLog.parse(f"{line}\n{TEXT}\n{line}") == log


def test_a_log_still_being_written_can_be_read(log: DaskLog) -> None:
    assert DaskLog.parse(TEXT[:-10]).tasks == log.tasks


def test_it_stops_reading_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "MAX_LINES", 3)
    assert len(DaskLog.parse(TEXT).events) <= 3
