"""Datos personales: seudónimos que sirven para cruzar tablas, y una tabla publicable en la que nadie destaca."""

import pandas as pd


def seudonimo(documento: str, clave: str) -> str:
    """HMAC-SHA256 del documento sin espacios y en mayúsculas. Sin la clave no se puede probar documento a documento."""
    raise NotImplementedError("seudonimo (privacidad.py)")


def publicar(reservas: pd.DataFrame, clave: str, k: int) -> pd.DataFrame:
    """``persona``, ``decada`` (entero: 1980), ``postal`` y ``precio``, en su orden y con k personas o más por grupo."""
    raise NotImplementedError("publicar (privacidad.py)")
