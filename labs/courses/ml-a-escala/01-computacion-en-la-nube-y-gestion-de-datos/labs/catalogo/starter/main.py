"""Pulsa Ejecutar: lleva los vuelos al lago con lo que tienes hecho. Este archivo no se califica."""

import os
from pathlib import Path

import boto3
import dagster as dg
import pandas as pd
from catalogo import anotar, carpetas, catalogar
from consulta import consultar
from nubes import EQUIVALENCIAS
from trabajo import correr, definir
from tuberia import defs, pendientes

CUBO, BASE = "lago", "lago"
VUELOS, SALIDA = f"s3://{CUBO}/plata/vuelos/", f"s3://{CUBO}/athena/"
s3 = boto3.client("s3")
vuelos = pd.read_csv("datos/vuelos.csv")
dias = sorted(vuelos["salida"].str[:10].unique())


def llegar(dia: str) -> None:
    """Los vuelos de un día, en su carpeta del lago."""
    del_dia = vuelos[vuelos["salida"].str.startswith(dia)]
    s3.put_object(Bucket=CUBO, Key=f"plata/vuelos/dia={dia}/vuelos.parquet", Body=del_dia.to_parquet(index=False))


def catalogo() -> str:
    s3.create_bucket(Bucket=CUBO)
    for dia in dias[:2]:
        llegar(dia)
    catalogar(BASE, "vuelos", VUELOS, "dia")
    antes = anotar(BASE, "vuelos")
    llegar(dias[2])
    despues, del_segundo = anotar(BASE, "vuelos"), carpetas(BASE, "vuelos", dias[1], dias[1])
    return f"{antes}; llega otro día: {despues}; para el segundo se lee {del_segundo}"


def consulta() -> str:
    sql = "SELECT dia, count(*) AS vuelos, round(avg(retraso), 1) AS retraso FROM vuelos GROUP BY dia ORDER BY dia"
    for fila in consultar(sql, BASE, SALIDA):
        print(f"    {fila}")
    todas = consultar("SELECT id, origen FROM vuelos", BASE, SALIDA)
    return f"{len(todas)} filas, en varias páginas"


def trabajo() -> str:
    s3.upload_file("datos/contar.py", CUBO, "guiones/contar.py")
    rol = "arn:aws:iam::000000000000:role/glue-lago"
    definir("contar", f"s3://{CUBO}/guiones/contar.py", rol, {"cubo": CUBO, "dia": dias[0]})
    correr("contar", {"dia": dias[1]})
    cuenta = s3.get_object(Bucket=CUBO, Key=f"oro/cuentas/{dias[1]}.txt")["Body"].read().decode()
    return f"contar, {dias[1]}: {cuenta} vuelos"


def tuberia() -> str:
    os.environ["DAGSTER_HOME"] = str(Path(".dagster").resolve())  # donde mira también la pestaña de Dagster
    Path(".dagster").mkdir(exist_ok=True)
    instancia = dg.DagsterInstance.get()
    faltan = pendientes(instancia, dias)
    for dia in faltan:
        defs.resolve_implicit_global_asset_job_def().execute_in_process(partition_key=dia, instance=instancia)
    resumen = pd.read_parquet(f"lago/resumen/dia={dias[0]}/datos.parquet").round(1).to_dict("records")
    return f"calculados {faltan}; pendientes {pendientes(instancia, dias)}; {resumen}"


def otras_nubes() -> str:
    return ", ".join(f"{idea}: {campos['data_factory']}" for idea, campos in EQUIVALENCIAS.items())


for paso in (catalogo, consulta, trabajo, tuberia, otras_nubes):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except Exception as error:
        print(f"○ {paso.__name__}: {type(error).__name__}: {error}")
