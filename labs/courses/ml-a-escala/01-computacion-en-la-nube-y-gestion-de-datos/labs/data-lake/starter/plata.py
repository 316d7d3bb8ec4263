"""Plata: una fila por vuelo, la última que se supo, en una tabla Delta con toda su historia."""

import pyarrow as pa
import pyarrow.compute as pc

ESQUEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("aerolinea", pa.string()),
        ("numero", pa.int64()),
        ("matricula", pa.string()),
        ("origen", pa.string()),
        ("destino", pa.string()),
        ("salida", pa.timestamp("us", "UTC")),
        ("retraso", pa.int64()),  # minutos; nulo si no salió
        ("actualizado", pa.timestamp("us", "UTC")),  # cuándo se supo lo que dice la fila
        ("fecha", pa.string()),  # la de la salida; reparte los archivos
    ]
)


def tipar(bronce: pa.Table) -> pa.Table:
    """Filas de bronce, que son texto, con los tipos de la tabla. Las columnas que la tabla no conoce, como enteros."""
    tipos = {campo.name: campo.type for campo in ESQUEMA}
    columnas = [nombre for nombre in bronce.column_names if nombre != "fecha"]
    return pa.table({nombre: _convertir(bronce[nombre], tipos.get(nombre, pa.int64())) for nombre in columnas})


def _convertir(columna: pa.ChunkedArray, tipo: pa.DataType) -> pa.ChunkedArray:
    vacio = pa.scalar(None, columna.type)
    columna = pc.if_else(pc.equal(columna, ""), vacio, columna)
    if pa.types.is_timestamp(tipo):
        return pc.strptime(columna, format="%Y-%m-%dT%H:%MZ", unit="us").cast(tipo)
    return columna.cast(tipo)


def crear(uri: str) -> None:
    """La tabla vacía, repartida por fecha; si ya existe, no la toca."""
    raise NotImplementedError("crear (plata.py)")


def mezclar(uri: str, filas: pa.Table) -> None:
    """Inserta los vuelos nuevos y corrige los que cambiaron. Repetida, o en otro orden, deja la misma tabla."""
    raise NotImplementedError("mezclar (plata.py)")


def leer(uri: str, fecha: str, version: int | None = None) -> pa.Table:
    """Los vuelos de una fecha, hoy o como estaban en una versión de la tabla."""
    raise NotImplementedError("leer (plata.py)")


def deshacer(uri: str, version: int) -> None:
    """La tabla vuelve a lo que decía esa versión, con una versión más: la historia no se borra."""
    raise NotImplementedError("deshacer (plata.py)")


def mantener(uri: str) -> None:
    """Junta los archivos pequeños y borra de S3 los que ninguna versión de los últimos días necesita."""
    raise NotImplementedError("mantener (plata.py)")
