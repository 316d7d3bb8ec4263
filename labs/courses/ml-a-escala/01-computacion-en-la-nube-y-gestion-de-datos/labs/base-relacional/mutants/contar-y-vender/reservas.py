"""Vende asientos sin vender de más, aunque muchos clientes compren a la vez y la base de datos falle en medio."""

import random
import time
from decimal import Decimal

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure

INTENTOS = 6


def reservar(dsn: str, clave: str, pasajero: str, vuelos: list[int], precio: str) -> bool:
    """Un asiento en cada vuelo, o ninguno. Con una ``clave`` ya usada no compra otra vez: responde lo mismo."""
    for intento in range(1, INTENTOS + 1):
        try:
            with psycopg.connect(dsn) as conexion:
                return _reservar(conexion, clave, pasajero, vuelos, precio)
        except (SerializationFailure, DeadlockDetected):  # lo único que se arregla repitiendo la transacción entera
            if intento == INTENTOS:
                raise
            # Al azar: quienes chocaron no vuelven a la vez.
            time.sleep(random.uniform(0, 0.02 * 2**intento))  # noqa: S311 -- no es un secreto
    raise AssertionError("el último intento devuelve o lanza")


def _reservar(conexion: psycopg.Connection, clave: str, pasajero: str, vuelos: list[int], precio: str) -> bool:
    asientos = dict(
        conexion.execute(
            """SELECT v.id, a.asientos FROM vuelos v JOIN aviones a USING (matricula)
               WHERE v.id = ANY(%s)""",
            [vuelos],
        ).fetchall()
    )
    if conexion.execute("SELECT 1 FROM reservas WHERE clave = %s", [clave]).fetchone():
        return True
    vendidos = dict(
        conexion.execute(
            "SELECT vuelo, count(*) FROM reservas WHERE vuelo = ANY(%s) GROUP BY vuelo", [vuelos]
        ).fetchall()
    )
    if any(vendidos.get(vuelo, 0) >= asientos[vuelo] for vuelo in vuelos):
        return False
    conexion.cursor().executemany(
        "INSERT INTO reservas (clave, vuelo, pasajero, precio) VALUES (%s, %s, %s, %s)",
        [(clave, vuelo, pasajero, Decimal(precio)) for vuelo in vuelos],
    )
    return True
