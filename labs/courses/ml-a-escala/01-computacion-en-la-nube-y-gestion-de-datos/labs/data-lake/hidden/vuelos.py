"""Fresh deliveries: real flights on other days, some of them late, provisional, or told twice."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from labkit import Lab

COLUMNS = ("id", "aerolinea", "numero", "matricula", "origen", "destino", "salida", "retraso", "actualizado")
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("aerolinea", pa.string()),
        ("numero", pa.int64()),
        ("matricula", pa.string()),
        ("origen", pa.string()),
        ("destino", pa.string()),
        ("salida", pa.timestamp("us", "UTC")),
        ("retraso", pa.int64()),
        ("actualizado", pa.timestamp("us", "UTC")),
    ]
)
Row = dict[str, Any]


def days(lab: Lab, count: int) -> list[str]:
    first = date(2014, 1, 1) + timedelta(days=lab.rng.randrange(3600))
    return [str(first + timedelta(days=n)) for n in range(count)]


def flights(lab: Lab, dates: list[str], each: int) -> list[Row]:
    """So many flights a day, all that is known of them known the night after."""
    source = list(csv.DictReader((lab.data / "datos/entregas/2013-01-04.csv").open()))
    rows = []
    for number, day in enumerate(dates):
        for position, real in enumerate(lab.rng.sample(source, each)):
            leaves = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(
                hours=lab.rng.randrange(24), minutes=lab.rng.randrange(60)
            )
            rows.append(
                {
                    "id": 1000 * (number + 1) + position,
                    "aerolinea": real["aerolinea"],
                    "numero": int(real["numero"]),
                    "matricula": real["matricula"],
                    "origen": real["origen"],
                    "destino": real["destino"],
                    "salida": leaves,
                    "retraso": lab.rng.choice([None, *range(-12, 180)]),
                    "actualizado": known(day),
                }
            )
    return rows


def known(day: str, later: int = 0) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1 + later, hours=3)


def corrected(lab: Lab, row: Row, later: int) -> Row:
    """The same flight with another delay, known so many days after its first row."""
    return {**row, "retraso": lab.rng.randrange(200, 400), "actualizado": row["actualizado"] + timedelta(days=later)}


def table(rows: list[Row], **more: pa.DataType) -> pa.Table:
    schema = SCHEMA
    for name, kind in more.items():
        schema = schema.append(pa.field(name, kind))
    return pa.Table.from_pylist(rows, schema=schema)


def with_date(rows: list[Row]) -> pa.Table:
    """As the silver table holds them."""
    dates = pa.array([f"{row['salida']:%Y-%m-%d}" for row in rows], pa.string())
    return table(rows).append_column("fecha", dates)


def as_text(rows: list[Row]) -> list[dict[str, str]]:
    """As a delivery writes them."""
    told = []
    for row in rows:
        times = {name: f"{row[name]:%Y-%m-%dT%H:%MZ}" for name in ("salida", "actualizado")}
        told.append({name: "" if value is None else str(value) for name, value in {**row, **times}.items()})
    return told


def as_csv(rows: list[dict[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def latest(rows: list[Row]) -> list[Row]:
    """One row a flight: what was known last."""
    known_last: dict[int, Row] = {}
    for row in sorted(rows, key=lambda each: each["actualizado"]):
        known_last[row["id"]] = row
    return sorted(known_last.values(), key=lambda each: each["id"])


def hourly(rows: list[Row], *, cancelled: bool = False) -> list[Row]:
    """What gold should say of these rows: by hour and airport."""
    groups: dict[tuple[datetime, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["salida"].replace(minute=0), row["origen"]), []).append(row)
    told = []
    for (hour, origin), members in sorted(groups.items()):
        delays = [row["retraso"] for row in members if row["retraso"] is not None]
        mean = sum(delays) / len(delays) if delays else None
        told.append({"hora": hour, "origen": origin, "vuelos": len(members), "retraso": mean})
        if cancelled:
            told[-1]["cancelados"] = len(members) - len(delays)
    return told
