"""La carga de cada noche: del CSV que llega a una tabla de la que te puedes fiar."""

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f
from pyspark.sql import types as t

CSV = "vuelos.csv"
CLAVE = ["salida_prevista", "aerolinea", "vuelo", "origen"]

ESQUEMA = t.StructType(
    [
        t.StructField("salida_prevista", t.TimestampType()),
        t.StructField("aerolinea", t.StringType()),
        t.StructField("vuelo", t.IntegerType()),
        t.StructField("matricula", t.StringType()),
        t.StructField("origen", t.StringType()),
        t.StructField("destino", t.StringType()),
        t.StructField("millas", t.IntegerType()),
        t.StructField("retraso_salida", t.IntegerType()),
        t.StructField("retraso_llegada", t.IntegerType()),
        t.StructField("linea_rota", t.StringType()),
    ]
)


def leer(spark: SparkSession, ruta: str) -> DataFrame:
    """Los vuelos de un CSV con su esquema; una línea que no lo cumple queda entera en ``linea_rota``."""
    return (
        spark.read.schema(ESQUEMA)
        .option("header", True)
        .option("nullValue", "NA")
        .option("timestampFormat", "yyyy-MM-dd HH:mm")
        .option("mode", "PERMISSIVE")
        .option("columnNameOfCorruptRecord", "linea_rota")
        .csv(ruta)
    )


def cambios(antes: DataFrame, despues: DataFrame) -> DataFrame:
    """Los vuelos cuyo ``retraso_llegada`` cambió: la clave, ``antes`` y ``ahora``. Un NULL es un valor más."""
    viejo = antes.select(*CLAVE, f.col("retraso_llegada").alias("antes"))
    nuevo = despues.select(*CLAVE, f.col("retraso_llegada").alias("ahora"))
    return viejo.join(nuevo, CLAVE).where(~f.col("antes").eqNullSafe(f.col("ahora")))


def con_estado(vuelos: DataFrame) -> DataFrame:
    """Añade ``estado``: cancelado, desviado, tarde (más de 15 minutos al llegar) o puntual."""
    filas = vuelos.toPandas()
    tarde = np.where(filas["retraso_llegada"] > 15, "tarde", "puntual")
    estado = np.where(filas["retraso_llegada"].isna(), "desviado", tarde)
    filas["estado"] = np.where(filas["retraso_salida"].isna(), "cancelado", estado)
    return vuelos.sparkSession.createDataFrame(filas)


def con_historia(vuelos: DataFrame) -> DataFrame:
    """Añade ``avion_previo`` (cómo llegó ese avión en su vuelo anterior) y ``congestion`` (dos horas previas)."""
    del_avion = Window.partitionBy("matricula").orderBy("salida_prevista")
    # En segundos, porque rangeBetween cuenta en la unidad del orden. Hasta -1: el propio vuelo no se mira a sí mismo.
    antes = Window.partitionBy("origen").orderBy(f.unix_timestamp("salida_prevista")).rangeBetween(-2 * 3600, -1)
    # Los vuelos sin matrícula caen todos en una partición, y no son el mismo avión.
    previo = f.when(f.col("matricula").isNotNull(), f.lag("retraso_llegada").over(del_avion))
    return vuelos.withColumns({"avion_previo": previo, "congestion": f.avg("retraso_salida").over(antes)})


def con_limite(vuelos: DataFrame, dias: int, festivos: list[str]) -> DataFrame:
    """Añade ``limite``: la fecha ``dias`` hábiles después de la salida, sin contar fines de semana ni festivos."""

    @f.pandas_udf(t.DateType())
    def limite(fechas: pd.Series) -> pd.Series:
        dia = pd.to_datetime(fechas).to_numpy("datetime64[D]")
        return pd.Series(np.busday_offset(dia, dias, roll="backward", holidays=festivos))

    return vuelos.withColumn("limite", limite(f.to_date("salida_prevista")))


def exportar(vuelos: DataFrame) -> pa.Table:
    """Una tabla de Arrow con los tipos de Spark: un entero con NULL sigue siendo entero."""
    return vuelos.select("aerolinea", "vuelo", "millas", "retraso_llegada").toArrow()


if __name__ == "__main__":
    spark = SparkSession.builder.getOrCreate()

    def ensenar(nombre, hacer):
        try:
            print(f"● {nombre}\n{hacer()}\n")
        except NotImplementedError as falta:
            print(f"○ {nombre}: falta {falta}\n")

    vuelos = leer(spark, CSV)
    vuelos.printSchema()
    if "linea_rota" in vuelos.columns:
        rotas = vuelos.where("linea_rota IS NOT NULL")
        ensenar("rotas", lambda: "\n".join(fila.linea_rota for fila in rotas.take(4)))
        # El Parquet que leerá Vuelos.scala: solo lo que se entiende.
        validos = vuelos.where("linea_rota IS NULL").drop("linea_rota")
        validos.write.mode("overwrite").parquet("vuelos.parquet")
        vuelos = spark.read.parquet("vuelos.parquet")
    # Lo mismo, corregido al día siguiente: se conoce una llegada que faltaba y otra se da por no conocida.
    manana = vuelos.withColumn(
        "retraso_llegada", f.when(f.col("vuelo") == 1545, None).otherwise(f.coalesce("retraso_llegada", f.lit(0)))
    )
    ensenar("cambios", lambda: cambios(vuelos, manana).orderBy(*CLAVE).limit(5).toPandas().to_string(index=False))
    ensenar(
        "estado",
        lambda: con_estado(vuelos).groupBy("estado").count().orderBy("estado").toPandas().to_string(index=False),
    )
    avion = ["salida_prevista", "matricula", "retraso_llegada", "avion_previo", "congestion"]
    ensenar(
        "historia",
        lambda: con_historia(vuelos).where("matricula = 'N730MQ'").select(avion).toPandas().to_string(index=False),
    )
    limite = ["salida_prevista", "vuelo", "limite"]
    ensenar(
        "limite",
        lambda: con_limite(vuelos, 10, ["2013-01-01"]).select(limite).limit(3).toPandas().to_string(index=False),
    )
    ensenar("exportar", lambda: exportar(vuelos).schema.to_string())
