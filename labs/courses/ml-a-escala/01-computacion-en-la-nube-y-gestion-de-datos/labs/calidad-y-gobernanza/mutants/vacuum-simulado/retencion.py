"""Lo que se borra: por antigüedad, y a petición de una persona. En un lago, borrar una fila no borra el archivo."""

from pathlib import Path

from deltalake import DeltaTable
from privacidad import seudonimo


def purgar(ruta: str, antes_de: str, retenidas: list[int]) -> int:
    """Borra las reservas de vuelos que salieron antes de ese instante, salvo las retenidas. Dice cuántas."""
    condicion = f"salida < '{antes_de}'"
    if retenidas:
        condicion += f" AND reserva NOT IN ({', '.join(str(int(reserva)) for reserva in retenidas)})"
    return DeltaTable(ruta).delete(condicion)["num_deleted_rows"]


def _lineas(tabla: DeltaTable, documento: str, clave: str) -> list[int]:
    """Las filas de una persona, esté con su documento, escrito de cualquier modo, o con su seudónimo."""
    if "documento" in [campo.name for campo in tabla.schema().fields]:
        filas = tabla.to_pandas(columns=["linea", "documento"])
        suyas = filas["documento"].str.strip().str.upper() == documento.strip().upper()
    else:
        filas = tabla.to_pandas(columns=["linea", "persona"])
        suyas = filas["persona"] == seudonimo(documento, clave)
    return filas.loc[suyas, "linea"].tolist()


def olvidar(lago: str, documento: str, clave: str) -> dict[str, int]:
    """Quita a una persona de todas las tablas del lago y de sus archivos. Dice cuántas filas de cada una."""
    borradas = {}
    for ruta in sorted(carpeta for carpeta in Path(lago).iterdir() if carpeta.is_dir()):
        tabla = DeltaTable(ruta)
        lineas = _lineas(tabla, documento, clave)
        if lineas:
            # Por su línea: el registro de Delta guarda para siempre el texto de la condición.
            tabla.delete(f"linea IN ({', '.join(map(str, lineas))})")
        # Las versiones viejas, también las de otros borrados, son archivos que siguen ahí hasta que se recogen.
        tabla.vacuum(retention_hours=0, enforce_retention_duration=False)
        borradas[ruta.name] = len(lineas)
    return borradas
