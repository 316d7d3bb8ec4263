"""Comparing tables so that the message says what to look at: columns, then rows, then the first difference."""

from __future__ import annotations

from typing import Any

from .lab import Failed

SHOWN_ROWS = 10


def _preview(frame: Any) -> str:
    text: str = frame.head(SHOWN_ROWS).to_string(index=False, max_cols=12, max_colwidth=40)
    return text + (f"\n… ({len(frame)})" if len(frame) > SHOWN_ROWS else "")


def _as_frame(value: Any) -> Any:
    import pandas
    import pyarrow

    if isinstance(value, pyarrow.Table):
        return value.to_pandas()
    if isinstance(value, pandas.DataFrame):
        return value
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return pandas.DataFrame(value)
    kind = type(value).__name__
    raise Failed(
        es=f"Se esperaba una tabla y llegó {kind}.", en=f"A table was expected and {kind} came.", got=repr(value)[:500]
    )


def same_table(got: Any, expected: Any, *, keys: list[str] | None = None, tolerance: float = 1e-6) -> None:
    """Both hold the same columns and rows; numbers within ``tolerance`` (relative). With ``keys`` the order of rows is
    free and differences are told per key; without, rows are compared in order. Raises Failed.
    """
    got, expected = _as_frame(got), _as_frame(expected)
    shown: dict[str, Any] = {"got": _preview(got), "expected": _preview(expected)}
    _same_columns(got, expected, shown)
    got = got[list(expected.columns)]
    if keys:
        _same_keys(got, expected, keys, shown)
        got = got.sort_values(keys, kind="stable")
        expected = expected.sort_values(keys, kind="stable")
    elif len(got) != len(expected):
        raise Failed(
            es=f"La tabla tiene {len(got)} filas y debería tener {len(expected)}.",
            en=f"The table has {len(got)} rows and should have {len(expected)}.",
            **shown,
        )
    _same_cells(got.reset_index(drop=True), expected.reset_index(drop=True), keys, tolerance, shown)


def _same_columns(got: Any, expected: Any, shown: dict[str, Any]) -> None:
    have, want = [str(name) for name in got.columns], [str(name) for name in expected.columns]
    missing = [name for name in want if name not in have]
    extra = [name for name in have if name not in want]
    if missing:
        names = ", ".join(missing)
        raise Failed(es=f"Faltan columnas: {names}.", en=f"Columns are missing: {names}.", **shown)
    if extra:
        names = ", ".join(extra)
        raise Failed(es=f"Sobran columnas: {names}.", en=f"There are extra columns: {names}.", **shown)


def _key_rows(frame: Any, keys: list[str]) -> list[str]:
    return [", ".join(str(cell) for cell in row) for row in frame[keys].itertuples(index=False)]


def _same_keys(got: Any, expected: Any, keys: list[str], shown: dict[str, Any]) -> None:
    have, want = _key_rows(got, keys), _key_rows(expected, keys)
    name = ", ".join(keys)
    if repeated := len(have) - len(set(have)) - (len(want) - len(set(want))):
        raise Failed(
            es=f"Hay {abs(repeated)} filas con `{name}` repetido que no corresponden.",
            en=f"{abs(repeated)} rows repeat `{name}` where they should not.",
            **shown,
        )
    if missing := sorted(set(want) - set(have)):
        raise Failed(
            es=f"Faltan {len(missing)} filas, por ejemplo `{name}` = {missing[0]}.",
            en=f"{len(missing)} rows are missing, for instance `{name}` = {missing[0]}.",
            **shown,
        )
    if extra := sorted(set(have) - set(want)):
        raise Failed(
            es=f"Sobran {len(extra)} filas, por ejemplo `{name}` = {extra[0]}.",
            en=f"There are {len(extra)} extra rows, for instance `{name}` = {extra[0]}.",
            **shown,
        )


def _differs(left: Any, right: Any, tolerance: float) -> Any:
    """Per row, whether two columns differ. Missing equals missing, whatever kind of missing it is."""
    import numpy
    import pandas

    missing = left.isna() & right.isna()
    if pandas.api.types.is_numeric_dtype(right.dtype) and pandas.api.types.is_numeric_dtype(left.dtype):
        a, b = left.to_numpy(dtype=float, na_value=numpy.nan), right.to_numpy(dtype=float, na_value=numpy.nan)
        return ~(numpy.isclose(a, b, rtol=tolerance, atol=tolerance) | missing.to_numpy())
    if pandas.api.types.is_datetime64_any_dtype(right.dtype):
        left = pandas.to_datetime(left, errors="coerce")
    equal = [a == b if isinstance(a, type(b)) else str(a) == str(b) for a, b in zip(left, right, strict=True)]
    return ~(numpy.array([bool(numpy.all(value)) for value in equal], dtype=bool) | missing.to_numpy())


def _same_cells(got: Any, expected: Any, keys: list[str] | None, tolerance: float, shown: dict[str, Any]) -> None:
    for column in expected.columns:
        wrong = _differs(got[column], expected[column], tolerance).nonzero()[0]
        if not len(wrong):
            continue
        row = int(wrong[0])
        where = f"{', '.join(keys)} = {_key_rows(expected.iloc[[row]], keys)[0]}" if keys else f"{row + 1}"
        have, want = got[column].iloc[row], expected[column].iloc[row]
        raise Failed(
            es=f"La columna `{column}` difiere en {len(wrong)} filas. Fila {where}: hay {have} y debería haber {want}.",
            en=f"Column `{column}` differs in {len(wrong)} rows. Row {where}: it has {have} and should have {want}.",
            **shown,
        )
