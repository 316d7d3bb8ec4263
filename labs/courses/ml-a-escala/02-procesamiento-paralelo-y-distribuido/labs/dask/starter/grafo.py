"""Un informe como grafo de tareas."""

from piezas import juntar, leer, limpiar, medir


def informe(rutas: list[str], columnas: list[str]) -> dict[str, float]:
    """La media de cada columna en todos los archivos, calculada con las cuatro piezas."""
    # Correcto, pero en un solo proceso y leyendo cada archivo tantas veces como columnas hay.
    return juntar([medir(limpiar(leer(ruta)), columna) for ruta in rutas for columna in columnas])
