"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bloques import softmax
from hilos import axpy, histograma, suma
from matrices import multiplicar, transponer
from numba import config
from precision import Escalador, predecir
from techo import Tarjeta, alcanzable, intensidad_axpy, intensidad_producto, tesela_suficiente

SIMULADOR = bool(config.ENABLE_CUDASIM)
DONDE = "cpu" if SIMULADOR else "cuda"
azar = np.random.default_rng(7)
torch.manual_seed(7)


def numeros(*forma: int) -> np.ndarray:
    return azar.random(forma, dtype=np.float32)


def un_hilo_por_dato() -> str:
    x, y, valores = numeros(150), numeros(150), azar.integers(0, 5, 150)
    error = np.abs(axpy(2.0, x, y) - (2 * x + y)).max()
    return f"axpy difiere en {error:.0e}; la suma es {suma(x):.3f} ({x.sum():.3f}); histograma {histograma(valores, 5)}"


def carreras() -> str:
    return _contado(lambda: histograma(azar.integers(0, 5, 150), 5), lambda c: f"{len(c.carreras())} carreras")


def memoria() -> str:
    m, a, b = numeros(64, 32), numeros(20, 18), numeros(18, 21)
    texto = _contado(
        lambda: transponer(m),
        lambda c: f"transponer: {c.transacciones('lectura'):.1f} segmentos por lectura de un warp, "
        f"{c.transacciones('escritura'):.1f} por escritura",
    )
    lecturas = _contado(lambda: multiplicar(a, b), lambda c: f"{len(c.globales('lectura'))}")
    return f"{texto}; multiplicar lee {lecturas} números (sin teselas, {2 * 20 * 18 * 21})"


def triton() -> str:
    x = torch.randn(5, 11, device=DONDE)
    return f"softmax difiere en {(softmax(x) - x.softmax(1)).abs().max():.0e}"


def precision_mixta() -> str:
    red = torch.nn.Linear(64, 8, device=DONDE)
    x = torch.randn(16, 64, device=DONDE)
    texto = f"bfloat16 difiere en {(predecir(red, x) - red(x)).abs().max():.0e}"
    maestro = torch.tensor([1.0], device=DONDE)
    for escala in (1.0, 1024.0):
        copia = maestro.half().requires_grad_()
        gradiente = torch.autograd.grad((copia.float() * 1e-8).sum() * escala, copia)[0].float() / escala
        texto += f"; con escala {escala:.0f} un gradiente de 1e-08 en float16 queda en {gradiente.item():.0e}"
    Escalador().paso((copia.float() * 1e-8).sum(), [maestro], [copia], 1e7)
    return f"{texto}; el peso pasa de 1 a {maestro.item():.3f}"


def techo() -> str:
    a100 = Tarjeta(operaciones=19.5e12, ancho=1555e9)  # NVIDIA A100 de 40 GB, float32
    axpy_posible = alcanzable(a100, intensidad_axpy(4)) / a100.operaciones
    producto = alcanzable(a100, intensidad_producto(4096, 4096, 4096, 8, 4)) / a100.operaciones
    basta = tesela_suficiente(a100, 4096, 4)
    texto = f"A100: axpy da el {axpy_posible:.1%} del pico; un producto con teselas de 8, el {producto:.0%}"
    return f"{texto}; de {basta}, todo"


def velocidad() -> str:
    if not list(Path("/dev").glob("nvidia[0-9]*")):
        return "sin GPU no se mide: el simulador ejecuta cada hilo en Python, y su tiempo no dice nada de una tarjeta"
    medido = subprocess.run([sys.executable, "velocidad.py"], capture_output=True, text=True)
    return "; ".join((medido.stdout + medido.stderr[-1000:]).splitlines())


def _contado(hacer: Callable[[], object], contar: Callable) -> str:
    if not SIMULADOR:
        return "solo el simulador cuenta accesos"
    from contador import contando

    with contando() as cuenta:
        hacer()
    return contar(cuenta)


for paso in (un_hilo_por_dato, carreras, memoria, triton, precision_mixta, techo, velocidad):
    try:
        print(f"● {paso.__name__}: {paso()}", flush=True)
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}", flush=True)
