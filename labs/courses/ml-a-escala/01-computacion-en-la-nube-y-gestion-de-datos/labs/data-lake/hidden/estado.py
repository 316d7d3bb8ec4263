"""What the folders of bronze and the table of gold should look like after the student's functions."""

import re
from typing import Any

from hidden.comparar import expect_rows
from hidden.lago import BRONZE, Lake, dates_of
from labkit import Lab

PATH = re.compile(r"bronce/vuelos/fecha=(\d{4}-\d\d-\d\d)/[^/]+\.parquet")


def expect_layout(lab: Lab, opened: Lake) -> None:
    keys = list(opened.files(BRONZE))
    lab.expect(
        keys and all(PATH.fullmatch(key) for key in keys),
        es="Los archivos de bronce no están donde se espera.",
        en="The files of bronze aren't where they are expected.",
        got="\n".join(key for key in keys[:4]) or "ningún archivo / no file",
        expected="bronce/vuelos/fecha=AAAA-MM-DD/….parquet",
    )
    for key in keys:
        dates = {row.get("salida", "")[:10] for row in opened.rows_of([key])}
        lab.expect(
            dates == set(dates_of([key])),
            es="Una carpeta guarda vuelos de otra fecha: cada fila va a la carpeta de la fecha de su salida.",
            en="A folder holds flights of another date: each row goes to the folder of the date it leaves on.",
            got=f"{key}: {', '.join(sorted(dates))}",
            score=0.3,
        )


def compacted(lab: Lab, opened: Lake, day: str, rows: list[dict[str, str]], score: float) -> dict[str, Any]:
    """The files of that date after compacting it: one, with all rows."""
    lab.call("bronce.py", "compactar", opened.bucket, day)
    found = opened.files(f"{BRONZE}fecha={day}/")
    expect_rows(
        opened.rows_of(found),
        [{"distancia": "", **row} for row in rows],
        es="Al compactar se perdieron filas, o se repitieron.",
        en="Compacting lost rows, or repeated them.",
        score=score,
    )
    lab.expect(
        len(found) == 1,
        es="Después de compactar debía quedar un archivo.",
        en="After compacting there should be one file.",
        got="\n".join(found),
        expected="1",
        score=score,
    )
    return found


def expect_hidden_days(lab: Lab, opened: Lake) -> None:
    gold = opened.iceberg()
    fields = {(gold.schema().find_column_name(f.source_id), str(f.transform)) for f in gold.spec().fields}
    lab.expect(
        fields == {("hora", "day")},
        es="La tabla debía repartirse por el día de `hora`, con una partición oculta.",
        en="The table should be partitioned by the day of `hora`, with a hidden partition.",
        got=", ".join(f"{transform}({name})" for name, transform in fields) or "sin partición / not partitioned",
        expected="day(hora)",
    )
