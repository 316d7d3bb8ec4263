"""Runs beside the student's files: calls them many times in one go, and writes down what they did."""

import json
from pathlib import Path


def seudonimos(documentos, claves):
    from privacidad import seudonimo

    return [[seudonimo(documento, clave) for documento in documentos] for clave in claves]


def pasos(plan, archivo):
    """Each step through ``ejecutar`` with a client that writes to a file: its events, and what came back."""
    from linaje import ejecutar
    from openlineage.client import OpenLineageClient
    from openlineage.client.transport.file import FileConfig, FileTransport

    lugar = Path(archivo)
    cliente = OpenLineageClient(transport=FileTransport(FileConfig(log_file_path=archivo, append=True)))
    vistos = []
    for paso, error in plan:
        lugar.unlink(missing_ok=True)
        antes = []

        def hacer(antes=antes, error=error):
            antes.append(_eventos(lugar))
            if error:
                raise ValueError(error)
            return {"filas": len(antes)}

        devuelto = excepcion = None
        try:
            devuelto = ejecutar(cliente, paso, hacer)
        except ValueError as fallo:
            excepcion = str(fallo)
        vistos.append({"antes": antes, "eventos": _eventos(lugar), "devuelto": devuelto, "excepcion": excepcion})
    return vistos


def _eventos(lugar):
    return [json.loads(linea) for linea in lugar.read_text().splitlines()] if lugar.exists() else []
