"""Lo mismo en otras dos nubes: con qué nombre se busca, y los objetos que se mandan a sus API."""

EQUIVALENCIAS = {
    # qué se quiere decir: con qué campo lo dice cada servicio
    "orden": {
        "dagster": "deps",
        "data_factory": "dependsOn",
        "dataproc": "prerequisiteStepIds",
    },
    "reintentos": {
        "glue": "MaxRetries",
        "dagster": "max_retries",
        "data_factory": "retry",
        "dataproc": "maxFailuresPerHour",
    },
    "argumentos": {
        "glue": "DefaultArguments",
        "data_factory": "parameters",
        "dataproc": "args",
    },
}


def tuberia_data_factory(nombre: str, pasos: list[dict], servicio: str) -> dict:
    """Un pipeline de Data Factory cuyos pasos son guiones de Python en Azure Databricks (``servicio``)."""
    return {
        "name": nombre,
        "properties": {
            "parameters": {"dia": {"type": "String"}},
            "activities": [
                {
                    "name": paso["nombre"],
                    "type": "DatabricksSparkPython",
                    "linkedServiceName": {"referenceName": servicio, "type": "LinkedServiceReference"},
                    "dependsOn": [
                        {"activity": previo, "dependencyConditions": ["Succeeded"]} for previo in paso["despues_de"]
                    ],
                    "policy": {"retry": paso["reintentos"], "timeout": "0.01:00:00"},
                    "typeProperties": {
                        "pythonFile": paso["guion"],
                        "parameters": [{"value": "@pipeline().parameters.dia", "type": "Expression"}],
                    },
                }
                for paso in pasos
            ],
        },
    }


def trabajo_dataproc(paso: dict, cluster: str, dia: str) -> dict:
    """Un trabajo de PySpark suelto, que Dataproc vuelve a lanzar si falla (10 veces por hora como mucho)."""
    return {
        "placement": {"clusterName": cluster},
        "pysparkJob": {"mainPythonFileUri": paso["guion"], "args": [dia]},
        "scheduling": {"maxFailuresPerHour": min(paso["reintentos"], 10)},
    }


def plantilla_dataproc(nombre: str, pasos: list[dict], dia: str) -> dict:
    """Los mismos pasos en orden, en un clúster que nace y muere con la plantilla. En ella no hay reinicios."""
    return {
        "id": nombre,
        "placement": {"managedCluster": {"clusterName": nombre, "config": {}}},
        "jobs": [
            {
                "stepId": paso["nombre"],
                "pysparkJob": {"mainPythonFileUri": paso["guion"], "args": [dia]},
                "prerequisiteStepIds": paso["despues_de"],
            }
            for paso in pasos
        ],
    }
