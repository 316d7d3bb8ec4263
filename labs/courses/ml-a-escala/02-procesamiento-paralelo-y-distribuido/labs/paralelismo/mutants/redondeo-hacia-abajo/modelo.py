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

    Según Amdahl, T(n) = a + b/n, con a los segundos en serie y b los que se reparten. Es una recta en x = 1/n:
    se ajusta por mínimos cuadrados, así el ruido de cada medida pesa poco.
    """
    xs = [1 / n for n in tiempos]
    ts = list(tiempos.values())
    x_media, t_media = sum(xs) / len(xs), sum(ts) / len(ts)
    b = sum((x - x_media) * (t - t_media) for x, t in zip(xs, ts, strict=True)) / sum((x - x_media) ** 2 for x in xs)
    a = t_media - b * x_media
    return min(1.0, max(0.0, a / (a + b)))


def procesos_para_plazo(t1: float, serie: float, plazo: float) -> int | None:
    """El menor número de procesos que termina en ``plazo`` segundos o menos; None si no lo logra ninguno."""
    if plazo >= t1:
        return 1
    margen = plazo - t1 * serie  # lo que queda para la parte que sí se reparte
    if margen <= 0:
        return None
    return math.floor(t1 * (1 - serie) / margen)
