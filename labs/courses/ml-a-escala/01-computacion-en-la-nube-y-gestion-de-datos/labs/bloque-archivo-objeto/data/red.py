"""Dos clientes pequeños para hablar por la red con un disco (NBD) y con una carpeta (9P). Se usan; no se cambian."""

import os
import socket
import struct
from pathlib import Path


def _recibir(conexion: socket.socket, cuantos: int) -> bytes:
    partes = bytearray()
    while len(partes) < cuantos:
        parte = conexion.recv(cuantos - len(partes))
        if not parte:
            raise ConnectionError("el servidor cerró la conexión")
        partes += parte
    return bytes(partes)


class Disco:
    """Un disco de bloques por NBD: se lee y se escribe por posición, en bloques enteros de 4096 bytes."""

    BLOQUE = 4096
    _LEER, _ESCRIBIR, _CERRAR = 0, 1, 2

    def __init__(self, puerto: int = 10809) -> None:
        self._conexion = socket.create_connection(("127.0.0.1", puerto), timeout=20)
        _recibir(self._conexion, 18)  # NBDMAGIC, IHAVEOPT y las banderas del servidor
        self._conexion.sendall(struct.pack(">I", 3) + b"IHAVEOPT" + struct.pack(">II", 1, 0))  # el disco sin nombre
        self.tamano, _ = struct.unpack(">QH", _recibir(self._conexion, 10))

    def __enter__(self) -> "Disco":
        return self

    def __exit__(self, *_: object) -> None:
        self._pedir(self._CERRAR, 0, 0)
        self._conexion.close()

    def _pedir(self, orden: int, posicion: int, cuantos: int, datos: bytes = b"") -> None:
        self._conexion.sendall(struct.pack(">IHHQQI", 0x25609513, 0, orden, 0, posicion, cuantos) + datos)

    def _respuesta(self) -> None:
        _, error, _ = struct.unpack(">IIQ", _recibir(self._conexion, 16))
        if error:
            raise OSError(error, os.strerror(error))

    def leer(self, posicion: int, cuantos: int) -> bytes:
        self._pedir(self._LEER, posicion, cuantos)
        self._respuesta()
        return _recibir(self._conexion, cuantos)

    def escribir(self, posicion: int, datos: bytes) -> None:
        self._pedir(self._ESCRIBIR, posicion, len(datos), datos)
        self._respuesta()


class Carpeta:
    """Una carpeta compartida por 9P2000.L, el protocolo que montan Linux y QEMU."""

    _NADIE = 0xFFFFFFFF
    _CABECERA = 24  # lo que ocupa una petición o una respuesta además de los datos

    def __init__(self, ruta: str = "datos", puerto: int = 5640) -> None:
        self._conexion = socket.create_connection(("127.0.0.1", puerto), timeout=20)
        self._siguiente = 1
        version = self._pedir(100, struct.pack("<I", 65536) + self._texto("9P2000.L"))
        self._trozo = struct.unpack_from("<I", version)[0] - self._CABECERA  # el servidor rechaza uno mayor
        quien = struct.pack("<II", 0, self._NADIE) + self._texto("") + self._texto(str(Path(ruta).resolve()))
        self._pedir(104, quien + struct.pack("<I", os.getuid()))  # la raíz queda en el identificador 0

    def __enter__(self) -> "Carpeta":
        return self

    def __exit__(self, *_: object) -> None:
        self._conexion.close()

    @staticmethod
    def _texto(texto: str) -> bytes:
        codificado = texto.encode()
        return struct.pack("<H", len(codificado)) + codificado

    def _pedir(self, orden: int, cuerpo: bytes) -> bytes:
        etiqueta = 0xFFFF if orden == 100 else 1
        self._conexion.sendall(struct.pack("<IBH", 7 + len(cuerpo), orden, etiqueta) + cuerpo)
        largo, respuesta, _ = struct.unpack("<IBH", _recibir(self._conexion, 7))
        contenido = _recibir(self._conexion, largo - 7)
        if respuesta == 7:  # Rlerror
            (error,) = struct.unpack("<I", contenido)
            raise OSError(error, os.strerror(error))
        return contenido

    def abrir(self, nombre: str, escribir: bool = False) -> int:
        """El identificador de un archivo abierto."""
        archivo, self._siguiente = self._siguiente, self._siguiente + 1
        partes = nombre.strip("/").split("/")
        camino = b"".join(self._texto(parte) for parte in partes)
        self._pedir(110, struct.pack("<IIH", 0, archivo, len(partes)) + camino)
        self._pedir(12, struct.pack("<II", archivo, os.O_RDWR if escribir else os.O_RDONLY))
        return archivo

    def tamano(self, archivo: int) -> int:
        """Bytes del archivo, sin leerlo."""
        (bytes_,) = struct.unpack_from("<Q", self._pedir(24, struct.pack("<IQ", archivo, 0x7FF)), 49)
        return bytes_

    def leer(self, archivo: int, posicion: int, cuantos: int) -> bytes:
        """Hasta `cuantos` bytes: al final del archivo llegan menos, y nunca más de unos 64 KiB de una vez."""
        contenido = self._pedir(116, struct.pack("<IQI", archivo, posicion, min(cuantos, self._trozo)))
        return contenido[4:]

    def escribir(self, archivo: int, posicion: int, datos: bytes) -> int:
        """Cuántos bytes se escribieron: nunca más de unos 64 KiB de una vez."""
        datos = datos[: self._trozo]
        contenido = self._pedir(118, struct.pack("<IQI", archivo, posicion, len(datos)) + datos)
        (escritos,) = struct.unpack("<I", contenido)
        return escritos
