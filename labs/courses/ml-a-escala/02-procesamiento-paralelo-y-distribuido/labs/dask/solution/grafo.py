"""Un informe como grafo de tareas."""

from dask import delayed
from piezas import juntar, leer, limpiar, medir


def informe(rutas: list[str], columnas: list[str]) -> dict[str, float]:
    """La media de cada columna en todos los archivos, calculada con las cuatro piezas."""
    medidas = []
    for ruta in rutas:
        tabla = delayed(limpiar)(delayed(leer)(ruta))  # un nodo que comparten todas las medidas de este archivo
        medidas += [delayed(medir)(tabla, columna) for columna in columnas]
    return delayed(juntar)(medidas).compute()
