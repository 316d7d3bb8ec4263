"""Qué se comunican los procesos: pesos al empezar y gradientes en cada paso."""

from contextlib import nullcontext

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

INERCIA = 0.9


def igualar_pesos(red: nn.Module) -> None:
    """Deja en todos los procesos los pesos del proceso 0."""
    for parametro in red.parameters():
        dist.broadcast(parametro.data, src=0)


def promediar_gradientes(red: nn.Module) -> None:
    """Deja en cada proceso la media de los gradientes de todos. Un parámetro congelado no tiene gradiente."""
    for parametro in red.parameters():
        if parametro.grad is not None:
            dist.all_reduce(parametro.grad, op=dist.ReduceOp.SUM)
            parametro.grad /= dist.get_world_size()


def preparar(red: nn.Module, tasa: float) -> tuple[DistributedDataParallel, torch.optim.SGD]:
    """La red envuelta en DDP, que hace las dos cosas de arriba, y su optimizador."""
    ddp = DistributedDataParallel(red)
    return ddp, torch.optim.SGD(ddp.parameters(), lr=tasa, momentum=INERCIA)


def paso(
    ddp: DistributedDataParallel, optimizador: torch.optim.Optimizer, microlotes: list[tuple[Tensor, Tensor]]
) -> float:
    """Un paso con el gradiente medio de todos los microlotes, comunicado una sola vez. Devuelve la pérdida media."""
    optimizador.zero_grad()
    total = 0.0
    for numero, (imagenes, digitos) in enumerate(microlotes, start=1):
        # DDP decide al calcular la salida si comunicará después: forward y backward van dentro.
        with nullcontext() if numero == len(microlotes) else ddp.no_sync():
            perdida = F.cross_entropy(ddp(imagenes), digitos) / len(microlotes)
            perdida.backward()
        total += perdida.item()
    optimizador.step()
    return total / dist.get_world_size()
