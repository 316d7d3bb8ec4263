"""Qué se comunican los procesos: pesos al empezar y gradientes en cada paso."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

INERCIA = 0.9


def igualar_pesos(red: nn.Module) -> None:
    """Deja en todos los procesos los pesos del proceso 0."""
    raise NotImplementedError("copiar los pesos del proceso 0 a todos")


def promediar_gradientes(red: nn.Module) -> None:
    """Deja en cada proceso la media de los gradientes de todos. Un parámetro congelado no tiene gradiente."""
    raise NotImplementedError("dejar en cada proceso la media de los gradientes")


def preparar(red: nn.Module, tasa: float) -> tuple[DistributedDataParallel, torch.optim.SGD]:
    """La red envuelta en DDP, que hace las dos cosas de arriba, y su optimizador."""
    raise NotImplementedError("envolver la red en DDP y crear un SGD con inercia INERCIA")


def paso(
    ddp: DistributedDataParallel, optimizador: torch.optim.Optimizer, microlotes: list[tuple[Tensor, Tensor]]
) -> float:
    """Un paso con el gradiente medio de todos los microlotes, comunicado una sola vez. Devuelve la pérdida media."""
    optimizador.zero_grad()
    total = 0.0
    for imagenes, digitos in microlotes:  # con varios microlotes esto comunica de más y suma de más
        perdida = F.cross_entropy(ddp(imagenes), digitos)
        perdida.backward()
        total += perdida.item()
    optimizador.step()
    return total
