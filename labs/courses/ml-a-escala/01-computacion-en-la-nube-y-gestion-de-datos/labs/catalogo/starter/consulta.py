"""Consultas de Athena: se piden, se esperan y se recogen por páginas."""

def consultar(sql: str, base: str, salida: str) -> list[dict[str, str | None]]:
    """Las filas de la consulta, cada una con sus columnas por nombre; los valores, como texto."""
    raise NotImplementedError("consultar (consulta.py)")
