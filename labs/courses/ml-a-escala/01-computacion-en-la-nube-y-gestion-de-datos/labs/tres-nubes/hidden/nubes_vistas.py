"""What hidden/sonda.py saw, with its shape checked: it is data from the student's sandbox."""

from typing import Any

from labkit import Failed, Lab

CLOUDS = {"S3": 4566, "AzureBlob": 10000, "CloudStorage": 9023}
_CALLED = {
    "objetos": "poner, leer, ficha o borrar",
    "paginas": "paginas",
    "clases": "poner o ficha",
    "enlaces": "enlace",
    "versiones": "recuperar",
    "replicas": "replicar",
    "hibrida": "replicar",
}


def probe(lab: Lab, function: str, *arguments: Any, like: Any = None) -> Any:
    """Asks the probe; an error of the student's is told by the name of what they wrote."""
    cloud = f"{arguments[0]}: " if isinstance(arguments[0], str) and arguments[0] in CLOUDS else ""
    return lab.probe(function, *arguments, like=like, called=f"{cloud}{_CALLED[function]}")


def sheet(told: Any) -> dict[str, Any]:
    """What ``ficha`` gave, for comparing; empty when it gave something else."""
    return told if isinstance(told, dict) else {}


def passes(lab: Lab, *arguments: Any) -> list[dict[str, Any]]:
    """Each pass of ``replicar`` between two clouds in memory."""
    names = ("informe", "leidos", "puestos", "borrados", "fichas", "destino")
    told: list[dict[str, Any]] = probe(lab, "replicas", *arguments, like=[dict.fromkeys(names)])
    return told


def report(told: dict[str, Any]) -> dict[str, Any]:
    """What ``replicar`` returned, with its lists in order. Raises Failed when it is no such report."""
    given = told["informe"]
    lists = [given.get(name) for name in ("copiados", "fallidos", "borrados")] if isinstance(given, dict) else [None]
    if not all(isinstance(each, list) and all(isinstance(key, str) for key in each) for each in lists):
        raise Failed(
            es="`replicar` debe devolver un diccionario: listas `copiados`, `fallidos` y `borrados`, e `iguales`.",
            en="`replicar` should return a dictionary: lists `copiados`, `fallidos` and `borrados`, and `iguales`.",
            got=f"{given}"[:300],
        )
    copied, failed, deleted = (sorted(each) for each in lists)
    return {"copiados": copied, "iguales": given.get("iguales"), "fallidos": failed, "borrados": deleted}
