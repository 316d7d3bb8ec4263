"""Quién puede hacer qué: políticas para personas y programas, una para el depósito, y su cierre."""

import boto3


def politica_lectura(deposito: str, prefijo: str) -> dict:
    """Lo que necesita quien analiza: listar y leer lo que hay bajo el prefijo. Nada más."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "s3:ListBucket",  # se pide al depósito: el prefijo va en la condición
                "Resource": f"arn:aws:s3:::{deposito}",
                "Condition": {"StringLike": {"s3:prefix": f"{prefijo}*"}},
            },
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{deposito}/{prefijo}*"},
        ],
    }


def politica_ingesta(deposito: str, prefijo: str) -> dict:
    """Lo que necesita quien entrega datos: subir objetos bajo el prefijo. Ni leer, ni listar, ni borrar."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{deposito}/{prefijo}*"},
        ],
    }


def politica_deposito(deposito: str) -> dict:
    """Lo que el depósito niega a todos, por muchos permisos que traigan: ir sin TLS y elegir otro cifrado."""
    todo = [f"arn:aws:s3:::{deposito}", f"arn:aws:s3:::{deposito}/*"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "SoloPorTLS",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": todo,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Sid": "SoloConKMS",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": todo[1],
                # Dos condiciones que se cumplen a la vez: la cabecera viene, y no pide KMS. Sin cabecera vale, porque
                # entonces cifra el valor por defecto; solo con StringNotEquals se negaría también.
                "Condition": {
                    "Null": {"s3:x-amz-server-side-encryption": "false"},
                    "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
                },
            },
        ],
    }


def proteger(deposito: str, clave: str) -> None:
    """Cierra un depósito que ya existe, esté como esté. Se puede repetir sin miedo."""
    s3 = boto3.client("s3")
    s3.put_public_access_block(
        Bucket=deposito,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    cifrado = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": clave}
    s3.put_bucket_encryption(
        Bucket=deposito,
        ServerSideEncryptionConfiguration={
            # Con la clave del depósito, S3 llama a KMS una vez cada tanto y no por cada objeto: KMS cobra por llamada.
            "Rules": [{"ApplyServerSideEncryptionByDefault": cifrado, "BucketKeyEnabled": True}]
        },
    )
    s3.put_bucket_versioning(Bucket=deposito, VersioningConfiguration={"Status": "Enabled"})
