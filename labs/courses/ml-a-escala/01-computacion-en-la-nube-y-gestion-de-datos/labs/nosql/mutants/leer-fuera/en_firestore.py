"""El mismo tablero en Firestore: se paga por documento leído, y las transacciones se repiten solas."""

from functools import cache
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

LOTE = 500


@cache
def _base() -> firestore.Client:
    return firestore.Client()


def _salidas(origen: str, dia: str) -> Any:
    """Los vuelos de un aeropuerto y un día: una subcolección del documento de ese tablero."""
    return _base().collection("tableros").document(f"{origen}-{dia}").collection("vuelos")


def _documento(vuelo: dict) -> Any:
    return _salidas(vuelo["origen"], vuelo["salida"][:10]).document(vuelo["id"])


def cargar(vuelos: list[dict]) -> None:
    """Guarda los vuelos por lotes. El id del documento es el del vuelo: repetirla no los duplica."""
    for inicio in range(0, len(vuelos), LOTE):
        lote = _base().batch()
        for vuelo in vuelos[inicio : inicio + LOTE]:
            lote.set(_documento(vuelo), {**vuelo, "orden": f"{vuelo['salida']}#{vuelo['id']}"})
        lote.commit()


def tablero(origen: str, dia: str, desde: str, limite: int, marca: Any = None) -> dict:
    """Una página de salidas, en orden. Lee tantos documentos como devuelve."""
    consulta = (
        _salidas(origen, dia)
        .where(filter=FieldFilter("orden", ">", marca or desde))
        .order_by("orden")
        .limit(limite)
    )
    filas = [documento.to_dict() for documento in consulta.stream()]
    siguiente = filas[-1]["orden"] if len(filas) == limite else None
    for fila in filas:
        del fila["orden"]
    return {"vuelos": filas, "marca": siguiente}


@firestore.transactional
def _restar(transaccion: firestore.Transaction, documento: Any) -> bool:
    # La biblioteca vuelve a llamar a esta función si otro cambió lo leído: no debe hacer nada fuera de la transacción.
    libres = documento.get().get("libres")
    if libres < 1:
        return False
    transaccion.update(documento, {"libres": libres - 1})
    return True


def vender(vuelo: dict) -> bool:
    """Un asiento menos, si queda alguno."""
    return _restar(_base().transaction(), _documento(vuelo))
