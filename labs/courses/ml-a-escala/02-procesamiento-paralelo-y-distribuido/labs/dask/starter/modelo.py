"""Una regresión que aprende bloque a bloque."""

COLUMNAS = ["retraso_salida", "minutos", "millas"]


def entrenar(carpeta: str) -> dict[str, list[float] | float]:
    """Predice el retraso de llegada: media y desviacion de cada columna, coeficientes e intercepto."""
    raise NotImplementedError("entrenar")
