"""Fresh deliveries of hourly weather, and what should become of them."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from labkit import Lab

Row = dict[str, Any]
STATIONS = ("EWR", "JFK", "LGA")
MEASURES = ("temperatura", "humedad", "viento")


class Deliveries:
    """Two days that arrive first, and a third night that brings late, corrected and broken lines, and a new field."""

    def __init__(self, lab: Lab) -> None:
        self.first, self.rng = date(2014, 1, 1) + timedelta(days=lab.rng.randrange(3600)), lab.rng
        days = [_day(lab, self.first + timedelta(days=n), n) for n in range(3)]
        late, corrected = self._held(days)
        legal = days[0][1]
        legal["humedad"], legal["temperatura"], legal["viento"] = 100.0, -40.0, 0.0
        twice = {**days[1][3], "temperatura": -11.5, "actualizado": _when(self.first + timedelta(days=2), 2)}
        for row in days[2]:
            row["presion"] = round(lab.rng.uniform(990, 1035), 1)
        self.third_day = days[2]
        self.rows = [days[0], [*days[1], twice], [*days[2], *late, *corrected]]
        self.names = [f"{self.first + timedelta(days=n)}" for n in range(3)]
        self.paths = [f"entregas-{lab.seed}/{name}.jsonl" for name in self.names]
        self.rejected: list[Row] = []
        self.lines: list[list[str]] = []
        for n, rows in enumerate(self.rows):
            lab.rng.shuffle(rows)
            broken = self._broken(rows[0]) if n else []
            lines = [(json.dumps(row), None) for row in rows] + broken
            lab.rng.shuffle(lines)
            self.lines.append([line for line, _ in lines])
            self.rejected += [
                {"entrega": self.names[n], "linea": at, "cuerpo": line, "motivo": why}
                for at, (line, why) in enumerate(lines, 1)
                if why
            ]
            lab.write(self.paths[n], "\n".join(self.lines[n]) + "\n")

    def _held(self, days: list[list[Row]]) -> tuple[list[Row], list[Row]]:
        """Rows of the first days that come with the third delivery: some for the first time, some again."""
        told = _when(self.first + timedelta(days=3))
        late = [days[n].pop(self.rng.randrange(5, len(days[n]))) for n in (0, 0, 1, 1)]
        again = [self.rng.choice(days[n][5:]) for n in (0, 1)]
        corrected = [{**row, "temperatura": self.rng.randrange(-100, 300) / 10 + 0.05} for row in again]
        return [{**row, "actualizado": told} for row in late], [{**row, "actualizado": told} for row in corrected]

    def _broken(self, row: Row) -> list[tuple[str, str]]:
        """Lines that break one rule each, and which."""
        hour = {**row, "hora": f"{row['hora'][:14]}30:00Z"}
        return [
            (json.dumps(hour)[: self.rng.randrange(20, 70)], "json"),
            (json.dumps({**hour, "estacion": self.rng.choice(["BOS", "", None])}), "clave"),
            (json.dumps({**hour, "hora": "ayer"}), "clave"),
            (json.dumps({**hour, self.rng.choice(MEASURES): self.rng.choice(["n/d", None])}), "tipo"),
            (json.dumps({**hour, "temperatura": 50.1}), "rango"),
            (json.dumps({**hour, "humedad": 100.5}), "rango"),
        ]

    def latest(self, deliveries: int) -> list[Row]:
        """What is known after so many deliveries: one row for each station and hour."""
        known: dict[tuple[str, str], Row] = {}
        for rows in self.rows[:deliveries]:
            for row in rows:
                key = (row["estacion"], row["hora"])
                if key not in known or known[key]["actualizado"] < row["actualizado"]:
                    known[key] = row
        return list(known.values())

    def raw(self, deliveries: int) -> list[Row]:
        return [
            {"entrega": self.names[n], "linea": at, "cuerpo": line}
            for n in range(deliveries)
            for at, line in enumerate(self.lines[n], 1)
        ]


def _day(lab: Lab, day: date, number: int) -> list[Row]:
    """A real day's figures, moved a little, under another date."""
    source = lab.data / f"datos/entregas/2013-01-0{number + 2}.jsonl"
    real = [json.loads(line) for line in source.read_text().splitlines() if '"humedad"' in line and line.endswith("}")]
    sound = [row for row in real if row["estacion"] in STATIONS and type(row["humedad"]) is float]
    rows = []
    for station in STATIONS:
        for hour in range(0, 24, 2):
            row = lab.rng.choice(sound)
            rows.append(
                {
                    "estacion": station,
                    "hora": f"{day}T{hour:02}:00:00Z",
                    "temperatura": lab.rng.randrange(-150, 350) / 10,
                    "humedad": row["humedad"],
                    "viento": row["viento"],
                    "actualizado": _when(day + timedelta(days=1)),
                }
            )
    return rows


def _when(day: date, hour: int = 3) -> str:
    return f"{datetime(day.year, day.month, day.day, hour, tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}"
