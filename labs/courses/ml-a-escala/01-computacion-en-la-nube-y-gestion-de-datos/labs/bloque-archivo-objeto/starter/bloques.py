"""Bloques: un disco es una tira de bloques numerados. Aquí, imágenes de disco, sin montarlas y sin ser root."""

import os
import subprocess

from red import Disco

# mke2fs, resize2fs y compañía son herramientas de administración: viven fuera del PATH corriente.
ENTORNO = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}


def _correr(*orden: str, bien: tuple[int, ...] = (0,)) -> str:
    """Lo que escribe la orden. Si falla, sale su error."""
    hecho = subprocess.run(orden, env=ENTORNO, capture_output=True, text=True, check=False)
    if hecho.returncode not in bien:
        raise RuntimeError(f"{orden[0]}: {hecho.stderr.strip() or hecho.stdout.strip()}")
    return hecho.stdout


def formatear(imagen: str, mib: int, carpeta: str, etiqueta: str) -> None:
    """Una imagen ext4 de `mib` MiB con lo que hay en `carpeta`: bloques de 4 KiB y nada reservado para root."""
    # Un disco en blanco. ¿Qué orden pone dentro un sistema de archivos y la carpeta, sin montarlo?
    _correr("truncate", "-s", f"{mib}M", imagen)
    raise NotImplementedError("formatear (bloques.py)")


def crecer(imagen: str, mib: int) -> None:
    """Agranda el disco y, después, el sistema de archivos que lleva dentro."""
    raise NotImplementedError("crecer (bloques.py)")


def crear_capa(base: str, capa: str) -> None:
    """Un qcow2 vacío sobre una base que no se toca: solo guarda lo que cambie."""
    raise NotImplementedError("crear_capa (bloques.py)")


def fusionar(capa: str) -> None:
    """Lleva a la base lo que la capa cambió."""
    raise NotImplementedError("fusionar (bloques.py)")


def fotografiar(capa: str, nombre: str) -> None:
    """Guarda el estado de ahora con un nombre."""
    raise NotImplementedError("fotografiar (bloques.py)")


def volver(capa: str, nombre: str) -> None:
    """Deja la capa como estaba en esa foto, que se conserva."""
    raise NotImplementedError("volver (bloques.py)")


def fotos(capa: str) -> list[str]:
    """Los nombres de las fotos, de la primera a la última."""
    raise NotImplementedError("fotos (bloques.py)")


def cambiar_en_disco(posicion: int, datos: bytes, puerto: int = 10809) -> None:
    """Cambia unos bytes de un disco en red. Solo admite bloques enteros: los de los extremos se leen antes."""
    with Disco(puerto) as disco:
        disco.escribir(posicion, datos)  # el disco responde «Invalid argument»: ¿por qué?
