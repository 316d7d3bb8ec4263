"""Tareas sueltas que llegan cuando pueden, y algunas fallan."""

from collections.abc import Callable

import pandas as pd
from distributed import Client, wait

REINTENTOS = 2


def evaluar(
    cliente: Client,
    funcion: Callable[[pd.DataFrame, str], float],
    tabla: pd.DataFrame,
    casos: list[str],
    al_llegar: Callable[[str, float | None], None],
) -> dict[str, float | None]:
    """Por caso: funcion(tabla, caso), o None si agota los REINTENTOS. Avisa a al_llegar según llegan."""
    (repartida,) = cliente.scatter([tabla])  # viaja una vez; cada tarea lleva solo su nombre
    pendientes = {cliente.submit(funcion, repartida, caso, retries=REINTENTOS): caso for caso in casos}
    resultados: dict[str, float | None] = {}
    wait(list(pendientes))
    for futuro in pendientes:
        caso = pendientes[futuro]
        resultados[caso] = None if futuro.status == "error" else futuro.result()
        al_llegar(caso, resultados[caso])
    return resultados
