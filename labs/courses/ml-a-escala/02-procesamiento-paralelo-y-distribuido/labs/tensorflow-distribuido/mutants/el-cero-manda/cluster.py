"""Quién es cada proceso. TensorFlow lo lee de la variable de entorno TF_CONFIG al crear la estrategia."""

import json
import os


def tf_config(tareas: dict[str, list[str]], tipo: str, indice: int) -> str:
    """El valor de TF_CONFIG para la tarea ``indice`` de ese tipo: el clúster entero, igual para todos, y quién soy."""
    return json.dumps({"cluster": tareas, "task": {"type": tipo, "index": indice}})


def es_jefe() -> bool:
    """Si este proceso es el jefe: la tarea «chief» o, si no la hay, el trabajador 0; sin TF_CONFIG, el único."""
    if "TF_CONFIG" not in os.environ:
        return True
    config = json.loads(os.environ["TF_CONFIG"])
    indice = config["task"]["index"]
    return indice == 0
