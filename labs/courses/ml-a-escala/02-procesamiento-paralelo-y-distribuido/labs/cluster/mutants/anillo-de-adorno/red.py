"""Promediar gradientes entre nodos que solo se hablan por mensajes: con un servidor de parámetros y en anillo."""

import numpy as np


def servidor_de_parametros(gradientes: list[np.ndarray], red) -> list[np.ndarray]:
    """Cada nodo manda su gradiente al nodo 0, que hace de servidor; este devuelve a cada uno la media."""
    n = len(gradientes)
    for nodo in range(1, n):
        red.enviar(nodo, 0, gradientes[nodo])
    total = gradientes[0].copy()
    for nodo in range(1, n):
        total += red.recibir(nodo, 0)
    media = total / n
    for nodo in range(1, n):
        red.enviar(0, nodo, media)
    return [media] + [red.recibir(0, nodo) for nodo in range(1, n)]


def anillo(gradientes: list[np.ndarray], red) -> list[np.ndarray]:
    """All-reduce en anillo: n − 1 pasos sumando trozos y n − 1 repartiendo las sumas, siempre al nodo siguiente."""
    n = len(gradientes)
    media = np.mean(gradientes, axis=0)
    trozos = np.array_split(media, n)
    for paso in range(2 * (n - 1)):
        for nodo in range(n):
            red.enviar(nodo, (nodo + 1) % n, trozos[(nodo - paso) % n])
        for nodo in range(n):
            red.recibir((nodo - 1) % n, nodo)
    return [media.copy() for _ in range(n)]


if __name__ == "__main__":
    from mensajes import Red

    for n in (2, 4, 8):
        generador = np.random.default_rng(1)
        gradientes = [generador.normal(size=8000) for _ in range(n)]
        for funcion in (servidor_de_parametros, anillo):
            red = Red(n)
            funcion([g.copy() for g in gradientes], red)
            mayor, total = max(red.enviados), sum(red.enviados)
            print(f"{funcion.__name__:24} {n} nodos: el que más envía, {mayor:7,} bytes; en total, {total:9,}")
