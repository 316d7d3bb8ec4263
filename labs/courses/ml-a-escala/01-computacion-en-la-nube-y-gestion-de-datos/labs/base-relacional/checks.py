"""Checks of the lab base-relacional: the emulators' state, then a real PostgreSQL, asked from the grader's side.

Each check of SQL works in a database of its own, with the student's schema and fresh rows. Nothing is timed: plans tell
how much was read, and hidden/sonda.py forces the clients of the last step to overlap. hidden/ has the helpers.
"""

import csv
import io
from decimal import Decimal
from typing import Any

import psycopg
from hidden import casos, nubes, planes
from hidden.base import FLIGHTS, database, dsn_of, fresh, insert, one
from hidden.clientes import airline, close_gate, probe, sold, trip
from labkit import Failed, Lab

MOST_STATEMENTS = 60
MOST_BYTES = 4 * 8192  # of the index of a few dozen cancelled flights; one over all of them takes many times as much


def rds(lab: Lab) -> None:
    with nubes.aws(lab) as (ec2, _):
        group = ec2.create_security_group(GroupName=f"app-{lab.seed}", Description="app")["GroupId"]
    order = nubes.order(lab, group)
    told = lab.call("nube.py", "crear_rds", order)
    with nubes.aws(lab) as (ec2, client):
        first = nubes.rds_instance(client, order["nombre"])
        open_to = nubes.who_gets_in(ec2, first)
    wanted = nubes.rds_wanted(order) | {"grupo de seguridad / security group": [("tcp", 5432, 5432, group)]}
    wanted["dirección devuelta / address returned"] = ":".join(
        str(nubes.at(first, f"Endpoint.{part}")) for part in ("Address", "Port")
    )
    got = {name: first.get(name) for name in nubes.rds_wanted(order)} | {
        "EngineVersion": str(first.get("EngineVersion")).split(".")[0],
        "contraseña / password": "Secrets Manager" if first.get("MasterUserSecret") else "en el código / in the code",
        "grupo de seguridad / security group": open_to,
        "dirección devuelta / address returned": told,
    }
    nubes.expect_settings(got, wanted, "RDS")
    changed = nubes.changed(lab, order)
    lab.call("nube.py", "crear_rds", changed)
    with nubes.aws(lab) as (_, client):
        second = nubes.rds_instance(client, order["nombre"])
    names = ("AllocatedStorage", "MultiAZ", "InstanceCreateTime")
    nubes.expect_kept(
        {name: second.get(name) for name in names},
        {
            **{name: nubes.rds_wanted(changed)[name] for name in names[:2]},
            "InstanceCreateTime": first.get("InstanceCreateTime"),
        },
    )


def cloud_sql(lab: Lab) -> None:
    order = nubes.order(lab, "sg-0")
    told = lab.call("nube.py", "crear_cloud_sql", order)
    first = nubes.cloud_sql_instance(lab, order["nombre"])
    wanted = nubes.cloud_sql_wanted(order) | {"nombre devuelto / name returned": first.get("connectionName")}
    nubes.expect_settings(
        {name: nubes.at(first, name) for name in nubes.cloud_sql_wanted(order)}
        | {"nombre devuelto / name returned": told},
        wanted,
        "Cloud SQL",
    )
    changed, mark = nubes.changed(lab, order), {"calificado": str(lab.seed)}
    # Kept by a change of settings, lost when the instance is created anew, which this emulator allows.
    nubes.cloud_sql(lab, "PATCH", f"/{order['nombre']}", {"settings": {"userLabels": mark}})
    lab.call("nube.py", "crear_cloud_sql", changed)
    second = nubes.cloud_sql_instance(lab, order["nombre"])
    names = ("settings.dataDiskSizeGb", "settings.availabilityType")
    nubes.expect_kept(
        {name: nubes.at(second, name) for name in (*names, "settings.userLabels")},
        {**{name: nubes.cloud_sql_wanted(changed)[name] for name in names}, "settings.userLabels": mark},
    )


def esquema(lab: Lab) -> None:
    with database(lab, "esquema") as connection:
        connection.execute("SET timezone = 'America/New_York'")
        for statement in casos.VALID:
            insert(connection, statement)
        accepted = [name for name, statement in casos.BAD.items() if _accepts(connection, statement)]
        inexact = [name for name, (query, expected) in casos.EXACT.items() if one(connection, query) != expected]
    wrong = accepted + inexact
    lab.expect(
        not accepted,
        es=f"Tu esquema acepta {len(accepted)} de {len(casos.BAD)} cosas que no pueden pasar.",
        en=f"Your schema accepts {len(accepted)} of {len(casos.BAD)} things that can't happen.",
        got="\n".join(wrong),
        expected="que PostgreSQL las rechace / PostgreSQL to refuse them",
        score=0.8 * max(0, 1 - len(wrong) / 6),
    )
    lab.expect(
        not inexact,
        es="Un tipo no guarda exactamente lo que se le da: el dinero o el instante.",
        en="A type does not keep exactly what it is given: the money or the instant.",
        got="\n".join(inexact),
        expected="numeric, timestamptz",
        score=0.8,
    )


