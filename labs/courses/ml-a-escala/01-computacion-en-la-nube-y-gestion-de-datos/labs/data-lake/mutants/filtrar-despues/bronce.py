"""Bronce: cada entrega tal como llegó, en Parquet, repartida por fecha. Sin formato de tabla: carpetas y nombres."""

import os
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import csv
from pyarrow.fs import FileSelector, S3FileSystem

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
    tabla = leer_csv(entrega)
    fechas = pa.array([salida[:10] for salida in tabla["salida"].to_pylist()], pa.string())
    ds.write_dataset(
        tabla.append_column("fecha", fechas),
        f"{cubo}/{CARPETA}",
        filesystem=almacen(),
        format="parquet",
        partitioning=ds.partitioning(pa.schema([("fecha", pa.string())]), flavor="hive"),
        # El nombre sale de la entrega: otra entrega no lo pisa, y la misma, repetida, se pisa solo a sí misma.
        basename_template=f"{Path(entrega).stem}-{{i}}.parquet",
        existing_data_behavior="overwrite_or_ignore",
    )


def filas_por_aerolinea(cubo: str, desde: str, hasta: str) -> dict[str, int]:
    """Cuántas filas hay de cada aerolínea entre dos fechas, ambas incluidas."""
    lago = ds.dataset(f"{cubo}/{CARPETA}", filesystem=almacen(), partitioning="hive")
    rango = (ds.field("fecha") >= desde) & (ds.field("fecha") <= hasta)
    filas = lago.to_table().filter(rango)
    cuenta = filas.group_by("aerolinea").aggregate([("aerolinea", "count")])
    return dict(zip(cuenta["aerolinea"].to_pylist(), cuenta["aerolinea_count"].to_pylist(), strict=True))


def compactar(cubo: str, fecha: str) -> None:
    """Deja en un archivo los que tenga la carpeta de esa fecha. Con uno solo no hay nada que hacer."""
    s3, carpeta = almacen(), f"{cubo}/{CARPETA}/fecha={fecha}"
    pequenos = [info.path for info in s3.get_file_info(FileSelector(carpeta)) if info.is_file]
    if len(pequenos) < 2:
        return
    # Entregas de distinta época tienen distintas columnas: las que falten quedan nulas.
    tablas = [pq.read_table(archivo, filesystem=s3, partitioning=None) for archivo in sorted(pequenos)]
    tabla = pa.concat_tables(tablas, promote_options="default").sort_by("id")
    # Un nombre nuevo cada vez, y borrar al final: si algo falla a mitad sobran filas, pero no falta ninguna.
    pq.write_table(tabla, f"{carpeta}/compactado-{uuid.uuid4().hex}.parquet", filesystem=s3, compression="zstd")
    for archivo in pequenos:
        s3.delete_file(archivo)
