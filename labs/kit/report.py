"""The report that leaves G: built within caps, and checked again by whoever receives it. Standard library only."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from . import strict

SCHEMA = 1
MAX_REPORT = 512 << 10
MAX_TEXT = 4 << 10
MAX_FIGURE = 64 << 10

Outcome = Literal["graded", "timeout", "output_limit", "author_error", "memory"]
Status = Literal["passed", "partial", "failed", "error"]
OUTCOMES = ("graded", "timeout", "output_limit", "author_error", "memory")
STATUSES = ("passed", "partial", "failed", "error")
LANGUAGES = ("es", "en")


class BadReport(ValueError):
    """Not a report of this schema, or not of this job."""


def clip(text: object, limit: int = MAX_TEXT) -> str:
    """At most ``limit`` bytes of UTF-8, cut with a mark. Lone surrogates become question marks."""
    data = str(text).encode(errors="replace")
    if len(data) <= limit:
        return data.decode()
    return data[: limit - 4].decode(errors="ignore") + "…"


@dataclass
class CheckResult:
    """One check's verdict. ``message`` is ``{"es", "en"}``."""

    id: str
    status: Status
    score: float = 0.0
    message: dict[str, str] | None = None
    got: str | None = None
    expected: str | None = None
    figure: dict[str, Any] | None = None
    seconds: float = 0.0


@dataclass
class Report:
    """What G found. ``student_seconds`` is the time S was waited for."""

    job: str
    attempt: int
    outcome: Outcome = "graded"
    message: dict[str, str] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    student_seconds: float = 0.0
    schema: int = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """As plain JSON within every cap: figures go first, then what was got and expected."""
        data = asdict(self)
        for dropped in ((), ("figure",), ("got", "expected")):
            for check in data["checks"]:
                check.update(dict.fromkeys(dropped))
            if len(json.dumps(data).encode()) <= MAX_REPORT:
                return data
        return {**data, "checks": [{**check, "message": None} for check in data["checks"]]}


def _number(value: Any, low: float, high: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadReport(f"{name} is not a number")
    if not low <= value <= high:
        raise BadReport(f"{name} is out of range")
    return float(value)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value.encode(errors="replace")) > MAX_TEXT:
        raise BadReport(f"{name} is not a text of at most {MAX_TEXT} bytes")
    return value


def _message(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) - set(LANGUAGES):
        raise BadReport(f"{name} is not a message in the course's languages")
    return {language: _text(text, name) for language, text in value.items()}


def _check(value: Any) -> dict[str, Any]:
    fields = {"id", "status", "score", "message", "got", "expected", "figure", "seconds"}
    if not isinstance(value, dict) or set(value) != fields:
        raise BadReport("a check has other fields")
    name = _text(value["id"], "id")
    if value["status"] not in STATUSES:
        raise BadReport(f"{name}: unknown status")
    if value["figure"] is not None and not isinstance(value["figure"], dict):
        raise BadReport(f"{name}: figure is not an object")
    if len(json.dumps(value["figure"])) > MAX_FIGURE:
        raise BadReport(f"{name}: figure is too large")
    return {
        "id": name,
        "status": value["status"],
        "score": _number(value["score"], 0, 1, f"{name}: score"),
        "message": None if value["message"] is None else _message(value["message"], f"{name}: message"),
        "got": None if value["got"] is None else _text(value["got"], f"{name}: got"),
        "expected": None if value["expected"] is None else _text(value["expected"], f"{name}: expected"),
        "figure": value["figure"],
        "seconds": _number(value["seconds"], 0, 1e6, f"{name}: seconds"),
    }


def validate(data: bytes | str | dict[str, Any], job: str, attempt: int, checks: Sequence[str]) -> dict[str, Any]:
    """The report as plain JSON when it is one, of this job and attempt, with exactly these checks. Raises BadReport."""
    raw = json.dumps(data).encode() if isinstance(data, dict) else data.encode() if isinstance(data, str) else data
    try:
        report = strict.loads(raw, MAX_REPORT, max_depth=40)
    except strict.BadJSON as error:
        raise BadReport(str(error)) from None
    fields = {"schema", "job", "attempt", "outcome", "message", "checks", "student_seconds"}
    if not isinstance(report, dict) or set(report) != fields or report["schema"] != SCHEMA:
        raise BadReport("not a report of this schema")
    if report["job"] != job or report["attempt"] != attempt or isinstance(report["attempt"], bool):
        raise BadReport("a report of another job or attempt")
    if report["outcome"] not in OUTCOMES:
        raise BadReport("unknown outcome")
    if not isinstance(report["checks"], list) or len(report["checks"]) > 100:
        raise BadReport("checks is not a short list")
    found = [_check(check) for check in report["checks"]]
    if [check["id"] for check in found] != list(checks):
        raise BadReport("other checks than the lab's")
    return {
        **report,
        "message": _message(report["message"], "message"),
        "checks": found,
        "student_seconds": _number(report["student_seconds"], 0, 1e6, "student_seconds"),
    }
