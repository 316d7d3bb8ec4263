"""What Data Factory and Dataproc would do with the objects that they are sent, as their references describe them."""

from collections.abc import Callable
from random import Random
from typing import Any

NAMES = {
    "orden": {"dagster": {"deps"}, "data_factory": {"dependson"}, "dataproc": {"prerequisitestepids"}},
    "reintentos": {
        "glue": {"maxretries"},
        "dagster": {"maxretries", "retrypolicy"},
        "data_factory": {"retry"},
        "dataproc": {"maxfailuresperhour"},
    },
    "argumentos": {"glue": {"defaultarguments", "arguments"}, "data_factory": {"parameters"}, "dataproc": {"args"}},
}


def wrong_names(table: Any) -> list[str]:
    """Where a student's table of equivalences doesn't name the field; its last part counts, however it is spelled."""
    wrong = []
    for idea, services in NAMES.items():
        for service, accepted in services.items():
            row = table.get(idea) if isinstance(table, dict) else None
            said = row.get(service) if isinstance(row, dict) else None
            if str(said).split(".")[-1].replace("_", "").lower() not in accepted:
                wrong.append(f"{idea}, {service}: {said}")
    return wrong


def steps(rng: Random) -> list[dict[str, Any]]:
    """A diamond with a tail, in an order that isn't the one of execution."""
    names = rng.sample(["leer", "limpiar", "cruzar", "medir", "publicar", "avisar"], 5)
    after = {0: [], 1: [0], 2: [0], 3: [1, 2], 4: [3]}
    made = [
        {
            "nombre": names[number],
            "guion": f"gs://guiones/{names[number]}_{rng.randint(10, 99)}.py",
            "despues_de": [names[before] for before in after[number]],
            "reintentos": rng.randint(1, 5),
        }
        for number in after
    ]
    rng.shuffle(made)
    return made


def _runs(needs: dict[str, set[str]], failing: str) -> set[str]:
    """The steps that end well when one of them fails."""
    done: set[str] = set()
    while new := {name for name, before in needs.items() if name not in done | {failing} and before <= done}:
        done |= new
    return done


def factory_faults(pipeline: Any, steps: list[dict[str, Any]], service: str) -> list[str]:
    """In the shape of Microsoft.DataFactory/factories/pipelines. A wrong shape raises KeyError, TypeError …"""
    properties = pipeline["properties"]
    activities = {each["name"]: each for each in properties["activities"]}
    faults = []
    if sorted(activities) != sorted(step["nombre"] for step in steps) or "dia" not in properties["parameters"]:
        return [f"activities: {sorted(activities)}; parameters: {sorted(properties['parameters'])}"]
    for step in steps:
        each = activities[step["nombre"]]
        depends = {one["activity"]: one["dependencyConditions"] for one in each.get("dependsOn", [])}
        if depends != {before: ["Succeeded"] for before in step["despues_de"]}:
            faults.append(f"{step['nombre']}.dependsOn: {depends}")
        told = (each["type"], each["policy"]["retry"], each["typeProperties"]["pythonFile"])
        if told != ("DatabricksSparkPython", step["reintentos"], step["guion"]):
            faults.append(f"{step['nombre']}: {told}")
        arguments = [one["value"] if isinstance(one, dict) else one for one in each["typeProperties"]["parameters"]]
        if arguments != ["@pipeline().parameters.dia"]:
            faults.append(f"{step['nombre']}.parameters: {arguments}")
        if each["linkedServiceName"] != {"referenceName": service, "type": "LinkedServiceReference"}:
            faults.append(f"{step['nombre']}.linkedServiceName: {each['linkedServiceName']}")
    return faults


def dataproc_faults(job: Any, template: Any, steps: list[dict[str, Any]], cluster: str, day: str) -> list[str]:
    """In the shapes of projects.regions.jobs and projects.regions.workflowTemplates."""
    first, faults = steps[0], []
    wanted = {
        "placement": {"clusterName": cluster},
        "pysparkJob": {"mainPythonFileUri": first["guion"], "args": [day]},
        "scheduling": {"maxFailuresPerHour": first["reintentos"]},
    }
    if job != wanted:
        faults.append(f"{job}, {wanted}")
    jobs = {each["stepId"]: each for each in template["jobs"]}
    needs = {name: set(each.get("prerequisiteStepIds", [])) for name, each in jobs.items()}
    right = {step["nombre"]: set(step["despues_de"]) for step in steps}
    for failing in right:
        if _runs(needs, failing) != _runs(right, failing):
            faults.append(f"{failing} ✗: {sorted(_runs(needs, failing))}, {sorted(_runs(right, failing))}")
    if any("scheduling" in each for each in jobs.values()):
        faults.append("scheduling: una plantilla no lo admite / a template doesn't support it")
    for step in steps:
        if jobs[step["nombre"]]["pysparkJob"] != {"mainPythonFileUri": step["guion"], "args": [day]}:
            faults.append(f"{step['nombre']}.pysparkJob: {jobs[step['nombre']]['pysparkJob']}")
    if "managedCluster" not in template["placement"]:
        faults.append(f"placement: {template['placement']}")
    return faults


def tried(faults: Callable[[], list[str]]) -> list[str]:
    """What a student's object is not, also when it has another shape altogether."""
    try:
        return faults()
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        return [f"forma / shape: {error!r}"]
