"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import csv
import json
from contextlib import suppress
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from costos import ajustar, costo, factura, reglas
from seguridad import politica_ingesta, politica_lectura, proteger

PRECIOS = json.loads(Path("precios.json").read_text(encoding="utf-8"))
GRUPOS = json.loads(Path("grupos.json").read_text(encoding="utf-8"))
DEPOSITO = "aeropuerto-datos"
CONFIANZA = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    ],
}
ABIERTA = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{DEPOSITO}/*"}
    ],
}


def maquinas() -> list[dict]:
    """Tres servidores que atienden las salidas de cada aeropuerto, y uno que entrena de noche."""
    filas = list(csv.DictReader(Path("datos/salidas.csv").read_text(encoding="utf-8").splitlines()))
    uso = [
        {
            "nombre": f"salidas-{aeropuerto.lower()}",
            "clase": "m7g.2xlarge",
            "horas": 730,
            "vcpu": [round(int(fila[aeropuerto]) * peso, 3) for fila in filas],
            "memoria_gib": [round(2 + int(fila[aeropuerto]) * 0.12, 2) for fila in filas],
        }
        for aeropuerto, peso in (("EWR", 0.06), ("JFK", 0.05), ("LGA", 0.03))
    ]
    entrena = [fila["hora"].endswith(("T05", "T06", "T07", "T08")) for fila in filas]
    return [
        *uso,
        {
            "nombre": "entrenamiento",
            "clase": "m7g.2xlarge",
            "horas": 122,
            "vcpu": [2.6 if activa else 0.0 for activa in entrena],
            "memoria_gib": [24.0 if activa else 0.5 for activa in entrena],
        },
    ]


def abrir() -> None:
    """Un depósito como los que se heredan: sin bloqueo, sin versiones y con una política pública."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=DEPOSITO)
    s3.delete_public_access_block(Bucket=DEPOSITO)
    s3.put_bucket_policy(Bucket=DEPOSITO, Policy=json.dumps(ABIERTA))
    for clave in ("vuelos/2013/enero.csv", "vuelos/2013-privado/pasajeros.csv"):
        s3.put_object(Bucket=DEPOSITO, Key=clave, Body=b"...")


def con(politica: dict, rol: str):
    """S3 como lo ve alguien con esta política y por TLS, que aquí se dice con una cabecera."""
    iam, nombre = boto3.client("iam"), f"prueba-{rol}"
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=nombre, AssumeRolePolicyDocument=json.dumps(CONFIANZA))
    iam.put_role_policy(RoleName=nombre, PolicyName="p", PolicyDocument=json.dumps(politica))
    arn = f"arn:aws:iam::000000000000:role/{nombre}"
    claves = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="prueba")["Credentials"]
    cliente = boto3.client(
        "s3",
        aws_access_key_id=claves["AccessKeyId"],
        aws_secret_access_key=claves["SecretAccessKey"],
        aws_session_token=claves["SessionToken"],
    )
    cliente.meta.events.register(
        "before-sign.s3", lambda request, **_: request.headers.add_header("X-Forwarded-Proto", "https")
    )
    return cliente


def intentar(hacer) -> str:
    try:
        hacer()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "sí"


def permisos() -> str:
    abrir()
    lee = con(politica_lectura(DEPOSITO, "vuelos/2013/"), "lectura")
    sube = con(politica_ingesta(DEPOSITO, "vuelos/2013/"), "ingesta")
    boto3.client("s3").delete_bucket_policy(Bucket=DEPOSITO)  # la pública daría permiso a todos
    pruebas = {
        "lectura lee lo suyo": lambda: lee.get_object(Bucket=DEPOSITO, Key="vuelos/2013/enero.csv"),
        "lectura lista lo suyo": lambda: lee.list_objects_v2(Bucket=DEPOSITO, Prefix="vuelos/2013/"),
        "lectura lee lo privado": lambda: lee.get_object(Bucket=DEPOSITO, Key="vuelos/2013-privado/pasajeros.csv"),
        "ingesta sube lo suyo": lambda: sube.put_object(Bucket=DEPOSITO, Key="vuelos/2013/febrero.csv", Body=b""),
        "ingesta lee lo suyo": lambda: sube.get_object(Bucket=DEPOSITO, Key="vuelos/2013/enero.csv"),
    }
    return "\n" + "\n".join(f"    {que:24}{intentar(hacer)}" for que, hacer in pruebas.items())


def cierre() -> str:
    abrir()
    anonimo = boto3.client("s3", config=Config(signature_version=UNSIGNED))
    clave = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]

    def leer() -> None:
        anonimo.get_object(Bucket=DEPOSITO, Key="vuelos/2013/enero.csv")

    antes = intentar(leer)
    proteger(DEPOSITO, clave)
    subido = boto3.client("s3").put_object(Bucket=DEPOSITO, Key="vuelos/2013/marzo.csv", Body=b"")
    return f"cualquiera lo lee: antes {antes}, después {intentar(leer)}; cifrado: {subido['ServerSideEncryption']}"


def hoy() -> str:
    return ", ".join(f"{parte} {valor:,.2f} USD" for parte, valor in factura(PRECIOS, GRUPOS, maquinas()).items())


def ciclo_de_vida() -> str:
    lineas = []
    for grupo, regla in zip(GRUPOS, reglas(PRECIOS, GRUPOS)["Rules"], strict=True):
        pasos = [(paso["Days"], paso["StorageClass"]) for paso in regla.get("Transitions", [])]
        antes, despues = (costo(PRECIOS, grupo, [(0, "STANDARD"), *plan]) for plan in ([], pasos))
        lineas.append(f"    {grupo['prefijo']:12}{antes:9.2f} → {despues:8.2f} USD  {pasos}")
    return "\n" + "\n".join(lineas)


def ajuste() -> str:
    return "\n" + "\n".join(f"    {nombre:16}{cual}" for nombre, cual in ajustar(PRECIOS, maquinas()).items())


for paso in (permisos, cierre, hoy, ciclo_de_vida, ajuste):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except (BotoCoreError, ClientError, KeyError, ValueError) as error:
        print(f"○ {paso.__name__}: {type(error).__name__}: {str(error).splitlines()[0][:160]}")
