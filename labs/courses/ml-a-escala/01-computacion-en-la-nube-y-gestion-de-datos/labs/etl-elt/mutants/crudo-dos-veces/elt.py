"""ELT: se carga todo tal como llega; lo limpia después la base de datos, con los modelos de dbt/."""

import os
from pathlib import Path

import duckdb
from dbt.adapters.duckdb import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

CRUDO = """
CREATE SCHEMA IF NOT EXISTS crudo;
CREATE TABLE IF NOT EXISTS crudo.observaciones (
    entrega VARCHAR, linea INTEGER, cuerpo VARCHAR, cargado_en TIMESTAMPTZ
);
"""


def cargar(entregas: list[str], base: str) -> None:
    """Lleva cada línea, como texto, a ``crudo.observaciones``. Una entrega que ya está no se carga otra vez."""
    with duckdb.connect(base) as conexion:
        conexion.execute(CRUDO)
        for entrega in entregas:
            nombre = Path(entrega).stem
            lineas = Path(entrega).read_text(encoding="utf-8").splitlines()
            # Una sentencia, entera o nada: si falla a mitad, la entrega no consta y se puede repetir.
            conexion.execute(
                """INSERT INTO crudo.observaciones
                   SELECT $nombre, numero, $lineas[numero], now()
                   FROM range(1, len($lineas) + 1) AS lineas(numero)""",
                {"nombre": nombre, "lineas": lineas},
            )


def construir(base: str) -> dict[str, str]:
    """Ejecuta ``dbt build`` sobre esa base: modelos y pruebas. Devuelve cómo terminó cada uno."""
    os.environ["BASE"] = str(Path(base).resolve())
    try:
        final = dbtRunner().invoke(["--quiet", "build", "--project-dir", "dbt", "--profiles-dir", "dbt"])
    finally:
        DuckDBConnectionManager.close_all_connections()
    if final.result is None:
        raise RuntimeError(str(final.exception))
    return {nodo.node.name: str(nodo.status) for nodo in final.result}
