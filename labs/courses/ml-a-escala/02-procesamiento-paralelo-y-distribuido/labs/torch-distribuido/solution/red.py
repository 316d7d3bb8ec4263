"""Los datos y la red. Este archivo ya está completo."""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

DIGITOS = Path(__file__).parent / "digitos.csv.gz"
ENTRENAMIENTO = 1_500  # de 1797; el resto es de prueba


def cargar() -> tuple[TensorDataset, TensorDataset]:
    """Imágenes de 8 × 8 con valores de 0 a 1, y el dígito que es cada una: (entrenamiento, prueba)."""
    tabla = torch.from_numpy(np.loadtxt(DIGITOS, delimiter=",", dtype=np.float32))
    imagenes, digitos = tabla[:, :64] / 16, tabla[:, 64].long()
    return (
        TensorDataset(imagenes[:ENTRENAMIENTO], digitos[:ENTRENAMIENTO]),
        TensorDataset(imagenes[ENTRENAMIENTO:], digitos[ENTRENAMIENTO:]),
    )


def crear_red(semilla: int = 0) -> nn.Sequential:
    """La misma semilla da los mismos pesos."""
    torch.manual_seed(semilla)
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
