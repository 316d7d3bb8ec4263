"""What hidden/sonda.py saw in the student's sandbox, with its types checked: it is data from there."""

from typing import Any

from labkit import Failed, Lab
from labkit.probe import unseen

Operations = list[dict[str, Any]]
_KINDS = {"op": str, "leidos": int, "particion": bool, "ru": float}
_OPERATIONS = [{"op": str, "leidos": int}]


def _operations(told: Operations) -> Operations:
    for each in told:
        if any(type(value) is not _KINDS.get(name) for name, value in each.items()):
            raise unseen(each)
    return told


def prepare(lab: Lab, module: str, flights: list[dict[str, Any]]) -> Operations:
    """Makes the tables and loads the flights; what the load asked for."""
    return _operations(lab.probe("preparar", module, flights, like=_OPERATIONS, called=f"{module}.cargar"))


def observe(lab: Lab, module: str, function: str, *arguments: Any) -> tuple[Any, Operations]:
    like, called = {"valor": None, "operaciones": _OPERATIONS}, f"{module}.{function}"
    told = lab.probe("observar", module, function, *arguments, like=like, called=called)
    return told["valor"], _operations(told["operaciones"])


def rows(value: Any, function: str) -> list[dict[str, Any]]:
    """A list of flights or events with plain values."""
    if isinstance(value, list) and all(_is_row(row) for row in value):
        return value
    raise Failed(
        es=f"`{function}` debe dar una lista de diccionarios de textos y números enteros.",
        en=f"`{function}` should give a list of dictionaries of strings and whole numbers.",
        got=f"{value}"[:300],
    )


def one_row(value: Any, function: str) -> dict[str, Any] | None:
    return None if value is None else rows([value], function)[0]


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and all(value is None or type(value) in (str, int, float) for value in row.values())


def _rows(page: Any) -> list[dict[str, Any]]:
    if not isinstance(page, dict) or "vuelos" not in page:
        raise Failed(
            es="`tablero` debe devolver un diccionario con `vuelos` y `marca`.",
            en="`tablero` should return a dictionary with `vuelos` and `marca`.",
            got=f"{page}"[:300],
        )
    return rows(page["vuelos"], "tablero")


def pages(
    lab: Lab, module: str, place: str, day: str, since: str, limit: int, charges: list[float]
) -> list[dict[str, Any]]:
    """A board's pages, each with its flights, its ``ru`` and its operations."""
    like, called = [{"pagina": None, "operaciones": _OPERATIONS}], f"{module}.tablero"
    told = lab.probe("paginas", module, place, day, since, limit, charges, like=like, called=called)
    if not told:
        raise unseen(told)
    walked = [{"vuelos": _rows(each["pagina"]), "operaciones": _operations(each["operaciones"])} for each in told]
    for page, each in zip(walked, told, strict=True):
        page["ru"] = each["pagina"].get("ru")
    return walked


def sales(
    lab: Lab, module: str, flights: list[dict[str, Any]], contested: list[bool]
) -> tuple[list[Any], dict[Any, Any]]:
    """What each sale and its rival answered, and the free seats of each flight afterwards."""
    like, called = {"respuestas": [list], "despues": None}, f"{module}.vender"
    told = lab.probe("ventas", module, flights, contested, like=like, called=called)
    answers = told["respuestas"]
    if len(answers) != len(flights):
        raise unseen(answers)
    answers = [[each if type(each) is bool else f"{each}"[:80] for each in pair] for pair in answers]
    return answers, {str(row.get("id")): row.get("libres") for row in _rows(told["despues"])}
