"""Lo que se borra: por antigüedad, y a petición de una persona. En un lago, borrar una fila no borra el archivo."""


def purgar(ruta: str, antes_de: str, retenidas: list[int]) -> int:
    """Borra las reservas de vuelos que salieron antes de ese instante, salvo las retenidas. Dice cuántas."""
    raise NotImplementedError("purgar (retencion.py)")


def olvidar(lago: str, documento: str, clave: str) -> dict[str, int]:
    """Quita a una persona de todas las tablas del lago y de sus archivos. Dice cuántas filas de cada una."""
    raise NotImplementedError("olvidar (retencion.py)")
