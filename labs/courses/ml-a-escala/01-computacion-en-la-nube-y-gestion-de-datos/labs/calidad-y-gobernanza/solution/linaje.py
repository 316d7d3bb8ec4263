"""Linaje con OpenLineage: cada paso cuenta qué lee, qué escribe y de qué columna sale cada columna."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset, error_message_run
from openlineage.client.uuid import generate_new_uuid

ESPACIO = "lago"
PRODUCTOR = "https://example.org/ml-a-escala/calidad-y-gobernanza"


def _columnas(origenes: dict[str, list[str]]) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    """``{"persona": ["plata.reservas.documento"]}`` como faceta de OpenLineage."""
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            columna: column_lineage_dataset.Fields(
                [column_lineage_dataset.InputField(ESPACIO, *fuente.rsplit(".", 1)) for fuente in fuentes]
            )
            for columna, fuentes in origenes.items()
        }
    )


def ejecutar(cliente: OpenLineageClient, paso: dict, hacer: Callable[[], Any]) -> Any:
    """Hace el paso y lo cuenta: START antes; después COMPLETE, o FAIL con el error, que sigue su camino."""
    ejecucion = str(generate_new_uuid())

    def contar(estado: RunState, facetas: dict | None = None) -> None:
        cliente.emit(
            RunEvent(
                eventType=estado,
                eventTime=datetime.now(UTC).isoformat(),
                run=Run(ejecucion, facets=facetas or {}),
                job=Job(ESPACIO, paso["nombre"]),
                inputs=[InputDataset(ESPACIO, tabla) for tabla in paso["entradas"]],
                outputs=[
                    OutputDataset(ESPACIO, tabla, facets={"columnLineage": _columnas(origenes)})
                    for tabla, origenes in paso["salidas"].items()
                ],
                producer=PRODUCTOR,
            )
        )

    contar(RunState.START)
    try:
        resultado = hacer()
    except Exception as error:
        contar(RunState.FAIL, {"errorMessage": error_message_run.ErrorMessageRunFacet(str(error), "python")})
        raise
    contar(RunState.COMPLETE)
    return resultado


def rastro(eventos: list[dict], columna: str) -> list[str]:
    """Las columnas (``tabla.columna``) que salen de ``columna``, directa o indirectamente, en orden alfabético."""
    salidas: dict[str, set[str]] = {}
    for evento in eventos:
        if evento["eventType"] != "COMPLETE":
            continue  # lo que no terminó no escribió
        for tabla in evento["outputs"]:
            columnas = tabla["facets"].get("columnLineage", {"fields": {}})["fields"]
            for nombre, fuentes in columnas.items():
                for fuente in fuentes["inputFields"]:
                    salidas.setdefault(f"{fuente['name']}.{fuente['field']}", set()).add(f"{tabla['name']}.{nombre}")
    vistas: set[str] = set()
    pendientes = [columna]
    while pendientes:
        nuevas = salidas.get(pendientes.pop(), set()) - vistas
        vistas |= nuevas
        pendientes += nuevas
    return sorted(vistas - {columna})
