"""Runs in the student's sandbox: watches S3's client, lets a rival write first, makes a part fail, marks the logs."""

import importlib
from contextlib import contextmanager

from botocore.client import BaseClient
from botocore.exceptions import ClientError


@contextmanager
def _watching(before_put=None, failing_part=0):
    operations, send = [], BaseClient._make_api_call
    rival = [before_put] if before_put else []

    def watched(client, operation, parameters):
        if operation == "PutObject" and rival:
            rival.pop()()
        if operation == "UploadPart" and parameters.get("PartNumber") == failing_part:
            answer = {"Error": {"Code": "SlowDown"}, "ResponseMetadata": {"HTTPStatusCode": 503}}
            raise ClientError(answer, operation)
        answer = send(client, operation, parameters)
        operations.append({"op": operation, "bytes": answer.get("ContentLength", 0)})
        return answer

    BaseClient._make_api_call = watched
    try:
        yield operations
    finally:
        BaseClient._make_api_call = send


def con_rival(cubo, clave, propio, ajeno):
    """Two changes of one object: the other's comes just before the first write of one's own."""
    change = importlib.import_module("objetos").cambiar_en_objeto
    with _watching(lambda: change(cubo, clave, ajeno[0], ajeno[1].encode())):
        change(cubo, clave, propio[0], propio[1].encode())


def tramo(cubo, clave, posicion, cuantos):
    """What was read, in hexadecimal, and the bytes that each request brought."""
    with _watching() as operations:
        value = importlib.import_module("objetos").leer_tramo(cubo, clave, posicion, cuantos)
    return {"valor": value.hex() if isinstance(value, bytes) else None, "operaciones": operations}


def partes(cubo, clave, archivo, parte, falla):
    """How many parts it was, or how it failed."""
    try:
        with _watching(failing_part=falla) as operations:
            answer = importlib.import_module("objetos").subir_por_partes(cubo, clave, archivo, parte)
    except ClientError as error:
        return {"error": error.response["Error"]["Code"], "operaciones": operations}
    return {"valor": answer, "operaciones": operations}


def disco(posicion, texto, marca):
    """A change of the disk, and a read at the mark that ends what the log says of it."""
    red = importlib.import_module("red")
    importlib.import_module("bloques").cambiar_en_disco(posicion, bytes.fromhex(texto))
    with red.Disco() as disk:
        disk.leer(marca, 4096)


def _mark(red, nombre, marca):
    with red.Carpeta() as folder:
        folder.leer(folder.abrir(nombre), marca, 1)


def archivo(funcion, nombre, argumentos, desde, hasta):
    """A call of archivos.py, between two reads that mark where the log tells of it."""
    red = importlib.import_module("red")
    _mark(red, nombre, desde)
    plain = [bytes.fromhex(each) if isinstance(each, str) else each for each in argumentos]
    value = getattr(importlib.import_module("archivos"), funcion)(nombre, *plain)
    _mark(red, nombre, hasta)
    return value.hex() if isinstance(value, bytes) else None
