"""El mismo tablero en Cosmos DB: cada petición va a una sola partición y trae en una cabecera lo que costó."""

import os
from functools import cache
from typing import Any

from azure.core import MatchConditions
from azure.cosmos import CosmosClient, PartitionKey
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosResourceNotFoundError

INTENTOS = 10
CARGO = "x-ms-request-charge"


@cache
def _contenedor() -> Any:
    # El certificado del emulador es suyo; en la nube de pago sobra connection_verify.
    cliente = CosmosClient(os.environ["COSMOS_ENDPOINT"], os.environ["COSMOS_KEY"], connection_verify=False)
    base = cliente.create_database_if_not_exists("aeropuerto")
    return base.create_container_if_not_exists("vuelos", PartitionKey(path="/tablero"))


def crear() -> None:
    """La base y el contenedor, particionado por tablero; si ya están, no hace nada."""
    _contenedor()


def _particion(vuelo: dict) -> str:
    return f"{vuelo['origen']}|{vuelo['salida'][:10]}"


def _fila(documento: dict) -> dict:
    """Sin lo que añade Cosmos (_rid, _etag …) ni lo que añadimos para buscar."""
    propios = ("tablero", "orden")
    return {nombre: valor for nombre, valor in documento.items() if nombre not in propios and nombre[0] != "_"}


def cargar(vuelos: list[dict]) -> None:
    """Guarda los vuelos. upsert crea o reemplaza: repetirla deja lo mismo."""
    for vuelo in vuelos:
        orden = f"{vuelo['salida']}|{vuelo['id']}"
        _contenedor().upsert_item({**vuelo, "tablero": _particion(vuelo), "orden": orden})


def tablero(origen: str, dia: str, desde: str, limite: int, marca: Any = None) -> dict:
    """Una página de salidas, en orden, y las unidades de petición que costó."""
    cargos: list[float] = []
    particion = f"{origen}|{dia}"
    consulta = _contenedor().query_items(
        "SELECT * FROM c WHERE c.tablero = @tablero AND c.orden > @desde ORDER BY c.orden",
        parameters=[
            {"name": "@tablero", "value": particion},
            {"name": "@desde", "value": marca or desde},
        ],
        partition_key=particion,
        max_item_count=limite,
        response_hook=lambda cabeceras, _: cargos.append(float(cabeceras[CARGO])),
    )
    documentos = list(next(consulta.by_page(), []))
    return {
        "vuelos": [_fila(documento) for documento in documentos],
        "marca": documentos[-1]["orden"] if len(documentos) == limite else None,
        "ru": sum(cargos),
    }


def vuelo(buscado: dict) -> dict | None:
    """Un vuelo por su clave: una lectura puntual, lo más barato que hay."""
    try:
        return _fila(_contenedor().read_item(buscado["id"], partition_key=_particion(buscado)))
    except CosmosResourceNotFoundError:
        return None


def vender(vuelo: dict) -> bool:
    """Un asiento menos, si queda alguno: se reemplaza solo si nadie lo cambió desde que se leyó."""
    for _ in range(INTENTOS):
        documento = _contenedor().read_item(vuelo["id"], partition_key=_particion(vuelo))
        if documento["libres"] < 1:
            return False
        documento["libres"] -= 1
        try:
            _contenedor().replace_item(
                documento["id"],
                documento,
                etag=documento["_etag"],
                match_condition=MatchConditions.IfNotModified,
            )
        except CosmosAccessConditionFailedError:
            return False
        return True
    raise RuntimeError(f"{vuelo['id']}: demasiada competencia")
