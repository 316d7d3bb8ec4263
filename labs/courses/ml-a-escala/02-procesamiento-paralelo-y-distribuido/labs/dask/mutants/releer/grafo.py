"""Un informe como grafo de tareas."""

from dask import delayed
from piezas import juntar, leer, limpiar, medir


def informe(rutas: list[str], columnas: list[str]) -> dict[str, float]:
    """La media de cada columna en todos los archivos, calculada con las cuatro piezas."""
    medidas = []
    for ruta in rutas:
        medidas += [delayed(medir)(delayed(limpiar)(delayed(leer)(ruta)), columna) for columna in columnas]
    return delayed(juntar)(medidas).compute()
