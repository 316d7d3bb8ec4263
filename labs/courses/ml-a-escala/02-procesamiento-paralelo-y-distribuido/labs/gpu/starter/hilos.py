"""Un hilo por dato: kernels de CUDA con numba. Sin GPU los ejecuta el simulador; con una, se compilan para ella."""

import numpy as np
from numba import cuda

HILOS = 64  # por bloque: potencia de dos, múltiplo de 32


def bloques_para(n: int) -> int:
    """Los bloques de HILOS hilos que cubren n datos."""
    return max(1, (n + HILOS - 1) // HILOS)


@cuda.jit
def nucleo_axpy(a, x, y, z):
    i = cuda.grid(1)  # el número de este hilo entre todos
    z[i] = a * x[i] + y[i]  # ¿y si i se sale?


def axpy(a: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """a · x + y, con un hilo por elemento."""
    if x.size % HILOS:
        raise NotImplementedError("que el último bloque, que tiene hilos de sobra, no se salga")
    z = np.zeros_like(x)
    nucleo_axpy[bloques_para(x.size), HILOS](a, x, y, z)
    return z


def suma(x: np.ndarray) -> float:
    """La suma de x: cada bloque suma lo suyo en memoria compartida, en árbol, y lo añade al total."""
    raise NotImplementedError("sumar en memoria compartida, en árbol")


@cuda.jit
def nucleo_histograma(valores, cuentas):
    i = cuda.grid(1)
    if i < valores.size:
        cuentas[valores[i]] += 1  # muchos hilos a la vez en la misma caja


def histograma(valores: np.ndarray, cajas: int) -> np.ndarray:
    """Cuántas veces sale cada número de 0 a cajas − 1."""
    cuentas = np.zeros(cajas, np.int32)
    nucleo_histograma[bloques_para(valores.size), HILOS](valores, cuentas)
    return cuentas
