"""Qué promete el paralelismo: las leyes de Amdahl y Gustafson, y lo que se puede decidir con ellas."""

import math


def amdahl(serie: float, n: int) -> float:
    """Aceleración con n procesos de un trabajo de tamaño fijo cuya fracción ``serie`` no se puede repartir."""
    return 1 / (serie + (1 - serie) / n)


def gustafson(serie: float, n: int) -> float:
    """Aceleración con n procesos cuando el trabajo crece con ellos; ``serie`` se mide con los n en marcha."""
    return serie + (1 - serie) * n


def fraccion_serie(tiempos: dict[int, float]) -> float:
    """La fracción en serie que mejor explica ``tiempos`` (procesos -> segundos medidos).

    Se despeja de la ley de Amdahl con la aceleración que dio el mayor número de procesos.
    """
    n = max(tiempos)
    return (tiempos[n] / tiempos[1] - 1 / n) / (1 - 1 / n)


def procesos_para_plazo(t1: float, serie: float, plazo: float) -> int | None:
    """El menor número de procesos que termina en ``plazo`` segundos o menos; None si no lo logra ninguno."""
    if plazo >= t1:
        return 1
    margen = plazo - t1 * serie  # lo que queda para la parte que sí se reparte
    if margen <= 0:
        return None
    return math.ceil(t1 * (1 - serie) / margen - 1e-9)
