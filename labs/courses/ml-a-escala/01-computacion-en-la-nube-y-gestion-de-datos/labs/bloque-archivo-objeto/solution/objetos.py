"""Objetos: se escriben enteros, se leen enteros o por tramos, y se cambian solo si nadie los cambió antes."""

from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

INTENTOS = 10


def _s3() -> Any:
    return boto3.client("s3")


def leer_tramo(cubo: str, clave: str, posicion: int, cuantos: int) -> bytes:
    """Un trozo de un objeto, sin traer el resto."""
    respuesta = _s3().get_object(Bucket=cubo, Key=clave, Range=f"bytes={posicion}-{posicion + cuantos - 1}")
    return respuesta["Body"].read()


def cambiar_en_objeto(cubo: str, clave: str, posicion: int, datos: bytes) -> None:
    """Cambia unos bytes. No hay otra manera que traerlo y escribirlo entero, si sigue siendo el que se leyó."""
    for _ in range(INTENTOS):
        leido = _s3().get_object(Bucket=cubo, Key=clave)
        contenido = bytearray(leido["Body"].read())
        contenido[posicion : posicion + len(datos)] = datos
        try:
            _s3().put_object(Bucket=cubo, Key=clave, Body=bytes(contenido), IfMatch=leido["ETag"])
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
                raise
            continue  # otro lo cambió: se lee de nuevo
        return
    raise RuntimeError(f"{clave}: demasiada competencia")


def subir_por_partes(cubo: str, clave: str, archivo: str, parte: int) -> int:
    """Sube un archivo en partes y dice cuántas fueron. Si algo falla, no deja partes cobrándose sin dueño."""
    s3 = _s3()
    subida = s3.create_multipart_upload(Bucket=cubo, Key=clave)["UploadId"]
    esta = {"Bucket": cubo, "Key": clave, "UploadId": subida}
    try:
        partes = []
        with Path(archivo).open("rb") as origen:
            while trozo := origen.read(parte):
                numero = len(partes) + 1
                etiqueta = s3.upload_part(**esta, PartNumber=numero, Body=trozo)["ETag"]
                partes.append({"PartNumber": numero, "ETag": etiqueta})
        s3.complete_multipart_upload(**esta, MultipartUpload={"Parts": partes})
    except BaseException:
        s3.abort_multipart_upload(**esta)
        raise
    return len(partes)
