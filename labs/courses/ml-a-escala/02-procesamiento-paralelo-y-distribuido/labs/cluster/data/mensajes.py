"""Una red de nodos de mentira que cuenta cada byte que sale de cada nodo y que entra en él."""

from collections import deque

import numpy as np


class Red:
    """``enviar(de, a, datos)`` pone un mensaje en camino; ``recibir(de, a)`` da el más antiguo que aún espera."""

    def __init__(self, nodos: int) -> None:
        self.enviados = [0] * nodos
        self.recibidos = [0] * nodos
        self.mensajes: list[tuple[int, int, int]] = []
        self._colas: dict[tuple[int, int], deque[np.ndarray]] = {}

    def enviar(self, de: int, a: int, datos: np.ndarray) -> None:
        copia = np.array(datos, dtype=float)
        if de == a:
            raise ValueError(f"el nodo {de} se envía un mensaje a sí mismo")
        self.enviados[de] += copia.nbytes
        self.recibidos[a] += copia.nbytes
        self.mensajes.append((de, a, copia.nbytes))
        self._colas.setdefault((de, a), deque()).append(copia)

    def recibir(self, de: int, a: int) -> np.ndarray:
        cola = self._colas.get((de, a))
        if not cola:
            raise LookupError(f"no hay ningún mensaje de {de} a {a}")
        return cola.popleft()
