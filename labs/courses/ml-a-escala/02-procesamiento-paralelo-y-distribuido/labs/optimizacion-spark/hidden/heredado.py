"""El informe mensual de puntualidad, tal como se heredó. El resultado es correcto. Lo demás, mídelo."""

import os
import time

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.window import Window

DATOS = os.environ.get("SPARK_DATA", "/opt/lab/env/data/nycflights13")


def informe(spark: SparkSession, carpeta: str) -> DataFrame:
    """Por aerolínea y mes: vuelos, retraso medio, peores que su media, graves, antiguos y viento medio."""
    # «Lo pusimos en 2017 porque fallaba por memoria.»
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")

    vuelos = spark.read.parquet(f"{carpeta}/flights.parquet")
    aviones = spark.read.parquet(f"{carpeta}/planes.parquet").withColumnRenamed("year", "fabricado")
    clima = spark.read.parquet(f"{carpeta}/weather.parquet").drop("year", "month", "day", "hour")
    aerolineas = spark.read.parquet(f"{carpeta}/airlines.parquet")

    @f.udf("string")
    def clase(retraso):
        return "grave" if retraso is not None and retraso >= 60 else "normal"

    unidos = (
        vuelos.join(aviones, "tailnum", "left")
        .join(clima, ["origin", "time_hour"], "left")
        .join(aerolineas, "carrier")
        .orderBy("time_hour")
    )
    print("filas unidas:", unidos.count())

    por_aerolinea = Window.partitionBy("carrier")
    marcados = unidos.withColumn("clase", clase("dep_delay")).withColumn(
        "media", f.avg("dep_delay").over(por_aerolinea)
    )
    print("filas marcadas:", marcados.count())

    return marcados.groupBy(f.col("name").alias("aerolinea"), "month").agg(
        f.count("*").alias("vuelos"),
        f.avg("dep_delay").alias("retraso_medio"),
        f.count_if(f.col("dep_delay") > f.col("media")).alias("peores"),
        f.count_if(f.col("clase") == "grave").alias("graves"),
        f.count_if(f.col("fabricado") < 2000).alias("antiguos"),
        f.avg("wind_speed").alias("viento_medio"),
    )


if __name__ == "__main__":
    spark = SparkSession.builder.getOrCreate()
    inicio = time.perf_counter()
    tabla = informe(spark, DATOS).orderBy("aerolinea", "month").toPandas()
    print(tabla.head(6).round(2).to_string(index=False))
    print(f"{len(tabla)} filas en {time.perf_counter() - inicio:.1f} s")
