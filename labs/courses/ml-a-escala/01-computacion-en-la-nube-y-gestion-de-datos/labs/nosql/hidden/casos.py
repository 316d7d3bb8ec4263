"""Fresh flights and events: real aircraft and destinations at airports and on days of this attempt's own."""

import csv
from typing import Any

from labkit import Lab

Flight = dict[str, Any]
LIMIT = 4  # flights a page


def _real(lab: Lab) -> list[dict[str, str]]:
    with (lab.data / "datos/vuelos.csv").open() as file:
        return list(csv.DictReader(file))


def _airport(lab: Lab) -> str:
    """A code that no real airport of the data has, so that no check meets another's flights."""
    return "Q" + "".join(lab.rng.choices("ABCDEFGHJKLMNPRSTUVW", k=4))


def _day(lab: Lab) -> str:
    return f"20{lab.rng.randint(14, 39)}-{lab.rng.randint(1, 12):02}-{lab.rng.randint(10, 27)}"


def flights(lab: Lab, count: int) -> list[Flight]:
    """Of one airport on one day, in no order."""
    place, day, mark = _airport(lab), _day(lab), lab.rng.randint(1000, 9999)
    minutes = lab.rng.sample(range(300, 1380), count)
    return [
        {
            "id": f"{real['id'].split('-')[0]}-{mark}{position}",
            "origen": place,
            "salida": f"{day}T{minute // 60:02}:{minute % 60:02}Z",
            "destino": real["destino"],
            "matricula": f"{real['matricula']}-{mark}",
            "libres": int(real["libres"]),
        }
        for position, (minute, real) in enumerate(zip(minutes, lab.rng.sample(_real(lab), count), strict=True))
    ]


def board(lab: Lab, count: int) -> tuple[list[Flight], str, str, str]:
    """Flights of one board and some of its neighbours; the board's airport and day, and from when it is asked for."""
    given = flights(lab, count)
    place, day = given[0]["origen"], given[0]["salida"][:10]
    tomorrow = f"{day[:8]}{int(day[8:]) + 1}"
    others = [
        {**flight, "id": f"{flight['id']}9", **change}
        for flight, change in zip(
            given[:4],
            [{"origen": _airport(lab)}, *({"salida": tomorrow + flight["salida"][10:]} for flight in given[1:4])],
            strict=True,
        )
    ]
    in_order = sorted(given, key=lambda flight: flight["salida"])
    since = in_order[count // 4]["salida"]
    # Two leave in the same minute, one at the end of the first page and one at the beginning of the second.
    in_order[count // 4 + LIMIT]["salida"] = in_order[count // 4 + LIMIT - 1]["salida"]
    return given + others, place, day, since


def rows_of(given: list[Flight], place: str, day: str, since: str) -> list[Flight]:
    """What the board shows."""
    there = [row for row in given if row["origen"] == place and row["salida"][:10] == day and row["salida"] >= since]
    return sorted(there, key=lambda row: (row["salida"], row["id"]))


def events(lab: Lab, count: int) -> tuple[list[Flight], str, list[Flight]]:
    """Those of a busy day, the day, and some of the day before; each instant is unique."""
    day, mark = _day(lab), lab.rng.randint(1000, 9999)
    before = f"{day[:8]}{int(day[8:]) - 1:02}"
    seconds = lab.rng.sample(range(3600, 82800), count)

    def event(position: int, second: int, date: str) -> Flight:
        return {
            "id": f"{lab.rng.choice(['UA', 'B6', 'DL', 'AA'])}{mark}-{position}",
            "dia": date,
            "instante": f"{date}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z",
            "texto": lab.rng.choice(["embarque", "puerta cambiada", "demorado", "cerrado"]),
        }

    busy = [event(position, second, day) for position, second in enumerate(seconds)]
    return busy, day, [event(count + position, second, before) for position, second in enumerate(seconds[:12])]