def _accepts(connection: psycopg.Connection, statement: str) -> bool:
    """Whether it is let through; nothing of it stays."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except (psycopg.IntegrityError, psycopg.DataError):
        return False
    except psycopg.Error as error:
        raise Failed(
            es="Una fila de prueba falla por otra razón que tus reglas. Revisa los nombres de las columnas.",
            en="A test row fails for another reason than your rules. See the names of the columns.",
            got=f"{error}".strip(),
            expected=statement,
        ) from None
    return True


def carga(lab: Lab) -> None:
    tables = {name: [dict(row) for row in rows] for name, rows in fresh(lab).items()}
    with database(lab, "carga") as connection:
        insert(connection, casos.COUNTER)
        _load(lab, connection, "lote", tables)
        statements = int(one(connection, "SELECT last_value FROM _sentencias"))
        _expect_loaded(connection, tables, 0.0)
        insert(connection, casos.BOOKING + "(gen_random_uuid(), %s, 'Ana', 99.90)", [tables["vuelos"][0]["id"]])
        for flight in lab.rng.sample(tables["vuelos"], 50):  # known late: the delay comes with the next delivery
            flight["retraso"] = "" if flight["retraso"] else "7"
        tables["vuelos"].append({**tables["vuelos"][0], "id": "999999"})
        _load(lab, connection, "lote", tables)
        _expect_loaded(connection, tables, 0.4)
        booked = int(one(connection, "SELECT count(*) FROM reservas"))
        lab.expect(
            booked == 1,
            es="La segunda entrega borró una reserva hecha después de la primera: una carga no toca lo ya vendido.",
            en="The second delivery deleted a booking made after the first: loading leaves alone what was sold.",
            got=f"reservas: {booked}",
            expected="reservas: 1",
            score=0.4,
        )
        _expect_all_or_nothing(lab, connection, tables)
    lab.expect(
        statements <= MOST_STATEMENTS,
        es=f"Cargar {FLIGHTS} vuelos costó {statements} sentencias sobre la tabla. Con COPY son unas pocas.",
        en=f"Loading {FLIGHTS} flights took {statements} statements on the table. With COPY it takes a few.",
        got=f"{statements}",
        expected=f"≤ {MOST_STATEMENTS}",
        score=0.8,
    )


def _load(lab: Lab, connection: psycopg.Connection, folder: str, tables: dict[str, list[dict[str, str]]]) -> None:
    for name, rows in tables.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        lab.write(f"{folder}/{name}.csv", text.getvalue())
    lab.call("carga.py", "cargar", dsn_of(connection.info.dbname), folder)


def _expect_loaded(connection: psycopg.Connection, tables: dict[str, list[dict[str, str]]], score: float) -> None:
    counts = {name: int(one(connection, f"SELECT count(*) FROM {name}")) for name in tables}  # noqa: S608 -- ours
    wanted = {name: len(rows) for name, rows in tables.items()}
    got = (counts, _flights(connection))
    expected = (
        wanted,
        sorted((int(row["id"]), int(row["retraso"]) if row["retraso"] else None) for row in tables["vuelos"]),
    )
    different = [pair for pair in zip(got[1], expected[1], strict=False) if pair[0] != pair[1]]
    if counts != wanted or different:
        raise Failed(
            es="Después de cargar, las tablas no tienen lo que dicen los archivos"
            + (" de la segunda entrega, con filas nuevas y retrasos corregidos." if score else "."),
            en="After loading, the tables don't hold what the files say"
            + (" in the second delivery, with new rows and corrected delays." if score else "."),
            got=f"{counts}" + (f"; id, retraso: {different[0][0]}" if different else ""),
            expected=f"{wanted}" + (f"; id, retraso: {different[0][1]}" if different else ""),
            score=score,
        )


def _flights(connection: psycopg.Connection) -> list[tuple[int, int | None]]:
    return connection.execute("SELECT id, retraso FROM vuelos ORDER BY id").fetchall()


def _expect_all_or_nothing(lab: Lab, connection: psycopg.Connection, tables: dict[str, list[dict[str, str]]]) -> None:
    """A delivery whose last flight has no aircraft must leave no trace of the airline that came before it."""
    before = (one(connection, "SELECT count(*) FROM aerolineas"), _flights(connection))
    broken = [*tables["vuelos"], {**tables["vuelos"][0], "id": "1000000", "matricula": "N-NADIE"}]
    spoiled = {**tables, "aerolineas": [*tables["aerolineas"], {"codigo": "QQ", "nombre": "Nueva"}], "vuelos": broken}
    try:
        _load(lab, connection, "rota", spoiled)
    except Failed:
        pass
    else:
        raise Failed(
            es="cargar no avisa de una entrega con un vuelo sin avión: debe dejar salir la excepción de PostgreSQL.",
            en="cargar does not tell of a delivery with a flight without aircraft: let PostgreSQL's exception out.",
            score=0.6,
        )
    after = (one(connection, "SELECT count(*) FROM aerolineas"), _flights(connection))
    lab.expect(
        after == before,
        es="Una entrega rota dejó filas a medias. Todo debe ir en una transacción que se deshace si algo falla.",
        en="A broken delivery left half of its rows. It belongs in one transaction, undone when something fails.",
        got=f"aerolineas: {after[0]}, vuelos: {len(after[1])}",
        expected=f"aerolineas: {before[0]}, vuelos: {len(before[1])}",
        score=0.6,
    )


def indices(lab: Lab) -> None:
    planned = planes.planned(lab)
    slow = {name: plan for name, plan in planned["after"].items() if not planes.by_index(name, plan)}
    if slow:
        name, plan = next(iter(slow.items()))
        raise Failed(
            es=f"{len(slow)} de 4 consultas ({', '.join(slow)}) no van por un índice hecho para ellas. "
            f"`{name}` leyó {plan.pages} páginas para dar {plan.rows:.0f} filas.",
            en=f"{len(slow)} of 4 queries ({', '.join(slow)}) don't go by an index made for them. "
            f"`{name}` read {plan.pages} pages to give {plan.rows:.0f} rows.",
            got=f"{plan}: {plan.pages} páginas / pages",
            expected=f"≤ {planes.most_pages(plan):.0f} páginas / pages\n{casos.QUERIES[name][1]}",
            score=1 - len(slow) / len(casos.QUERIES),
            figure=planes.pages_figure(planned),
        )


def sobrantes(lab: Lab) -> None:
    planned = planes.planned(lab)
    used = {index for plan in planned["after"].values() for index in plan.indexes}
    made = planned["made"]
    lab.expect(
        made,
        es="`indices.sql` no crea ningún índice.",
        en="`indices.sql` makes no index.",
        got="0",
        expected=f"{len(casos.QUERIES)}",
    )
    idle = sorted(set(made) - used)
    lab.expect(
        not idle,
        es="Hay índices que ninguna de las consultas usa: cada INSERT los paga, y nadie los aprovecha.",
        en="There are indexes that none of the queries uses: every INSERT pays for them, and nobody gains.",
        got=", ".join(idle),
        expected=", ".join(sorted(used & set(made))),
        score=0.4,
    )
    large = {name: made[name] for name in planned["after"]["cancelados"].indexes & set(made) if made[name] > MOST_BYTES}
    lab.expect(
        not large,
        es="El índice de los cancelados guarda también los que sí salieron: que guarde solo los cancelados.",
        en="The index of the cancelled ones also keeps those that did leave. Few meet the condition: keep only those.",
        got=", ".join(f"{name}: {size:,} bytes" for name, size in large.items()),
        expected=f"≤ {MOST_BYTES:,} bytes",
        score=0.6,
    )


def plazas(lab: Lab) -> None:
    full, free, other = lab.rng.sample(range(10, 1000), 3)
    clients = lab.rng.randint(3, 5)
    with airline(lab, "plazas", {full: 2, free: 9, other: 9}) as connection:
        taken, dsn = trip(lab, full), dsn_of(connection.info.dbname)
        insert(connection, casos.BOOKING + "(%s, %s, %s, %s)", [taken[0], full, taken[1], taken[3]])
        close_gate(connection, full, free)
        seen = probe(lab, "a_la_vez", dsn, [trip(lab, full) for _ in range(clients)])
        answers, seats = seen["respuestas"], sold(connection).get(full, 0)
        lab.expect(
            seats == 2 and answers.count(True) == 1 and answers.count(False) == clients - 1,
            es=f"Queda un asiento y {clients} clientes lo quieren a la vez: uno lo consigue (True), los demás no.",
            en=f"One seat is left and {clients} clients want it at once: one gets it (True), the others don't (False).",
            got=f"{answers}; vendidos / sold: {seats}",
            expected=f"1 × True, {clients - 1} × False; vendidos / sold: 2",
        )
        seen = probe(lab, "sin_esperar", dsn, trip(lab, free), trip(lab, other))
        lab.expect(
            seen.get("libre"),
            es="Quien reserva en un vuelo espera a quien reserva en otro. Bloquea filas, no tablas enteras.",
            en="Who books on one flight waits for who books on another. Lock rows, not whole tables.",
            got=f"{seen['respuestas']}",
            score=0.6,
        )


def viajes(lab: Lab) -> None:
    first, second, full = lab.rng.sample(range(10, 1000), 3)
    with airline(lab, "viajes", {first: 5, second: 5, full: 1}) as connection:
        dsn, wanted = dsn_of(connection.info.dbname), {full: 1}
        trips = (trip(lab, full), trip(lab, first, full, second))
        answers = [lab.call("reservas.py", "reservar", dsn, *each) for each in trips]
        lab.expect(
            answers == [True, False] and sold(connection) == wanted,
            es="Un viaje con un vuelo lleno no se vende: se responde False y no queda ningún asiento reservado.",
            en="A trip with a full flight is not sold: the answer is False and no seat stays booked.",
            got=f"{answers}; {sold(connection)}",
            expected=f"[True, False]; {wanted}",
        )
        close_gate(connection, first, second)
        wanted |= {first: 2, second: 2}
        seen = probe(lab, "a_la_vez", dsn, [trip(lab, first, second), trip(lab, second, first)])
        lab.expect(
            seen["respuestas"] == [True, True] and sold(connection) == wanted,
            es="Dos viajes a la vez, por los mismos vuelos en orden contrario: hay sitio, y los dos deben conseguirlo.",
            en="Two trips at once, by the same flights in opposite order: there is room, and both should get it.",
            got=f"{seen['respuestas']}; {sold(connection)}",
            expected=f"[True, True]; {dict(sorted(wanted.items()))}",
            score=0.5,
        )


def fallos(lab: Lab) -> None:
    flight = lab.rng.randint(10, 1000)
    with airline(lab, "fallos", {flight: 3}) as connection:
        dsn, again, wanted = dsn_of(connection.info.dbname), trip(lab, flight), {flight: 1}
        answers = [lab.call("reservas.py", "reservar", dsn, *again) for _ in range(2)]
        lab.expect(
            answers == [True, True] and sold(connection) == wanted,
            es="Repetir una petición con la misma clave debe responder True sin ocupar otro asiento.",
            en="Repeating a request with the same key should answer True without taking another seat.",
            got=f"{answers}; {sold(connection)}",
            expected=f"[True, True]; {wanted}",
        )
        insert(connection, casos.FAULT)
        _expect_retried(lab, connection, trip(lab, flight), flight)
        _expect_given_up(lab, connection, trip(lab, flight))


def _expect_retried(lab: Lab, connection: psycopg.Connection, asked: list[Any], flight: int) -> None:
    try:
        answer = lab.call("reservas.py", "reservar", dsn_of(connection.info.dbname), *asked)
    except Failed as failed:
        answer = failed.got or failed.message["en"]
    rows = connection.execute("SELECT precio::numeric, vuelo FROM reservas WHERE clave = %s", [asked[0]]).fetchall()
    lab.expect(
        answer is True and rows == [(Decimal(asked[3]), flight)],
        es="La transacción falló con 40001 y con 40P01; a la tercera iba bien: había que repetirla entera.",
        en="The transaction failed with 40001 and with 40P01, and would have worked the third time: repeat all of it.",
        got=f"{answer}; {rows}",
        expected="True",
        score=0.4,
    )


def _expect_given_up(lab: Lab, connection: psycopg.Connection, asked: list[Any]) -> None:
    """A rule that says no says it again: only the two transient errors are worth another try."""
    connection.execute("ALTER TABLE reservas ADD CONSTRAINT _cerrado CHECK (precio::numeric <> 1234.50)")
    before = int(one(connection, "SELECT last_value FROM _intentos"))
    try:
        answer = lab.call("reservas.py", "reservar", dsn_of(connection.info.dbname), *asked[:3], "1234.50")
    except Failed as failed:
        answer = failed
    tries = int(one(connection, "SELECT last_value FROM _intentos")) - before
    lab.expect(
        isinstance(answer, Failed) and tries == 1,
        es="Un error que no es 40001 ni 40P01 no se arregla repitiendo: debe salir de reservar a la primera.",
        en="An error other than 40001 or 40P01 isn't mended by repeating: let it out of reservar at once.",
        got=f"{answer if not isinstance(answer, Failed) else answer.got}; intentos / tries: {tries}",
        expected="CheckViolation; intentos / tries: 1",
        score=0.7,
    )
