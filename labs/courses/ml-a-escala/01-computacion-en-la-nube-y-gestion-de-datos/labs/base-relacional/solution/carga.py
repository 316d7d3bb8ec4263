"""Carga los CSV de una carpeta. Repetirla deja lo mismo; si algo falla, no deja nada."""

from pathlib import Path

import psycopg
from psycopg import sql

# En este orden: primero lo que otras tablas señalan.
CLAVES = {"aerolineas": "codigo", "aviones": "matricula", "vuelos": "id"}


def _cargar_tabla(conexion: psycopg.Connection, tabla: str, clave: str, archivo: Path) -> None:
    """COPY no sabe qué hacer con una fila que ya existe: va a una tabla temporal, y de ahí se mezcla."""
    with archivo.open(encoding="utf-8") as lineas:
        columnas = lineas.readline().strip().split(",")
    nombres = {
        "tabla": sql.Identifier(tabla),
        "nueva": sql.Identifier(f"nueva_{tabla}"),
        "clave": sql.Identifier(clave),
        "columnas": sql.SQL(", ").join(map(sql.Identifier, columnas)),
        "cambios": sql.SQL(", ").join(
            sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(columna)) for columna in columnas if columna != clave
        ),
    }
    conexion.execute(sql.SQL("CREATE TEMP TABLE {nueva} (LIKE {tabla}) ON COMMIT DROP").format(**nombres))
    copiar = sql.SQL("COPY {nueva} ({columnas}) FROM STDIN (FORMAT csv, HEADER)").format(**nombres)
    with conexion.cursor().copy(copiar) as copia, archivo.open("rb") as datos:
        while trozo := datos.read(1 << 16):
            copia.write(trozo)
    conexion.execute(
        sql.SQL(
            "INSERT INTO {tabla} ({columnas}) SELECT {columnas} FROM {nueva} "
            "ON CONFLICT ({clave}) DO UPDATE SET {cambios}"
        ).format(**nombres)
    )


def cargar(dsn: str, carpeta: str) -> None:
    """Todo en una transacción: el bloque confirma al terminar bien y deshace si sale por una excepción."""
    with psycopg.connect(dsn) as conexion:
        for tabla, clave in CLAVES.items():
            _cargar_tabla(conexion, tabla, clave, Path(carpeta, f"{tabla}.csv"))
