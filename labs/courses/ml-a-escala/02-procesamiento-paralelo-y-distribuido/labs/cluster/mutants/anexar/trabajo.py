"""Vuelos y retrasos en un clúster de Spark: repartir, evitar el sesgo, calcular donde están los datos y sobrevivir."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from cluster import con_accidente, conectar
from pyspark import RDD, StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

DATOS = os.environ.get("SPARK_DATA", "/opt/lab/env/data/nycflights13")
SALES = 32
SUMAS = "carrier string, n long, sx double, sy double, sxx double, sxy double"


def repartir(vuelos: DataFrame, nucleos: int) -> DataFrame:
    """Las mismas filas, en tres particiones por núcleo y todas de un tamaño parecido."""
    return vuelos.repartition(3 * nucleos)


def sumas(grupo: pd.DataFrame) -> pd.DataFrame:
    """Lo que hace falta de un grupo de vuelos para ajustar su recta: cinco sumas, que se pueden volver a sumar."""
    x, y = grupo["dep_delay"], grupo["arr_delay"]
    fila = (grupo["carrier"].iloc[0], len(x), x.sum(), y.sum(), (x * x).sum(), (x * y).sum())
    return pd.DataFrame([fila], columns=["carrier", "n", "sx", "sy", "sxx", "sxy"])


def rectas(vuelos: DataFrame) -> DataFrame:
    """Por aerolínea, cuántos vuelos y la recta arr_delay ≈ ordenada + pendiente · dep_delay."""
    # La sal sale de los datos: si una tarea se repite, cada fila vuelve al mismo grupo.
    salados = vuelos.withColumn("sal", f.pmod(f.xxhash64("dep_delay", "arr_delay", "flight"), f.lit(SALES)))
    parciales = salados.groupBy("carrier", "sal").applyInPandas(sumas, SUMAS)
    juntas = parciales.groupBy("carrier").agg(*(f.sum(c).alias(c) for c in ("n", "sx", "sy", "sxx", "sxy")))
    dispersion = f.col("n") * f.col("sxx") - f.col("sx") * f.col("sx")  # cero si solo hay un vuelo
    pendiente = (f.col("n") * f.col("sxy") - f.col("sx") * f.col("sy")) / f.nullif(dispersion, f.lit(0.0))
    return juntas.withColumn("pendiente", pendiente).select(
        "carrier", "n", "pendiente", ((f.col("sy") - f.col("pendiente") * f.col("sx")) / f.col("n")).alias("ordenada")
    )


def entrenar(puntos: RDD, pasos: int, ritmo: float) -> list[float]:
    """Descenso de gradiente de y ≈ w·x + b desde cero; solo viajan tres sumas por partición y paso."""
    puntos = puntos.persist(StorageLevel.MEMORY_AND_DISK)
    w = b = 0.0
    for _ in range(pasos):
        gw, gb, n = np.sum(puntos.mapPartitions(partial(_gradiente, w, b)).collect(), axis=0)
        w, b = w - ritmo * gw / n, b - ritmo * gb / n
    puntos.unpersist()
    return [float(w), float(b)]


def _gradiente(w: float, b: float, filas: Iterator[tuple[float, float]]) -> Iterator[tuple[float, float, int]]:
    puntos = np.array(list(filas), dtype=float).reshape(-1, 2)
    error = w * puntos[:, 0] + b - puntos[:, 1]
    yield float(2 * error @ puntos[:, 0]), float(2 * error.sum()), len(puntos)


def resumen(vuelos: RDD, carpeta: str) -> dict:
    """Guarda cada partición de (aerolínea, retraso) en un archivo; devuelve las medias y cuántas filas procesó."""
    Path(carpeta).mkdir(parents=True, exist_ok=True)
    guardados = vuelos.mapPartitionsWithIndex(partial(_guardar, carpeta))
    totales = guardados.reduceByKey(lambda a, b: (a[0] + b[0], a[1] + b[1])).collectAsMap()
    return {
        "medias": {clave: suma / n for clave, (n, suma) in totales.items()},
        # De los resultados, que Spark cuenta una vez, y no de un acumulador, que suma también las repeticiones.
        "filas": sum(n for n, _ in totales.values()),
    }


def _guardar(carpeta: str, indice: int, filas: Iterator[tuple[str, float]]) -> Iterator[tuple[str, tuple[int, float]]]:
    # El nombre depende de la partición, no del intento, y el archivo aparece entero o no aparece.
    final = Path(carpeta, f"parte-{indice:05}.csv")
    sumas: dict[str, tuple[int, float]] = {}
    with final.open("a") as archivo:
        for clave, retraso in filas:
            archivo.write(f"{clave},{retraso}\n")
            n, suma = sumas.get(clave, (0, 0.0))
            sumas[clave] = n + 1, suma + retraso
    yield from sumas.items()


if __name__ == "__main__":
    spark = conectar()
    vuelos = spark.read.parquet(f"{DATOS}/flights.parquet").select("carrier", "flight", "dep_delay", "arr_delay")
    vuelos = vuelos.dropna().limit(60_000)
    repartidos = repartir(vuelos, 2)
    print("particiones:", vuelos.rdd.getNumPartitions(), "->", repartidos.rdd.getNumPartitions())
    redondas = (f.round(c, 2).alias(c) for c in ("pendiente", "ordenada"))
    rectas(repartidos).select("carrier", "n", *redondas).orderBy("carrier").show(4)
    puntos = repartidos.select("dep_delay", "arr_delay").rdd.map(lambda fila: (fila[0] / 60, fila[1] / 60))
    print("recta común (en horas):", [round(v, 3) for v in entrenar(puntos, 3, 0.1)])
    filas = repartidos.select("carrier", "dep_delay").rdd.map(tuple)
    marca = Path("accidente.marca").absolute()
    marca.unlink(missing_ok=True)
    shutil.rmtree("salida", ignore_errors=True)  # lo que dejó la vez anterior
    hecho = resumen(con_accidente(filas, str(marca)), str(Path("salida").absolute()))
    escritas = sum(len(p.read_text().splitlines()) for p in Path("salida").glob("parte-*.csv"))
    print("filas:", hecho["filas"], "escritas:", escritas)
    spark.stop()
