"""Checks of the lab tensorflow-distribuido. hidden/sonda.py runs two workers beside the student's files.

The verdicts, and the training in a single process that theirs is compared with, are on this side.
"""

import json
from collections import Counter
from typing import Any

from hidden import referencia
from hidden.observar import PATIENCE, batches, both, broken, folder, fresh_weights, joined, norm, same, saved, values
from labkit import Failed, Lab
from labkit.probe import shaped

RATE, MOMENTUM = 0.1, 0.9
GLOBAL_BATCH = 50  # of entrenar.py


def cluster(lab: Lab) -> None:
    ports = lab.rng.sample(range(2000, 9000), 5)
    workers = [f"10.0.0.{number}:{port}" for number, port in enumerate(ports[:3], start=1)]
    plain = {"worker": workers}
    led = {"chief": [f"10.0.0.8:{ports[3]}"], "worker": workers[:2]}
    with_evaluator = {"worker": workers, "evaluator": [f"10.0.0.9:{ports[4]}"]}
    cases = [
        *((plain, "worker", index, index == 0) for index in (0, 2)),
        (led, "chief", 0, True),
        (led, "worker", 0, False),
        (with_evaluator, "evaluator", 0, False),
    ]
    asked = [{"cluster": whole, "type": kind, "index": index} for whole, kind, index, _ in cases]
    report = lab.probe("alone", "roles", asked, timeout=PATIENCE)
    if not isinstance(report, dict) or "value" not in report:
        raise broken(0, report if isinstance(report, dict) else {})
    told = shaped(report["value"], {"tasks": [{"text": str, "chief": bool}], "alone": bool})
    for (whole, kind, index, _), task in zip(cases, told["tasks"], strict=True):
        expected = {"cluster": whole, "task": {"type": kind, "index": index}}
        lab.expect(
            _parsed(task["text"]) == expected,
            es=f"TF_CONFIG de la tarea {kind} {index}: el clúster debe ser el mismo para todos; solo cambia `task`.",
            en=f"TF_CONFIG of task {kind} {index}: the cluster must be the same for all; only `task` changes.",
            got=task["text"][:300],
            expected=json.dumps(expected),
        )
    for (whole, kind, index, chief), task in zip(cases, told["tasks"], strict=True):
        lab.expect(
            task["chief"] == chief,
            es=f"es_jefe() se equivoca en la tarea {kind} {index} de un clúster con {', '.join(whole)}.",
            en=f"es_jefe() is wrong in task {kind} {index} of a cluster with {', '.join(whole)}.",
            got=f"{task['chief']}",
            expected=f"{chief}",
            score=0.5,
        )
    lab.expect(
        told["alone"],
        es="Sin TF_CONFIG hay un solo proceso, y es el jefe.",
        en="Without TF_CONFIG there is a single process, and it is the chief.",
        got="False",
        expected="True",
        score=0.8,
    )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _shares(lab: Lab) -> tuple[int, int, int, list[list[list[list[int]]]]]:
    """Size, global batch, where the second call begins, and what each worker saw in each call."""

    def make() -> tuple[int, int, int, list[list[list[list[int]]]]]:
        batch, per_epoch = 2 * lab.rng.randint(2, 4), lab.rng.randint(4, 6)
        size, start = batch * per_epoch, per_epoch + lab.rng.randint(1, per_epoch - 2)
        asked = [[0, 2 * per_epoch], [start, 2 * per_epoch - start]]
        reports = both(lab, "shares", size, batch, lab.rng.randrange(10_000), asked)
        return size, batch, start, [shaped(r, [[[int]]]) for r in reports]

    return lab.once("shares", make)


