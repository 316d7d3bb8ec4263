"""Flights on sale in a database of their own, and the clients that hidden/sonda.py runs beside the student's files."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from hidden.base import database, insert
from hidden.casos import AIRCRAFT, FLIGHT, GATE
from labkit import Lab


@contextmanager
def airline(lab: Lab, name: str, seats: dict[int, int]) -> Iterator[psycopg.Connection]:
    """Flights with so many seats each, in a database of its own."""
    with database(lab, name) as connection:
        insert(connection, "INSERT INTO aerolineas (codigo, nombre) VALUES ('ZZ', 'Prueba')")
        for flight, count in seats.items():
            insert(connection, AIRCRAFT + "(%s, 'BOEING', '737', %s)", [f"N{flight}", count])
            insert(connection, FLIGHT + "(%s, 'ZZ', 1, %s, 'JFK', 'SFO', now())", [flight, f"N{flight}"])
        yield connection


def close_gate(connection: psycopg.Connection, *flights: int) -> None:
    connection.execute(GATE)
    arguments = ",".join(map(str, flights))
    connection.execute(
        f"CREATE TRIGGER _puerta BEFORE INSERT ON reservas FOR EACH ROW EXECUTE FUNCTION _puerta('{arguments}')"
    )


def trip(lab: Lab, *flights: int) -> list[Any]:
    key = str(uuid.UUID(int=lab.rng.getrandbits(128), version=4))
    return [key, f"Pasajera {lab.rng.randint(1, 999)}", list(flights), f"{lab.rng.randint(50, 400)}.90"]


def probe(lab: Lab, function: str, *args: Any) -> dict[str, Any]:
    seen = lab.probe(function, *args, like={"respuestas": list, "terminan": bool})
    lab.expect(
        seen["terminan"],
        es="Algún cliente se queda esperando para siempre.",
        en="Some client waits for ever.",
    )
    return dict(seen)


def sold(connection: psycopg.Connection) -> dict[int, int]:
    return dict(connection.execute("SELECT vuelo, count(*) FROM reservas GROUP BY vuelo ORDER BY vuelo").fetchall())
