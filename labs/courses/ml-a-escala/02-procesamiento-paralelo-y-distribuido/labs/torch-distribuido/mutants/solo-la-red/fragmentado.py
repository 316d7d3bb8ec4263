"""FSDP2: cada proceso guarda solo su parte de los pesos, de los gradientes y del optimizador."""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard


def fragmentar(red: nn.Sequential, tasa: float) -> tuple[nn.Sequential, torch.optim.SGD]:
    """La red repartida por capas y su optimizador."""
    malla = init_device_mesh("cpu", (dist.get_world_size(),))
    fully_shard(red, mesh=malla)
    # Después: fully_shard cambia los parámetros por otros, y un optimizador anterior movería los viejos.
    return red, torch.optim.SGD(red.parameters(), lr=tasa)


def valores_locales(red: nn.Module) -> int:
    """Cuántos números de la red guarda este proceso."""
    return sum(parametro.to_local().numel() for parametro in red.parameters())


def estado_completo(red: nn.Module) -> dict[str, Tensor]:
    """Los pesos enteros, reunidos de todos los procesos: todos tienen que llamarla."""
    return {nombre: parametro.full_tensor().detach() for nombre, parametro in red.named_parameters()}
