"""Linaje con OpenLineage: cada paso cuenta qué lee, qué escribe y de qué columna sale cada columna."""

from collections.abc import Callable
from typing import Any

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState  # noqa: F401
from openlineage.client.facet_v2 import column_lineage_dataset, error_message_run  # noqa: F401
from openlineage.client.uuid import generate_new_uuid  # noqa: F401

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
    raise NotImplementedError("ejecutar (linaje.py)")


def rastro(eventos: list[dict], columna: str) -> list[str]:
    """Las columnas (``tabla.columna``) que salen de ``columna``, directa o indirectamente, en orden alfabético."""
    raise NotImplementedError("rastro (linaje.py)")
