"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import os
from pathlib import Path

import boto3
import bronce
import duckdb
import oro
import plata
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

CUBO = "lago"
PLATA = f"s3://{CUBO}/plata/vuelos"
FECHAS = [f"2013-01-{dia:02}" for dia in range(1, 9)]


def vaciar() -> None:
    """Cada ejecución empieza con el cubo vacío."""
    cubo = boto3.resource("s3").Bucket(CUBO)
    cubo.create()
    cubo.objects.all().delete()
    Path("catalogo.db").unlink(missing_ok=True)


def carpeta_bronce() -> str:
    for fecha in FECHAS:
        bronce.guardar(f"datos/entregas/{fecha}.csv", CUBO)
    bronce.guardar(f"datos/entregas/{FECHAS[2]}.csv", CUBO)  # repetida: no debe cambiar nada
    archivos = [o.key for o in boto3.resource("s3").Bucket(CUBO).objects.filter(Prefix=bronce.CARPETA)]
    filas = ds.dataset(f"{CUBO}/{bronce.CARPETA}", filesystem=bronce.almacen(), partitioning="hive").count_rows()
    return f"{filas} filas en {sum(a.endswith('.parquet') for a in archivos)} archivos"


def consulta_bronce() -> str:
    cuenta = bronce.filas_por_aerolinea(CUBO, "2013-01-03", "2013-01-04")
    for fecha in FECHAS:
        bronce.compactar(CUBO, fecha)
    archivos = [o.key for o in boto3.resource("s3").Bucket(CUBO).objects.filter(Prefix=bronce.CARPETA)]
    ordenada = sorted(cuenta.items(), key=lambda par: -par[1])[:3]
    return f"{ordenada}; compactado: {sum(a.endswith('.parquet') for a in archivos)} archivos"


def tabla_plata() -> str:
    plata.crear(PLATA)
    for fecha in FECHAS * 2:  # la segunda vuelta no debe cambiar nada
        plata.mezclar(PLATA, plata.tipar(bronce.leer_csv(f"datos/entregas/{fecha}.csv")))
    nombres = ("rows_inserted", "rows_updated", "files_scanned", "files_removed")
    print(f"{'':26}" + "".join(f"{nombre:>15}" for nombre in nombres))
    for version in reversed(DeltaTable(PLATA).history()):
        medidas = version.get("operationMetrics", {})
        numeros = "".join(f"{medidas.get(f'num_target_{nombre}', '-'):>15}" for nombre in nombres)
        print(f"    versión {version['version']} {version['operation']:12} {numeros}")
    return f"{sum(plata.leer(PLATA, fecha).num_rows for fecha in FECHAS)} vuelos"


def tiempo() -> str:
    antes = [plata.leer(PLATA, "2013-01-05", version).num_rows for version in (5, 6, 7)]
    archivos = len(DeltaTable(PLATA).file_uris())
    plata.mantener(PLATA)
    return f"el día 5, en tres versiones: {antes}; {archivos} archivos y ahora {len(DeltaTable(PLATA).file_uris())}"


def tabla_oro() -> str:
    oro.crear(CUBO)
    filas = pa.concat_tables([plata.leer(PLATA, fecha) for fecha in FECHAS], promote_options="default")
    oro.publicar(CUBO, filas)
    tabla = oro.abrir(CUBO)
    dia = oro.entre("2013-01-05T00:00:00+00:00", "2013-01-06T00:00:00+00:00")
    todos, leidos = (len(list(tabla.scan(row_filter=f).plan_files())) for f in ("true", dia))
    oro.evolucionar(CUBO)
    oro.publicar(CUBO, plata.leer(PLATA, "2013-01-08"))
    return f"{leidos} archivo de {todos} para un día; columnas {oro.abrir(CUBO).schema().column_names}"


def otro_motor() -> str:
    """DuckDB lee las dos tablas sin pasar por las bibliotecas que las escribieron."""
    motor = duckdb.connect(config={"extension_directory": os.environ["DUCKDB_EXTENSIONS"]})
    for extension in ("httpfs", "delta", "avro", "iceberg"):
        motor.execute(f"LOAD {extension}")
    motor.execute(
        """CREATE SECRET (TYPE s3, KEY_ID 'lab', SECRET 'laboratorio', REGION 'us-east-1',
                          ENDPOINT '127.0.0.1:4566', URL_STYLE 'path', USE_SSL false)"""
    )
    metadatos = oro.abrir(CUBO).metadata_location
    (vuelos,) = motor.execute("SELECT count(*) FROM delta_scan(?)", [PLATA]).fetchone()
    (sumados,) = motor.execute("SELECT sum(vuelos)::INT FROM iceberg_scan(?)", [metadatos]).fetchone()
    peor = motor.execute(
        """SELECT origen, hora::VARCHAR, round(retraso_min, 1) FROM iceberg_scan(?)
           WHERE vuelos > 10 ORDER BY retraso_min DESC LIMIT 1""",
        [metadatos],
    ).fetchone()
    return f"{vuelos} vuelos en Delta, {sumados} sumados en Iceberg; la peor hora: {peor}"


vaciar()
for paso in (carpeta_bronce, consulta_bronce, tabla_plata, tiempo, tabla_oro, otro_motor):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except Exception as error:
        print(f"○ {paso.__name__}: {type(error).__name__}: {str(error).splitlines()[0]}")