def reparto(lab: Lab) -> None:
    size, batch, _, workers = _shares(lab)
    steps = size // batch
    sizes = {len(step) for worker in workers for step in worker[0]}
    for number in (0, 1):
        seen = Counter(
            i for worker in workers for step in worker[0][number * steps : (number + 1) * steps] for i in step
        )
        lab.expect(
            set(seen) == set(range(size)) and max(seen.values()) == 1,
            es=f"En la época {number}, los dos trabajadores no ven en {steps} pasos cada ejemplo una sola vez.",
            en=f"In epoch {number}, both workers in {steps} steps don't see each example exactly once.",
            got=f"{len(seen)} de/of {size}, ≤ {max(seen.values(), default=0)}×; lotes/batches {sorted(sizes)}",
            expected=f"{size} de/of {size}, 1×; lotes/batches [{batch // 2}]",
            score=0.5 * number,
        )
    lab.expect(
        sizes == {batch // 2},
        es=f"Con lote global {batch}, a cada trabajador le toca la mitad en cada paso.",
        en=f"With a global batch of {batch}, each worker gets half of it in each step.",
        got=f"{sorted(sizes)}",
        expected=f"[{batch // 2}]",
        score=0.7,
    )


def orden(lab: Lab) -> None:
    size, batch, start, workers = _shares(lab)
    steps = size // batch
    first, second = workers[0][0][:steps], workers[0][0][steps:]
    lab.expect(
        sorted(map(tuple, first)) != sorted(map(tuple, second)) and first != second,
        es="La época 1 trae los mismos lotes que la 0: nadie baraja de nuevo.",
        en="Epoch 1 brings the same batches as epoch 0: nobody shuffles again.",
        got=f"{second[:3]}",
        expected=f"≠ {first[:3]}",
    )
    for rank, worker in enumerate(workers):
        lab.expect(
            worker[1] == worker[0][start:],
            es=f"lotes(…, desde={start}) no empieza en el trabajador {rank} por los ejemplos del paso {start}.",
            en=f"lotes(…, desde={start}) doesn't begin, in worker {rank}, with the examples of step {start}.",
            got=f"{worker[1][:3]}",
            expected=f"{worker[0][start:][:3]}",
            score=0.5,
        )


def _trained(lab: Lab) -> dict[str, Any]:
    """Six steps of both workers from weights that we give, on data that we give."""

    def make() -> dict[str, Any]:
        given, weights = batches(lab, 6, GLOBAL_BATCH // 2), fresh_weights(lab)
        seeds = lab.rng.sample(range(10_000), 2)
        reports = both(lab, "training", seeds, weights, given, GLOBAL_BATCH)
        shape = {"first": dict, "weights": dict, "losses": [(int, float)], "seen": (int, float), "step": (int, float)}
        return {
            "reports": [shaped(r, shape) for r in reports],
            "alone": referencia.trained(weights, joined(given), RATE, MOMENTUM),
        }

    return lab.once("trained", make)


def replicas(lab: Lab) -> None:
    zero, one = _trained(lab)["reports"]
    lab.expect(
        same(zero["first"], one["first"], 1e-6),
        es="Tras preparar, cada uno con su semilla, los pesos difieren: al otro no le llegan los del jefe.",
        en="After preparar, each with its own seed, the weights differ: the chief's don't reach the other.",
        got=norm(one["first"]),
        expected=norm(zero["first"]),
    )
    lab.expect(
        [zero["step"], one["step"]] == [6, 6],
        es="Tras seis pasos, `estado.paso` debe valer 6 en los dos trabajadores.",
        en="After six steps, `estado.paso` must be 6 in both workers.",
        got=f"{[zero['step'], one['step']]}",
        expected="[6, 6]",
        score=0.4,
    )
    seen = [zero["seen"], one["seen"]]
    lab.expect(
        seen == [6 * GLOBAL_BATCH] * 2,
        es=f"Seis lotes globales de {GLOBAL_BATCH}: `estado.vistos`, leída, no suma los ejemplos de todos una vez.",
        en=f"Six global batches of {GLOBAL_BATCH}: `estado.vistos`, when read, isn't everyone's examples counted once.",
        got=f"{seen}",
        expected=f"{[6 * GLOBAL_BATCH] * 2}",
        score=0.6,
    )


def equivalencia(lab: Lab) -> None:
    found = _trained(lab)
    (zero, one), (alone, losses) = found["reports"], found["alone"]
    lab.expect(
        same(zero["weights"], one["weights"], 1e-6),
        es="Tras seis pasos los dos trabajadores tienen pesos distintos: cada uno aplica solo su gradiente.",
        en="After six steps the two workers have different weights: each applies only its own gradient.",
        got=norm(one["weights"]),
        expected=norm(zero["weights"]),
    )
    lab.expect(
        same(zero["weights"], alone),
        es=f"Los pesos son iguales en los dos, pero no los que da un solo proceso con lotes de {GLOBAL_BATCH}.",
        en=f"The weights are equal in both, but not those of a single process with batches of {GLOBAL_BATCH}.",
        got=norm(zero["weights"]),
        expected=norm(alone),
        score=0.4,
    )
    for report in (zero, one):
        lab.expect(
            len(report["losses"]) == 6
            and all(abs(a - b) < 1e-3 for a, b in zip(report["losses"], losses, strict=True)),
            es="El paso debe devolver, en los dos trabajadores, la pérdida media del lote global.",
            en="The step must return, in both workers, the mean loss of the global batch.",
            got=", ".join(f"{value:.4f}" for value in report["losses"][:3]),
            expected=", ".join(f"{value:.4f}" for value in losses[:3]),
            score=0.7,
        )


def _saved(lab: Lab) -> dict[str, Any]:
    """Three checkpoints of steps 8 to 12, and both workers that go on from the last."""

    def make() -> dict[str, Any]:
        steps = [8, 9, lab.rng.randint(10, 12)]
        weights = [fresh_weights(lab) for _ in steps]
        seeds = lab.rng.sample(range(10_000), 2)
        reports = both(lab, "saving", seeds, weights, folder(lab, "puntos"), steps)
        shape = {"left": [str], "apart": [str], "resumed": None, "weights": dict}
        return {"steps": steps, "weights": weights[-1], "reports": [shaped(r, shape) for r in reports]}

    return lab.once("saved", make)


def punto_de_control(lab: Lab) -> None:
    found = _saved(lab)
    chief, other = (report["left"] for report in found["reports"])
    kept = sorted(name.removesuffix(".index") for name in chief if name.endswith(".index"))
    lab.expect(
        bool(kept),
        es="El jefe no dejó ningún punto de control en su carpeta.",
        en="The chief left no checkpoint in its folder.",
        got=", ".join(chief)[:300],
    )
    lab.expect(
        not other,
        es="El trabajador 1 dejó archivos en la carpeta: si es la del jefe, pisan los suyos.",
        en="Worker 1 left files in the folder: if it is the chief's, they overwrite the chief's own.",
        got=", ".join(other)[:300],
        score=0.3,
    )
    expected = sorted(f"punto-{step}" for step in found["steps"][-2:])
    lab.expect(
        kept == expected,
        es="Deben quedar los dos últimos puntos, con el número de su paso: uno crece sin fin y el disco no.",
        en="The two newest checkpoints must be left, numbered by their steps: the disk doesn't grow for ever.",
        got=", ".join(kept)[:300],
        expected=", ".join(expected),
        score=0.6,
    )
    apart = found["reports"][1]["apart"]
    lab.expect(
        not apart,
        es="El trabajador 1 no borra lo que guardó en su carpeta: son puntos que nadie va a leer.",
        en="Worker 1 doesn't delete what it saved in its folder: checkpoints that nobody will read.",
        got=", ".join(apart)[:300],
        score=0.7,
    )


def restaurar(lab: Lab) -> None:
    found = _saved(lab)
    for rank, report in enumerate(found["reports"]):
        lab.expect(
            report["resumed"] == found["steps"][-1],
            es=f"En el trabajador {rank}, reanudar no devuelve el paso del último punto del jefe.",
            en=f"In worker {rank}, reanudar doesn't return the step of the chief's newest checkpoint.",
            got=f"{report['resumed']}"[:100],
            expected=f"{found['steps'][-1]}",
        )
        lab.expect(
            same(report["weights"], found["weights"], 1e-6),
            es=f"El trabajador {rank} no recupera los pesos del último punto.",
            en=f"Worker {rank} doesn't get back the weights of the newest checkpoint.",
            got=norm(report["weights"]),
            expected=norm(found["weights"]),
            score=0.4,
        )


def continuar(lab: Lab) -> None:
    first, last = lab.rng.randint(5, 9), lab.rng.randint(13, 17)
    report = both(lab, "resuming", folder(lab, "seguir"), first, last, 10, lab.rng.randrange(10_000))[0]
    shaped(report, {"straight": dict, "half": dict, "pieces": dict})
    straight, half, pieces = (saved(report[name]) for name in ("straight", "half", "pieces"))
    lab.expect(
        [half["step"], pieces["step"], straight["step"]] == [first, last, last],
        es=f"entrenar(…, {first}) y después entrenar(…, {last}) no dejan guardado el último paso de cada tramo.",
        en=f"entrenar(…, {first}) and then entrenar(…, {last}) don't leave the last step of each stretch saved.",
        got=f"{half['step']}, {pieces['step']}, {straight['step']}",
        expected=f"{first}, {last}, {last}",
    )
    lab.expect(
        not same(half["weights"], pieces["weights"], 1e-6),
        es="Los pesos del segundo tramo son los del primero: no se entrenó nada.",
        en="The weights of the second stretch are those of the first: nothing was trained.",
    )
    lab.expect(
        same(pieces["weights"], straight["weights"], 1e-5),
        es=f"Dar {first} pasos y seguir hasta {last} no da los pesos de {last} seguidos. ¿Qué no se recuperó?",
        en=f"Taking {first} steps and going on to {last} doesn't give the weights of {last} in a row. What got lost?",
        got=norm(pieces["weights"]),
        expected=norm(straight["weights"]),
        score=0.4,
    )
    lab.expect(
        pieces["seen"] == straight["seen"] is not None,
        es="Al seguir, `vistos` no cuenta los mismos ejemplos que sin parar: se guarda y se carga como los pesos.",
        en="After going on, `vistos` doesn't count the same examples as without a stop: it is saved and loaded, too.",
        got=f"{pieces['seen']}",
        expected=f"{straight['seen']}",
        score=0.8,
    )


def reinicio(lab: Lab) -> None:
    every = lab.rng.randint(4, 6)
    steps, fail_after = 3 * every + 2, 2 * every + lab.rng.randint(2, 3)
    given = (steps, every, lab.rng.randrange(10_000), fail_after, folder(lab, "trabajo"))
    like = {"attempts": [{"reports": list, "killed": bool}], "left": dict}
    report = lab.probe("restarted", *given, like=like, timeout=PATIENCE)
    attempts = report["attempts"]
    if len(attempts) < 2:
        values(attempts[0]["reports"])
        raise Failed(
            es=f"Nadie murió tras {fail_after} pasos: `entrenar` debe llamar a `averia(hechos)` antes de cada paso.",
            en=f"Nobody died after {fail_after} steps: `entrenar` must call `averia(hechos)` before each step.",
        )
    taken = [shaped(value, {"steps": int})["steps"] for value in values(attempts[1]["reports"])]
    left = saved(report["left"].get("value"))
    lab.expect(
        left["step"] == steps,
        es="Tras el reinicio no quedó guardado el último paso.",
        en="After the restart the last step isn't saved.",
        got=f"{left['step']}",
        expected=f"{steps}",
    )
    lab.expect(
        taken == [steps - 2 * every] * 2,
        es=f"Con un punto cada {every} pasos y una muerte tras {fail_after}, se sigue desde el paso {2 * every}.",
        en=f"With a checkpoint every {every} steps and a death after {fail_after}, it goes on from step {2 * every}.",
        got=f"{taken} pasos / steps",
        expected=f"{[steps - 2 * every] * 2}",
        score=0.5,
    )
