"""Runs in the student's sandbox: their functions, on this attempt's flights. The trained model stays for all checks."""

import datetime
import importlib
import sys

from _sonda_rutas import ALL, PREPARED
from pyspark.ml.functions import vector_to_array


def _own():
    if "retrasos" not in sys.modules:
        importlib.import_module("retrasos")
    return sys.modules["retrasos"]


def preparar(spark):
    """The ids and labels that it leaves."""
    return _own().preparar(spark.read.parquet(ALL)).select("id", "tarde").toPandas()


def separar(spark, cut):
    """The ids on each side of the cut."""
    before, after = _own().separar(spark.read.parquet(ALL), datetime.date.fromisoformat(cut))
    return {
        "before": [row.id for row in before.select("id").collect()],
        "after": [row.id for row in after.select("id").collect()],
    }


def entrenar(spark, cut):
    """Train once; what the search and the fitted stages tell of themselves."""
    model = _own().entrenar(spark.read.parquet(ALL), datetime.date.fromisoformat(cut))
    spark.sparkContext.modelo_de_la_sonda = model.bestModel
    imputed = {}
    for stage in model.bestModel.stages:
        if type(stage).__name__ == "ImputerModel":
            imputed.update(stage.surrogateDF.first().asDict())
    return {
        "imputed": {key: float(value) for key, value in imputed.items()},
        "fold": model.getFoldCol() if model.hasParam("foldCol") else "",
        "candidates": len(model.avgMetrics),
    }


def pliegues(spark, n):
    rows = _own().con_pliegue(spark.read.parquet(ALL), n)
    return rows.select("id", "pliegue").toPandas()


def predicciones(spark, path):
    """The model's own probability of each flight of a file."""
    rows = spark.sparkContext.modelo_de_la_sonda.transform(spark.read.parquet(path))
    return rows.select("id", vector_to_array("probability")[1].alias("p")).toPandas()


def evaluar(spark):
    return _own().evaluar(spark.sparkContext.modelo_de_la_sonda, spark.read.parquet(PREPARED))


def umbral(spark, path, false_alarm, missed):
    return _own().umbral(spark.read.parquet(path), false_alarm, missed)


def guardado(spark, path):
    _own().guardar(spark.sparkContext.modelo_de_la_sonda, "_modelo")
    return _own().predecir(spark, "_modelo", spark.read.parquet(path))
