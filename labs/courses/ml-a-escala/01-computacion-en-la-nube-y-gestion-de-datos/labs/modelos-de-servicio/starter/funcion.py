"""PaaS: el programa como función. Lo que la plataforma no pone es esto."""

from resumen import resumir


def manejador(evento: dict, contexto: object) -> dict:
    """Resume cada CSV que llega a dias/ y deja el resultado en resumenes/, con el mismo nombre y .json."""
    raise NotImplementedError(f"manejador (funcion.py): leer de S3, llamar a {resumir.__name__} y guardar")
