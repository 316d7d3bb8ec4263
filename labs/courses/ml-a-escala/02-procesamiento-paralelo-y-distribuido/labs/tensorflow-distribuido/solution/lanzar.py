"""Arranca los dos trabajadores y los vigila, como haría Kubernetes. Este archivo ya está completo.

python lanzar.py --pasos 60 --fallar-en 27
"""

import argparse
import multiprocessing
import os
import socket
import sys
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any

import tensorflow as tf
from cluster import tf_config
from entrenar import entrenar

# fork copia este proceso, con TensorFlow ya cargado pero sin usar. En un clúster cada máquina arranca su Python.
PROCESOS = multiprocessing.get_context("fork")
TRABAJADORES = 2
tf.get_logger().setLevel("ERROR")
REINTENTOS = 3


def direcciones() -> list[str]:
    """Un puerto libre para cada trabajador."""
    enchufes = [socket.create_server(("127.0.0.1", 0)) for _ in range(TRABAJADORES)]
    libres = [f"127.0.0.1:{enchufe.getsockname()[1]}" for enchufe in enchufes]
    for enchufe in enchufes:
        enchufe.close()
    return libres


def trabajador(config: str, intento: int, juntos: Any, tarea: Callable[[tf.distribute.Strategy], None]) -> None:
    os.environ |= {"TF_CONFIG": config, "INTENTO": str(intento)}
    tarea(tf.distribute.MultiWorkerMirroredStrategy())
    sys.stdout.flush()
    juntos.wait()  # quien termina antes sigue sirviendo a los demás
    os._exit(0)


def lanzar(tarea: Callable[[tf.distribute.Strategy], None], intento: int = 0) -> bool:
    """Corre la tarea en los dos trabajadores. Si uno cae, para al otro: sin él esperaría para siempre."""
    tareas = {"worker": direcciones()}
    juntos = PROCESOS.Barrier(TRABAJADORES)
    procesos = [
        PROCESOS.Process(target=trabajador, args=(tf_config(tareas, "worker", indice), intento, juntos, tarea))
        for indice in range(TRABAJADORES)
    ]
    for proceso in procesos:
        proceso.start()
    vivos = {proceso.sentinel: proceso for proceso in procesos}
    while vivos:
        for centinela in wait(list(vivos)):
            caido = vivos.pop(centinela)
            caido.join()
            if caido.exitcode:
                print(f"el trabajador {procesos.index(caido)} terminó con {caido.exitcode}", flush=True)
                for proceso in vivos.values():
                    proceso.kill()
                    proceso.join()
                return False
    return True


def main() -> None:
    opciones = argparse.ArgumentParser()
    opciones.add_argument("--pasos", type=int, default=60)
    opciones.add_argument("--carpeta", default="puntos")
    opciones.add_argument("--fallar-en", type=int)
    elegido = opciones.parse_args()
    os.environ["FALLAR_EN"] = str(elegido.fallar_en)
    for intento in range(1 + REINTENTOS):
        print(f"intento {intento}", flush=True)
        if lanzar(lambda estrategia: entrenar(estrategia, elegido.carpeta, elegido.pasos) and None, intento):
            return
    sys.exit("demasiados intentos")


if __name__ == "__main__":
    main()
