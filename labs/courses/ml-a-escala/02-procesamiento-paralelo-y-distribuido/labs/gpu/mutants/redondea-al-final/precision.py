"""Precisión mixta: menos bits donde se puede, y una escala para que los gradientes no se queden en cero."""

import torch
from torch import Tensor, nn


def predecir(red: nn.Module, x: Tensor) -> Tensor:
    """La salida calculada en bfloat16 y devuelta en float32. Los pesos de la red siguen en float32."""
    with torch.no_grad():
        return red(x).bfloat16().float()


class Escalador:
    """Lo que hace torch.amp.GradScaler: multiplica la pérdida y divide los gradientes antes de usarlos."""

    def __init__(self, escala: float = 1024.0, subir_cada: int = 100) -> None:
        self.escala = escala
        self.subir_cada = subir_cada
        self.buenos = 0

    def paso(self, perdida: Tensor, maestros: list[Tensor], copias: list[Tensor], tasa: float) -> bool:
        """Un paso de descenso. Devuelve si se dio.

        La pérdida se calculó con las ``copias`` en float16. Cambian los ``maestros`` en float32 y las copias con ellos.
        Si algún gradiente no es finito no cambia nada y la escala baja a la mitad; tras ``subir_cada`` pasos buenos
        seguidos, se duplica.
        """
        gradientes = torch.autograd.grad(perdida * self.escala, copias)
        if not all(gradiente.isfinite().all() for gradiente in gradientes):
            self.escala /= 2
            self.buenos = 0
            return False
        with torch.no_grad():
            for maestro, copia, gradiente in zip(maestros, copias, gradientes, strict=True):
                maestro -= tasa * (gradiente.float() / self.escala)  # en float32: dividir en float16 lo haría cero
                copia.copy_(maestro)
        self.buenos += 1
        if self.buenos == self.subir_cada:
            self.escala *= 2
            self.buenos = 0
        return True
