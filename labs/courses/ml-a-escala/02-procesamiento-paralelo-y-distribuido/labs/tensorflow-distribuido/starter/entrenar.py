"""El entrenamiento que corre en cada trabajador: guarda cada pocos pasos y sabe seguir desde cualquiera."""

import functools
import json
import os
import signal
from pathlib import Path

import tensorflow as tf
from cluster import es_jefe
from datos import lotes
from red import Estado, cargar
from replicas import crear_paso, preparar

LOTE_GLOBAL = 50


def entrenar(
    estrategia: tf.distribute.Strategy, carpeta: str, pasos: int, semilla: int = 0, cada: int = 10
) -> Estado:
    """Hasta completar ``pasos``, desde el último punto de ``carpeta`` o desde cero. Guarda cada ``cada`` y al final."""
    imagenes, digitos = cargar()[0]
    estado = preparar(estrategia, semilla)
    dar_paso = crear_paso(estrategia, estado, LOTE_GLOBAL)
    por_delante = lotes(estrategia, imagenes, digitos, LOTE_GLOBAL, semilla)
    for hechos, lote in zip(range(pasos), por_delante, strict=False):
        averia(hechos)
        perdida = dar_paso(lote)
        if (hechos + 1) % cada == 0 or hechos + 1 == pasos:
            informar(carpeta, estado, hechos + 1, perdida)
    return estado


def averia(hechos: int) -> None:
    """El trabajador 1 muere tras ``FALLAR_EN`` pasos, la primera vez que se lanza el trabajo. Ya está completa."""
    toca = os.environ.get("INTENTO") == "0" and os.environ.get("FALLAR_EN") == str(hechos)
    if toca and json.loads(os.environ["TF_CONFIG"])["task"]["index"] == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def informar(carpeta: str, estado: Estado, hechos: int, perdida: tf.Tensor) -> None:
    """El jefe lo cuenta en el terminal y en TensorBoard, una curva por carpeta. Ya está completa."""
    if not es_jefe():
        return
    imagenes, digitos = cargar()[1]
    aciertos = float(tf.reduce_mean(tf.cast(tf.argmax(estado.red(imagenes), 1) == digitos, tf.float32)))
    print(f"paso {hechos}: pérdida {float(perdida):.4f}, exactitud {aciertos:.4f}", flush=True)
    with registro(Path(carpeta).name).as_default(step=hechos):
        tf.summary.scalar("pérdida", perdida)
        tf.summary.scalar("exactitud", aciertos)


@functools.cache
def registro(nombre: str) -> tf.summary.SummaryWriter:
    """Lo que lee TensorBoard. Ya está completa."""
    return tf.summary.create_file_writer(f"registros/{nombre}", flush_millis=1)
