"""Bookings with invented passengers on the real flights, and the faults that a delivery can have."""

import csv
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

Row = dict[str, Any]
SEATS = "ABCDEFGHJK"
ZIPS = ("10001", "10025", "10128", "10301", "07030", "07102", "07302", "06511", "02134", "19103", "33101", "60601")
"""Of the regions where the passengers live; the first digits are real, the people are not."""


def flights(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "vuelos.csv").open()))


def document(rng: Random) -> str:
    return f"{rng.choice('ABCDEFGHKLMNPRTX')}{rng.randint(0, 9_999_999):07}"


def people(rng: Random, count: int) -> list[Row]:
    """Most live near New York and were born from 1950 to 1999: groups large enough to hide in, and some that aren't."""
    born = [rng.choices((1930, 1950, 1960, 1970, 1980, 1990, 2000), (1, 6, 12, 20, 26, 20, 6))[0] for _ in range(count)]
    return [
        {
            "documento": document(rng),
            "correo": f"p{rng.randint(10_000, 99_999)}@correo.example",
            "viajero": f"V{rng.randint(100_000, 999_999)}" if rng.random() < 0.7 else None,
            "nacimiento": (date(year, 1, 1) + timedelta(days=rng.randint(0, 3600))).isoformat(),
            "postal": rng.choices(ZIPS, (20, 16, 12, 6, 14, 10, 8, 3, 2, 2, 1, 1))[0],
        }
        for year in born
    ]


def bookings(rng: Random, known: list[dict[str, str]], count: int) -> list[Row]:
    """Valid ones, as text, the way a CSV brings them. Some people travel often; some instants carry another offset."""
    travellers = people(rng, count * 2 // 3)
    rows = []
    for line, number in enumerate(rng.sample(range(100_000, 999_999), count), 1):
        flight, person = rng.choice(known), travellers[int(len(travellers) * rng.random() ** 1.5)]
        bought = datetime.fromisoformat(flight["salida"]) - timedelta(minutes=rng.randint(60, 90 * 1440))
        # Five hours behind, the same instant: as text it sorts elsewhere.
        local = rng.random() < 0.2
        text = f"{bought - timedelta(hours=5):%Y-%m-%dT%H:%M}-05:00" if local else f"{bought:%Y-%m-%dT%H:%M}Z"
        rows.append(
            {
                "linea": line,
                "reserva": str(number),
                "vuelo": flight["id"],
                **person,
                "asiento": f"{rng.randint(1, 60)}{rng.choice(SEATS)}",
                "precio": f"{rng.lognormvariate(5.1, 0.4):.2f}",
                "compra": text,
            }
        )
    return rows


def _late(rng: Random, departure: datetime, plain: bool) -> str:
    """Bought after the departure: days, or by an amount that a comparison of texts gets wrong."""
    if plain:
        return f"{departure + timedelta(days=rng.randint(2, 9)):%Y-%m-%dT%H:%M}Z"
    return f"{departure + timedelta(minutes=rng.randint(1, 240)) - timedelta(hours=5):%Y-%m-%dT%H:%M}-05:00"


FAULTS: dict[str, tuple[str, tuple[Callable[[Random, str], Any], ...]]] = {
    "vuelo_desconocido": ("vuelo", (lambda r, _: str(r.randint(900_000, 999_999)), lambda *_: None)),
    "documento_formato": (
        "documento",
        (
            lambda _, v: v[1:],
            lambda r, v: v + str(r.randint(0, 9)),
            lambda _, v: v.lower(),
            lambda _, v: v + " ",
            lambda *_: None,
        ),
    ),
    "correo_formato": (
        "correo",
        (lambda _, v: v.replace("@", " at "), lambda _, v: v.split("@")[0], lambda *_: None),
    ),
    "nacimiento_valido": (
        "nacimiento",
        (
            lambda r, _: f"18{r.randint(10, 99)}-05-01",
            lambda *_: "1985-02-30",
            lambda *_: "2031-07-12",
            lambda *_: None,
        ),
    ),
    "postal_formato": ("postal", (lambda _, v: v[:-1], lambda _, v: v + "-1234", lambda *_: None)),
    "asiento_formato": (
        "asiento",
        (lambda r, _: f"{r.randint(1, 60)}I", lambda *_: "0A", lambda r, _: f"{r.randint(61, 99)}B", lambda *_: None),
    ),
    "precio_valido": (
        "precio",
        (lambda _, v: f"-{v}", lambda *_: "0", lambda *_: "inf", lambda _, v: v.replace(".", ","), lambda *_: None),
    ),
}
"""Reason, column, ways to spoil it. The first is plain to see; the last, a missing value, is what checks let pass."""
RULES = ("reserva_repetida", *FAULTS, "compra_tardia")


def spoil(rng: Random, rows: list[Row], known: list[dict[str, str]], *, plain: bool = False) -> dict[int, set[str]]:
    """Plants faults into some rows, at times several in one; which, by line. Every way appears, or each plain one."""
    departures = {flight["id"]: datetime.fromisoformat(flight["salida"]) for flight in known}
    ways = [(reason, way) for reason, (_, all_ways) in FAULTS.items() for way in all_ways[: 1 if plain else None]]
    chosen = rng.sample(rows[1:], max(len(rows) // 20, len(ways) + 12))
    planted: dict[int, set[str]] = {}
    for place, row in enumerate(chosen):
        reasons = planted.setdefault(row["linea"], set())
        if place < 6:
            row["reserva"] = rows[0]["reserva"] if place == 0 else chosen[place - 1]["reserva"]
            reasons.add("reserva_repetida")
        elif place < 12:
            row["compra"] = _late(rng, departures[row["vuelo"]], plain) if plain or place % 3 else None
            reasons.add("compra_tardia")
        for reason, way in [ways[place % len(ways)]] + [rng.choice(ways)] * (place % 4 == 3):
            if (place < 12 and reason == "vuelo_desconocido") or reason in reasons:
                continue
            column = FAULTS[reason][0]
            row[column] = way(rng, row[column])
            reasons.add(reason)
    _keep_first(rows, planted)
    return planted


def _keep_first(rows: list[Row], planted: dict[int, set[str]]) -> None:
    """Of the bookings with one number the first stays, whatever else is wrong with it."""
    seen: set[str] = set()
    for row in rows:
        reasons = planted.get(row["linea"], set())
        reasons.discard("reserva_repetida")
        if row["reserva"] in seen:
            planted.setdefault(row["linea"], reasons).add("reserva_repetida")
        seen.add(row["reserva"])
