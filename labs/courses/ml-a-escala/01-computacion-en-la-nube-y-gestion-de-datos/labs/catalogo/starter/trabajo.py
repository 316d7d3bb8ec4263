"""Un trabajo de Glue: se define una vez, se ejecuta cada día y se sabe cómo terminó."""

EN_MARCHA = ("STARTING", "RUNNING", "STOPPING", "WAITING")


def definir(nombre: str, guion: str, rol: str, argumentos: dict[str, str]) -> None:
    """Crea el trabajo, o lo cambia si ya existe. ``guion`` es su ubicación en S3; ``argumentos``, los de costumbre."""
    raise NotImplementedError("definir (trabajo.py)")


def correr(nombre: str, argumentos: dict[str, str]) -> str:
    """Ejecuta el trabajo y espera. Devuelve el id de la ejecución, o lanza RuntimeError con lo que dijo al fallar."""
    raise NotImplementedError("correr (trabajo.py)")
