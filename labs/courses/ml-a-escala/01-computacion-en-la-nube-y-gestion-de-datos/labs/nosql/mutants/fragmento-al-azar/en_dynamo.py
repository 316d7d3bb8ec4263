"""El tablero de salidas en DynamoDB: una tabla por clave compuesta, un índice global y una bitácora repartida."""

import random
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

FRAGMENTOS = 8  # cuántas particiones comparten la bitácora de un día
VUELOS = {
    "TableName": "vuelos",
    "KeySchema": [
        {"AttributeName": "tablero", "KeyType": "HASH"},
        {"AttributeName": "orden", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "tablero", "AttributeType": "S"},
        {"AttributeName": "orden", "AttributeType": "S"},
        {"AttributeName": "matricula", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "por_avion",
            "KeySchema": [
                {"AttributeName": "matricula", "KeyType": "HASH"},
                {"AttributeName": "orden", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
BITACORA = {
    "TableName": "bitacora",
    "KeySchema": [
        {"AttributeName": "fragmento", "KeyType": "HASH"},
        {"AttributeName": "id", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "fragmento", "AttributeType": "S"},
        {"AttributeName": "id", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def _tabla(nombre: str) -> Any:
    return boto3.resource("dynamodb").Table(nombre)


def crear() -> None:
    """Las dos tablas; si ya están, no hace nada."""
    cliente = boto3.client("dynamodb")
    for tabla in (VUELOS, BITACORA):
        try:
            cliente.create_table(**tabla)
        except cliente.exceptions.ResourceInUseException:
            continue
        cliente.get_waiter("table_exists").wait(TableName=tabla["TableName"])


def _clave(vuelo: dict) -> dict:
    """La partición es el tablero de un aeropuerto y un día; el orden, la hora, con el id para que no se repita."""
    return {
        "tablero": f"{vuelo['origen']}#{vuelo['salida'][:10]}",
        "orden": f"{vuelo['salida']}#{vuelo['id']}",
    }


def _fila(guardada: dict) -> dict:
    fila = {nombre: valor for nombre, valor in guardada.items() if nombre not in ("tablero", "orden")}
    return {**fila, "libres": int(fila["libres"])}  # DynamoDB devuelve los números como Decimal


def cargar(vuelos: list[dict]) -> None:
    """Guarda los vuelos por lotes. Repetirla deja lo mismo: la clave sale del vuelo."""
    with _tabla("vuelos").batch_writer() as lote:  # 25 por petición, y repite los que el servicio no aceptó
        for vuelo in vuelos:
            lote.put_item(Item={**vuelo, **_clave(vuelo)})


def tablero(origen: str, dia: str, desde: str, limite: int, marca: Any = None) -> dict:
    """Una página de las salidas de un aeropuerto y un día a partir de un instante, en orden."""
    peticion = {
        "KeyConditionExpression": Key("tablero").eq(f"{origen}#{dia}") & Key("orden").gte(desde),
        "Limit": limite,
    }
    if marca:
        peticion["ExclusiveStartKey"] = marca
    pagina = _tabla("vuelos").query(**peticion)
    return {"vuelos": [_fila(fila) for fila in pagina["Items"]], "marca": pagina.get("LastEvaluatedKey")}


def avion(matricula: str, cuantos: int) -> list[dict]:
    """Los últimos vuelos de un avión, el más reciente primero."""
    pagina = _tabla("vuelos").query(
        IndexName="por_avion",
        KeyConditionExpression=Key("matricula").eq(matricula),
        ScanIndexForward=False,
        Limit=cuantos,
    )
    return [_fila(fila) for fila in pagina["Items"]]


def vender(vuelo: dict) -> bool:
    """Un asiento menos, si queda alguno. La condición y la resta son una sola operación del servidor."""
    try:
        _tabla("vuelos").update_item(
            Key=_clave(vuelo),
            UpdateExpression="SET libres = libres - :uno",
            ConditionExpression="libres >= :uno",
            ExpressionAttributeValues={":uno": 1},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _fragmento(dia: str, ident: str) -> str:
    """Al azar, para que se repartan por igual."""
    return f"{dia}#{random.randrange(FRAGMENTOS)}"


def registrar(eventos: list[dict]) -> None:
    """Anota eventos en la bitácora de su día, repartidos entre sus fragmentos."""
    with _tabla("bitacora").batch_writer() as lote:
        for evento in eventos:
            lote.put_item(Item={**evento, "fragmento": _fragmento(evento["dia"], evento["id"])})


def eventos(dia: str) -> list[dict]:
    """Todos los eventos de un día, en orden: una consulta por fragmento."""
    filas: list[dict] = []
    for numero in range(FRAGMENTOS):
        peticion: dict = {"KeyConditionExpression": Key("fragmento").eq(f"{dia}#{numero}")}
        while True:
            pagina = _tabla("bitacora").query(**peticion)
            filas += pagina["Items"]
            if "LastEvaluatedKey" not in pagina:
                break
            peticion["ExclusiveStartKey"] = pagina["LastEvaluatedKey"]
    for fila in filas:
        del fila["fragmento"]
    return sorted(filas, key=lambda fila: (fila["instante"], fila["id"]))


def evento(dia: str, ident: str) -> dict | None:
    """Un evento por su id, leyendo solo ese."""
    fila = _tabla("bitacora").get_item(Key={"fragmento": _fragmento(dia, ident), "id": ident}).get("Item")
    if fila is not None:
        del fila["fragmento"]
    return fila
