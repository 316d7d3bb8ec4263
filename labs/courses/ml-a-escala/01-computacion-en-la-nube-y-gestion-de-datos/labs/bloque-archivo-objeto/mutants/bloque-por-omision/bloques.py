"""Bloques: un disco es una tira de bloques numerados. Aquí, imágenes de disco, sin montarlas y sin ser root."""

import json
import os
import subprocess
from pathlib import Path

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
    opciones = ("-q", "-F", "-t", "ext4", "-m", "0", "-L", etiqueta)
    _correr("mke2fs", *opciones, "-d", carpeta, imagen, f"{mib}M")


def crecer(imagen: str, mib: int) -> None:
    """Agranda el disco y, después, el sistema de archivos que lleva dentro."""
    os.truncate(imagen, mib << 20)
    _correr("e2fsck", "-f", "-p", imagen, bien=(0, 1))  # 1: había algo que arreglar y se arregló
    _correr("resize2fs", imagen)


def crear_capa(base: str, capa: str) -> None:
    """Un qcow2 vacío sobre una base que no se toca: solo guarda lo que cambie."""
    _correr("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(Path(base).resolve()), "-F", "raw", capa)


def fusionar(capa: str) -> None:
    """Lleva a la base lo que la capa cambió."""
    _correr("qemu-img", "commit", "-q", capa)


def fotografiar(capa: str, nombre: str) -> None:
    """Guarda el estado de ahora con un nombre."""
    _correr("qemu-img", "snapshot", "-c", nombre, capa)


def volver(capa: str, nombre: str) -> None:
    """Deja la capa como estaba en esa foto, que se conserva."""
    _correr("qemu-img", "snapshot", "-a", nombre, capa)


def fotos(capa: str) -> list[str]:
    """Los nombres de las fotos, de la primera a la última."""
    ficha = json.loads(_correr("qemu-img", "info", "--output=json", capa))
    return [foto["name"] for foto in ficha.get("snapshots", [])]


def cambiar_en_disco(posicion: int, datos: bytes, puerto: int = 10809) -> None:
    """Cambia unos bytes de un disco en red. Solo admite bloques enteros: los de los extremos se leen antes."""
    with Disco(puerto) as disco:
        desde = posicion // disco.BLOQUE * disco.BLOQUE
        hasta = -(-(posicion + len(datos)) // disco.BLOQUE) * disco.BLOQUE
        bloques = bytearray(disco.leer(desde, hasta - desde))
        bloques[posicion - desde : posicion - desde + len(datos)] = datos
        disco.escribir(desde, bytes(bloques))
