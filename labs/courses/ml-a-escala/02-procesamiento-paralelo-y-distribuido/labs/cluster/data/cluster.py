"""Conecta con el clúster de este laboratorio y provoca, a propósito, la muerte de un trabajador."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demonio import OPCIONES, RUTA_DE_CLASES
from pyspark import RDD, SparkContext
from pyspark.sql import SparkSession

MAESTRO = "spark://127.0.0.1:7077"
AJUSTES = {
    "spark.master": MAESTRO,
    "spark.app.name": "vuelos",
    "spark.cores.max": "2",
    "spark.executor.cores": "1",
    "spark.executor.memory": "512m",
    # Los ejecutores arrancan con las clases de Spark ya preparadas, que solo valen si van las primeras de su ruta.
    "spark.executor.extraClassPath": RUTA_DE_CLASES,
    "spark.executor.extraJavaOptions": " ".join(OPCIONES),
    # Los módulos de esta carpeta, también en los ejecutores, que aquí comparten disco; si no, con --py-files.
    "spark.executorEnv.PYTHONPATH": str(Path.cwd()),
    # Ninguna tarea empieza hasta que están los dos ejecutores, o hasta que se acaba la espera.
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "60s",
    # Datos tan pequeños los juntaría Spark en una partición; con volúmenes reales no pasa.
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.shuffle.partitions": "8",
}


def conectar() -> SparkSession:
    """La sesión de Spark en el clúster; si había otra, local, la cierra antes."""
    abierta = SparkSession.getActiveSession()
    if abierta is not None:
        contexto = abierta.sparkContext
        if contexto._jsc is not None and contexto.master == MAESTRO and not contexto._jsc.sc().isStopped():
            return abierta
        abierta.stop()
    import lab_spark

    ajustes = {**lab_spark.CONFIGURATION, **AJUSTES}
    if SparkContext._gateway is None:
        lab_spark.CONFIGURATION.update(ajustes)
        return lab_spark.start()
    constructor = SparkSession.builder
    for clave, valor in ajustes.items():
        constructor = constructor.config(clave, valor)
    return constructor.getOrCreate()


def con_accidente(datos: RDD, marca: str) -> RDD:
    """Los mismos datos; la primera vez que se lee la última partición, muere el trabajador que la lee."""
    ultima = datos.getNumPartitions() - 1

    def leer(indice: int, filas: Iterator[Any]) -> Iterator[Any]:
        yield from filas
        if indice == ultima and not Path(marca).exists():
            Path(marca).touch()
            _matar_trabajador()

    return datos.mapPartitionsWithIndex(leer)


def _matar_trabajador() -> None:
    """De golpe, como si se fuera la luz de su máquina: este proceso cuelga del ejecutor, y este del trabajador."""
    pid, ejecutor = os.getpid(), 0
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        orden = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"CoarseGrainedExecutorBackend" in orden:
            ejecutor = pid
        elif ejecutor and b"deploy.worker.Worker" in orden:
            os.kill(pid, signal.SIGKILL)
            os.kill(ejecutor, signal.SIGKILL)
            signal.pause()  # este proceso muere con ellos
    raise RuntimeError("esta tarea no corre en un trabajador del clúster")
