"""Qué ejemplos toca a cada proceso."""

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import DataLoader, Dataset, DistributedSampler


def lotes(datos: Dataset, lote: int, epoca: int, semilla: int) -> DataLoader:
    """Los lotes de este proceso en esa época: entre todos, cada ejemplo una vez y en un orden nuevo."""
    reparto: DistributedSampler = DistributedSampler(datos, shuffle=True, seed=semilla)
    reparto.set_epoch(epoca)
    return DataLoader(datos, batch_size=lote, sampler=reparto)


def exactitud(red: nn.Module, datos: Dataset) -> float:
    """Fracción de aciertos sobre todos los datos, la misma en todos los procesos."""
    cuenta = torch.zeros(2, dtype=torch.int64)
    with torch.no_grad():
        for imagenes, digitos in DataLoader(datos, batch_size=256):
            cuenta += torch.tensor([(red(imagenes).argmax(1) == digitos).sum(), len(digitos)])
    aciertos, total = cuenta.tolist()
    return aciertos / total
