"""Datos personales: seudónimos que sirven para cruzar tablas, y una tabla publicable en la que nadie destaca."""

import hashlib
import hmac

import pandas as pd

OCULTO = "*****"


def seudonimo(documento: str, clave: str) -> str:
    """HMAC-SHA256 del documento sin espacios y en mayúsculas. Sin la clave no se puede probar documento a documento."""
    normal = documento.strip().upper()
    return hmac.new(clave.encode(), normal.encode(), hashlib.sha256).hexdigest()


def _personas_iguales(tabla: pd.DataFrame) -> pd.Series:
    """Cuántas personas distintas, no cuántas filas, comparten década y código postal con la de cada fila."""
    return tabla.groupby(["decada", "postal"])["persona"].transform("nunique")


def publicar(reservas: pd.DataFrame, clave: str, k: int) -> pd.DataFrame:
    """``persona``, ``decada`` (entero: 1980), ``postal`` y ``precio``, en su orden y con k personas o más por grupo."""
    tabla = pd.DataFrame(
        {
            "persona": [seudonimo(documento, clave) for documento in reservas["documento"]],
            "decada": (reservas["nacimiento"].dt.year // 10 * 10).astype("int64"),
            "postal": reservas["postal"].str[:3] + "**",
            "precio": reservas["precio"],
        }
    )
    tabla["postal"] = tabla["postal"].where(_personas_iguales(tabla) >= k, OCULTO)
    return tabla[_personas_iguales(tabla) >= k].reset_index(drop=True)
