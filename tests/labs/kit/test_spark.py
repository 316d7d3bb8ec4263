"""The event log of a real run of Spark 4.3 (data/make_event_log.py)."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from labs.kit.spark import EventLog, skew_ratio

TEXT = gzip.decompress((Path(__file__).parent / "data" / "event-log.gz").read_bytes()).decode()


@pytest.fixture(scope="module")
def log() -> EventLog:
    return EventLog.parse(TEXT)


def test_it_counts_jobs_stages_and_queries(log: EventLog) -> None:
    assert (len(log.jobs), len(log.stages), len(log.queries)) == (12, 12, 4)
    assert all(job.succeeded for job in log.jobs)
    assert sum(len(stage.tasks) for stage in log.stages) == 21
    # None: reading a Parquet file's schema is a job of no query
    assert {job.query for job in log.jobs} == {0, 1, 2, 3, None}
    assert log.configuration["spark.sql.shuffle.partitions"] == "4"


def test_it_reads_the_final_plan(log: EventLog) -> None:
    _, broadcast, merge, count = log.queries
    assert broadcast.joins == ["BroadcastHashJoin"]
    assert merge.joins == ["SortMergeJoin"]
    assert (broadcast.exchanges, merge.exchanges) == (1, 3)
    assert "isFinalPlan=true" in broadcast.plan.text
    assert broadcast.pushed_filters == ["GreaterThan(v,1000)"]
    assert merge.pushed_filters == []
    assert not count.uses_python
    assert count.nodes("Scan parquet")
    assert not count.error


def test_it_adds_up_bytes(log: EventLog) -> None:
    assert log.shuffle_write_bytes == sum(stage.shuffle_write_bytes for stage in log.stages) > 1_000_000
    assert log.shuffle_read_bytes == log.shuffle_write_bytes
    assert log.input_bytes > 0
    assert log.spilled_bytes == 0


def test_skew_is_the_largest_task_over_the_median(log: EventLog) -> None:
    ratios = [skew_ratio(stage) for stage in log.stages]
    assert log.worst_skew == max(ratios) > 4
    assert ratios.count(1.0) == 11


def test_a_part_of_the_log_can_be_asked_for(log: EventLog) -> None:
    last = log.queries[-1].submitted
    part = log.since(last)
    assert len(part.queries) == 1
    assert {job.query for job in part.jobs} == {3}
    assert part.shuffle_write_bytes < log.shuffle_write_bytes


def test_a_log_still_being_written_is_read() -> None:
    half = EventLog.parse(TEXT[: len(TEXT) // 2])
    assert 0 < len(half.jobs) < 12


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"Event": 3}',
        '{"Event": "SparkListenerTaskEnd"}',
        '{"Event": "SparkListenerJobEnd", "Job ID": 99}',
        '{"Event": "SparkListenerJobStart", "Job ID": [], "Submission Time": NaN}',
        "[" * 100_000,
    ],
)
def test_forged_lines_are_passed_over(line: str) -> None:
    assert len(EventLog.parse(f"{line}\n{TEXT}\n{line}").jobs) == 12
