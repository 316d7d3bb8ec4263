"""Tres formas de repartir un entrenamiento con Spark: por grupos, por candidatos y por datos."""

import json
import os
from collections.abc import Iterator

import numpy as np
import pandas as pd
from pyspark import BarrierTaskContext
from pyspark.core.rdd import RDD
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

DATOS = os.environ.get("SPARK_DATA", "/opt/lab/env/data/nycflights13")
MODELO = "aerolinea string, filas long, base double, pendiente double, error double, estado string"

Datos = tuple[np.ndarray, np.ndarray]


def recta(salida: np.ndarray, llegada: np.ndarray) -> tuple[float, float, float]:
    """Mínimos cuadrados: base, pendiente y error cuadrático medio (su raíz). Sin variación no hay pendiente."""
    if np.ptp(salida) == 0:
        raise ValueError("retraso_salida no varía")
    pendiente, base = np.polyfit(salida, llegada, 1)
    error = np.sqrt(np.mean((llegada - base - pendiente * salida) ** 2))
    return float(base), float(pendiente), float(error)


def ridge(entreno: Datos, validacion: Datos, alfa: float) -> float:
    """La raíz del error cuadrático medio, en validación, de la regresión ridge con esa penalización."""
    x, y = entreno
    pesos = np.linalg.solve(x.T @ x + alfa * np.eye(x.shape[1]), x.T @ y)
    return float(np.sqrt(np.mean((validacion[1] - validacion[0] @ pesos) ** 2)))


def gradiente(x: np.ndarray, y: np.ndarray, pesos: np.ndarray) -> np.ndarray:
    """La **suma** sobre las filas del gradiente de la pérdida logística."""
    return x.T @ (1 / (1 + np.exp(-x @ pesos)) - y)


def bloque(filas: Iterator[tuple[list[float], float]]) -> Iterator[Datos]:
    """Las filas de una partición como una sola pareja de arreglos; ninguna si está vacía."""
    if lista := list(filas):
        x, y = zip(*lista, strict=True)
        yield np.array(x, dtype=float), np.array(y, dtype=float)


def por_aerolinea(vuelos: DataFrame, minimo: int) -> DataFrame:
    """Una recta por aerolínea: retraso_llegada según retraso_salida. Una fila por aerolínea, pase lo que pase."""

    def ajustar(grupo: pd.DataFrame) -> pd.DataFrame:
        usables = grupo.dropna(subset=["retraso_salida", "retraso_llegada"])
        base, pendiente, error, estado = None, None, None, "ok"
        if len(usables) < minimo:
            estado = "pocas filas"
        else:
            try:
                base, pendiente, error = recta(
                    usables["retraso_salida"].to_numpy(float), usables["retraso_llegada"].to_numpy(float)
                )
            except Exception:  # el de un grupo no debe llevarse los modelos de los demás
                estado = "fallo"
        fila = [grupo["aerolinea"].iloc[0], len(usables), base, pendiente, error, estado]
        return pd.DataFrame([fila], columns=["aerolinea", "filas", "base", "pendiente", "error", "estado"])

    return vuelos.groupBy("aerolinea").applyInPandas(ajustar, MODELO)


def buscar(spark: SparkSession, entreno: Datos, validacion: Datos, alfas: list[float]) -> list[tuple[float, float]]:
    """Cada ``alfa`` con su error en validación: un solo trabajo, una tarea por candidato."""
    contexto = spark.sparkContext
    datos = contexto.broadcast((entreno, validacion))
    try:
        return contexto.parallelize(alfas, len(alfas)).map(lambda alfa: (alfa, ridge(*datos.value, alfa))).collect()
    finally:
        datos.destroy()


def descenso(filas: RDD, epocas: int, ritmo: float) -> list[float]:
    """Regresión logística por descenso de gradiente: los datos se quedan donde están y viajan las sumas."""
    bloques = filas.mapPartitions(bloque).cache()
    try:
        total, columnas = bloques.map(lambda b: b[0].shape).reduce(lambda a, b: (a[0] + b[0], a[1]))
        pesos = np.zeros(columnas)
        for _ in range(epocas):
            suma = bloques.treeAggregate(
                np.zeros(columnas), lambda parcial, b, w=pesos: parcial + gradiente(*b, w), np.add
            )
            pesos = pesos - ritmo * suma / total
        return pesos.tolist()
    finally:
        bloques.unpersist()


def barrera(filas: RDD, epocas: int, ritmo: float) -> list[list[float]]:
    """Lo mismo en un solo trabajo: las tareas viven todas las épocas y se reparten los gradientes entre ellas."""

    def tarea(particion: Iterator[tuple[list[float], float]]) -> Iterator[list[float]]:
        contexto = BarrierTaskContext.get()
        ((x, y),) = bloque(particion)
        pesos = np.zeros(x.shape[1])
        for _ in range(epocas):
            mio = json.dumps([*gradiente(x, y, pesos), len(y)])
            suma = np.sum([json.loads(parte) for parte in contexto.allGather(mio)], axis=0)
            pesos = pesos - ritmo * suma[:-1] / suma[-1]
        yield pesos.tolist()

    return filas.barrier().mapPartitions(tarea).collect()


def cargar(spark: SparkSession) -> DataFrame:
    """Los vuelos de enero de 2013."""
    return (
        spark.read.parquet(f"{DATOS}/flights.parquet")
        .where("month = 1")
        .select(
            f.col("carrier").alias("aerolinea"),
            f.col("dep_delay").alias("retraso_salida"),
            f.col("arr_delay").alias("retraso_llegada"),
            (f.col("distance") / 1000).alias("miles_de_millas"),
            (f.col("hour") / 24).alias("hora"),
        )
    )


def _pasos(spark: SparkSession) -> dict[str, object]:
    vuelos = cargar(spark).dropna()
    tabla = vuelos.sample(0.2, seed=1).toPandas()
    x = np.column_stack([np.ones(len(tabla)), tabla["miles_de_millas"], tabla["hora"]])
    llegada, corte = tabla["retraso_llegada"].to_numpy(), len(tabla) // 2
    entreno, validacion = (x[:corte], llegada[:corte]), (x[corte:], llegada[corte:])
    filas = list(zip(x.tolist(), (llegada > 15).astype(float).tolist(), strict=True))
    datos = spark.sparkContext.parallelize(filas, 2)
    return {
        "por_aerolinea": lambda: (
            por_aerolinea(cargar(spark), 100).orderBy("aerolinea").toPandas().round(2).to_string(index=False)
        ),
        "buscar": lambda: [
            (alfa, round(error, 4)) for alfa, error in buscar(spark, entreno, validacion, [0.1, 10.0, 1e3, 1e5])
        ],
        "descenso": lambda: np.round(descenso(datos, 20, 1.0), 4).tolist(),
        "barrera": lambda: np.round(barrera(datos, 20, 1.0), 4).tolist(),
    }


if __name__ == "__main__":
    spark = SparkSession.builder.getOrCreate()
    for nombre, paso in _pasos(spark).items():
        try:
            print(f"● {nombre}\n{paso()}\n")
        except NotImplementedError as falta:
            print(f"○ {nombre}: falta {falta}\n")
