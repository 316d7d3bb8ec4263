"""Qué promete el paralelismo: las leyes de Amdahl y Gustafson, y lo que se puede decidir con ellas."""


def amdahl(serie: float, n: int) -> float:
    """Aceleración con n procesos de un trabajo de tamaño fijo cuya fracción ``serie`` no se puede repartir."""
    raise NotImplementedError("amdahl (modelo.py)")


def gustafson(serie: float, n: int) -> float:
    """Aceleración con n procesos cuando el trabajo crece con ellos; ``serie`` se mide con los n en marcha."""
    raise NotImplementedError("gustafson (modelo.py)")


def fraccion_serie(tiempos: dict[int, float]) -> float:
    """La fracción en serie que mejor explica ``tiempos`` (procesos -> segundos medidos)."""
    raise NotImplementedError("fraccion_serie (modelo.py)")


def procesos_para_plazo(t1: float, serie: float, plazo: float) -> int | None:
    """El menor número de procesos que termina en ``plazo`` segundos o menos; None si no lo logra ninguno."""
    raise NotImplementedError("procesos_para_plazo (modelo.py)")
