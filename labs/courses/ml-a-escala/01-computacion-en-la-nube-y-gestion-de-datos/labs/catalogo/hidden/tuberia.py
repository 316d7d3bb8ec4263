"""What is read of the runs of a student's pipeline. They come from the student's sandbox: shapes first."""

import io
from random import Random
from typing import Any

import pandas as pd
from hidden import lago
from labkit import Failed, Lab
from labkit.probe import unseen

ASSETS = ["bronce", "plata", "resumen"]
STEP = {"sucesos": list, "controles": list, "archivos": dict, "exito": bool, "leidas": int}


def run(
    lab: Lab, deliveries: list[pd.DataFrame], orders: list[tuple[str, int]], questions: list[list[str]]
) -> tuple[str, dict[str, Any]]:
    """The folder of the runs, and what hidden/sonda.py saw of them."""
    folder = f"tuberia_{lab.rng.randint(0, 1 << 40)}"
    seen = lab.probe("correr", folder, deliveries, orders, questions, like={"corridas": [STEP]})
    if len(seen["corridas"]) != len(orders):
        raise unseen(seen)
    return folder, seen


def events(one: dict[str, Any], kind: str) -> list[str]:
    """The steps with an event of that kind, in order."""
    return [str(step) for name, step in one["sucesos"] if name == kind]


def begun(one: dict[str, Any]) -> list[str]:
    """The assets that were begun, in order. A check may have a step of its own or be part of its asset's."""
    return [step for step in events(one, "STEP_START") if step in ASSETS]


def with_repeats(flights: pd.DataFrame) -> pd.DataFrame:
    """Some flights come again, corrected."""
    again = flights.head(9).assign(retraso=lambda t: t["retraso"].fillna(0) + 100)
    return pd.concat([flights, again], ignore_index=True)


def summary(flights: pd.DataFrame) -> pd.DataFrame:
    once = flights.drop_duplicates("id", keep="last")
    return once.groupby("origen", as_index=False).agg(vuelos=("id", "size"), retraso=("retraso", "mean"))


def deliveries(lab: Lab, days: list[str]) -> list[pd.DataFrame]:
    return [with_repeats(lago.flights(lab.rng, day, lab.rng.randint(60, 90))) for day in days]


def january(rng: Random, count: int) -> list[str]:
    first = rng.randint(1, 25)
    return [f"2013-01-{first + number:02}" for number in range(count)]


def read(lab: Lab, path: str) -> pd.DataFrame:
    content = lab.read(path)
    try:
        return pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError) as error:
        raise Failed(es=f"`{path}` no se puede leer: {error}", en=f"`{path}` can't be read: {error}") from None
