"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import csv
import warnings
from pathlib import Path

import en_cosmos
import en_dynamo
import en_firestore

warnings.simplefilter("ignore")  # el certificado del emulador de Cosmos DB es suyo
DIA = "2013-01-01"
with Path("datos/vuelos.csv").open() as archivo:
    VUELOS = [{**fila, "libres": int(fila["libres"])} for fila in csv.DictReader(archivo)]
POCOS = [vuelo for vuelo in VUELOS if vuelo["origen"] == "LGA"][:30]  # Cosmos DB los guarda de uno en uno


def _tablero(bd) -> str:
    primera = bd.tablero("LGA", DIA, f"{DIA}T12:00Z", 3)
    segunda = bd.tablero("LGA", DIA, f"{DIA}T12:00Z", 3, primera["marca"])
    costo = f" ({primera['ru']} RU)" if "ru" in primera else ""
    return " → ".join(" ".join(vuelo["salida"][11:16] for vuelo in p["vuelos"]) for p in (primera, segunda)) + costo


def _venta(bd) -> str:
    ultimo = {**POCOS[0], "libres": 1}
    bd.cargar([ultimo])
    return f"queda un asiento: {[bd.vender(ultimo) for _ in range(2)]}"


def dynamo_tablero() -> str:
    en_dynamo.crear()
    en_dynamo.cargar(VUELOS)
    return _tablero(en_dynamo)


def dynamo_avion() -> str:
    vuelos = en_dynamo.avion("N228JB", 2)
    return f"N228JB: {' '.join(vuelo['salida'][11:16] + ' ' + vuelo['destino'] for vuelo in vuelos)}"


def dynamo_venta() -> str:
    return _venta(en_dynamo)


def dynamo_eventos() -> str:
    en_dynamo.registrar(
        [{"id": v["id"], "dia": DIA, "instante": v["salida"], "texto": "embarque"} for v in VUELOS[:200]]
    )
    return f"{len(en_dynamo.eventos(DIA))} eventos; uno: {en_dynamo.evento(DIA, VUELOS[7]['id'])}"


def cosmos_tablero() -> str:
    en_cosmos.crear()
    en_cosmos.cargar(POCOS)
    return f"{_tablero(en_cosmos)}; {en_cosmos.vuelo(POCOS[1])['id']}"


def cosmos_venta() -> str:
    return _venta(en_cosmos)


def firestore_tablero() -> str:
    en_firestore.cargar(VUELOS)
    return _tablero(en_firestore)


def firestore_venta() -> str:
    return _venta(en_firestore)


PASOS = (
    dynamo_tablero,
    dynamo_avion,
    dynamo_venta,
    dynamo_eventos,
    cosmos_tablero,
    cosmos_venta,
    firestore_tablero,
    firestore_venta,
)
for paso in PASOS:
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except Exception as error:  # lo que falte de un paso no impide ver los demás
        print(f"○ {paso.__name__}: {type(error).__name__}: {str(error).splitlines()[0][:120]}")
