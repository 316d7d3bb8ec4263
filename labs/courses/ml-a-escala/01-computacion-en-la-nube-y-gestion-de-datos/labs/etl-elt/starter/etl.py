"""ETL: se limpia en Python, antes de cargar. A la base solo llegan filas que cumplen las reglas."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt

ESTACIONES = {"EWR", "JFK", "LGA"}
LIMITES = {"temperatura": (-40, 50), "humedad": (0, 100), "viento": (0, 120)}
TIEMPOS = ("hora", "actualizado")


def leer(entrega: str) -> Iterator[tuple[int, str]]:
    """Las líneas de una entrega, numeradas desde uno."""
    yield from enumerate(Path(entrega).read_text(encoding="utf-8").splitlines(), 1)


def revisar(linea: str) -> tuple[dict[str, Any], str | None]:
    """La fila que dice una línea, con sus tipos, y el motivo por el que no vale; None si vale."""
    raise NotImplementedError("revisar (etl.py)")


@dlt.resource(name="observaciones", write_disposition="append")
def observaciones(filas: list[dict]):
    """Una fila por estación y hora, la última que se supo."""
    yield filas


def etl(entregas: list[str], base: str) -> None:
    """Carga unas entregas en el esquema ``limpio`` de una base DuckDB: ``observaciones`` y ``rechazadas``."""
    raise NotImplementedError("etl (etl.py)")
