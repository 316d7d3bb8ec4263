"""Las cuatro piezas del informe: funciones corrientes de pandas, que no saben nada de Dask."""

import pandas as pd


def leer(ruta: str) -> pd.DataFrame:
    return pd.read_parquet(ruta)


def limpiar(tabla: pd.DataFrame) -> pd.DataFrame:
    """Sin retrasos imposibles."""
    return tabla[tabla["retraso"].between(-60, 600)]


def medir(tabla: pd.DataFrame, columna: str) -> tuple[str, float, int]:
    """Columna, suma y número de filas: con eso se calcula la media de muchas tablas."""
    return columna, float(tabla[columna].sum()), len(tabla)


def juntar(medidas: list[tuple[str, float, int]]) -> dict[str, float]:
    """La media de cada columna."""
    sumas: dict[str, float] = {}
    filas: dict[str, int] = {}
    for columna, suma, cuantas in medidas:
        sumas[columna] = sumas.get(columna, 0.0) + suma
        filas[columna] = filas.get(columna, 0) + cuantas
    return {columna: sumas[columna] / filas[columna] for columna in sumas}
