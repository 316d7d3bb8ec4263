"""Databases of the student's PostgreSQL, as the grader uses them: one for each check, with the student's schema."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from labkit import Failed, Lab

POSTGRES = 5432
TABLES = ("aerolineas", "aviones", "vuelos")
FLIGHTS = 9_000


@contextmanager
def server(lab: Lab, database: str, seconds: float = 60) -> Iterator[psycopg.Connection]:
    lab.service("postgres").wait("ready")
    with (
        lab.connect(POSTGRES, timeout=seconds) as address,
        psycopg.connect(
            f"postgresql://postgres@{address}/{database}?sslmode=disable",
            autocommit=True,
            options="-c statement_timeout=20s -c client_min_messages=warning -c timezone=UTC",
        ) as connection,
    ):
        yield connection


def dsn_of(name: str) -> str:
    """The same database for the student's side."""
    return f"host=127.0.0.1 port={POSTGRES} user=postgres dbname={name}"


@contextmanager
def database(lab: Lab, name: str) -> Iterator[psycopg.Connection]:
    """A new database with the student's schema."""
    name = f"{name}_{lab.seed}"
    schema = lab.read("esquema.sql").decode(errors="replace")
    with server(lab, "postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with server(lab, name) as connection:
        apply(connection, "esquema.sql", schema)
        yield connection


def apply(connection: psycopg.Connection, path: str, text: str) -> None:
    try:
        connection.execute(text.encode())
    except (psycopg.Error, ValueError) as error:
        line = getattr(getattr(error, "diag", None), "statement_position", None)
        where = f" (línea / line {text[: int(line)].count(chr(10)) + 1})" if line else ""
        raise Failed(
            es=f"PostgreSQL no acepta `{path}`{where}: {error}",
            en=f"PostgreSQL does not accept `{path}`{where}: {error}",
            got=f"{error}",
        ) from None


def insert(connection: psycopg.Connection, statement: str, params: Any = None) -> None:
    """What the checks rely on; a schema that refuses it is not the one asked for."""
    try:
        connection.execute(statement, params)
    except psycopg.Error as error:
        raise Failed(
            es="Tu esquema no acepta una fila válida. Revisa nombres de tablas y columnas, tipos y reglas.",
            en="Your schema does not accept a valid row. See the names of tables and columns, types and rules.",
            got=f"{error}".strip(),
            expected=statement,
        ) from None


def one(connection: psycopg.Connection, query: str, params: Any = ()) -> Any:
    row = connection.execute(query, params).fetchone()
    return row[0] if row else None


def fresh(lab: Lab) -> dict[str, list[dict[str, str]]]:
    """A sample of the real flights with other delays, and the planes and airlines that they need."""

    def make() -> dict[str, list[dict[str, str]]]:
        tables = {name: list(csv.DictReader((lab.data / f"datos/{name}.csv").open())) for name in TABLES}
        flights = lab.rng.sample(tables["vuelos"], FLIGHTS)
        for flight in flights:
            flight["id"] = str(int(flight["id"]) + 100_000)
            if flight["retraso"]:
                flight["retraso"] = str(int(flight["retraso"]) + lab.rng.randint(0, 60))
        return {**tables, "vuelos": flights}

    return lab.once("fresh", make)


def fill(lab: Lab, connection: psycopg.Connection) -> None:
    """The fresh rows, by way of the grader: what these checks are about is not the student's loading."""
    for name, rows in fresh(lab).items():
        columns = ", ".join(rows[0])
        try:
            with connection.cursor().copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([value or None for value in row.values()])
        except psycopg.Error as error:
            raise Failed(
                es=f"La tabla `{name}` de tu esquema no acepta los datos.",
                en=f"The table `{name}` of your schema does not accept the data.",
                got=f"{error}".strip(),
                expected=f"{name} ({columns})",
            ) from None
