"""The report's schema and caps, and the JSON it is read with."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from labs.kit import strict
from labs.kit.report import MAX_REPORT, BadReport, CheckResult, Report, clip, validate


def good() -> dict[str, Any]:
    message = {"es": "mal", "en": "bad"}
    checks = [CheckResult("a", "passed", 1.0), CheckResult("b", "failed", 0.0, message, "1", "2", {"data": []}, 0.5)]
    return Report("j", 1, checks=checks, student_seconds=1.5).to_json()


def test_a_good_report_passes() -> None:
    assert validate(good(), "j", 1, ["a", "b"])["checks"][1]["message"]["es"] == "mal"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("job",), "other"),
        (("attempt",), 2),
        (("attempt",), True),
        (("schema",), 2),
        (("outcome",), "perfect"),
        (("extra",), 1),
        (("student_seconds",), -1),
        (("message",), {"fr": "x"}),
        (("checks",), {}),
        (("checks", 0, "score"), 1.5),
        (("checks", 0, "score"), "1"),
        (("checks", 0, "score"), True),
        (("checks", 0, "status"), "great"),
        (("checks", 0, "id"), "c"),
        (("checks", 0, "got"), "x" * 5000),
        (("checks", 0, "message"), {"es": 3}),
        (("checks", 0, "figure"), {"data": "x" * 70000}),
        (("checks", 0, "points"), 100),
    ],
)
def test_anything_else_is_refused(path: tuple[Any, ...], value: object) -> None:
    report = copy.deepcopy(good())
    place = report
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(BadReport):
        validate(report, "j", 1, ["a", "b"])


def test_checks_missing_or_twice_are_refused() -> None:
    for names in (["a"], ["b", "a"], ["a", "b", "c"]):
        with pytest.raises(BadReport):
            validate(good(), "j", 1, names)


def test_a_report_is_built_within_its_caps() -> None:
    text = clip("ñ\udc80" * 10000)
    figure = {"data": ["x" * 60000]}
    message = {"es": text, "en": text}
    checks = [CheckResult(f"c{i}", "failed", 0, dict(message), text, text, figure) for i in range(60)]
    report = Report("j", 1, checks=checks).to_json()
    assert validate(report, "j", 1, [f"c{i}" for i in range(60)])
    assert len(str(report).encode()) < MAX_REPORT * 1.1


@pytest.mark.parametrize(
    "text",
    ["NaN", "[1e999]", '{"a":1,"a":2}', "[" * 100_000, "[" * 70 + "]" * 70, "1" * 5000, "\ud800", "", "{", '"x" y'],
    ids=["nan", "infinite", "duplicate", "deep", "nested", "digits", "surrogate", "empty", "open", "trailing"],
)
def test_careless_json_is_refused(text: str) -> None:
    with pytest.raises(strict.BadJSON):
        strict.loads(text.encode(errors="surrogatepass"), 1 << 20)


def test_long_json_is_refused() -> None:
    with pytest.raises(strict.BadJSON):
        strict.loads(b'"' + b"x" * 100 + b'"', 100)
