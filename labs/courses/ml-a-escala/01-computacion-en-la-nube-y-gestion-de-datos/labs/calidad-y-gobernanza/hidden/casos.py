"""Fresh deliveries, lots, tables and runs, with what a right answer makes of them."""

import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
from hidden import lago, reservas

ROWS = 400
TYPES = {"reserva": "int", "precio": "float", "nacimiento": "datetime", "compra": "datetime"}
ORIGINS = ["EWR", "JFK", "LGA"]


@dataclass
class Delivery:
    raw: pd.DataFrame
    flights: pd.DataFrame
    planted: dict[int, set[str]]

    def shown(self, lines: set[Any]) -> str:
        """A few rows with the faults that were planted in them."""
        rows = self.raw[self.raw["linea"].isin(list(lines)[:3])].to_dict("records")
        return "\n".join(f"{', '.join(sorted(self.planted.get(row['linea'], {'-'})))}: {row}" for row in rows)

    def wrong_reasons(self, bad: pd.DataFrame) -> dict[int, tuple[Any, str]]:
        """By line, what a quarantine says and what it should, where they differ."""
        texts = dict(zip(bad["linea"], bad.get("motivos", [None] * len(bad)), strict=True))
        wanted = {line: ";".join(sorted(reasons)) for line, reasons in self.planted.items()}
        return {line: (texts.get(line), text) for line, text in wanted.items() if texts.get(line) != text}

    def as_it_came(self, bad: pd.DataFrame) -> bool:
        """Whether the quarantine holds its rows unchanged and in the order of the delivery."""
        columns = list(self.raw.columns)
        if set(bad.columns) != {*columns, "motivos"}:
            return False
        kept = bad[columns].astype(object).where(bad[columns].notna(), None)
        return bool(
            kept.to_dict("records") == self.raw[self.raw["linea"].isin(bad["linea"])].to_dict("records"),
        )


def flights_table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "vuelos.csv")


def delivery(rng: Random, folder: Path, *, plain: bool) -> Delivery:
    known = reservas.flights(folder)
    rows = reservas.bookings(rng, known, ROWS)
    planted = reservas.spoil(rng, rows, known, plain=plain)
    return Delivery(pd.DataFrame(rows), flights_table(folder), planted)


def clean(rng: Random, folder: Path, count: int = ROWS) -> pd.DataFrame:
    """Good rows with their types and their flight's airport and departure."""
    rows = pd.DataFrame(reservas.bookings(rng, reservas.flights(folder), count))
    flights = flights_table(folder).set_index("id")[["origen", "salida"]]
    typed = rows.astype({"reserva": "int64", "vuelo": "int64", "precio": "float64"}).assign(
        nacimiento=pd.to_datetime(rows["nacimiento"]),
        compra=pd.to_datetime(rows["compra"], format="ISO8601", utc=True),
    )
    joined = typed.join(flights, on="vuelo")
    return joined.assign(salida=pd.to_datetime(joined["salida"], utc=True))


