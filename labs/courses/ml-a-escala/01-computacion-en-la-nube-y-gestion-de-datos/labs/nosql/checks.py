"""Checks of the lab nosql: what three stores answer, and what they were asked for to answer it.

hidden/sonda.py watches the client libraries in the student's sandbox and lets a rival sell first. Nothing depends on
the layout of the student's tables or on seconds; the state of DynamoDB's log is read from the grader's side.
"""

import json
from typing import Any

import boto3
from hidden.casos import LIMIT, board, events, flights, rows_of
from hidden.observado import observe, one_row, pages, prepare, rows, sales
from labkit import Failed, Lab

MOST_IN_ONE = 0.3  # of the events of a day in one partition; with 8 of them 0.125 would be even
SHARDS = 8


def dynamo_tablero(lab: Lab) -> None:
    _board(lab, "en_dynamo", 16, "Query")


def _board(lab: Lab, module: str, count: int, operation: str, charges: tuple[float, ...] = ()) -> list[dict[str, Any]]:
    """Walks a board page by page: the flights, and nothing read that isn't given."""
    given, place, day, since = board(lab, count)
    prepare(lab, module, given)
    wanted = rows_of(given, place, day, since)
    walked = pages(lab, module, place, day, since, LIMIT, list(charges))
    got = [row for page in walked for row in page["vuelos"]]
    _expect_rows(lab, got, wanted)
    long = max(len(page["vuelos"]) for page in walked)
    asked = [each for page in walked for each in page["operaciones"]]
    read, names = sum(each["leidos"] for each in asked), sorted({each["op"] for each in asked})
    lab.expect(
        long <= LIMIT,
        es=f"Se pidieron páginas de {LIMIT} vuelos y llegó una de {long}.",
        en=f"Pages of {LIMIT} flights were asked for, and one of {long} came.",
        got=f"{long}",
        expected=f"≤ {LIMIT}",
        score=0.3,
    )
    lab.expect(
        names == [operation] and read == len(wanted) and len(asked) <= len(walked),
        es=f"Los vuelos son los debidos, pero se leyeron {read} filas con {len(asked)} peticiones para dar "
        f"{len(wanted)} en páginas. La clave debe llevar al tablero desde la hora pedida, y el límite, ir con ella.",
        en=f"The flights are right, but {read} rows were read with {len(asked)} requests to give "
        f"{len(wanted)} in pages. The key should lead to the board from the time asked, and the limit go with it.",
        got=f"{', '.join(names)}: {read}",
        expected=f"{operation}: {len(wanted)}",
        score=0.3 + 0.3 * len(wanted) / max(read, len(wanted), 1) * (operation in names),
    )
    return walked


