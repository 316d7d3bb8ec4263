"""Cuenta lo que hacen los hilos de un kernel en el simulador de numba: qué direcciones tocan y quién choca con quién.

    with contando() as cuenta:
        matrices.transponer(m)
    print(cuenta.transacciones("lectura"), cuenta.carreras())

Una GPU de NVIDIA ejecuta los hilos de 32 en 32 (un *warp*) y lee la memoria global en segmentos de 128 bytes: si los 32
piden direcciones vecinas basta un segmento; si están dispersas hacen falta hasta 32. Aquí los hilos son de Python: las
direcciones son las de verdad y los tiempos no significan nada.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba.cuda.simulator import kernel as nucleos
from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray, FakeWithinKernelCUDAArray
from numba.cuda.simulator.kernelapi import FakeCUDAAtomic, FakeCUDAShared
from numba.np import numpy_support

WARP, SEGMENTO = 32, 128


@dataclass(frozen=True)
class Acceso:
    bloque: tuple[int, ...]
    hilo: int
    fase: int  # cuántas veces pasó por syncthreads
    tipo: str  # lectura, escritura
    atomica: bool
    memoria: tuple[str, int, int]  # global o compartida, lanzamiento, qué array
    posicion: int  # en bytes desde el comienzo del array
    instruccion: tuple[int, int]  # línea del kernel y cuántas veces pasó este hilo por ella


@dataclass
class Cuenta:
    accesos: list[Acceso] = field(default_factory=list)
    lanzamientos: int = 0
    veces: dict[Any, int] = field(default_factory=lambda: defaultdict(int))

    def globales(self, tipo: str) -> list[Acceso]:
        return [a for a in self.accesos if a.tipo == tipo and a.memoria[0] == "global"]

    def hilos(self) -> int:
        """Cuántos hilos distintos tocaron la memoria global."""
        return len({(a.bloque, a.hilo) for a in self.accesos if a.memoria[0] == "global"})

    def transacciones(self, tipo: str) -> float:
        """Segmentos de 128 bytes que toca un warp cada vez que lee (o escribe) la memoria global, de media."""
        juntos: dict[Any, set] = defaultdict(set)
        for a in self.globales(tipo):
            warp = (a.memoria[1], a.bloque, a.hilo // WARP, a.instruccion)
            juntos[warp].add((a.memoria[2], a.posicion // SEGMENTO))
        return sum(map(len, juntos.values())) / len(juntos) if juntos else 0.0

    def carreras(self) -> list[str]:
        """Posiciones que dos hilos tocan sin orden entre ellos, cuando uno al menos escribe y no es atómico.

        Dentro de un bloque solo syncthreads ordena; entre bloques, nada.
        """
        por_lugar: dict[Any, list[Acceso]] = defaultdict(list)
        for a in self.accesos:
            donde = (a.memoria, a.posicion) if a.memoria[0] == "global" else (a.memoria, a.bloque, a.posicion)
            por_lugar[donde].append(a)
        return [
            f"memoria {lugar[0][0]}, byte {lugar[-1]}: hilos {choque[0].hilo} y {choque[1].hilo}"
            f" (bloques {choque[0].bloque} y {choque[1].bloque})"
            for lugar, accesos in por_lugar.items()
            if (choque := _choque(accesos))
        ]


def _choque(accesos: list[Acceso]) -> tuple[Acceso, Acceso] | None:
    simples = [a for a in accesos if a.tipo == "escritura" and not a.atomica]
    # Una escritura atómica choca con una lectura corriente, pero no con otra atómica.
    atomicas = [a for a in accesos if a.tipo == "escritura" and a.atomica][:1]
    lecturas = [a for a in accesos if not a.atomica and a.tipo == "lectura"]
    for uno, otros in [(a, accesos) for a in simples] + [(a, lecturas) for a in atomicas]:
        for otro in otros:
            distintos = (uno.bloque, uno.hilo) != (otro.bloque, otro.hilo)
            if distintos and (uno.bloque != otro.bloque or uno.fase == otro.fase):
                return uno, otro
    return None


_activa: Cuenta | None = None
_seguro = threading.Lock()


def _apuntar(array: np.ndarray, indice: Any, tipo: str, compartida: bool) -> None:
    hilo = threading.current_thread()
    if _activa is None or not isinstance(hilo, nucleos.BlockThread):
        return
    if not isinstance(indice, tuple):
        indice = (indice,)
    if len(indice) != array.ndim or not all(isinstance(i, int | np.integer) for i in indice):
        return
    raiz = array
    while isinstance(raiz.base, np.ndarray):
        raiz = raiz.base
    comienzo = raiz.__array_interface__["data"][0]
    lugar = array.__array_interface__["data"][0] + sum(int(i) * s for i, s in zip(indice, array.strides, strict=True))
    linea = _linea()
    with _seguro:
        bloque = tuple(hilo.blockIdx)
        clave = (_activa.lanzamientos, bloque, hilo.thread_id, linea, tipo)
        _activa.veces[clave] += 1
        memoria = ("compartida" if compartida else "global", _activa.lanzamientos, comienzo)
        vez = (linea, _activa.veces[clave])
        fase, atomica = getattr(hilo, "fase", 0), getattr(hilo, "atomica", False)
        _activa.accesos.append(Acceso(bloque, hilo.thread_id, fase, tipo, atomica, memoria, lugar - comienzo, vez))


def _linea() -> int:
    """La del kernel que hace el acceso: la primera fuera de este archivo y de numba."""
    marco = sys._getframe(2)
    while marco.f_back and ("numba" in marco.f_code.co_filename or marco.f_code.co_filename == __file__):
        marco = marco.f_back
    return marco.f_lineno


class _Compartida(FakeWithinKernelCUDAArray):
    """Como un array global dentro del kernel, y se sabe que no lo es."""


def _leer(self: Any, indice: Any) -> Any:
    _apuntar(self._item._ary, indice, "lectura", isinstance(self, _Compartida))
    return _original["leer"](self, indice)


def _escribir(self: Any, indice: Any, valor: Any) -> None:
    _apuntar(self._item._ary, indice, "escritura", isinstance(self, _Compartida))
    _original["escribir"](self, indice, valor)


def _reservar(self: Any, shape: Any, dtype: Any) -> Any:
    tipo = dtype if isinstance(dtype, np.dtype | type) else numpy_support.as_dtype(dtype)
    # Cada llamada que reserva es un array, el mismo para todos los hilos del bloque; nadie lo ha puesto a cero.
    marco = sys._getframe(1)
    donde = marco.f_code, marco.f_lasti, threading.current_thread().blockIdx.__str__()
    with _seguro:
        if donde not in self._allocations:
            basura = np.dtype(tipo).type(np.nan) if np.issubdtype(tipo, np.floating) else np.iinfo(tipo).min
            self._allocations[donde] = np.full(shape, basura, tipo)
    return _Compartida(FakeCUDAArray(self._allocations[donde]))


def _sincronizar(self: Any) -> None:
    _original["sincronizar"](self)
    self.fase = getattr(self, "fase", 0) + 1


def _lanzar(self: Any, *args: Any) -> Any:
    if _activa is not None and not self._device:
        _activa.lanzamientos += 1
    return _original["lanzar"](self, *args)


def _atomica(nombre: str) -> Any:
    def operar(self: Any, *args: Any) -> Any:
        hilo = threading.current_thread()
        hilo.atomica = True
        try:
            return _original[nombre](self, *args)
        finally:
            hilo.atomica = False

    return operar


_CLASES = {
    "leer": (FakeWithinKernelCUDAArray, "__getitem__", _leer),
    "escribir": (FakeWithinKernelCUDAArray, "__setitem__", _escribir),
    "reservar": (FakeCUDAShared, "array", _reservar),
    "sincronizar": (nucleos.BlockThread, "syncthreads", _sincronizar),
    "lanzar": (nucleos.FakeCUDAKernel, "__call__", _lanzar),
    **{n: (FakeCUDAAtomic, n, _atomica(n)) for n in vars(FakeCUDAAtomic) if not n.startswith("__")},
}
_original = {nombre: getattr(clase, atributo) for nombre, (clase, atributo, _) in _CLASES.items()}


@contextmanager
def contando() -> Iterator[Cuenta]:
    """Apunta los accesos de los kernels que se lancen dentro del bloque."""
    global _activa
    _activa = cuenta = Cuenta()
    for clase, atributo, nuevo in _CLASES.values():
        setattr(clase, atributo, nuevo)
    try:
        yield cuenta
    finally:
        _activa = None
        for nombre, (clase, atributo, _) in _CLASES.items():
            setattr(clase, atributo, _original[nombre])
