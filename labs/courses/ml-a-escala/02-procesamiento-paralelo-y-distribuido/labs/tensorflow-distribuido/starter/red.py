"""Los datos, la red y su optimizador. Este archivo ya está completo."""

import functools
from pathlib import Path

import numpy as np
import tensorflow as tf

DIGITOS = Path(__file__).parent / "digitos.csv.gz"
ENTRENAMIENTO = 1_500  # de 1797; el resto es de prueba
TASA, INERCIA = 0.1, 0.9
Ejemplos = tuple[np.ndarray, np.ndarray]


@functools.cache
def cargar() -> tuple[Ejemplos, Ejemplos]:
    """Imágenes de 64 valores de 0 a 1, y el dígito que es cada una: (entrenamiento, prueba)."""
    tabla = np.loadtxt(DIGITOS, delimiter=",", dtype=np.float32)
    imagenes, digitos = tabla[:, :64] / 16, tabla[:, 64].astype(np.int64)
    return (imagenes[:ENTRENAMIENTO], digitos[:ENTRENAMIENTO]), (imagenes[ENTRENAMIENTO:], digitos[ENTRENAMIENTO:])


class Red(tf.Module):
    """64 → 32 → ReLU → 10. La misma semilla da los mismos pesos."""

    def __init__(self, semilla: int) -> None:
        super().__init__()
        self.w1 = tf.Variable(tf.random.stateless_normal((64, 32), [semilla, 1], stddev=0.2), name="w1")
        self.b1 = tf.Variable(tf.zeros(32), name="b1")
        self.w2 = tf.Variable(tf.random.stateless_normal((32, 10), [semilla, 2], stddev=0.2), name="w2")
        self.b2 = tf.Variable(tf.zeros(10), name="b2")

    def __call__(self, imagenes: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(imagenes @ self.w1 + self.b1) @ self.w2 + self.b2

    @property
    def pesos(self) -> list[tf.Variable]:
        return [self.w1, self.b1, self.w2, self.b2]


class Optimizador(tf.Module):
    """Descenso con inercia: cada peso tiene una velocidad, que recuerda los gradientes anteriores."""

    def __init__(self, red: Red) -> None:
        super().__init__()
        self.tasa = TASA
        self.velocidad = [tf.Variable(tf.zeros(peso.shape), trainable=False) for peso in red.pesos]

    def aplicar(self, red: Red, gradientes: list[tf.Tensor]) -> None:
        """Mueve los pesos de esta réplica. No comunica nada."""
        for peso, velocidad, gradiente in zip(red.pesos, self.velocidad, gradientes, strict=True):
            velocidad.assign(INERCIA * velocidad + gradiente)
            peso.assign_sub(self.tasa * velocidad)


class Estado(tf.Module):
    """Todo lo que cambia al entrenar."""

    def __init__(self, semilla: int) -> None:
        super().__init__()
        self.red = Red(semilla)
        self.optimizador = Optimizador(self.red)
        self.paso = tf.Variable(0, dtype=tf.int64, trainable=False)
        # Cada réplica suma los ejemplos que ve; quien lee esta variable obtiene la suma de todas.
        self.vistos = tf.Variable(
            0,
            dtype=tf.int64,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )
