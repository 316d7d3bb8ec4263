"""Medidas: de lo que escribe fio a una tabla que se puede comparar."""

COLUMNAS = ("trabajo", "rw", "bs", "iops", "mib_s", "p99_us")


def resumir(registro: dict) -> list[dict]:
    """Una fila por trabajo del JSON de fio: operaciones y MiB por segundo, y la latencia que el 1 % peor supera."""
    raise NotImplementedError("resumir (medidas.py)")
