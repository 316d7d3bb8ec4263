"""The application's queries before and after the student's indices.sql, and what makes an index the right one."""

from typing import Any

import psycopg
from hidden.base import apply, database, fill, insert, one
from hidden.casos import INDEXES, QUERIES
from labkit import Lab
from labkit.explain import Plan, explain

BOOKINGS = 30_000


def planned(lab: Lab) -> dict[str, Any]:
    """Each query's plan before and after indices.sql, and the indexes that it made."""

    def measure() -> dict[str, Any]:
        with database(lab, "indices") as connection:
            fill(lab, connection)
            connection.execute("SELECT setseed(%s)", [lab.rng.random()])
            insert(
                connection,
                """INSERT INTO reservas (clave, vuelo, pasajero, precio)
                   SELECT gen_random_uuid(), v.id, 'Pasajero ' || (random() * 8000)::int, 99.90
                   FROM vuelos v CROSS JOIN generate_series(1, 4) ORDER BY random() LIMIT %s""",
                [BOOKINGS],
            )
            connection.execute("ANALYZE")
            params, own = _params(connection), dict(connection.execute(INDEXES).fetchall())
            before = {name: explain(connection, query, params[name]) for name, (_, query) in QUERIES.items()}
            apply(connection, "indices.sql", lab.read("indices.sql").decode(errors="replace"))
            connection.execute("ANALYZE")
            after = {name: explain(connection, query, params[name]) for name, (_, query) in QUERIES.items()}
            made = {n: size for n, size in connection.execute(INDEXES).fetchall() if n not in own}
        return {"before": before, "after": after, "made": made}

    return lab.once("planes", measure)


def _params(connection: psycopg.Connection) -> dict[str, list[Any]]:
    """The aircraft with most flights, its last departure, and what the other queries ask for."""
    aircraft, last = connection.execute(
        "SELECT matricula, max(salida) FROM vuelos GROUP BY matricula ORDER BY count(*) DESC, matricula LIMIT 1"
    ).fetchone()
    return {
        "ultimas": [aircraft, last],
        "cancelados": [one(connection, "SELECT max(destino) FROM vuelos WHERE retraso IS NULL")],
        "pasajeros": [one(connection, "SELECT max(vuelo) FROM reservas")],
        "del_pasajero": [str(one(connection, "SELECT max(pasajero) FROM reservas")).upper()],
    }


def most_pages(plan: Plan) -> float:
    """Down the index, and one page for each row."""
    return 6 + plan.rows


def by_index(name: str, plan: Plan) -> bool:
    """To the rows that are wanted, and no further."""
    return not plan.reads_all(QUERIES[name][0]) and plan.pages <= most_pages(plan)


def pages_figure(measured: dict[str, Any]) -> dict[str, Any]:
    bars = [
        {"type": "bar", "name": name, "x": list(plans), "y": [plan.pages for plan in plans.values()]}
        for name, plans in (("sin índices / without indexes", measured["before"]), ("con / with", measured["after"]))
    ]
    layout = {"barmode": "group", "yaxis": {"type": "log", "title": {"text": "páginas de / pages of 8 KiB"}}}
    return {"data": bars, "layout": layout}
