"""Silver tables that the grader builds, with a history, and what should be left of them."""

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake
from hidden.comparar import expect_rows
from hidden.lago import Lake
from hidden.vuelos import Row, corrected, table, with_date
from labkit import Failed, Lab


def expect_latest(got: list[Row], right: list[Row], rows: list[Row], score: float) -> None:
    idents = [row["id"] for row in got]
    if len(set(map(str, idents))) != len(idents) or len(idents) != len(rows):
        raise Failed(
            es="La tabla no tiene una fila por vuelo.",
            en="The table doesn't have one row for each flight.",
            got=f"{len(idents)} filas, {len(set(map(str, idents)))} vuelos / rows, flights",
            expected=f"{len(rows)}",
            score=score,
        )
    expect_rows(
        got,
        right,
        es="De algún vuelo no quedó lo último que se supo. ¿Qué pasa con una fila vieja que llega tarde?",
        en="Of some flight it isn't what was known last that remained. What of an old row that comes late?",
        score=score + 0.2,
    )


def silver(opened: Lake, rows: list[Row]) -> None:
    """A table as the student's should be, with these rows."""
    write_deltalake(opened.uri, with_date(rows), partition_by=["fecha"], storage_options=opened.options)


def broken(lab: Lab, rows: list[Row]) -> pa.Table:
    """Corrections of which one has a text for a delay."""
    sound = table([corrected(lab, row, 3) for row in rows[:6]])
    texts = [str(value) for value in sound["retraso"].to_pylist()]
    texts[lab.rng.randrange(6)] = "n/d"
    return sound.set_column(sound.schema.get_field_index("retraso"), "retraso", pa.array(texts, pa.string()))


def ids(rows: list[Row]) -> set[int]:
    return {row["id"] for row in rows}


def history(opened: Lake, rows: list[Row]) -> set[str]:
    """Six versions. The files that version 3 took out of the table went ten days ago; they come back."""
    parts = [rows[:13] + rows[15:29], rows[13:14], rows[14:15]]
    silver(opened, parts[0])
    for part in parts[1:]:
        write_deltalake(opened.uri, with_date(part), mode="append", storage_options=opened.options)
    before = opened.active()
    opened.delta().delete(f"id = {rows[0]['id']}")
    old = before - opened.active()
    _age(opened, 3)
    opened.delta().update(updates={"retraso": "5"}, predicate=f"id = {rows[20]['id']}")
    write_deltalake(opened.uri, with_date(rows[29:]), mode="append", storage_options=opened.options)
    return old


def _age(opened: Lake, version: int) -> None:
    """Puts what a commit removed ten days back."""
    key = f"plata/vuelos/_delta_log/{version:020}.json"
    actions = [json.loads(line) for line in opened.get(key).decode().splitlines()]
    for action in actions:
        if "remove" in action:
            action["remove"]["deletionTimestamp"] -= int(timedelta(days=10).total_seconds() * 1000)
    opened.put(key, "\n".join(json.dumps(action) for action in actions).encode())


def expect_kept(lab: Lab, opened: Lake, before: dict[str, Any], old: set[str]) -> None:
    left = set(opened.files("plata/vuelos/fecha="))
    lab.expect(
        len(opened.active()) == 2,
        es="Después de mantener la tabla debía quedar un archivo por fecha.",
        en="After maintaining the table there should be one file a date.",
        got=f"{len(opened.active())}",
        expected="2",
        score=0.3,
    )
    lab.expect(
        set(before) - old <= left,
        es="Se borraron de S3 archivos que una versión de los últimos 7 días necesita: ya no se puede volver a ella.",
        en="Files were deleted from S3 that a version of the last 7 days needs: there is no way back to it.",
        got=f"{len(set(before) - old - left)} borrados / deleted",
        expected="0",
        score=0.4,
    )
    lab.expect(
        not old & left,
        es="Los archivos que dejaron de usarse hace diez días siguen en S3.",
        en="The files that went out of use ten days ago are still in S3.",
        got="\n".join(old & left),
        score=0.5,
    )
