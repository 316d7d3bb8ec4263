"""Lo que hace cada réplica en un paso, y lo que se comunican."""

from collections.abc import Callable

import tensorflow as tf
from red import Estado


def preparar(estrategia: tf.distribute.Strategy, semilla: int) -> Estado:
    """El estado, con una copia de cada variable en cada réplica: todas con los valores del jefe."""
    with estrategia.scope():
        return Estado(semilla)


def crear_paso(estrategia: tf.distribute.Strategy, estado: Estado, lote_global: int) -> Callable[..., tf.Tensor]:
    """Una función que da un paso con un lote repartido y devuelve la pérdida media del lote global."""

    def en_replica(imagenes: tf.Tensor, digitos: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as cinta:
            por_ejemplo = tf.nn.sparse_softmax_cross_entropy_with_logits(digitos, estado.red(imagenes))
            perdida = tf.reduce_mean(por_ejemplo)
        gradientes = cinta.gradient(perdida, estado.red.pesos)
        gradientes = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, gradientes)
        estado.optimizador.aplicar(estado.red, gradientes)
        estado.paso.assign_add(1)
        estado.vistos.assign_add(tf.size(digitos, out_type=tf.int64))
        return perdida

    @tf.function
    def paso(lote: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        perdidas = estrategia.run(en_replica, args=lote)
        return estrategia.reduce(tf.distribute.ReduceOp.SUM, perdidas, axis=None)

    return paso
