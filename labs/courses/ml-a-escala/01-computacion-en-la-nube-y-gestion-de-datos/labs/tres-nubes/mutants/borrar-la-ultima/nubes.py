"""Una misma capa de objetos sobre Amazon S3, Azure Blob Storage y Cloud Storage."""

import base64
import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import (
    BlobSasPermissions,
    BlobServiceClient,
    StandardBlobTier,
    generate_blob_sas,
)
from botocore.config import Config
from botocore.exceptions import ClientError
from google.api_core.exceptions import Conflict, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

# Cada cuánto se va a leer un objeto, y cómo llama a eso cada nube.
CLASES = {
    "frecuente": {"s3": "STANDARD", "azure": "Hot", "gcs": "STANDARD"},
    "ocasional": {"s3": "STANDARD_IA", "azure": "Cool", "gcs": "NEARLINE"},
    "archivo": {"s3": "GLACIER", "azure": "Archive", "gcs": "ARCHIVE"},
}


def _clase(nube: str, suya: str | None) -> str:
    """La nuestra para la que dice una nube."""
    return next((nuestra for nuestra, de in CLASES.items() if de[nube] == suya), "frecuente")


class S3:
    """Un cubo de Amazon S3, con versiones."""

    def __init__(self, cubo: str) -> None:
        self.cubo = cubo
        self._s3 = boto3.client("s3", config=Config(signature_version="s3v4"))

    def crear(self) -> None:
        self._s3.create_bucket(Bucket=self.cubo)
        self._s3.put_bucket_versioning(Bucket=self.cubo, VersioningConfiguration={"Status": "Enabled"})

    def poner(self, clave: str, datos: bytes, metadatos: dict | None = None, clase: str = "frecuente") -> None:
        self._s3.put_object(
            Bucket=self.cubo, Key=clave, Body=datos, Metadata=metadatos or {}, StorageClass=CLASES[clase]["s3"]
        )

    def leer(self, clave: str) -> bytes:
        try:
            return self._s3.get_object(Bucket=self.cubo, Key=clave)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            raise KeyError(clave) from None

    def ficha(self, clave: str) -> dict | None:
        try:
            cabeza = self._s3.head_object(Bucket=self.cubo, Key=clave)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return {
            "clave": clave,
            "bytes": cabeza["ContentLength"],
            "md5": cabeza["ETag"].strip('"'),  # lo es si se subió de una vez y sin clave de KMS
            "metadatos": cabeza["Metadata"],
            "clase": _clase("s3", cabeza.get("StorageClass", "STANDARD")),
        }

    def paginas(self, prefijo: str, tamano: int) -> Iterator[list[dict]]:
        paginador = self._s3.get_paginator("list_objects_v2")
        for pagina in paginador.paginate(Bucket=self.cubo, Prefix=prefijo, PaginationConfig={"PageSize": tamano}):
            yield [
                {"clave": objeto["Key"], "bytes": objeto["Size"], "md5": objeto["ETag"].strip('"')}
                for objeto in pagina.get("Contents", [])
            ]

    def borrar(self, clave: str) -> None:
        self._s3.delete_object(Bucket=self.cubo, Key=clave)

    def enlace(self, clave: str, segundos: int) -> str:
        """Una dirección para leer este objeto, y solo este, durante un tiempo."""
        return self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self.cubo, "Key": clave}, ExpiresIn=segundos
        )

    def recuperar(self, clave: str) -> bool:
        """Vuelve a poner la versión anterior a la de ahora; la que había queda también como versión."""
        listado = self._s3.list_object_versions(Bucket=self.cubo, Prefix=clave)
        versiones = [v for v in listado.get("Versions", []) if v["Key"] == clave]
        if len(versiones) < 2:
            return False
        self._s3.delete_object(Bucket=self.cubo, Key=clave, VersionId=versiones[0]["VersionId"])
        return True