def _expect_rows(lab: Lab, got: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    """The same flights as were loaded, in the order of their departure; ties in any order."""
    times = [row.get("salida") for row in got]
    lab.expect(
        times == [row["salida"] for row in wanted],
        es=f"Las páginas, una tras otra, no dan las {len(wanted)} salidas del tablero en orden, cada una una vez.",
        en=f"The pages, one after another, don't give the board's {len(wanted)} departures in order, each once.",
        got=", ".join(map(str, times))[:600],
        expected=", ".join(row["salida"] for row in wanted),
    )
    by_id = {row["id"]: row for row in wanted}
    wrong = [row for row in got if row != by_id.get(str(row.get("id")))]
    lab.expect(
        not wrong and len({str(row["id"]) for row in got}) == len(wanted),
        es="Un vuelo no vuelve como se guardó: los mismos campos y valores, sin añadidos.",
        en="A flight doesn't come back as it was stored: the same fields and values, none added.",
        got=json.dumps((wrong or got)[0])[:400],
        expected=json.dumps(by_id.get(str((wrong or got)[0].get("id"))) or wanted[0]),
    )


def dynamo_avion(lab: Lab) -> None:
    given = flights(lab, 16)
    aircraft = given[0]["matricula"]
    for flight in given[1:9]:
        flight["matricula"] = aircraft
    prepare(lab, "en_dynamo", given)
    wanted = sorted((row for row in given if row["matricula"] == aircraft), key=lambda row: row["salida"])[::-1][:5]
    value, asked = observe(lab, "en_dynamo", "avion", aircraft, 5)
    _expect_rows(lab, rows(value, "avion"), wanted)
    read, names = sum(each["leidos"] for each in asked), sorted({each["op"] for each in asked})
    lab.expect(
        names == ["Query"] and read == len(wanted) and len(asked) == 1,
        es=f"Los vuelos son los debidos, pero se leyeron {read} filas con {len(asked)} peticiones para dar "
        f"{len(wanted)}. Un índice global con la matrícula de partición y la salida de orden los da ya ordenados.",
        en=f"The flights are right, but {read} rows were read with {len(asked)} requests to give {len(wanted)}. "
        "A global index with the tail number as partition and the departure as sort key gives them in order.",
        got=f"{', '.join(names)}: {read}",
        expected=f"Query: {len(wanted)}",
        score=0.4 if names == ["Query"] else 0.2,
    )


def carga(lab: Lab) -> None:
    """Loading in batches, and loading again."""
    given, place, day, _ = board(lab, 40)
    since = f"{day}T00:00Z"
    for module, operation, most in (("en_dynamo", "BatchWriteItem", 3), ("en_firestore", "Commit", 2)):
        asked = prepare(lab, module, given)
        given[0] = {**given[0], "libres": given[0]["libres"] + 1}  # the second delivery corrects a flight
        prepare(lab, module, given)
        walked = pages(lab, module, place, day, since, 30, [])
        _expect_rows(lab, [row for page in walked for row in page["vuelos"]], rows_of(given, place, day, since))
        lab.expect(
            len(asked) <= most,
            es=f"Cargar {len(given)} vuelos con `{module}` costó {len(asked)} peticiones. Van por lotes.",
            en=f"Loading {len(given)} flights with `{module}` took {len(asked)} requests. They go in batches.",
            got=f"{len(asked)}",
            expected=f"≤ {most} {operation}",
            score=0.5,
        )


def dynamo_venta(lab: Lab) -> None:
    _sale(lab, "en_dynamo")


def _sale(lab: Lab, module: str) -> None:
    """Sales with a rival who sells the same flight after it was read and before it is written."""
    given = flights(lab, 4)
    seats = [1, lab.rng.randint(4, 40), 0, lab.rng.randint(4, 40)]
    for flight, free in zip(given, seats, strict=True):
        flight["libres"] = free
    prepare(lab, module, given)
    answers, after = sales(lab, module, given, [True, True, False, False])
    left = [after.get(flight["id"]) for flight in given]
    plain = (answers[2:], left[2:])
    lab.expect(
        plain == ([[False], [True]], [0, seats[3] - 1]),
        es="Sin rival: un vuelo lleno responde False y sigue en 0; uno con sitio responde True y le queda uno menos.",
        en="Without a rival: a full flight answers False and stays at 0; one with room answers True and has one less.",
        got=f"{plain}",
        expected=f"{([[False], [True]], [0, seats[3] - 1])}",
    )
    lab.expect(
        answers[0] == [False, True] and left[0] == 0,
        es="Queda un asiento y otro lo compra justo antes de tu escritura: él recibe True, tú debes responder False.",
        en="One seat is left and another client buys it just before your write: he gets True, you should answer False.",
        got=f"{answers[0]}; libres: {left[0]}",
        expected="[False, True]; libres: 0",
        score=0.3,
    )
    lab.expect(
        answers[1] == [True, True] and left[1] == seats[1] - 2,
        es="Hay sitio y otro cliente compra justo antes de tu escritura: los dos compran, y deben faltar dos asientos.",
        en="There is room and another client buys just before your write: both buy, and two seats should be gone.",
        got=f"{answers[1]}; libres: {left[1]}",
        expected=f"[True, True]; libres: {seats[1] - 2}",
        score=0.6,
    )


def dynamo_eventos(lab: Lab) -> None:
    given, day, other = events(lab, 120)
    observe(lab, "en_dynamo", "crear")
    observe(lab, "en_dynamo", "registrar", given + other)
    observe(lab, "en_dynamo", "registrar", given[:40])  # the client repeats what may not have arrived
    wanted = sorted(given, key=lambda event: event["instante"])
    value, asked = observe(lab, "en_dynamo", "eventos", day)
    lab.expect(
        rows(value, "eventos") == wanted,
        es=f"`eventos` debe dar los {len(wanted)} del día en orden y sin repetir, aunque se registren dos veces.",
        en=f"`eventos` should give the day's {len(wanted)} events in order, each once, even when recorded twice.",
        got=f"{len(value)}",
        expected=f"{len(wanted)}",
    )
    share = _largest_share(lab, {event["id"] for event in given})
    lab.expect(
        share <= MOST_IN_ONE,
        es=f"El {share:.0%} de las escrituras del día cae en una sola partición. Repártelas en {SHARDS}.",
        en=f"{share:.0%} of the day's writes fall into one partition: the hot one. Spread them over {SHARDS}.",
        got=f"{share:.0%}",
        expected=f"≤ {MOST_IN_ONE:.0%}",
        score=0.3,
    )
    read = sum(each["leidos"] for each in asked)
    lab.expect(
        {each["op"] for each in asked} == {"Query"} and read == len(wanted) and len(asked) <= 2 * SHARDS,
        es=f"Leer el día costó {len(asked)} peticiones y {read} filas: debe ser una consulta por fragmento.",
        en=f"Reading the day took {len(asked)} requests and {read} rows: it should be one query for each shard.",
        got=f"{len(asked)}: {read}",
        expected=f"{SHARDS} Query: {len(wanted)}",
        score=0.5,
    )
    _expect_found(lab, day, lab.rng.sample(given, 3))


def _largest_share(lab: Lab, wanted: set[str]) -> float:
    """Of these events, the share of the partition that has most. Read from the emulator itself."""
    counts: dict[str, int] = {}
    with lab.connect(4566) as address:
        client = boto3.client("dynamodb", endpoint_url=f"http://{address}")
        for name in client.list_tables()["TableNames"]:
            keys = client.describe_table(TableName=name)["Table"]["KeySchema"]
            partition = next(key["AttributeName"] for key in keys if key["KeyType"] == "HASH")
            for item in client.scan(TableName=name)["Items"]:
                if item.get("id", {}).get("S") in wanted:
                    where = f"{name} {item[partition]}"
                    counts[where] = counts.get(where, 0) + 1
    return max(counts.values(), default=len(wanted)) / len(wanted)


def _expect_found(lab: Lab, day: str, some: list[dict[str, Any]]) -> None:
    """By its id with one GetItem, also from another process, whose hash() differs."""
    found = [observe(lab, "en_dynamo", "evento", day, event["id"]) for event in some]
    names = [each["op"] for _, asked in found for each in asked]
    lab.expect(
        [one_row(value, "evento") for value, _ in found] == some and names == ["GetItem"] * len(some),
        es="`evento` debe dar el evento con un solo GetItem: su fragmento se calcula a partir de su id.",
        en="`evento` should give the event with a single GetItem: its shard is computed from its id.",
        got=", ".join(names),
        expected=", ".join(["GetItem"] * len(some)),
        score=0.6,
    )
    ids = [event["id"] for event in some]
    found_there = f"[en_dynamo.evento({day!r}, i) for i in {ids!r}]"
    program = f"import en_dynamo, json; print(json.dumps({found_there}, sort_keys=True))"
    run = lab.shell(f'PYTHONHASHSEED={lab.seed % 10_000 + 1} python -c "{program}"')
    told, wanted = run.stdout.strip().rpartition("\n")[2], json.dumps(some, sort_keys=True)
    lab.expect(
        run.error is None and told == wanted,
        es="Otro proceso no encuentra los mismos eventos: el fragmento no puede depender del proceso que lo calcula.",
        en="Another process doesn't find the same events: the shard can't depend on the process that computes it.",
        got=(told or run.stderr.strip()[-300:])[:300],
        expected=wanted[:300],
        score=0.8,
    )


def cosmos_tablero(lab: Lab) -> None:
    charges = tuple(round(lab.rng.uniform(2.3, 9.9), 2) for _ in range(40))
    walked = _board(lab, "en_cosmos", 9, "consulta", charges)
    asked = [each for page in walked for each in page["operaciones"]]
    lab.expect(
        all(each["particion"] for each in asked),
        es="Una consulta va a todas las particiones: dile a cuál con partition_key.",
        en="A query goes to all partitions: tell it which with partition_key.",
        score=0.5,
    )
    told = [page["ru"] for page in walked]
    paid = [round(sum(each["ru"] for each in page["operaciones"]), 2) for page in walked]
    right = all(type(ru) in (int, float) and abs(ru - cost) < 0.01 for ru, cost in zip(told, paid, strict=True))
    lab.expect(
        right,
        es="`ru` no es lo que costó cada página: la cabecera x-ms-request-charge lo dice en cada respuesta.",
        en="`ru` isn't what each page cost: the header x-ms-request-charge says so in each response.",
        got=f"{told}",
        expected=f"{paid}",
        score=0.6,
    )
    first = walked[0]["vuelos"][0]
    value, asked = observe(lab, "en_cosmos", "vuelo", first)
    lab.expect(
        one_row(value, "vuelo") == first and [each["op"] for each in asked] == ["lectura"],
        es="`vuelo` debe dar el vuelo con una lectura puntual (read_item): tienes su id y su partición.",
        en="`vuelo` should give the flight with a point read (read_item): you have its id and its partition.",
        got=", ".join(each["op"] for each in asked) + f": {value}"[:200],
        expected=f"lectura: {first}",
        score=0.7,
    )


def cosmos_venta(lab: Lab) -> None:
    _sale(lab, "en_cosmos")


def firestore_tablero(lab: Lab) -> None:
    _board(lab, "en_firestore", 16, "run_query")


def firestore_venta(lab: Lab) -> None:
    try:
        _sale(lab, "en_firestore")
    except Failed as failed:
        if "Aborted" not in str(failed.got):
            raise
        raise Failed(
            es="Firestore abortó la transacción porque otro cambió lo leído, y no se repitió: hazla repetible.",
            en="Firestore aborted the transaction since another changed what it read, and it wasn't repeated.",
            got=failed.got,
            score=0.3,
        ) from None
