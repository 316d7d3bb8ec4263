"""Runs beside the student's pipeline: makes it run over given flights, with failures, and writes down what happened."""

import hashlib
from pathlib import Path

VISTOS = (
    "STEP_START",
    "STEP_SUCCESS",
    "STEP_FAILURE",
    "STEP_UP_FOR_RETRY",
    "STEP_RESTARTED",
    "ASSET_MATERIALIZATION",
    "ASSET_CHECK_EVALUATION",
)


def correr(carpeta, entregas, pedidos, preguntas=()):
    """``pedidos``: day, failures before the source answers (-1: for ever). ``preguntas``: days for ``pendientes``."""
    import dagster as dg
    import tuberia

    fallos = {"quedan": 0, "leidas": 0, "turno": 0}

    def leer(dia):
        fallos["leidas"] += 1
        if fallos["quedan"]:
            fallos["quedan"] -= 1
            raise OSError("la red no responde")
        return entregas[fallos["turno"]]

    definiciones = tuberia.definir(carpeta, leer)
    trabajo = definiciones.resolve_implicit_global_asset_job_def()
    instancia = dg.DagsterInstance.ephemeral()
    corridas = []
    for turno, (dia, seguidos) in enumerate(pedidos):
        fallos.update(quedan=seguidos, leidas=0, turno=turno)
        hecho = trabajo.execute_in_process(partition_key=dia, instance=instancia, raise_on_error=False)
        corridas.append(
            {
                "exito": hecho.success,
                "sucesos": [[e.event_type_value, e.step_key] for e in hecho.all_events if e.event_type_value in VISTOS],
                "controles": [bool(uno.passed) for uno in hecho.get_asset_check_evaluations()],
                "leidas": fallos["leidas"],
                "archivos": _archivos(carpeta),
            }
        )
    grafo = trabajo.asset_layer.asset_graph
    return {
        "corridas": corridas,
        "grafo": {
            clave.to_user_string(): sorted(padre.to_user_string() for padre in grafo.get(clave).parent_keys)
            for clave in grafo.materializable_asset_keys
        },
        "particionados": all(grafo.get(clave).is_partitioned for clave in grafo.materializable_asset_keys),
        "pendientes": [tuberia.pendientes(instancia, list(dias)) for dias in preguntas],
    }


def _archivos(carpeta):
    return {
        str(uno.relative_to(carpeta)): hashlib.sha256(uno.read_bytes()).hexdigest()
        for uno in sorted(Path(carpeta).rglob("*"))
        if uno.is_file()
    }
