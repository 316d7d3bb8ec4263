"""Un ``map`` que reparte el trabajo entre procesos y devuelve los resultados en orden."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def trocear(datos: Sequence, partes: int) -> list[list]:
    """Corta ``datos`` en ``partes`` trozos seguidos, de tamaños que difieren en 1 como mucho; ninguno vacío."""
    partes = min(partes, len(datos))
    if partes == 0:
        return []
    tamano, resto = divmod(len(datos), partes)
    trozos, inicio = [], 0
    for i in range(partes):
        fin = inicio + tamano + (i < resto)
        trozos.append(list(datos[inicio:fin]))
        inicio = fin
    return trozos


def _aplicar(funcion: Callable, trozo: list) -> list:
    """Un viaje por trozo, no por dato: mandar cada dato por separado cuesta más que muchos cálculos."""
    return [funcion(dato) for dato in trozo]


def mapa(funcion: Callable, datos: Sequence, procesos: int) -> list:
    """Como ``[funcion(d) for d in datos]``, repartido en trozos entre varios procesos."""
    trozos = trocear(datos, procesos)
    if not trozos:
        return []
    with ThreadPoolExecutor(max_workers=len(trozos)) as grupo:
        # executor.map conserva el orden de los trozos aunque terminen en otro, y relanza aquí las excepciones.
        resultados = grupo.map(_aplicar, [funcion] * len(trozos), trozos)
        return [resultado for parte in resultados for resultado in parte]
