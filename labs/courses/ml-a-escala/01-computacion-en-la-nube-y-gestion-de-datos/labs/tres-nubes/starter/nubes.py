"""Una misma capa de objetos sobre Amazon S3, Azure Blob Storage y Cloud Storage."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
from azure.storage.blob import BlobServiceClient
from botocore.config import Config
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

# Cada cuánto se va a leer un objeto, y cómo llama a eso cada nube.
CLASES = {
    "frecuente": {"s3": "STANDARD", "azure": "Hot", "gcs": "STANDARD"},
    "ocasional": {"s3": "STANDARD_IA", "azure": "Cool", "gcs": "NEARLINE"},
    "archivo": {"s3": "GLACIER", "azure": "Archive", "gcs": "ARCHIVE"},
}


class S3:
    """Un cubo de Amazon S3."""

    def __init__(self, cubo: str) -> None:
        self.cubo = cubo
        self._s3 = boto3.client("s3", config=Config(signature_version="s3v4"))

    def crear(self) -> None:
        self._s3.create_bucket(Bucket=self.cubo)

    def poner(self, clave: str, datos: bytes, metadatos: dict | None = None, clase: str = "frecuente") -> None:
        self._s3.put_object(Bucket=self.cubo, Key=clave, Body=datos)

    def leer(self, clave: str) -> bytes:
        try:
            return self._s3.get_object(Bucket=self.cubo, Key=clave)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            raise KeyError(clave) from None

    def ficha(self, clave: str) -> dict | None:
        raise NotImplementedError("S3.ficha (nubes.py)")

    def paginas(self, prefijo: str, tamano: int) -> Iterator[list[dict]]:
        # Una petición trae 1000 objetos como mucho. ¿Y si hay más?
        respuesta = self._s3.list_objects_v2(Bucket=self.cubo, Prefix=prefijo, MaxKeys=tamano)
        yield [{"clave": objeto["Key"], "bytes": objeto["Size"]} for objeto in respuesta.get("Contents", [])]

    def borrar(self, clave: str) -> None:
        self._s3.delete_object(Bucket=self.cubo, Key=clave)

    def enlace(self, clave: str, segundos: int) -> str:
        """Una dirección para leer este objeto, y solo este, durante un tiempo."""
        return f"{os.environ['AWS_ENDPOINT_URL']}/{self.cubo}/{clave}"  # ¿quién puede usarla, y hasta cuándo?

    def recuperar(self, clave: str) -> bool:
        """Vuelve a poner la versión anterior a la de ahora; la que había queda también como versión."""
        raise NotImplementedError("S3.recuperar (nubes.py)")



class AzureBlob:
    """Un contenedor de Azure Blob Storage."""

    def __init__(self, cubo: str) -> None:
        self.cubo = cubo
        self._cuenta = BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])
        self._contenedor = self._cuenta.get_container_client(cubo)

    def crear(self) -> None:
        raise NotImplementedError("AzureBlob.crear (nubes.py)")

    def poner(self, clave: str, datos: bytes, metadatos: dict | None = None, clase: str = "frecuente") -> None:
        raise NotImplementedError("AzureBlob.poner (nubes.py)")

    def leer(self, clave: str) -> bytes:
        raise NotImplementedError("AzureBlob.leer (nubes.py)")

    def ficha(self, clave: str) -> dict | None:
        raise NotImplementedError("AzureBlob.ficha (nubes.py)")

    def paginas(self, prefijo: str, tamano: int) -> Iterator[list[dict]]:
        raise NotImplementedError("AzureBlob.paginas (nubes.py)")

    def borrar(self, clave: str) -> None:
        raise NotImplementedError("AzureBlob.borrar (nubes.py)")

    def enlace(self, clave: str, segundos: int) -> str:
        """Una dirección para leer este objeto, y solo este, durante un tiempo."""
        raise NotImplementedError("AzureBlob.enlace (nubes.py)")



class CloudStorage:
    """Un cubo de Cloud Storage."""

    def __init__(self, cubo: str) -> None:
        self.cubo = cubo
        # El emulador no pide credenciales; en la nube de pago basta storage.Client().
        self._cliente = storage.Client(credentials=AnonymousCredentials())
        self._cubo = self._cliente.bucket(cubo)

    def crear(self) -> None:
        raise NotImplementedError("CloudStorage.crear (nubes.py)")

    def poner(self, clave: str, datos: bytes, metadatos: dict | None = None, clase: str = "frecuente") -> None:
        raise NotImplementedError("CloudStorage.poner (nubes.py)")

    def leer(self, clave: str) -> bytes:
        raise NotImplementedError("CloudStorage.leer (nubes.py)")

    def ficha(self, clave: str) -> dict | None:
        raise NotImplementedError("CloudStorage.ficha (nubes.py)")

    def paginas(self, prefijo: str, tamano: int) -> Iterator[list[dict]]:
        raise NotImplementedError("CloudStorage.paginas (nubes.py)")

    def borrar(self, clave: str) -> None:
        raise NotImplementedError("CloudStorage.borrar (nubes.py)")
