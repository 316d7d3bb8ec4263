"""Oro: el retraso de cada hora y aeropuerto, en una tabla Iceberg repartida por día sin que quien pregunta lo sepa."""

import os
import uuid
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import And, BooleanExpression, GreaterThanOrEqual, LessThan, Or
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import DoubleType, LongType, NestedField, StringType, TimestamptzType

NOMBRE = "oro.retrasos"
ESQUEMA = Schema(
    NestedField(1, "hora", TimestamptzType()),
    NestedField(2, "origen", StringType()),
    NestedField(3, "vuelos", LongType()),
    NestedField(4, "retraso", DoubleType()),
)


def catalogo(cubo: str) -> SqlCatalog:
    """Dice cuáles son los metadatos vigentes de cada tabla. Aquí es SQLite; en la nube, Glue o un servicio REST."""
    ajustes = {"uri": "sqlite:///catalogo.db", "warehouse": f"s3://{cubo}", "s3.region": "us-east-1"}
    return SqlCatalog(cubo, **ajustes, **{"s3.endpoint": os.environ["AWS_ENDPOINT_URL"]})


def abrir(cubo: str) -> Table:
    """La tabla como está ahora."""
    return catalogo(cubo).load_table(NOMBRE)


def resumir(filas: pa.Table) -> pa.Table:
    """De filas de plata a una por hora y aeropuerto, con todas las columnas que oro ha tenido."""
    filas = filas.append_column("hora", pc.floor_temporal(filas["salida"], unit="hour"))
    medidas = [("id", "count"), ("retraso", "mean"), ("retraso", "count", pc.CountOptions(mode="only_null"))]
    horas = filas.group_by(["hora", "origen"], use_threads=False).aggregate(medidas).sort_by("hora")
    return pa.table(
        {
            "hora": horas["hora"],
            "origen": horas["origen"],
            "vuelos": horas["id_count"],
            "retraso": horas["retraso_mean"],
            "retraso_min": horas["retraso_mean"],
            "cancelados": horas["retraso_count"],
        }
    )


def escribir(tabla: Table, filas: pa.Table) -> str:
    """Un archivo Parquet nuevo en la carpeta de la tabla. La tabla no sabe de él hasta que se le añade."""
    ruta = f"{tabla.location()}/data/{uuid.uuid4().hex}.parquet"
    with tabla.io.new_output(ruta).create() as archivo:
        pq.write_table(filas, archivo, compression="zstd")
    return ruta


def entre(desde: str, hasta: str) -> BooleanExpression:
    """Las horas desde una hasta antes de otra, escritas como 2013-01-05T00:00:00+00:00."""
    return And(GreaterThanOrEqual("hora", desde), LessThan("hora", hasta))


def crear(cubo: str) -> None:
    """La tabla ``oro.retrasos``, vacía y repartida por el día de ``hora``; si ya existe, no la toca."""
    lago = catalogo(cubo)
    lago.create_namespace_if_not_exists("oro")
    lago.create_table_if_not_exists(NOMBRE, schema=ESQUEMA)


def publicar(cubo: str, filas: pa.Table) -> None:
    """Sustituye los días que traen las filas de plata. Quien lee ve lo de antes o lo nuevo, nunca un día vacío."""
    tabla = abrir(cubo)
    resumen = resumir(filas).select(tabla.schema().column_names)
    dias = pc.floor_temporal(resumen["hora"], unit="day")
    condiciones, rutas = [], []
    for dia in sorted(set(dias.to_pylist())):
        del_dia = resumen.filter(pc.equal(dias, pa.scalar(dia, dias.type)))
        rutas.append(escribir(tabla, del_dia))
        condiciones.append(entre(f"{dia:%Y-%m-%d}T00:00:00+00:00", f"{dia:%Y-%m-%d}T23:59:59.999999+00:00"))
    with tabla.transaction() as cambio:
        if tabla.current_snapshot():
            cambio.delete(reduce(Or, condiciones))
        cambio.add_files(rutas)


def consultar(cubo: str, desde: str, hasta: str) -> pa.Table:
    """Las filas de un rango de horas."""
    return abrir(cubo).scan(row_filter=entre(desde, hasta)).to_arrow()


def evolucionar(cubo: str) -> None:
    """``retraso`` pasa a llamarse ``retraso_min`` y aparece ``cancelados``, sin reescribir ningún dato."""
    tabla = abrir(cubo)
    with tabla.update_schema() as esquema:
        esquema.rename_column("retraso", "retraso_min")
        esquema.add_column("cancelados", LongType())
