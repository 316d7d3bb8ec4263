"""Carga los CSV de una carpeta. Repetirla deja lo mismo; si algo falla, no deja nada."""

import csv
from pathlib import Path

import psycopg
from psycopg import sql

# En este orden: primero lo que otras tablas señalan.
CLAVES = {"aerolineas": "codigo", "aviones": "matricula", "vuelos": "id"}


def _cargar_tabla(conexion: psycopg.Connection, tabla: str, clave: str, archivo: Path) -> None:
    with archivo.open(encoding="utf-8") as lineas:
        columnas = lineas.readline().strip().split(",")
    nombres = {
        "tabla": sql.Identifier(tabla),
        "clave": sql.Identifier(clave),
        "columnas": sql.SQL(", ").join(map(sql.Identifier, columnas)),
        "cambios": sql.SQL(", ").join(
            sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(columna)) for columna in columnas if columna != clave
        ),
    }
    insertar = sql.SQL(
        "INSERT INTO {tabla} ({columnas}) VALUES ({valores}) ON CONFLICT ({clave}) DO UPDATE SET {cambios}"
    ).format(**nombres, valores=sql.SQL(", ").join([sql.Placeholder()] * len(columnas)))
    with archivo.open(encoding="utf-8", newline="") as lineas:
        for fila in csv.DictReader(lineas):
            conexion.execute(insertar, [valor or None for valor in fila.values()])


def cargar(dsn: str, carpeta: str) -> None:
    """Todo en una transacción: el bloque confirma al terminar bien y deshace si sale por una excepción."""
    with psycopg.connect(dsn) as conexion:
        for tabla, clave in CLAVES.items():
            _cargar_tabla(conexion, tabla, clave, Path(carpeta, f"{tabla}.csv"))
