"""Pulsa Ejecutar: prueba lo que llevas hecho en dos procesos. Este archivo no se califica; cámbialo cuanto quieras."""

import tempfile
from collections import Counter
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from entrenar import entrenar
from fragmentado import estado_completo, fragmentar, valores_locales
from red import cargar, crear_red
from reparto import exactitud, lotes
from sincronia import igualar_pesos, paso, preparar, promediar_gradientes
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import TensorDataset

DOS = 2


def a_mano() -> str:
    red = crear_red(semilla=dist.get_rank())  # pesos distintos
    igualar_pesos(red)
    imagenes, digitos = cargar()[0][dist.get_rank() * 8 : dist.get_rank() * 8 + 8]
    F.cross_entropy(red(imagenes), digitos).backward()
    promediar_gradientes(red)
    return f"norma del gradiente en cada proceso: {_de_todos(red[0].weight.grad.norm())}"


def reparto() -> str:
    ids = torch.arange(20)
    vistos = [torch.cat([x for x, _ in lotes(TensorDataset(ids, ids), 5, epoca, 0)]) for epoca in (0, 1)]
    veces = Counter(numero for parte in _de_todos(vistos[0]) for numero in parte.tolist())
    orden = " y ".join(str(parte[:5].tolist()) for parte in vistos)
    return f"{len(veces)} de 20 ejemplos vistos, {max(veces.values())} vez como mucho; épocas 0 y 1: {orden}"


def ddp() -> str:
    datos, prueba = cargar()
    modelo, optimizador = preparar(crear_red(semilla=dist.get_rank()), 0.1)
    for epoca in range(3):
        perdidas = [paso(modelo, optimizador, [lote]) for lote in lotes(datos, 25, epoca, 0)]
    pesos = _de_todos(modelo.module[0].weight.detach().norm())
    return f"pérdida {perdidas[-1]:.3f}, exactitud {exactitud(modelo.module, prueba):.3f}, norma de los pesos {pesos}"


def acumulacion() -> str:
    imagenes, digitos = cargar()[0][dist.get_rank() * 60 : dist.get_rank() * 60 + 60]
    finales = []
    for partes in (1, 3):
        modelo, optimizador = preparar(crear_red(), 0.1)
        paso(modelo, optimizador, list(zip(imagenes.chunk(partes), digitos.chunk(partes), strict=True)))
        finales.append(modelo.module[0].weight.detach())
    return f"un lote de 60 o tres de 20: los pesos difieren en {(finales[0] - finales[1]).abs().max():.1e}"


def punto_de_control() -> str:
    carpeta = [tempfile.mkdtemp() if dist.get_rank() == 0 else None]
    dist.broadcast_object_list(carpeta)
    for nombre, tramos in (("seguido", (3,)), ("en dos tramos", (1, 3))):
        for epocas in tramos:
            entrenar(epocas, Path(carpeta[0], f"{nombre}.pt"))
    uno, otro = (
        torch.load(Path(carpeta[0], f"{n}.pt"), weights_only=True)["red"]["0.weight"]
        for n in ("seguido", "en dos tramos")
    )
    return f"seguido o en dos tramos: los pesos difieren en {(uno - otro).abs().max():.1e}"


def fsdp() -> str:
    red, _ = fragmentar(crear_red(), 0.1)
    enteros = sum(valor.numel() for valor in estado_completo(red).values())
    return f"cada proceso guarda {_de_todos(torch.tensor(valores_locales(red)))} de {enteros} números"


def _de_todos(valor: Tensor) -> list:
    """El valor de cada proceso, para compararlos."""
    todos = [torch.empty_like(valor) for _ in range(dist.get_world_size())]
    dist.all_gather(todos, valor)
    return [round(v.item(), 5) if v.ndim == 0 else v for v in todos]


def proceso(rango: int, encuentro: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{encuentro}", rank=rango, world_size=DOS)
    for prueba in (a_mano, reparto, ddp, acumulacion, punto_de_control, fsdp):
        try:
            texto = f"● {prueba.__name__}: {prueba()}"
        except NotImplementedError as falta:
            texto = f"○ {prueba.__name__}: falta {falta}"
        if rango == 0:
            print(texto, flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    # fork copia este proceso, que ya tiene torch cargado. Con GPU se usa torchrun, como en el paso 4.
    mp.start_processes(proceso, (f"{tempfile.mkdtemp()}/encuentro",), nprocs=DOS, start_method="fork")