def lots(rng: Random, folder: Path) -> tuple[dict[str, Any], list[tuple[str, pd.DataFrame, set[str]]]]:
    """What is expected of a day, and lots that are as they should be or fail in one way or two."""
    good = clean(rng, folder)
    newest = good["compra"].max()
    expected = {
        "filas": int(ROWS * rng.uniform(0.8, 1.2)),
        "precio_medio": round(good["precio"].mean() * rng.uniform(0.9, 1.1), 2),
        "origenes": ORIGINS,
        "desde": (newest - pd.Timedelta(hours=rng.randint(3, 9))).isoformat(),
    }
    few = good.groupby("origen").sample(n=ROWS // 10, random_state=rng.randint(0, 9999))
    few = pd.concat([few, good[good["compra"] == newest]]).drop_duplicates("linea")
    few["precio"] = good["precio"].mean()
    few["viajero"] = "V100000"
    airport = rng.choice(ORIGINS)
    factor = rng.choice((100, 0.01, 1.6))
    stale = good.assign(compra=good["compra"] - pd.Timedelta(days=2))
    empty = good["viajero"].where(good["linea"] % 3 == 0)
    half = good.assign(viajero=[f"V{line}" if line % 5 < 3 else None for line in good["linea"]])
    lots = [
        ("bueno / good", half, set()),
        ("pocas filas / few rows", few, {"expect_table_row_count_to_be_between"}),
        (
            f"sin / without {airport}",
            good.assign(origen=good["origen"].replace(airport, next(o for o in ORIGINS if o != airport))),
            {"expect_column_distinct_values_to_contain_set"},
        ),
        (f"precio × {factor}", good.assign(precio=good["precio"] * factor), {"expect_column_mean_to_be_between"}),
        (
            "viejo y sin viajero / old and without viajero",
            stale.assign(viajero=empty),
            {"expect_column_max_to_be_between", "expect_column_values_to_not_be_null"},
        ),
    ]
    return expected, lots


def published(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """The reference of ``publicar``, with the document where the pseudonym goes."""
    table = pd.DataFrame(
        {
            "persona": rows["documento"],
            "decada": rows["nacimiento"].dt.year // 10 * 10,
            "postal": rows["postal"].str[:3] + "**",
            "precio": rows["precio"],
        }
    )
    for hide in (True, False):
        people = table.groupby(["decada", "postal"])["persona"].transform("nunique")
        if hide:
            table.loc[people < k, "postal"] = "*****"
        else:
            table = table[people >= k]
    return table.reset_index(drop=True)


def word(rng: Random) -> str:
    return "".join(rng.choices("bcdfglmnprst", k=1) + rng.choices("aeiou", k=1)) + "".join(
        rng.choice("bcdfglmnprst") + rng.choice("aeiou") for _ in range(2)
    )


def steps(rng: Random) -> list[tuple[dict[str, Any], str | None]]:
    """Two steps, with names of no meaning; the second will fail with that text."""

    def step() -> dict[str, Any]:
        inputs = [f"{layer}.{word(rng)}{number}" for number, layer in enumerate(("bronce", "plata"))]
        outputs = {
            f"oro.{word(rng)}{number}": {
                f"{word(rng)}{column}": [f"{rng.choice(inputs)}.{word(rng)}" for _ in range(rng.randint(1, 3))]
                for column in range(3)
            }
            for number in range(2)
        }
        return {"nombre": word(rng), "entradas": inputs, "salidas": outputs}

    return [(step(), None), (step(), f"{word(rng)} {rng.randint(100, 999)}")]


def history(rng: Random) -> tuple[list[dict[str, Any]], str, list[str]]:
    """Events of a lake of five layers with a table that feeds itself; a column, and all that comes from it."""
    edges: list[tuple[str, str]] = []
    layers = [[f"t{layer}{word(rng)}.{word(rng)}{column}" for column in range(4)] for layer in range(5)]
    for before, after in pairwise(layers):
        after[:] = [f"{after[0].split('.')[0]}.{name.split('.')[1]}" for name in after]
        edges += [(rng.choice(before[1:]), column) for column in after]
        edges.append((before[0], after[0]))
    edges += [(layers[2][0], layers[2][1]), (layers[2][1], layers[2][0])]
    unfinished = (layers[0][0], f"borrador.{word(rng)}")
    events = []
    for number, (source, target) in enumerate(edges):
        events += [_event("START", number, source, target), _event("COMPLETE", number, source, target)]
    events.insert(3, _event("FAIL", 900, *unfinished))
    events.insert(5, _event("START", 901, *unfinished))
    events.append(_event("COMPLETE", 902, layers[0][0], None))
    reached: set[str] = set()
    waiting = [layers[0][0]]
    while waiting:
        here = waiting.pop()
        new = {target for source, target in edges if source == here} - reached
        reached |= new
        waiting += new
    return events, layers[0][0], sorted(reached)


def _event(state: str, run: int, source: str, target: str | None) -> dict[str, Any]:
    table, column = source.split(".")
    facets: dict[str, Any] = {}
    if target:
        field = {"namespace": "lago", "name": table, "field": column}
        facets["columnLineage"] = {"fields": {target.split(".")[1]: {"inputFields": [field]}}}
    return {
        "eventType": state,
        "eventTime": "2026-01-01T00:00:00Z",
        "run": {"runId": f"00000000-0000-7000-8000-{run:012}", "facets": {}},
        "job": {"namespace": "lago", "name": f"paso-{run}", "facets": {}},
        "inputs": [{"namespace": "lago", "name": table, "facets": {}}],
        "outputs": [{"namespace": "lago", "name": target.split(".")[0] if target else "informe", "facets": facets}],
    }


def traveller(rng: Random, rows: pd.DataFrame) -> str:
    """The document of someone with several bookings."""
    often = rows.head(300)["documento"].value_counts()
    return str(random.Random(rng.random()).choice(list(often[often > 2].index)))  # noqa: S311 -- data of a check


def lake(rows: pd.DataFrame, person: str, alias: dict[str, str]) -> lago.Lake:
    """The tables of a lake that know a person, by the document however it was written or by its pseudonym."""
    place = {line: number for number, line in enumerate(rows["linea"])}
    forms = ("{}", " {}", "{} ")
    written = [forms[place[line] % 3].format(text) for line, text in zip(rows["linea"], rows["documento"], strict=True)]
    written = [text.lower() if number % 2 else text for number, text in enumerate(written)]
    bronze = rows[["linea", "reserva", "correo"]].assign(documento=written)
    stray = pd.DataFrame(  # someone else's, whose document only begins like this one; and one that brought none
        {"linea": [9001, 9002, 9003], "documento": [f"{person}9", None, f" {person.lower()} "]}
    ).assign(motivos="documento_formato")
    public = rows[["linea", "precio"]].assign(persona=rows["documento"].map(alias))
    tables = {
        "bronce": bronze,
        "cuarentena": stray,
        "plata": rows[["linea", "reserva", "documento", "salida"]],
        "publico": public.sample(frac=1, random_state=3),
        "reclamaciones": rows[["linea", "documento"]].head(300),
    }
    own = rows.loc[rows["documento"] == person, "linea"].tolist()
    mine = {table: [line for line in own if line in set(content["linea"])] for table, content in tables.items()}
    return lago.Lake(tables, mine | {"cuarentena": [9003]}, (person, alias[person]))
