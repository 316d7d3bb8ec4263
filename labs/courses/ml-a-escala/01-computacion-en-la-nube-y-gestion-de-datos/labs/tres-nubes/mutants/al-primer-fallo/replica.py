"""Una copia de un cubo en otra nube: lo que cambió, comprobado, y sin borrar de más."""

import hashlib
from typing import Any

INTENTOS = 3
PAGINA = 100


def _contenido(nube: Any, prefijo: str) -> dict[str, str]:
    """El md5 de cada objeto, tal como lo dice el listado: sin pedirlos uno a uno."""
    return {objeto["clave"]: objeto["md5"] for pagina in nube.paginas(prefijo, PAGINA) for objeto in pagina}


def _copiar(origen: Any, destino: Any, clave: str, md5: str) -> None:
    """Lleva un objeto con sus metadatos y su clase. Solo escribe lo que llegó como el origen dice que es."""
    for _ in range(INTENTOS):
        datos = origen.leer(clave)
        if hashlib.md5(datos, usedforsecurity=False).hexdigest() == md5:
            break
    else:
        raise OSError(f"{clave}: lo leído no es lo que el origen dice tener")
    ficha = origen.ficha(clave)
    destino.poner(clave, datos, ficha["metadatos"], ficha["clase"])


def replicar(origen: Any, destino: Any, prefijo: str = "", borrar: bool = False) -> dict:
    """Deja en el destino lo que hay en el origen. Se puede repetir: sigue por donde se quedó."""
    quiere, hay = _contenido(origen, prefijo), _contenido(destino, prefijo)
    if borrar and not quiere and hay:
        raise ValueError("el origen está vacío: borrar toda la copia es casi siempre un error")
    informe: dict = {"copiados": [], "iguales": 0, "fallidos": [], "borrados": []}
    for clave, md5 in quiere.items():
        if hay.get(clave) == md5:
            informe["iguales"] += 1
            continue
        _copiar(origen, destino, clave, md5)
        informe["copiados"].append(clave)
    if borrar:
        for clave in hay.keys() - quiere.keys():
            destino.borrar(clave)
            informe["borrados"].append(clave)
    return informe
