"""La memoria manda: teselas en memoria compartida para leer y escribir en orden, y para leer una sola vez."""

import numpy as np
from numba import cuda, float32

LADO = 32  # de la tesela que se traspone: 32 float32 son 128 bytes, un segmento
ANCHO = LADO + 1  # en memoria: la columna de más evita conflictos de bancos
FILAS = 8  # filas de hilos: cada hilo mueve LADO / FILAS elementos
TESELA = 8  # lado de la tesela del producto


def teselas(n: int, lado: int) -> int:
    return (n + lado - 1) // lado


@cuda.jit
def nucleo_transponer(m, t):
    tesela = cuda.shared.array((LADO, ANCHO), float32)
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    columna, fila = cuda.blockIdx.x * LADO + x, cuda.blockIdx.y * LADO + y
    for salto in range(0, LADO, FILAS):
        if fila + salto < m.shape[0] and columna < m.shape[1]:
            tesela[y + salto, x] = m[fila + salto, columna]
    cuda.syncthreads()
    # Los hilos vecinos en x leyeron columnas vecinas de m, y ahora escriben columnas vecinas de t.
    columna, fila = cuda.blockIdx.y * LADO + x, cuda.blockIdx.x * LADO + y
    for salto in range(0, LADO, FILAS):
        if fila + salto < t.shape[0] and columna < t.shape[1]:
            t[fila + salto, columna] = tesela[x, y + salto]


def transponer(m: np.ndarray) -> np.ndarray:
    """La traspuesta de m (float32)."""
    t = np.zeros((m.shape[1], m.shape[0]), np.float32)
    nucleo_transponer[(teselas(m.shape[1], LADO), teselas(m.shape[0], LADO)), (LADO, FILAS)](m, t)
    return t


@cuda.jit
def nucleo_producto(a, b, c):
    trozo_a = cuda.shared.array((TESELA, TESELA), float32)
    trozo_b = cuda.shared.array((TESELA, TESELA), float32)
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    columna, fila = cuda.grid(2)
    suma = float32(0)
    for paso in range((a.shape[1] + TESELA - 1) // TESELA):
        k = paso * TESELA
        if fila < a.shape[0] and k + x < a.shape[1]:
            trozo_a[y, x] = a[fila, k + x]
        if k + y < b.shape[0] and columna < b.shape[1]:
            trozo_b[y, x] = b[k + y, columna]
        cuda.syncthreads()
        for i in range(TESELA):
            suma += trozo_a[y, i] * trozo_b[i, x]
        cuda.syncthreads()  # nadie llena la tesela siguiente mientras otro lee esta
    if fila < c.shape[0] and columna < c.shape[1]:
        c[fila, columna] = suma


def multiplicar(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a · b (float32): cada elemento se lee de la memoria global una vez por tesela."""
    c = np.zeros((a.shape[0], b.shape[1]), np.float32)
    nucleo_producto[(teselas(b.shape[1], TESELA), teselas(a.shape[0], TESELA)), (TESELA, TESELA)](a, b, c)
    return c
