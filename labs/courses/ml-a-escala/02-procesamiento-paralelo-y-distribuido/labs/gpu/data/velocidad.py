"""Compila tus kernels para la tarjeta y mide a qué velocidad mueven los datos. Necesita una GPU de NVIDIA.

    python velocidad.py

La vara de medir es una copia dentro de la tarjeta, que lee y escribe cada byte una vez: un kernel que va al 90 % mueve
bytes casi tan deprisa como se puede. Se mide lo que tardan los kernels, sin el viaje de los datos a la tarjeta y de
vuelta, y sin la primera vez, que compila.
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

os.environ["NUMBA_ENABLE_CUDASIM"] = os.environ["TRITON_INTERPRET"] = "0"  # numba y triton lo miran al importarlos

import numpy as np
import torch
from numba import cuda
from numba.cuda.dispatcher import _LaunchConfiguration

DATOS = 1 << 26  # números de cada array: 256 MB en float32, más de lo que cabe en la caché de una tarjeta
VECES, RONDAS = 10, 5
ARCHIVO = {
    "axpy": "hilos",
    "suma": "hilos",
    "histograma": "hilos",
    "transponer": "matrices",
    "multiplicar": "matrices",
    "softmax": "bloques",
    "predecir": "precision",
}


def tuya(nombre: str) -> Callable[..., Any]:
    """Tu función. Su archivo se importa al pedirla: un error en uno no estorba a los demás."""
    return getattr(import_module(ARCHIVO[nombre]), nombre)


def calcular(nombre: str, *args: Any) -> Any:
    """Lo que da tu función con arrays de numpy, que van a la tarjeta y vuelven."""
    if nombre == "softmax":
        return tuya(nombre)(torch.from_numpy(args[0]).cuda()).cpu().numpy()
    if nombre == "predecir":
        pesos, x = args
        red = torch.nn.Linear(pesos.shape[1], pesos.shape[0], bias=False, device="cuda")
        with torch.no_grad():
            red.weight.copy_(torch.from_numpy(pesos))
        return tuya(nombre)(red, torch.from_numpy(x).cuda()).cpu().numpy()
    return tuya(nombre)(*args)


def _numeros(*forma: int) -> np.ndarray:
    return np.random.default_rng(7).random(forma, dtype=np.float32)


def _softmax_ya_en_la_tarjeta() -> Callable[[], Any]:
    x = torch.from_numpy(_numeros(DATOS // 4096, 4096)).cuda()
    softmax = tuya("softmax")
    return lambda: softmax(x)


MEDIDOS: dict[str, tuple[Callable[[], Callable[[], Any]], int]] = {
    "axpy": (lambda: _repetir(tuya("axpy"), 2.0, _numeros(DATOS), _numeros(DATOS)), 12),
    "suma": (lambda: _repetir(tuya("suma"), _numeros(DATOS)), 4),
    "transponer": (lambda: _repetir(tuya("transponer"), _numeros(1 << 13, 1 << 13)), 8),
    "softmax": (_softmax_ya_en_la_tarjeta, 8),
}
"""Lo que se mide, y los bytes que hay que leer y escribir por cada dato."""


def parte(nombre: str) -> float:
    """Los bytes por segundo de ese kernel entre los de la copia, medidos por turnos; de cada uno, la mejor ronda."""
    preparar, bytes_por_dato = MEDIDOS[nombre]
    kernel = preparar()
    origen = torch.from_numpy(_numeros(DATOS)).cuda()
    destino = torch.empty_like(origen)
    rondas = [(_segundos(kernel), _segundos(lambda: destino.copy_(origen))) for _ in range(RONDAS)]
    mio, copia = (min(tiempos) for tiempos in zip(*rondas, strict=True))
    return (bytes_por_dato / mio) / (8 / copia)


def _repetir(funcion: Callable[..., Any], *args: Any) -> Callable[[], None]:
    """Los kernels de numba que lanza la función, otra vez, con sus arrays ya en la tarjeta."""
    lanzados: list[tuple[Any, list[Any]]] = []
    lanzar = _LaunchConfiguration.__call__

    def apuntar(self: Any, *datos: Any) -> Any:
        lanzados.append((self, [cuda.to_device(dato) if isinstance(dato, np.ndarray) else dato for dato in datos]))
        return lanzar(self, *datos)

    _LaunchConfiguration.__call__ = apuntar
    try:
        funcion(*args)
    finally:
        _LaunchConfiguration.__call__ = lanzar

    def repetir() -> None:
        for configuracion, datos in lanzados:
            configuracion(*datos)

    return repetir


def _segundos(hacer: Callable[[], Any]) -> float:
    """Lo que tarda en la tarjeta, de media en ``VECES``."""
    hacer()
    antes, despues = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    antes.record()
    for _ in range(VECES):
        hacer()
    despues.record()
    despues.synchronize()
    return float(antes.elapsed_time(despues)) / 1000 / VECES


if __name__ == "__main__":
    if not torch.cuda.is_available():
        raise SystemExit("No hay ninguna GPU de NVIDIA, o este PyTorch no es el de CUDA: no hay velocidad que medir.")
    print(torch.cuda.get_device_name())
    for nombre in MEDIDOS:
        try:
            print(f"{nombre}: {parte(nombre):.0%} de la velocidad de una copia", flush=True)
        except NotImplementedError as falta:
            print(f"{nombre}: falta {falta}", flush=True)
        except Exception as error:  # tu código no compila para la tarjeta, o falla en ella
            print(f"{nombre}: {type(error).__name__}: {error}", flush=True)
