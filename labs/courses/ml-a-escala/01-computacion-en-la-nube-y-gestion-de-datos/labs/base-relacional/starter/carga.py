"""Carga los CSV de una carpeta. Repetirla deja lo mismo; si algo falla, no deja nada."""


def cargar(dsn: str, carpeta: str) -> None:
    """Lleva ``aerolineas.csv``, ``aviones.csv`` y ``vuelos.csv`` de la carpeta a sus tablas."""
    raise NotImplementedError("cargar (carga.py)")
