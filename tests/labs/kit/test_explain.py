"""Plans that a real PostgreSQL 18 answered with (data/make_plans.py), and answers that are no plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labs.kit.explain import MAX_DEPTH, Plan, read_plan
from labs.kit.failed import Failed

ANSWERS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "plans.json").read_text())
PLANS: dict[str, Plan] = {name: read_plan(answer) for name, answer in ANSWERS.items()}
LEAF = {"Node Type": "Result", "Actual Rows": 1, "Actual Loops": 1}


def test_it_tells_a_whole_table_from_an_index() -> None:
    assert PLANS["all"].reads_all("flights")
    assert PLANS["all"].indexes == set()
    assert not PLANS["index"].reads_all("flights")
    assert PLANS["index"].indexes == {"flights_tail"}
    assert PLANS["index"].pages < PLANS["all"].pages / 5


def test_it_counts_the_rows_that_were_read_for_those_that_were_given() -> None:
    assert (PLANS["all"].rows, PLANS["all"].rows_read("flights")) == (5, 6000)
    assert (PLANS["index"].rows, PLANS["index"].rows_read("flights")) == (5, 5)
    assert (PLANS["bitmap"].rows, PLANS["bitmap"].rows_read("flights")) == (80, 120)


def test_it_finds_operators_by_name() -> None:
    assert [node.kind for node in PLANS["all"].nodes("Sort")] == ["Sort"]
    assert not PLANS["index"].nodes("Sort")
    assert [node.kind for node in PLANS["bitmap"].nodes("Bitmap")] == ["Bitmap Heap Scan", "Bitmap Index Scan"]
    assert str(PLANS["index"]) == "Limit ← Index Scan flights (flights_tail)"


def test_it_reads_each_table_of_a_join() -> None:
    plan = PLANS["join"]
    assert plan.reads_all("bookings")
    assert not plan.reads_all("flights")
    assert [scan.table for scan in plan.scans("flights")] == ["flights"]


def test_rows_are_those_of_all_loops() -> None:
    (inner,) = PLANS["loops"].scans("flights")
    assert ANSWERS["loops"][0]["Plan"]["Plans"][0]["Plans"][1]["Actual Rows"] == 1
    assert inner.rows == 14


def _nested(depth: int) -> dict[str, Any]:
    return {**LEAF, "Plans": [_nested(depth - 1)]} if depth else LEAF


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "Seq Scan",
        [],
        [{}],
        [{"Plan": None}],
        [{"Plan": {**LEAF, "Node Type": 7}}],
        [{"Plan": {**LEAF, "Actual Rows": "many"}}],
        [{"Plan": {**LEAF, "Plans": 3}}],
        [{"Plan": _nested(MAX_DEPTH + 1)}],
    ],
)
def test_what_is_no_plan_fails_the_check(answer: object) -> None:
    with pytest.raises(Failed, match="did not answer with an execution plan"):
        read_plan(answer)
