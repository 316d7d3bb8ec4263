"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import shutil
from collections import Counter
from pathlib import Path

import duckdb
from elt import cargar, construir
from etl import etl

ETL, ELT = "con_etl.duckdb", "con_elt.duckdb"
ENTREGAS = sorted(str(ruta) for ruta in Path("datos/entregas").glob("*.jsonl"))


def preguntar(base: str, esquema: str, consulta: str) -> list[tuple]:
    with duckdb.connect(base, read_only=True) as conexion:
        conexion.execute(f"USE {esquema}")
        return conexion.execute(consulta).fetchall()


def contar(base: str, esquema: str) -> str:
    (filas, presiones), *_ = preguntar(base, esquema, "SELECT count(*), count(presion) FROM observaciones")
    motivos = preguntar(base, esquema, "SELECT motivo, count(*) FROM rechazadas GROUP BY 1 ORDER BY 1")
    return f"{filas} filas, {presiones} con presión; rechazadas {dict(motivos)}"


def etl_con_dlt() -> str:
    etl(ENTREGAS[:5], ETL)
    etl(ENTREGAS[5:], ETL)
    etl(ENTREGAS[2:4], ETL)  # repetidas: no deben cambiar nada
    return contar(ETL, "limpio")


def crudo() -> str:
    cargar(ENTREGAS[:5], ELT)
    cargar(ENTREGAS[:5], ELT)  # repetidas: no deben cambiar nada
    (lineas,), *_ = preguntar(ELT, "crudo", "SELECT count(*) FROM observaciones")
    return f"{lineas} líneas"


def modelos() -> str:
    construir(ELT)
    cargar(ENTREGAS[5:], ELT)
    estados = construir(ELT)
    print(f"    {dict(Counter(estados.values()))}")
    (procesadas,), *_ = preguntar(
        ELT,
        "modelos",
        "SELECT count(*) FROM observaciones WHERE procesado_en = (SELECT max(procesado_en) FROM observaciones)",
    )
    return f"{contar(ELT, 'modelos')}; {procesadas} procesadas en la última pasada"


def iguales() -> str:
    with duckdb.connect(ELT) as conexion:
        conexion.execute(f"ATTACH '{ETL}' AS otra (READ_ONLY)")
        (distintas,) = conexion.execute(
            """SELECT count(*) FROM (
                   SELECT estacion, hora, temperatura, humedad, viento, presion FROM modelos.observaciones
                   EXCEPT
                   SELECT estacion, hora, temperatura, humedad, viento, presion FROM otra.limpio.observaciones
               )"""
        ).fetchone()
    return f"{distintas} filas distintas entre ETL y ELT"


for base in (ETL, ELT):  # cada ejecución empieza de cero
    Path(base).unlink(missing_ok=True)
    shutil.rmtree(f"{base}.dlt", ignore_errors=True)
for paso in (etl_con_dlt, crudo, modelos, iguales):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except Exception as error:
        print(f"○ {paso.__name__}: {type(error).__name__}: {str(error).splitlines()[0]}")
