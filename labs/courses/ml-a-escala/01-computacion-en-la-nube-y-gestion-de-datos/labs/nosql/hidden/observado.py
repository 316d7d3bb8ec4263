"""What hidden/sonda.py saw in the student's sandbox, with its types checked: it is data from there."""

from typing import Any

from labkit import Failed, Lab

Operations = list[dict[str, Any]]
_KINDS = {"op": str, "leidos": int, "particion": bool, "ru": float}


def _ask(lab: Lab, function: str, *arguments: Any) -> Any:
    lab.once("sonda", lambda: lab.write("_sonda.py", (lab.hidden / "sonda.py").read_text()))
    try:
        return lab.call("_sonda.py", function, *arguments, timeout=60)
    except Failed as failed:
        module = str(arguments[0])
        called = {"preparar": "cargar", "paginas": "tablero", "ventas": "vender"}.get(function, str(arguments[1]))
        told = {
            tongue: text.replace(f"`{function}()`", f"`{module}.{called}`") for tongue, text in failed.message.items()
        }
        raise Failed(es=told["es"], en=told["en"], got=failed.got) from None


def _unseen(got: object) -> Failed:
    return Failed(
        es="La prueba no pudo observar tu código: algo en él la cambió.",
        en="The probe couldn't watch your code: something in it changed the probe.",
        got=f"{got}"[:200],
    )


def _operations(told: Any) -> Operations:
    if not isinstance(told, list):
        raise _unseen(told)
    for each in told:
        if not isinstance(each, dict) or not {"op", "leidos"} <= set(each):
            raise _unseen(each)
        if any(type(value) is not _KINDS.get(name) for name, value in each.items()):
            raise _unseen(each)
    return told


def prepare(lab: Lab, module: str, flights: list[dict[str, Any]]) -> Operations:
    """Makes the tables and loads the flights; what the load asked for."""
    return _operations(_ask(lab, "preparar", module, flights))


def observe(lab: Lab, module: str, function: str, *arguments: Any) -> tuple[Any, Operations]:
    told = _ask(lab, "observar", module, function, *arguments)
    if not isinstance(told, dict) or "valor" not in told:
        raise _unseen(told)
    return told["valor"], _operations(told.get("operaciones"))


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
    told = _ask(lab, "paginas", module, place, day, since, limit, charges)
    if not isinstance(told, list) or not told or not all(isinstance(each, dict) for each in told):
        raise _unseen(told)
    walked = [
        {"vuelos": _rows(each.get("pagina")), "operaciones": _operations(each.get("operaciones"))} for each in told
    ]
    for page, each in zip(walked, told, strict=True):
        page["ru"] = each["pagina"].get("ru")
    return walked


def sales(
    lab: Lab, module: str, flights: list[dict[str, Any]], contested: list[bool]
) -> tuple[list[Any], dict[Any, Any]]:
    """What each sale and its rival answered, and the free seats of each flight afterwards."""
    told = _ask(lab, "ventas", module, flights, contested)
    if not isinstance(told, dict) or not isinstance(told.get("respuestas"), list):
        raise _unseen(told)
    answers = told["respuestas"]
    if len(answers) != len(flights) or not all(isinstance(each, list) for each in answers):
        raise _unseen(answers)
    answers = [[each if type(each) is bool else f"{each}"[:80] for each in pair] for pair in answers]
    return answers, {str(row.get("id")): row.get("libres") for row in _rows(told.get("despues"))}
