"""Tareas sueltas que llegan cuando pueden, y algunas fallan."""

from collections.abc import Callable

import pandas as pd
from distributed import Client

REINTENTOS = 2


def evaluar(
    cliente: Client,
    funcion: Callable[[pd.DataFrame, str], float],
    tabla: pd.DataFrame,
    casos: list[str],
    al_llegar: Callable[[str, float | None], None],
) -> dict[str, float | None]:
    """Por caso: funcion(tabla, caso), o None si agota los REINTENTOS. Avisa a al_llegar según llegan."""
    raise NotImplementedError("evaluar")
