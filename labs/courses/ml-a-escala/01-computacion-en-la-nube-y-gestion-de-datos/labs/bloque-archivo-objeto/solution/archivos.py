"""Archivos: una carpeta en red se lee y se cambia por trozos, y crece por el final."""

from red import Carpeta


def leer_tramo(nombre: str, posicion: int, cuantos: int, carpeta: str = "datos") -> bytes:
    """`cuantos` bytes desde una posición; menos, si el archivo acaba antes. Una lectura puede traer menos."""
    tramo = bytearray()
    with Carpeta(carpeta) as red:
        archivo = red.abrir(nombre)
        while len(tramo) < cuantos:
            leido = red.leer(archivo, posicion + len(tramo), cuantos - len(tramo))
            if not leido:
                break
            tramo += leido
    return bytes(tramo)


def _escribir(red: Carpeta, archivo: int, posicion: int, datos: bytes) -> None:
    escritos = 0
    while escritos < len(datos):
        escritos += red.escribir(archivo, posicion + escritos, datos[escritos:])


def cambiar_en_archivo(nombre: str, posicion: int, datos: bytes, carpeta: str = "datos") -> None:
    """Cambia unos bytes en su sitio: viajan esos y ninguno más."""
    with Carpeta(carpeta) as red:
        _escribir(red, red.abrir(nombre, escribir=True), posicion, datos)


def agregar(nombre: str, datos: bytes, carpeta: str = "datos") -> None:
    """Escribe al final, sin leer lo que hay."""
    with Carpeta(carpeta) as red:
        archivo = red.abrir(nombre, escribir=True)
        _escribir(red, archivo, red.tamano(archivo), datos)
