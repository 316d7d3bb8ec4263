"""Quién puede hacer qué: políticas para personas y programas, una para el depósito, y su cierre."""

import boto3


def politica_lectura(deposito: str, prefijo: str) -> dict:
    """Lo que necesita quien analiza: listar y leer lo que hay bajo el prefijo. Nada más."""
    # Funciona, y por eso se queda: la copiaron de una página y nadie la volvió a mirar.
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def politica_ingesta(deposito: str, prefijo: str) -> dict:
    """Lo que necesita quien entrega datos: subir objetos bajo el prefijo. Ni leer, ni listar, ni borrar."""
    raise NotImplementedError("politica_ingesta (seguridad.py)")


def politica_deposito(deposito: str) -> dict:
    """Lo que el depósito niega a todos, por muchos permisos que traigan: ir sin TLS y elegir otro cifrado."""
    raise NotImplementedError("politica_deposito (seguridad.py)")


def proteger(deposito: str, clave: str) -> None:
    """Cierra un depósito que ya existe, esté como esté. Se puede repetir sin miedo."""
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=deposito, VersioningConfiguration={"Status": "Enabled"})
    raise NotImplementedError("terminar proteger (seguridad.py)")
