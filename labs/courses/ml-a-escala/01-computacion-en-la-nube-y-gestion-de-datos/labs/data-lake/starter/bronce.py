"""Bronce: cada entrega tal como llegó, en Parquet, repartida por fecha. Sin formato de tabla: carpetas y nombres."""

import os
from pathlib import Path

import pyarrow as pa
from pyarrow import csv
from pyarrow.fs import S3FileSystem

CARPETA = "bronce/vuelos"


def almacen() -> S3FileSystem:
    """S3. En la nube sobra la dirección: la dan la región y las credenciales de la máquina."""
    return S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"])


def leer_csv(entrega: str) -> pa.Table:
    """La entrega como texto, sin interpretar nada: lo que hoy parece un error mañana puede hacer falta."""
    with Path(entrega).open(encoding="utf-8") as archivo:
        columnas = archivo.readline().strip().split(",")
    return csv.read_csv(entrega, convert_options=csv.ConvertOptions(column_types=dict.fromkeys(columnas, pa.string())))


def guardar(entrega: str, cubo: str) -> None:
    """Añade la entrega a ``bronce/vuelos/fecha=AAAA-MM-DD/``; la fecha es la de cada vuelo, no la de la entrega."""
    raise NotImplementedError("guardar (bronce.py)")


def filas_por_aerolinea(cubo: str, desde: str, hasta: str) -> dict[str, int]:
    """Cuántas filas hay de cada aerolínea entre dos fechas, ambas incluidas."""
    raise NotImplementedError("filas_por_aerolinea (bronce.py)")


def compactar(cubo: str, fecha: str) -> None:
    """Deja en un archivo los que tenga la carpeta de esa fecha. Con uno solo no hay nada que hacer."""
    raise NotImplementedError("compactar (bronce.py)")
