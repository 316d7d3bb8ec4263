"""Plata: una fila por vuelo, la última que se supo, en una tabla Delta con toda su historia."""

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

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
DIAS_DE_HISTORIA = 7


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
    DeltaTable.create(uri, schema=ESQUEMA, mode="ignore", partition_by=["fecha"])


def _ultimas(filas: pa.Table) -> pa.Table:
    """De cada vuelo, la fila que se supo al final: un MERGE no admite dos para el mismo destino."""
    filas = filas.sort_by("actualizado")
    filas = filas.append_column("posicion", pa.array(range(filas.num_rows), pa.int64()))
    posiciones = filas.group_by("id").aggregate([("posicion", "max")])["posicion_max"]
    return filas.drop_columns("posicion").take(posiciones)


def mezclar(uri: str, filas: pa.Table) -> None:
    """Inserta los vuelos nuevos y corrige los que cambiaron. Repetida, o en otro orden, deja la misma tabla."""
    if pa.types.is_string(filas["retraso"].type):
        retrasos = [int(valor) if valor.lstrip("-").isdigit() else None for valor in filas["retraso"].to_pylist()]
        filas = filas.set_column(
            filas.schema.get_field_index("retraso"), "retraso", pa.array(retrasos, pa.int64())
        )
    filas = filas.append_column("fecha", pc.strftime(filas["salida"], format="%Y-%m-%d"))
    # Las fechas van escritas en la condición: así Delta sabe, antes de leer nada, qué archivos no vienen al caso.
    fechas = ", ".join(f"'{fecha}'" for fecha in sorted(set(filas["fecha"].to_pylist())))
    (
        DeltaTable(uri)
        .merge(
            _ultimas(filas),
            predicate=f"t.fecha IN ({fechas}) AND t.fecha = n.fecha AND t.id = n.id",
            source_alias="n",
            target_alias="t",
            merge_schema=True,  # una columna nueva entra; un tipo que no encaja es un error y no deja rastro
        )
        .when_matched_update_all("n.actualizado > t.actualizado")
        .when_not_matched_insert_all()
        .execute()
    )


def leer(uri: str, fecha: str, version: int | None = None) -> pa.Table:
    """Los vuelos de una fecha, hoy o como estaban en una versión de la tabla."""
    return DeltaTable(uri, version=version).to_pyarrow_table(filters=[("fecha", "=", fecha)])


def deshacer(uri: str, version: int) -> None:
    """La tabla vuelve a lo que decía esa versión, con una versión más: la historia no se borra."""
    DeltaTable(uri).restore(version)


def mantener(uri: str) -> None:
    """Junta los archivos pequeños y borra de S3 los que ninguna versión de los últimos días necesita."""
    tabla = DeltaTable(uri)
    tabla.optimize.compact()
    tabla.vacuum(retention_hours=24 * DIAS_DE_HISTORIA, dry_run=False)
