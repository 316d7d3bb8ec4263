"""Arranca un demonio de Spark, un maestro o un trabajador: ``python demonio.py Master|Worker OPCIONES``."""

import json
import os
import sys
from pathlib import Path

_ORDEN = json.loads(Path(sys.prefix, "spark.json").read_text())
_CORTE = _ORDEN["flags"].index("-cp")
RUTA_DE_CLASES: str = _ORDEN["flags"][_CORTE + 1]
# Las de la sesión del laboratorio, sin su memoria ni su registro, y el archivo con las clases de Spark ya preparadas.
OPCIONES = [
    *(opcion for opcion in _ORDEN["flags"][:_CORTE] if not opcion.startswith(("-Xms", "-Xmx", "-Dlog4j2"))),
    f"-XX:SharedArchiveFile={sys.prefix}/spark.jsa",
]

if __name__ == "__main__":
    clase = f"org.apache.spark.deploy.{sys.argv[1].lower()}.{sys.argv[1]}"
    os.environ["SPARK_HOME"] = str(next(Path(sys.prefix).glob("lib/python3*/site-packages/pyspark")))
    os.environ["SPARK_SCALA_VERSION"] = "2.13"
    memoria = ["-Xmx128m", f"-Duser.home={os.environ['HOME']}"]
    java = _ORDEN["java"]
    os.execv(java, [java, *OPCIONES, *memoria, "-cp", RUTA_DE_CLASES, clase, *sys.argv[2:]])  # noqa: S606
