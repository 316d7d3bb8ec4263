"""Qué ejemplos ve cada réplica en cada paso."""

import numpy as np
import tensorflow as tf


def lotes(
    estrategia: tf.distribute.Strategy,
    imagenes: np.ndarray,
    digitos: np.ndarray,
    lote_global: int,
    semilla: int,
    desde: int = 0,
) -> tf.distribute.DistributedDataset:
    """Los lotes de este proceso desde el paso ``desde``, sin fin: cada época, cada ejemplo una vez y en otro orden."""
    por_epoca = len(digitos) // lote_global

    def epoca(numero: tf.Tensor) -> tf.data.Dataset:
        # El orden sale solo de la semilla y la época: igual en todos los procesos, y otra vez igual al reanudar.
        orden = tf.random.experimental.stateless_shuffle(tf.range(len(digitos)), seed=[semilla, numero])
        return tf.data.Dataset.from_tensor_slices(orden).batch(lote_global, drop_remainder=True)

    datos = tf.data.Dataset.counter(desde // por_epoca).flat_map(epoca).skip(desde % por_epoca)
    datos = datos.map(lambda indices: (tf.gather(imagenes, indices), tf.gather(digitos, indices)))
    opciones = tf.data.Options()
    opciones.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return estrategia.experimental_distribute_dataset(datos.with_options(opciones))
