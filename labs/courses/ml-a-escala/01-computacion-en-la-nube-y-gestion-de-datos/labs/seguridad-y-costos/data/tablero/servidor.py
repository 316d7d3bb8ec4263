"""Una página con el estado de cada depósito de la cuenta: lo que miraría primero quien la audita."""

import html
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.exceptions import ClientError

CABEZA = """<!doctype html><meta charset=utf-8><title>Depósitos</title>
<style>body{font:16px system-ui;margin:2rem;color-scheme:light dark}
td,th{padding:.4rem 1rem;text-align:left;border-bottom:1px solid #8884}.mal{color:#d33}.bien{color:#2a2}</style>"""


def pedir(hacer, *camino):
    """Lo que dice AWS, o nada cuando no hay."""
    try:
        valor = hacer()
    except ClientError:
        return None
    for parte in camino:
        valor = valor.get(parte) if isinstance(valor, dict) else None
    return valor


def fila(s3, nombre: str) -> str:
    bloqueos = pedir(lambda: s3.get_public_access_block(Bucket=nombre), "PublicAccessBlockConfiguration") or {}
    publica = pedir(lambda: s3.get_bucket_policy_status(Bucket=nombre), "PolicyStatus", "IsPublic")
    cifrado = pedir(lambda: s3.get_bucket_encryption(Bucket=nombre), "ServerSideEncryptionConfiguration", "Rules") or [
        {}
    ]
    como = cifrado[0].get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "—")
    versiones = pedir(lambda: s3.get_bucket_versioning(Bucket=nombre), "Status") or "no"
    reglas = pedir(lambda: s3.get_bucket_lifecycle_configuration(Bucket=nombre), "Rules") or []
    celdas = [
        (nombre, None),
        (f"{sum(bloqueos.values())} de 4", all(bloqueos.values()) and len(bloqueos) == 4),
        ("pública" if publica else "no pública", not publica),
        (como, como == "aws:kms"),
        (versiones, versiones == "Enabled"),
        (str(len(reglas)), None),
    ]
    clase = {True: "bien", False: "mal", None: ""}
    return "<tr>" + "".join(f"<td class='{clase[bien]}'>{html.escape(texto)}" for texto, bien in celdas)


class Tablero(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        s3 = boto3.client("s3")
        nombres = sorted(deposito["Name"] for deposito in s3.list_buckets()["Buckets"])
        filas = "".join(fila(s3, nombre) for nombre in nombres) or "<tr><td>todavía no hay ninguno"
        titulos = "<tr>" + "".join(
            f"<th>{titulo}" for titulo in ("depósito", "bloqueos", "política", "cifrado", "versiones", "reglas")
        )
        texto = f"{CABEZA}<h1>Depósitos</h1><table>{titulos}{filas}</table>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(texto.encode())

    def log_message(self, *args: object) -> None:
        """Sin registro."""


ThreadingHTTPServer(("127.0.0.1", 8095), Tablero).serve_forever()
