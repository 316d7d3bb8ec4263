"""La pestaña «Particiones»: cuántas filas hay en cada partición de cada tabla de DynamoDB."""

import os
from collections import Counter
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3

PUERTO = 8600
MAS = 40  # particiones que se muestran de cada tabla


def _tabla(cliente, nombre: str) -> str:
    descripcion = cliente.describe_table(TableName=nombre)["Table"]
    clave = next(c["AttributeName"] for c in descripcion["KeySchema"] if c["KeyType"] == "HASH")
    filas = [fila for pagina in cliente.get_paginator("scan").paginate(TableName=nombre) for fila in pagina["Items"]]
    cuentas = Counter(str(next(iter(fila[clave].values()))) for fila in filas)
    barras = "".join(
        f"<tr><td>{escape(valor)}<td><progress max={max(cuentas.values())} value={cuantas}></progress> {cuantas}"
        for valor, cuantas in sorted(cuentas.most_common(MAS))
    )
    indices = ", ".join(indice["IndexName"] for indice in descripcion.get("GlobalSecondaryIndexes", [])) or "—"
    return (
        f"<h2>{escape(nombre)}</h2><p>clave de partición: <code>{escape(clave)}</code> · filas: {len(filas)} · "
        f"particiones: {len(cuentas)} · índices: {escape(indices)}</p><table>{barras}</table>"
    )


class Pagina(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        cliente = boto3.client("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        tablas = "".join(_tabla(cliente, nombre) for nombre in cliente.list_tables()["TableNames"])
        cuerpo = (
            "<!doctype html><meta charset=utf-8><title>DynamoDB</title>"
            "<style>body{font:15px system-ui;margin:1.5rem}td{padding:0 1rem 0 0}</style>"
            f"<h1>DynamoDB</h1>{tablas or '<p>No hay tablas · no tables</p>'}"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(cuerpo)))
        self.end_headers()
        self.wfile.write(cuerpo)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PUERTO), Pagina).serve_forever()
