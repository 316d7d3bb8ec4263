"""Agrupar una tabla que no cabe en memoria."""

import dask.dataframe as dd
import pandas as pd


def rutas(carpeta: str, meses: list[int]) -> pd.DataFrame:
    """De esos meses, por origen y destino: vuelos y retraso_medio."""
    vuelos = dd.read_parquet(
        carpeta,
        columns=["origen", "destino", "retraso"],
        filters=[("mes", "in", meses)],  # los archivos de otros meses ni se abren
    )
    grupos = vuelos.groupby(["origen", "destino"])
    return grupos.agg(vuelos=("retraso", "count"), retraso_medio=("retraso", "mean")).compute().reset_index()


def aviones(carpeta: str, salida: str, partes: int) -> None:
    """De todo el año, por matricula: vuelos y retraso_medio, en `partes` archivos Parquet."""
    vuelos = dd.read_parquet(carpeta, columns=["matricula", "retraso"])
    grupos = vuelos.groupby("matricula")
    tabla = grupos.agg(
        vuelos=("retraso", "count"),
        retraso_medio=("retraso", "mean"),
    )
    tabla.reset_index().repartition(npartitions=partes).to_parquet(salida)
