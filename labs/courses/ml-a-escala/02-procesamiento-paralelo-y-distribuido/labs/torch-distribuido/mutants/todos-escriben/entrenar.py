"""El programa que torchrun arranca en cada proceso: entrena, guarda al final de cada época y sabe continuar.

torchrun --standalone --nproc-per-node 2 --max-restarts 1 entrenar.py --epocas 6 --fallar-en 3
"""

import argparse
import os
import signal
from pathlib import Path

import torch
import torch.distributed as dist
from red import cargar, crear_red
from reparto import exactitud, lotes
from sincronia import paso, preparar
from torch.nn.parallel import DistributedDataParallel

LOTE, TASA = 25, 0.1


def guardar(ruta: Path, ddp: DistributedDataParallel, optimizador: torch.optim.Optimizer, epoca: int) -> None:
    """Escribe el punto de control: solo el proceso 0, entero o nada, y nadie sigue antes de que esté."""
    provisional = ruta.with_suffix(f".parte{dist.get_rank()}")
    estado = {"red": ddp.module.state_dict(), "optimizador": optimizador.state_dict(), "epoca": epoca}
    torch.save(estado, provisional)
    provisional.replace(ruta)
    dist.barrier()


def reanudar(ruta: Path, ddp: DistributedDataParallel, optimizador: torch.optim.Optimizer) -> int:
    """Carga el punto de control, si lo hay. Devuelve la época por la que toca seguir."""
    if not ruta.exists():
        return 0
    estado = torch.load(ruta, weights_only=True)
    ddp.module.load_state_dict(estado["red"])
    optimizador.load_state_dict(estado["optimizador"])
    return estado["epoca"] + 1


def averia(epoca: int, fallar_en: int | None) -> None:
    """El proceso 1 muere al empezar esa época, la primera vez. Ya está completa."""
    primera_vez = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
    if epoca == fallar_en and primera_vez and dist.get_rank() == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def entrenar(epocas: int, ruta: Path, semilla: int = 0, fallar_en: int | None = None) -> None:
    """Desde el punto de control o desde cero hasta completar ``epocas``."""
    datos, prueba = cargar()
    ddp, optimizador = preparar(crear_red(semilla), TASA)
    for epoca in range(reanudar(ruta, ddp, optimizador), epocas):
        averia(epoca, fallar_en)
        perdidas = [paso(ddp, optimizador, [lote]) for lote in lotes(datos, LOTE, epoca, semilla)]
        guardar(ruta, ddp, optimizador, epoca)
        aciertos = exactitud(ddp.module, prueba)
        if dist.get_rank() == 0:
            print(f"época {epoca}: pérdida {sum(perdidas) / len(perdidas):.4f}, exactitud {aciertos:.4f}", flush=True)


def main() -> None:
    opciones = argparse.ArgumentParser()
    opciones.add_argument("--epocas", type=int, default=6)
    opciones.add_argument("--punto", type=Path, default=Path("punto.pt"))
    opciones.add_argument("--semilla", type=int, default=0)
    opciones.add_argument("--fallar-en", type=int)
    elegido = opciones.parse_args()
    dist.init_process_group("gloo")  # torchrun dice a cada proceso quién es y dónde está el 0
    entrenar(elegido.epocas, elegido.punto, elegido.semilla, elegido.fallar_en)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
