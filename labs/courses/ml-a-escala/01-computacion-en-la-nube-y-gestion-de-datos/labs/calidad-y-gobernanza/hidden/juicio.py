"""What is wrong with a pseudonym, with a result of Great Expectations, with the OpenLineage events of a step."""

import hashlib
from typing import Any


def faults_of(step: dict[str, Any], seen: dict[str, Any], failure: str | None) -> list[str]:
    """In words, as got and expected. A shape that isn't OpenLineage's raises KeyError, TypeError or AttributeError."""
    events = seen["eventos"]
    states = [event.get("eventType") for event in events]
    wanted = ["START", "FAIL" if failure else "COMPLETE"]
    if states != wanted:
        return [f"eventType: {states}, {wanted}"]
    last = events[-1]
    faults = []
    if [len(before) for before in seen["antes"]] != [1]:
        faults.append("START no llegó antes de hacer el paso, una vez / START did not come before doing the step, once")
    if len({event["run"]["runId"] for event in events}) != 1:
        faults.append("runId: uno por evento / one for each event")
    if last["job"]["name"] != step["nombre"] or last["job"]["namespace"] != "lago":
        faults.append(f"job: {last['job']['namespace']}.{last['job']['name']}, lago.{step['nombre']}")
    if sorted(one["name"] for one in last["inputs"]) != sorted(step["entradas"]):
        faults.append(f"inputs: {[one['name'] for one in last['inputs']]}, {step['entradas']}")
    columns = {
        one["name"]: {
            name: [f"{field['name']}.{field['field']}" for field in each["inputFields"]]
            for name, each in one["facets"].get("columnLineage", {"fields": {}})["fields"].items()
        }
        for one in last["outputs"]
    }
    if columns != step["salidas"]:
        faults.append(f"outputs, columnLineage: {columns}, {step['salidas']}")
    message = last["run"]["facets"].get("errorMessage", {}).get("message", "")
    if failure and failure not in message:
        faults.append(f"errorMessage: {message!r}, {failure!r}")
    return faults


def failing(result: Any) -> set[str] | None:
    """The kinds of expectation that did not hold, of a result of Great Expectations; None when it isn't one."""
    try:
        kinds = {each["expectation_config"]["type"]: each["success"] for each in result["results"]}
        return {str(kind) for kind, held in kinds.items() if not held} if len(kinds) >= 5 else None
    except (KeyError, TypeError):
        return None


def guessed(documents: list[str], pseudonyms: list[str]) -> bool:
    """Whether someone with a list of possible documents and no key finds one of them."""
    hashes = (hashlib.md5, hashlib.sha1, hashlib.sha256)
    guesses = {new(text.encode()).hexdigest() for text in documents for new in hashes}
    guesses |= {each[:size] for each in guesses for size in (12, 16, 32)}
    return bool(guesses & {one.lower() for one in pseudonyms})


def pseudonym_facts(documents: list[str], first: list[str], second: list[str]) -> dict[str, bool]:
    """``first`` and ``second``, under two keys, of the documents and then of the same ones written otherwise."""
    half = len(documents)
    # One hash in a few million holds the seven digits by chance.
    telling = sum(text[1:] in one for text, one in zip(documents, first[:half], strict=True))
    return {
        "sin espacios y en mayúsculas, el mismo / trimmed and in upper case, the same": first[:half] == first[half:],
        "documentos distintos, seudónimos distintos / other documents, other pseudonyms": len(set(first)) == half,
        "otra clave, otro seudónimo / another key, another pseudonym": not set(first) & set(second),
        "no contiene el documento / doesn't hold the document": telling < 5,
        "32 caracteres o más / 32 characters or more": all(len(one) >= 32 for one in first),
    }
