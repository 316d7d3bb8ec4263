"""Guion de un trabajo de Glue: cuenta los vuelos de un día y deja la cuenta en el lago."""

import io
import os

import boto3
import pyarrow.parquet as pq

# En Glue los argumentos llegan en sys.argv (getResolvedOptions); el emulador los pone en variables de entorno.
cubo, dia = os.environ["cubo"], os.environ["dia"]  # noqa: SIM112 -- los nombres de los argumentos
s3 = boto3.client("s3")
cuerpo = s3.get_object(Bucket=cubo, Key=f"plata/vuelos/dia={dia}/vuelos.parquet")["Body"].read()
vuelos = pq.read_table(io.BytesIO(cuerpo))
s3.put_object(Bucket=cubo, Key=f"oro/cuentas/{dia}.txt", Body=str(vuelos.num_rows).encode())
