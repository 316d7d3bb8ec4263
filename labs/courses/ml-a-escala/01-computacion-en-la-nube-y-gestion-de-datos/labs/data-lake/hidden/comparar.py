"""Whether two sets of rows are the same, and how it is told when they aren't."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from labkit import Failed


def rows_of(got: Any, *columns: str, score: float = 0.0) -> list[dict[str, Any]]:
    """The rows of a table that the student's code gave or wrote; it must have these columns."""
    if not isinstance(got, pa.Table):
        raise Failed(
            es="Tu función debe devolver una tabla de Arrow (`pa.Table`).",
            en="Your function should return an Arrow table (`pa.Table`).",
            got=type(got).__name__,
            expected="pyarrow.Table",
            score=score,
        )
    if missing := [name for name in columns if name not in got.column_names]:
        raise Failed(
            es="A la tabla le faltan columnas.",
            en="The table lacks columns.",
            got=", ".join(map(str, got.column_names)),
            expected=", ".join(missing),
            score=score,
        )
    rows: list[dict[str, Any]] = got.select(list(columns)).to_pylist()
    return rows


def expect_rows(
    got: list[dict[str, Any]], expected: list[dict[str, Any]], *, es: str, en: str, score: float = 0.0
) -> None:
    """Fail unless both hold the same rows, in any order, repeated as often."""
    names = list(expected[0])
    have, want = (Counter(_key(row, names) for row in rows) for rows in (got, expected))
    extra, missing = have - want, want - have
    if extra or missing:
        raise Failed(
            es=es,
            en=en,
            got=f"{len(got)}: {extra.total()} de más / too many\n{_shown(extra, names)}",
            expected=f"{len(expected)}: {missing.total()} que faltan / missing\n{_shown(missing, names)}",
            score=score,
        )


def _key(row: dict[str, Any], names: list[str]) -> tuple[str, ...]:
    return tuple(_plain(row.get(name)) for name in names)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return f"{aware.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, float):
        return f"{value:.6f}"
    return "" if value is None else str(value)


def _shown(rows: Counter[tuple[str, ...]], names: list[str]) -> str:
    return "\n".join(", ".join(f"{n}={v}" for n, v in zip(names, row, strict=True)) for row in list(rows)[:2])
