"""Carga los CSV de una carpeta. Repetirla deja lo mismo; si algo falla, no deja nada."""

from pathlib import Path

import psycopg
from psycopg import sql

# En este orden: primero lo que otras tablas señalan.
TABLAS = ("aerolineas", "aviones", "vuelos")


def _cargar_tabla(conexion: psycopg.Connection, tabla: str, archivo: Path) -> None:
    with archivo.open(encoding="utf-8") as lineas:
        columnas = lineas.readline().strip().split(",")
    nombres = {
        "tabla": sql.Identifier(tabla),
        "columnas": sql.SQL(", ").join(map(sql.Identifier, columnas)),
    }
    copiar = sql.SQL("COPY {tabla} ({columnas}) FROM STDIN (FORMAT csv, HEADER)").format(**nombres)
    with conexion.cursor().copy(copiar) as copia, archivo.open("rb") as datos:
        while trozo := datos.read(1 << 16):
            copia.write(trozo)


def cargar(dsn: str, carpeta: str) -> None:
    """Todo en una transacción: el bloque confirma al terminar bien y deshace si sale por una excepción."""
    with psycopg.connect(dsn) as conexion:
        conexion.execute("TRUNCATE aerolineas, aviones, vuelos CASCADE")
        for tabla in TABLAS:
            _cargar_tabla(conexion, tabla, Path(carpeta, f"{tabla}.csv"))
