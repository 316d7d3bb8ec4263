"""Pulsa Ejecutar: prueba lo que llevas hecho en dos trabajadores. Este archivo no se califica."""

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import tensorflow as tf
from cluster import es_jefe, tf_config
from datos import lotes
from entrenar import LOTE_GLOBAL, entrenar
from lanzar import lanzar
from puntos import abrir, guardar, reanudar
from red import cargar
from replicas import crear_paso, preparar

CARPETA = tempfile.mkdtemp()


def reparto(estrategia: tf.distribute.Strategy) -> str:
    """Doce ejemplos, un lote global de 4: una época son tres pasos."""
    ids = np.arange(12)
    por_delante = zip(range(6), lotes(estrategia, ids, ids, 4, 0), strict=False)
    partes = [estrategia.experimental_local_results(lote[0])[0].numpy() for _, lote in por_delante]
    vistos = [numero for parte in partes[:3] for numero in _de_todos(estrategia, parte)]
    veces, lista = max(Counter(vistos).values()), [parte.tolist() for parte in partes]
    return f"{len(set(vistos))} de 12 ejemplos vistos, {veces} vez como mucho; lotes del jefe {lista}"


def replicas(estrategia: tf.distribute.Strategy) -> str:
    imagenes, digitos = cargar()[0]
    estado = preparar(estrategia, 0 if es_jefe() else 1)
    antes = _de_todos(estrategia, [float(tf.norm(estado.red.w1))])
    dar_paso = crear_paso(estrategia, estado, LOTE_GLOBAL)
    for _, lote in zip(range(30), lotes(estrategia, imagenes, digitos, LOTE_GLOBAL, 0), strict=False):
        perdida = dar_paso(lote)
    despues = _de_todos(estrategia, [float(tf.norm(estado.red.w1))])
    vistos = int(estado.vistos.read_value())
    normas = f"norma de w1 en cada trabajador: {antes}, tras 30 pasos {despues}"
    return f"{normas}; pérdida {float(perdida):.4f}, vistos {vistos}"


def puntos(estrategia: tf.distribute.Strategy) -> str:
    estado = preparar(estrategia, 0)
    gestor = abrir(estado, f"{CARPETA}/puntos", es_jefe())
    for hechos in (5, 9, 10):
        estado.paso.assign(hechos)
        guardar(gestor, estado, es_jefe())
    quedan = sorted(archivo.name for archivo in Path(CARPETA, "puntos").glob("*.index"))
    otro = preparar(estrategia, 1)
    pasos = _de_todos(estrategia, [float(reanudar(otro, f"{CARPETA}/puntos"))])
    return f"quedan {quedan}; reanudan en {pasos}"


def seguir(estrategia: tf.distribute.Strategy) -> str:
    for nombre, tramos in (("seguido", (40,)), ("tramos", (17, 40))):
        for pasos in tramos:
            estado = entrenar(estrategia, f"{CARPETA}/{nombre}", pasos, cada=20)
        if nombre == "seguido":
            pesos = estado.red.w1.numpy()
    distancia = abs(pesos - estado.red.w1.numpy()).max()
    ultimo = Path(tf.train.latest_checkpoint(f"{CARPETA}/tramos") or "ninguno").name
    return f"40 pasos seguidos o 17 y 23: los pesos difieren en {distancia:.1e}; último punto: {ultimo}"


def _de_todos(estrategia: tf.distribute.Strategy, valores: list) -> list:
    """Lo de cada trabajador, uno detrás de otro."""
    juntos = estrategia.gather(estrategia.run(lambda: tf.constant(np.asarray(valores), tf.float32)), axis=0)
    return [round(float(valor), 5) for valor in juntos]


def tarea(estrategia: tf.distribute.Strategy) -> None:
    for prueba in (reparto, replicas, puntos, seguir):
        try:
            texto = f"● {prueba.__name__}: {prueba(estrategia)}"
        except NotImplementedError as falta:
            texto = f"○ {prueba.__name__}: falta {falta}"
        if es_jefe():
            print(texto, flush=True)


if __name__ == "__main__":
    try:
        print(f"● cluster: {tf_config({'worker': ['a:1', 'b:1']}, 'worker', 1)}", flush=True)
    except NotImplementedError as falta:
        print(f"○ cluster: falta {falta}")
    else:
        lanzar(tarea)
