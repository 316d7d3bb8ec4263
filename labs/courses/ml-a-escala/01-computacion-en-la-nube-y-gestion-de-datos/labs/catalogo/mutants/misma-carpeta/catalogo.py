"""El catálogo del lago: qué tablas hay, dónde están, qué columnas tienen y qué días han llegado."""

import io
from contextlib import suppress
from urllib.parse import urlparse

import boto3
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

HIVE = "org.apache.hadoop.hive.ql.io.parquet"
TIPOS = {  # de Arrow a los de Glue, que son los de Hive
    "int32": "int",
    "int64": "bigint",
    "double": "double",
    "string": "string",
    "large_string": "string",
    "bool": "boolean",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
}


def _objetos(ubicacion: str) -> list[str]:
    """Las claves que hay bajo la ubicación, sin las de los trabajos a medias (``_temporary``, ``_SUCCESS``)."""
    lugar = urlparse(ubicacion)
    prefijo = lugar.path.lstrip("/")
    paginas = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=lugar.netloc, Prefix=prefijo)
    claves = [objeto["Key"] for pagina in paginas for objeto in pagina.get("Contents", [])]
    return [clave for clave in claves if not any(parte.startswith("_") for parte in clave[len(prefijo) :].split("/"))]


def columnas(ubicacion: str) -> list[dict[str, str]]:
    """Las columnas, como las quiere Glue, leídas del pie de un archivo Parquet: lo que hace un crawler."""
    clave = next(clave for clave in _objetos(ubicacion) if clave.endswith(".parquet"))
    cuerpo = boto3.client("s3").get_object(Bucket=urlparse(ubicacion).netloc, Key=clave)["Body"].read()
    esquema = pq.read_schema(io.BytesIO(cuerpo))
    return [{"Name": campo.name, "Type": TIPOS[str(campo.type)]} for campo in esquema]


def almacen(ubicacion: str, de_la_tabla: list[dict[str, str]]) -> dict:
    """Dónde están los datos y con qué se leen."""
    return {
        "Location": ubicacion,
        "Columns": de_la_tabla,
        "InputFormat": f"{HIVE}.MapredParquetInputFormat",
        "OutputFormat": f"{HIVE}.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{HIVE}.serde.ParquetHiveSerDe"},
    }


def catalogar(base: str, tabla: str, ubicacion: str, particion: str) -> None:
    """Crea la base y la tabla; si la tabla ya está, la pone al día sin tocar sus particiones."""
    glue = boto3.client("glue")
    with suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": base})
    entrada = {
        "Name": tabla,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
        "StorageDescriptor": almacen(ubicacion, columnas(ubicacion)),
        "PartitionKeys": [{"Name": particion, "Type": "string"}],
    }
    try:
        glue.create_table(DatabaseName=base, TableInput=entrada)
    except glue.exceptions.AlreadyExistsException:
        glue.update_table(DatabaseName=base, TableInput=entrada)


def _particiones(base: str, tabla: str) -> dict[str, str]:
    """Los días anotados y dónde está cada uno."""
    paginas = boto3.client("glue").get_paginator("get_partitions").paginate(DatabaseName=base, TableName=tabla)
    return {
        una["Values"][0]: una["StorageDescriptor"]["Location"] for pagina in paginas for una in pagina["Partitions"]
    }


def anotar(base: str, tabla: str) -> list[str]:
    """Anota los días que llegaron a la ubicación de la tabla y no estaban en el catálogo. Dice cuáles, en orden."""
    glue = boto3.client("glue")
    descrita = glue.get_table(DatabaseName=base, Name=tabla)["Table"]
    ubicacion, clave = descrita["StorageDescriptor"]["Location"], descrita["PartitionKeys"][0]["Name"]
    raiz = urlparse(ubicacion).path.lstrip("/")
    carpetas = {objeto[len(raiz) :].split("/")[0] for objeto in _objetos(ubicacion)}
    llegados = {carpeta.partition("=")[2] for carpeta in carpetas if carpeta.startswith(f"{clave}=")}
    nuevos = sorted(llegados - set(_particiones(base, tabla)))
    for inicio in range(0, len(nuevos), 100):  # las que admite una llamada
        lote = [
            {
                "Values": [dia],
                "StorageDescriptor": almacen(ubicacion, descrita["StorageDescriptor"]["Columns"]),
            }
            for dia in nuevos[inicio : inicio + 100]
        ]
        # No lanza una excepción por una partición que no pudo crear: lo cuenta aquí.
        errores = glue.batch_create_partition(DatabaseName=base, TableName=tabla, PartitionInputList=lote).get("Errors")
        if errores:
            raise ClientError({"Error": errores[0]["ErrorDetail"]}, "BatchCreatePartition")
    return nuevos


def carpetas(base: str, tabla: str, desde: str, hasta: str) -> list[str]:
    """Las ubicaciones que debe leer una consulta de esos días, los dos incluidos, y ninguna otra."""
    ubicacion = boto3.client("glue").get_table(DatabaseName=base, Name=tabla)["Table"]["StorageDescriptor"]["Location"]
    return [f"{ubicacion}dia={dia}/" for dia in sorted(_particiones(base, tabla)) if desde <= dia <= hasta]
