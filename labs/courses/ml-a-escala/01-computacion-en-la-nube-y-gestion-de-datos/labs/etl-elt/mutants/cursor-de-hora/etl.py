"""ETL: se limpia en Python, antes de cargar. A la base solo llegan filas que cumplen las reglas."""

import json
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
    try:
        fila = json.loads(linea)
    except ValueError:
        return {}, "json"
    try:
        fila |= {nombre: datetime.fromisoformat(fila[nombre]) for nombre in TIEMPOS}
    except (KeyError, TypeError, ValueError):
        return {}, "clave"
    if fila.get("estacion") not in ESTACIONES:
        return {}, "clave"
    if any(type(fila.get(nombre)) not in (int, float) for nombre in LIMITES):
        return {}, "tipo"
    if not all(desde <= fila[nombre] <= hasta for nombre, (desde, hasta) in LIMITES.items()):
        return {}, "rango"
    # Siempre decimales: un 5 en la primera entrega y un 5.5 en la segunda no deben dar dos columnas.
    # De una medida nueva nada dice que deba venir: sin un número, queda nula.
    medidas = {nombre: valor for nombre, valor in fila.items() if nombre not in ("estacion", *TIEMPOS)}
    return fila | {n: float(valor) if type(valor) in (int, float) else None for n, valor in medidas.items()}, None


@dlt.resource(
    name="observaciones",
    write_disposition="merge",
    primary_key=("estacion", "hora"),
    columns={"actualizado": {"dedup_sort": "desc"}},
    schema_contract={"columns": "evolve", "data_type": "freeze"},
)
def observaciones(filas: list[dict], desde=dlt.sources.incremental("hora")):  # noqa: B008 -- así lo pide dlt
    """Una fila por estación y hora. El cursor es cuándo se supo, no cuándo pasó: lo que llega tarde también entra."""
    yield filas


@dlt.resource(name="rechazadas", write_disposition="merge", primary_key=("entrega", "linea"))
def rechazadas(filas: list[dict]):
    """Las líneas que no valen, como llegaron: alguien las mirará. Repetir la entrega no las repite."""
    yield filas


def etl(entregas: list[str], base: str) -> None:
    """Carga unas entregas en el esquema ``limpio`` de una base DuckDB: ``observaciones`` y ``rechazadas``."""
    buenas, malas = [], []
    for entrega in entregas:
        for numero, linea in leer(entrega):
            fila, motivo = revisar(linea)
            if motivo is None:
                buenas.append(fila)
            else:
                malas.append({"entrega": Path(entrega).stem, "linea": numero, "cuerpo": linea, "motivo": motivo})
    tuberia = dlt.pipeline(
        "clima", destination=dlt.destinations.duckdb(base), dataset_name="limpio", pipelines_dir=f"{base}.dlt"
    )
    tuberia.run([observaciones(buenas), rechazadas(malas)])
