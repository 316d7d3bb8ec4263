"""Un hilo por dato: kernels de CUDA con numba. Sin GPU los ejecuta el simulador; con una, se compilan para ella."""

import numpy as np
from numba import cuda, float32

HILOS = 64  # por bloque: potencia de dos, múltiplo de 32


def bloques_para(n: int) -> int:
    """Los bloques de HILOS hilos que cubren n datos."""
    return max(1, (n + HILOS - 1) // HILOS)


@cuda.jit
def nucleo_axpy(a, x, y, z):
    i = cuda.grid(1)
    if i < x.size:  # el último bloque tiene hilos de sobra
        z[i] = a * x[i] + y[i]


def axpy(a: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """a · x + y, con un hilo por elemento."""
    z = np.zeros_like(x)
    nucleo_axpy[bloques_para(x.size), HILOS](a, x, y, z)
    return z


@cuda.jit
def nucleo_suma(x, total):
    parcial = cuda.shared.array(1, float32)
    hilo, i = cuda.threadIdx.x, cuda.grid(1)
    if hilo == 0:
        parcial[0] = float32(0)
    cuda.syncthreads()
    if i < x.size:
        cuda.atomic.add(parcial, 0, x[i])
    cuda.syncthreads()
    if hilo == 0:
        cuda.atomic.add(total, 0, parcial[0])


def suma(x: np.ndarray) -> float:
    """La suma de x: cada bloque suma lo suyo en memoria compartida, en árbol, y lo añade al total."""
    total = np.zeros(1, np.float32)
    nucleo_suma[bloques_para(x.size), HILOS](x, total)
    return float(total[0])


@cuda.jit
def nucleo_histograma(valores, cuentas):
    i = cuda.grid(1)
    if i < valores.size:
        cuda.atomic.add(cuentas, valores[i], 1)


def histograma(valores: np.ndarray, cajas: int) -> np.ndarray:
    """Cuántas veces sale cada número de 0 a cajas − 1."""
    cuentas = np.zeros(cajas, np.int32)
    nucleo_histograma[bloques_para(valores.size), HILOS](valores, cuentas)
    return cuentas
