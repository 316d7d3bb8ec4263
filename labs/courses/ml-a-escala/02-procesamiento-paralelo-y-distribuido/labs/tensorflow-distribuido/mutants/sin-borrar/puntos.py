"""Puntos de control de un entrenamiento con varios procesos."""

import tempfile

import tensorflow as tf
from red import Estado

GUARDADOS = 2


def abrir(estado: Estado, carpeta: str, jefe: bool) -> tf.train.CheckpointManager:
    """Quien guarda los puntos: el jefe en ``carpeta``, los demás en una carpeta temporal que nadie lee."""
    destino = carpeta if jefe else tempfile.mkdtemp(prefix="no-jefe-")
    return tf.train.CheckpointManager(_contenido(estado), destino, max_to_keep=GUARDADOS, checkpoint_name="punto")


def guardar(puntos: tf.train.CheckpointManager, estado: Estado, jefe: bool) -> None:
    """Un punto con el número del paso. Lo llaman todos: leer ``vistos`` es una operación colectiva."""
    puntos.save(checkpoint_number=int(estado.paso.numpy()))


def reanudar(estado: Estado, carpeta: str) -> int:
    """Carga el último punto de ``carpeta``, si lo hay: todos, del jefe. Devuelve el paso por el que toca seguir."""
    ultimo = tf.train.latest_checkpoint(carpeta)
    if ultimo:
        _contenido(estado).restore(ultimo).assert_consumed()
    return int(estado.paso.numpy())


def _contenido(estado: Estado) -> tf.train.Checkpoint:
    return tf.train.Checkpoint(red=estado.red, optimizador=estado.optimizador, paso=estado.paso, vistos=estado.vistos)
