"""PaaS: el programa como función. Lo que la plataforma no pone es esto."""

import json

import boto3
from resumen import resumir


def manejador(evento: dict, contexto: object) -> dict:
    """Resume cada CSV que llega a dias/ y deja el resultado en resumenes/, con el mismo nombre y .json."""
    s3 = boto3.client("s3")
    hechos = []
    for registro in evento.get("Records", []):
        deposito = registro["s3"]["bucket"]["name"]
        clave = registro["s3"]["object"]["key"]
        if not clave.startswith("dias/"):
            continue  # lo que esta función escribe no debe despertarla otra vez
        texto = s3.get_object(Bucket=deposito, Key=clave)["Body"].read().decode()
        destino = "resumenes/" + clave.removeprefix("dias/").removesuffix(".csv") + ".json"
        s3.put_object(
            Bucket=deposito, Key=destino, Body=json.dumps(resumir(texto)).encode(), ContentType="application/json"
        )
        hechos.append(destino)
    return {"hechos": hechos}
