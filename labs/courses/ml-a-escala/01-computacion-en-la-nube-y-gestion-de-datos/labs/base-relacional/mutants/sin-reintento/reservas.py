"""Vende asientos sin vender de más, aunque muchos clientes compren a la vez y la base de datos falle en medio."""

from decimal import Decimal

import psycopg


def reservar(dsn: str, clave: str, pasajero: str, vuelos: list[int], precio: str) -> bool:
    """Un asiento en cada vuelo, o ninguno. Con una ``clave`` ya usada no compra otra vez: responde lo mismo."""
    with psycopg.connect(dsn) as conexion:
        return _reservar(conexion, clave, pasajero, vuelos, precio)


def _reservar(conexion: psycopg.Connection, clave: str, pasajero: str, vuelos: list[int], precio: str) -> bool:
    # Bloquear antes de contar: quien llegue después espera aquí, y cuenta lo que dejamos. Siempre en el mismo orden.
    asientos = dict(
        conexion.execute(
            """SELECT v.id, a.asientos FROM vuelos v JOIN aviones a USING (matricula)
               WHERE v.id = ANY(%s) ORDER BY v.id FOR NO KEY UPDATE OF v""",
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
