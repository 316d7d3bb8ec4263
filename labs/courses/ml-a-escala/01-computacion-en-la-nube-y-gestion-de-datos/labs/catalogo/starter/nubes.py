"""Lo mismo en otras dos nubes: con qué nombre se busca, y los objetos que se mandan a sus API."""

EQUIVALENCIAS = {
    # qué se quiere decir: con qué campo lo dice cada servicio
    "orden": {
        "dagster": "",
        "data_factory": "",
        "dataproc": "",
    },
    "reintentos": {
        "glue": "",
        "dagster": "",
        "data_factory": "",
        "dataproc": "",
    },
    "argumentos": {
        "glue": "",
        "data_factory": "",
        "dataproc": "",
    },
}


def tuberia_data_factory(nombre: str, pasos: list[dict], servicio: str) -> dict:
    """Un pipeline de Data Factory cuyos pasos son guiones de Python en Azure Databricks (``servicio``)."""
    raise NotImplementedError("tuberia_data_factory (nubes.py)")


def trabajo_dataproc(paso: dict, cluster: str, dia: str) -> dict:
    """Un trabajo de PySpark suelto, que Dataproc vuelve a lanzar si falla (10 veces por hora como mucho)."""
    raise NotImplementedError("trabajo_dataproc (nubes.py)")


def plantilla_dataproc(nombre: str, pasos: list[dict], dia: str) -> dict:
    """Los mismos pasos en orden, en un clúster que nace y muere con la plantilla. En ella no hay reinicios."""
    raise NotImplementedError("plantilla_dataproc (nubes.py)")
