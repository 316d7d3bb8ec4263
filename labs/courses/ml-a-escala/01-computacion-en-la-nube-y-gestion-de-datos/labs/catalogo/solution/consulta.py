"""Consultas de Athena: se piden, se esperan y se recogen por páginas."""

import time

import boto3


def consultar(sql: str, base: str, salida: str) -> list[dict[str, str | None]]:
    """Las filas de la consulta, cada una con sus columnas por nombre; los valores, como texto."""
    athena = boto3.client("athena")
    pedida = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": base},
        ResultConfiguration={"OutputLocation": salida},
    )["QueryExecutionId"]
    while True:
        estado = athena.get_query_execution(QueryExecutionId=pedida)["QueryExecution"]["Status"]
        if estado["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
            break
        time.sleep(0.2)
    if estado["State"] != "SUCCEEDED":
        raise RuntimeError(f"Athena: {estado['State']}: {estado.get('StateChangeReason', '')}")
    paginas = athena.get_paginator("get_query_results").paginate(QueryExecutionId=pedida)
    filas = [
        [celda.get("VarCharValue") for celda in fila["Data"]]
        for pagina in paginas
        for fila in pagina["ResultSet"]["Rows"]
    ]
    nombres, *datos = filas  # los nombres de las columnas vienen una vez, en la primera fila de la primera página
    return [dict(zip(nombres, fila, strict=True)) for fila in datos]
