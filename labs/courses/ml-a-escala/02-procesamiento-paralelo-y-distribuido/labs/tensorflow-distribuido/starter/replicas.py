"""Lo que hace cada réplica en un paso, y lo que se comunican."""

from collections.abc import Callable

import tensorflow as tf
from red import Estado


def preparar(estrategia: tf.distribute.Strategy, semilla: int) -> Estado:
    """El estado, con una copia de cada variable en cada réplica: todas con los valores del jefe."""
    return Estado(semilla)  # variables que la estrategia no conoce


def crear_paso(estrategia: tf.distribute.Strategy, estado: Estado, lote_global: int) -> Callable[..., tf.Tensor]:
    """Una función que da un paso con un lote repartido y devuelve la pérdida media del lote global."""

    def en_replica(imagenes: tf.Tensor, digitos: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as cinta:
            por_ejemplo = tf.nn.sparse_softmax_cross_entropy_with_logits(digitos, estado.red(imagenes))
            perdida = tf.reduce_mean(por_ejemplo)  # la de esta réplica
        gradientes = cinta.gradient(perdida, estado.red.pesos)
        estado.optimizador.aplicar(estado.red, gradientes)  # cada réplica, los suyos
        return perdida

    @tf.function
    def paso(lote: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        return estrategia.experimental_local_results(estrategia.run(en_replica, args=lote))[0]

    return paso
