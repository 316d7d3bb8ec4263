"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import psycopg
from botocore.exceptions import ClientError
from carga import cargar
from nube import AWS, crear_cloud_sql, crear_rds
from reservas import reservar

DSN = "host=127.0.0.1 port=5432 user=postgres dbname=postgres"
PEDIDO = {
    "nombre": "vuelos-prueba",
    "vcpu": 2,
    "memoria_gib": 7,
    "disco_gib": 50,
    "dias_de_copia": 14,
    "alta_disponibilidad": True,
}
EXPLICAR = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
CONSULTAS = {
    "ultimas": """SELECT id, salida, retraso FROM vuelos WHERE matricula = 'N328AA' AND salida < '2013-01-10'
                  ORDER BY salida DESC LIMIT 10""",
    "cancelados": "SELECT id, salida FROM vuelos WHERE retraso IS NULL AND destino = 'BOS'",
    "pasajeros": "SELECT pasajero FROM reservas WHERE vuelo = 5000",
    "del_pasajero": "SELECT vuelo, precio FROM reservas WHERE lower(pasajero) = lower('PASAJERO 77')",
}


def grupo_aplicacion() -> str:
    """El grupo de seguridad de las máquinas de la aplicación: el mismo en cada ejecución."""
    ec2 = boto3.client("ec2", **AWS)
    hay = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["aplicacion"]}])["SecurityGroups"]
    return (hay or [ec2.create_security_group(GroupName="aplicacion", Description="la aplicacion")])[0]["GroupId"]


def instancias() -> str:
    pedido = {**PEDIDO, "grupo_aplicacion": grupo_aplicacion()}
    return f"RDS en {crear_rds(pedido)}; Cloud SQL en {crear_cloud_sql(pedido)}"


def esquema() -> str:
    with psycopg.connect(DSN) as conexion:
        conexion.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")  # cada ejecución empieza de cero
        conexion.execute(Path("esquema.sql").read_bytes())
        tablas = conexion.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    if not tablas:
        raise NotImplementedError("las tablas (esquema.sql)")
    return ", ".join(tabla for (tabla,) in tablas)


def carga() -> str:
    cargar(DSN, "datos")
    cargar(DSN, "datos")
    with psycopg.connect(DSN) as conexion:
        (vuelos,) = conexion.execute("SELECT count(*) FROM vuelos").fetchone()
    return f"{vuelos} vuelos, cargados dos veces"


def planes(conexion: psycopg.Connection) -> None:
    for nombre, consulta in CONSULTAS.items():
        plan = conexion.execute(EXPLICAR + consulta).fetchone()[0]
        raiz = plan[0]["Plan"]
        hoja = raiz
        while "Plans" in hoja:
            hoja = hoja["Plans"][0]
        paginas = raiz["Shared Hit Blocks"] + raiz["Shared Read Blocks"]
        print(f"    {nombre:13}{hoja['Node Type']:18}{hoja.get('Index Name', '-'):26}{paginas:5} páginas")


def indices() -> str:
    with psycopg.connect(DSN) as conexion:
        conexion.execute(
            """INSERT INTO reservas (clave, vuelo, pasajero, precio)
               SELECT gen_random_uuid(), id, 'Pasajero ' || (id * n) % 8000, 99.90
               FROM vuelos, generate_series(1, 3) AS n"""
        )
        conexion.execute("ANALYZE")
        print("  indices: antes")
        planes(conexion)
        conexion.execute(Path("indices.sql").read_bytes())
        conexion.execute("ANALYZE")
        print("  indices: después")
        planes(conexion)
        creados = conexion.execute(
            "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public' AND indexdef NOT LIKE '%UNIQUE%'"
        ).fetchone()[0]
    if not creados:
        raise NotImplementedError("los índices (indices.sql)")
    return f"{creados} índices"


def ventas() -> str:
    with psycopg.connect(DSN) as conexion:
        vuelo, asientos = conexion.execute(
            "SELECT v.id, asientos FROM vuelos v JOIN aviones USING (matricula) WHERE asientos < 60 ORDER BY 1 LIMIT 1"
        ).fetchone()
        conexion.execute("DELETE FROM reservas WHERE vuelo = %s", [vuelo])

    def cliente(numero: int) -> bool:
        return reservar(DSN, str(uuid.uuid4()), f"Cliente {numero}", [vuelo], "120.50")

    with ThreadPoolExecutor(8) as hilos:
        conseguidas = sum(hilos.map(cliente, range(80)))
    return f"80 clientes para {asientos} asientos: {conseguidas} vendidos"


for paso in (instancias, esquema, carga, indices, ventas):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except (psycopg.Error, ClientError) as error:
        print(f"○ {paso.__name__}: {type(error).__name__}: {str(error).splitlines()[0]}")