class AzureBlob:
    """Un contenedor de Azure Blob Storage."""

    def __init__(self, cubo: str) -> None:
        self.cubo = cubo
        self._cuenta = BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])
        self._contenedor = self._cuenta.get_container_client(cubo)

    def crear(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            self._contenedor.create_container()

    def poner(self, clave: str, datos: bytes, metadatos: dict | None = None, clase: str = "frecuente") -> None:
        self._contenedor.upload_blob(
            clave,
            datos,
            metadata=metadatos or {},
            overwrite=True,
            standard_blob_tier=StandardBlobTier(CLASES[clase]["azure"]),
        )

    def leer(self, clave: str) -> bytes:
        try:
            return self._contenedor.download_blob(clave).readall()
        except ResourceNotFoundError:
            raise KeyError(clave) from None

    @staticmethod
    def _breve(propiedades: Any) -> dict:
        return {
            "clave": propiedades.name,
            "bytes": propiedades.size,
            "md5": bytes(propiedades.content_settings.content_md5 or b"").hex(),
        }

    def ficha(self, clave: str) -> dict | None:
        try:
            propiedades = self._contenedor.get_blob_client(clave).get_blob_properties()
        except ResourceNotFoundError:
            return None
        return {
            **self._breve(propiedades),
            "metadatos": dict(propiedades.metadata),
            "clase": _clase("azure", propiedades.blob_tier),
        }

    def paginas(self, prefijo: str, tamano: int) -> Iterator[list[dict]]:
        listado = self._contenedor.list_blobs(name_starts_with=prefijo, results_per_page=tamano)
        for pagina in listado.by_page():
            yield [self._breve(propiedades) for propiedades in pagina]

    def borrar(self, clave: str) -> None:
        with contextlib.suppress(ResourceNotFoundError):
            self._contenedor.delete_blob(clave)

    def enlace(self, clave: str, segundos: int) -> str:
        """Una dirección para leer este objeto, y solo este, durante un tiempo."""
        firma = generate_blob_sas(
            self._cuenta.account_name,
            self.cubo,
            clave,
            account_key=self._cuenta.credential.account_key,
            permission=BlobSasPermissions(read=True),
            expiry=datetime.now(UTC) + timedelta(seconds=segundos),
        )
        return f"{self._contenedor.get_blob_client(clave).url}?{firma}"


class CloudStorage:
    """Un cubo de Cloud Storage."""

    def __init__(self, cubo: str) -> None:
        self.cubo = cubo
        # El emulador no pide credenciales; en la nube de pago basta storage.Client().
        self._cliente = storage.Client(credentials=AnonymousCredentials())
        self._cubo = self._cliente.bucket(cubo)

    def crear(self) -> None:
        with contextlib.suppress(Conflict):
            self._cliente.create_bucket(self.cubo)

    def poner(self, clave: str, datos: bytes, metadatos: dict | None = None, clase: str = "frecuente") -> None:
        objeto = self._cubo.blob(clave)
        objeto.metadata = metadatos or {}
        objeto.storage_class = CLASES[clase]["gcs"]
        objeto.upload_from_string(datos, content_type="application/octet-stream", checksum="md5")

    def leer(self, clave: str) -> bytes:
        try:
            return self._cubo.blob(clave).download_as_bytes()
        except NotFound:
            raise KeyError(clave) from None

    @staticmethod
    def _breve(objeto: Any) -> dict:
        return {
            "clave": objeto.name,
            "bytes": objeto.size,
            "md5": base64.b64decode(objeto.md5_hash or "").hex(),
        }

    def ficha(self, clave: str) -> dict | None:
        objeto = self._cubo.get_blob(clave)
        if objeto is None:
            return None
        return {
            **self._breve(objeto),
            "metadatos": dict(objeto.metadata or {}),
            "clase": _clase("gcs", objeto.storage_class),
        }

    def paginas(self, prefijo: str, tamano: int) -> Iterator[list[dict]]:
        listado = self._cliente.list_blobs(self.cubo, prefix=prefijo, page_size=tamano)
        for pagina in listado.pages:
            yield [self._breve(objeto) for objeto in pagina]

    def borrar(self, clave: str) -> None:
        with contextlib.suppress(NotFound):
            self._cubo.blob(clave).delete()
