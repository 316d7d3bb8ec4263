"""PaaS: el programa y sus datos en servicios que otro administra, Lambda y S3. Aquí sí se ejecuta."""

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

CUENTA = "000000000000"  # la del emulador; en AWS, la que dice sts.get_caller_identity()
ALIAS = "produccion"
CONFIANZA = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def paquete() -> bytes:
    """El .zip de la función: su código y el del programa. La misma entrada da los mismos bytes."""
    memoria = io.BytesIO()
    with zipfile.ZipFile(memoria, "w", zipfile.ZIP_DEFLATED) as archivo:
        for origen in ("funcion.py", "app/resumen.py"):
            archivo.writestr(zipfile.ZipInfo(Path(origen).name), Path(origen).read_bytes())
    return memoria.getvalue()


def _deposito(nombre: str) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=nombre)  # en us-east-1, pedir otra vez el que ya es nuestro no falla
    s3.put_public_access_block(
        Bucket=nombre,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(Bucket=nombre, VersioningConfiguration={"Status": "Enabled"})


def _rol(nombre: str) -> str:
    iam = boto3.client("iam")
    try:
        rol = iam.create_role(RoleName=nombre, AssumeRolePolicyDocument=json.dumps(CONFIANZA))["Role"]["Arn"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
        rol = iam.get_role(RoleName=nombre)["Role"]["Arn"]
    permisos = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{nombre}/dias/*"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{nombre}/resumenes/*"},
    ]
    politica = json.dumps({"Version": "2012-10-17", "Statement": permisos})
    iam.put_role_policy(RoleName=nombre, PolicyName="datos", PolicyDocument=politica)
    return rol


def _version(pedido: dict, rol: str) -> str:
    """La versión publicada de lo que hay ahora en los archivos; sin cambios, la misma que antes."""
    funciones, nombre, codigo = boto3.client("lambda"), pedido["nombre"], paquete()
    ajustes = {
        "Role": rol,
        "Runtime": "python3.12",
        "Handler": "funcion.manejador",
        "MemorySize": pedido["memoria_mb"],
        "Timeout": pedido["segundos"],
    }
    try:
        hay = funciones.get_function_configuration(FunctionName=nombre)
    except funciones.exceptions.ResourceNotFoundException:
        hay = funciones.create_function(
            FunctionName=nombre,
            **ajustes,
            Code={"ZipFile": codigo},
            Architectures=["arm64"],  # más barata que x86_64, y la de los precios de este laboratorio
        )
        funciones.get_waiter("function_active_v2").wait(FunctionName=nombre)
    if hay["CodeSha256"] != base64.b64encode(hashlib.sha256(codigo).digest()).decode():
        funciones.update_function_code(FunctionName=nombre, ZipFile=codigo)
        funciones.get_waiter("function_updated_v2").wait(FunctionName=nombre)
    if any(hay[ajuste] != valor for ajuste, valor in ajustes.items()):
        funciones.update_function_configuration(FunctionName=nombre, **ajustes)
        funciones.get_waiter("function_updated_v2").wait(FunctionName=nombre)
    return "$LATEST"


def _alias(nombre: str, version: str) -> str:
    """El nombre fijo por el que se llama a la función; volver atrás es apuntarlo a la versión de antes."""
    funciones = boto3.client("lambda")
    cual = {"FunctionName": nombre, "Name": ALIAS, "FunctionVersion": version}
    try:
        return funciones.create_alias(**cual)["AliasArn"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceConflictException":
            raise
        return funciones.update_alias(**cual)["AliasArn"]


def _avisos(nombre: str, alias: str) -> None:
    """S3 llama a la función por cada CSV nuevo de dias/: primero el permiso, después el aviso."""
    try:
        boto3.client("lambda").add_permission(
            FunctionName=nombre,
            Qualifier=ALIAS,
            StatementId="avisos-de-s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{nombre}",
            SourceAccount=CUENTA,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceConflictException":
            raise
    reglas = [{"Name": "prefix", "Value": "dias/"}, {"Name": "suffix", "Value": ".csv"}]
    aviso = {
        "LambdaFunctionArn": alias,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": reglas}},
    }
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket=nombre, NotificationConfiguration={"LambdaFunctionConfigurations": [aviso]}
    )


def desplegar(pedido: dict) -> dict:
    """Deja en servicio lo que hay en los archivos y devuelve la versión publicada. Se puede repetir sin miedo."""
    _deposito(pedido["nombre"])
    version = _version(pedido, _rol(pedido["nombre"]))
    _avisos(pedido["nombre"], _alias(pedido["nombre"], version))
    return {"deposito": pedido["nombre"], "funcion": pedido["nombre"], "version": version}
