"""The student's databases on the grader's side: copies, opened where their contents can reach nothing."""

import json
import reprlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from hidden.clima import Row
from labkit import Failed, Lab

MOST_BYTES = 24 << 20
CLEAN = """
CREATE SCHEMA modelos;
CREATE TABLE modelos.observaciones AS
SELECT s.estacion, TIMESTAMPTZ '2020-01-01 00:00:00+00' + n * INTERVAL 1 HOUR AS hora, 20.0 - n AS temperatura,
       100.0 - n AS humedad, 0.0 + n AS viento, NULL::DOUBLE AS presion, now() AS actualizado, now() AS cargado_en,
       now() AS procesado_en
FROM range(40) AS r(n), (VALUES ('EWR'), ('JFK'), ('LGA')) AS s(estacion);
INSERT INTO modelos.observaciones SELECT * REPLACE (hora + INTERVAL 1 YEAR AS hora, -40.0 AS temperatura)
FROM modelos.observaciones LIMIT 1;
INSERT INTO modelos.observaciones
SELECT * REPLACE (hora + INTERVAL 2 YEAR AS hora, 50.0 AS temperatura, 0.0 AS humedad, 120.0 AS viento)
FROM modelos.observaciones LIMIT 1;
CREATE TABLE modelos.diario AS
SELECT estacion, hora::DATE AS dia, count(*) AS horas, 1.0 AS temperatura_media FROM modelos.observaciones GROUP BY ALL;
CREATE TABLE modelos.rechazadas (entrega VARCHAR, linea INTEGER, cuerpo VARCHAR, motivo VARCHAR);
"""
ELSEWHERE = "hora + INTERVAL 9 YEAR AS hora"
BAD = {
    "estacion": ("NULL", "'XXX'"),
    "temperatura": ("NULL", "-41", "51"),
    "humedad": ("NULL", "-1", "101"),
    "viento": ("NULL", "-1", "121"),
}
PLANTED = {"clave repetida / repeated key": "*"} | {
    f"{column} {value}": f"* REPLACE ({value} AS {column}, {ELSEWHERE})"
    for column, values in BAD.items()
    for value in values
}
"""What each bad row is called, and how it is made of a good one."""
SHORT = reprlib.Repr()
"""Shows both ends of a long text, and what can't be seen, such as the end of a line."""
SHORT.maxstring = 160


@contextmanager
def _closed(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path)) as connection:
        for setting in ("TimeZone = 'UTC'", "memory_limit = '300MB'", "threads = 1", "enable_external_access = false"):
            connection.execute(f"SET {setting}")
        connection.execute("SET lock_configuration = true")
        yield connection


class Base:
    """A copy of a database as it was when it was taken."""

    def __init__(self, lab: Lab, path: str) -> None:
        self.name, self.content = path, lab.read(path, MOST_BYTES)

    def rows(self, table: str, *columns: str, score: float = 0.0) -> list[Row]:
        """These columns of a table; instants as ISO text."""
        names = ", ".join(columns)
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, Path(self.name).name)
                path.write_bytes(self.content)
                with _closed(path) as connection:
                    query = f"SELECT {names} FROM {table}"  # noqa: S608 -- the grader's own names
                    found = connection.execute(query).fetchmany(20_000)
        except (duckdb.Error, ValueError, MemoryError) as error:
            raise Failed(
                es=f"No puedo leer {names} de `{table}` en tu base de datos.",
                en=f"I can't read {names} of `{table}` in your database.",
                got=f"{error}"[:400],
                expected=f"{table} ({names})",
                score=score,
            ) from None
        return [dict(zip(columns, map(_plain, row), strict=True)) for row in found]


def _plain(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}".replace(".000000Z", "Z") if hasattr(value, "tzinfo") else value


def expect_rows(got: list[Row], expected: list[Row], *, es: str, en: str, score: float = 0.0) -> None:
    """Fail unless both hold the same rows, in any order, repeated as often."""
    names = list(got[0]) if got else list(expected[0])
    have, want = (Counter(tuple(str(row.get(n)) for n in names) for row in rows) for rows in (got, expected))
    if have != want:
        raise Failed(
            es=es,
            en=en,
            got=f"{len(got)} filas / rows\n{_shown(have - want, names)}",
            expected=f"{len(expected)} filas / rows\n{_shown(want - have, names)}",
            score=score,
        )


def _shown(rows: Counter[tuple[str, ...]], names: list[str]) -> str:
    some = [", ".join(f"{n}={SHORT.repr(v)}" for n, v in zip(names, row, strict=True)) for row in list(rows)[:3]]
    return "\n".join(some)


def compiled_tests(lab: Lab) -> dict[str, str]:
    """The SQL of each dbt test of the last build."""
    try:
        told = json.loads(lab.read("dbt/target/run_results.json"))
        results = [each for each in told["results"] if str(each["unique_id"]).startswith("test.")]
        return {str(each["unique_id"]): str(each["compiled_code"]) for each in results if each.get("compiled_code")}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def caught(tests: dict[str, str], stem: str) -> tuple[list[str], list[str]]:
    """Which planted rows some test finds, and which tests find something in a clean table."""
    with tempfile.TemporaryDirectory() as folder, _closed(Path(folder, f"{stem}.duckdb")) as connection:
        connection.execute(CLEAN)
        alarms = [name for name, sql in tests.items() if _finds(connection, sql)]
        quiet = {name: sql for name, sql in tests.items() if name not in alarms}
        found = []
        for kind, columns in PLANTED.items():
            connection.execute("BEGIN")
            row = f"SELECT {columns} FROM modelos.observaciones ORDER BY hora LIMIT 1"  # noqa: S608
            connection.execute(f"INSERT INTO modelos.observaciones {row}")
            if any(_finds(connection, sql) for sql in quiet.values()):
                found.append(kind)
            connection.execute("ROLLBACK")
        return found, alarms


def _finds(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        row = connection.execute(f"SELECT count(*) FROM (\n{sql}\n) AS prueba").fetchone()  # noqa: S608
    except duckdb.Error:
        return False
    return bool(row and row[0])
