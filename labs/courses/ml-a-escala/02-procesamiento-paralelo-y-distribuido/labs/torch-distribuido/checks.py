"""Checks of the lab torch-distribuido. hidden/sonda.py runs two processes beside the student's files.

The verdicts, and the training in a single process that theirs is compared with, are on this side.
"""

from collections import Counter
from typing import Any

import numpy as np
from hidden import referencia
from hidden.observar import (
    PATIENCE,
    batches,
    both,
    folder,
    fresh_weights,
    joined,
    loaded,
    norm,
    real_digits,
    same,
    test_accuracy,
)
from labkit import Lab
from labkit.probe import shaped

MOMENTUM = 0.9


def gradientes(lab: Lab) -> None:
    weights, pair = [fresh_weights(lab), fresh_weights(lab)], batches(lab, 1, 12)[0]
    reports = both(lab, "by_hand", weights, pair)
    mean = referencia.loss_and_gradients(weights[0], joined(pair))[1]
    mean.pop("0.bias")  # frozen
    for rank, report in enumerate(reports):
        shaped(report, {"weights": dict, "gradients": dict})
        lab.expect(
            same(report["weights"], weights[0]),
            es=f"Tras igualar_pesos, el proceso {rank} no tiene los pesos del proceso 0.",
            en=f"After igualar_pesos, process {rank} doesn't have the weights of process 0.",
            got=norm(report["weights"]),
            expected=norm(weights[0]),
        )
        lab.expect(
            same(report["gradients"], mean),
            es=f"Tras promediar_gradientes, el proceso {rank} no tiene la media de los dos gradientes.",
            en=f"After promediar_gradientes, process {rank} doesn't have the mean of both gradients.",
            got=norm(report["gradients"]),
            expected=norm(mean),
            score=0.4,
        )


def reparto(lab: Lab) -> None:
    size, batch, seed = 2 * lab.rng.randint(30, 60), lab.rng.randint(4, 9), lab.rng.randrange(10_000)
    reports = [shaped(r, [[[int]]]) for r in both(lab, "shares", size, batch, [0, 1, 0], seed)]
    epochs = [[[i for b in r[number] for i in b] for r in reports] for number in range(3)]
    for number, (one, other) in zip((0, 1), epochs, strict=False):
        times = Counter(one + other)
        lab.expect(
            set(times) == set(range(size)) and max(times.values()) == 1,
            es=f"En la época {number} los dos procesos juntos no ven cada ejemplo exactamente una vez.",
            en=f"In epoch {number} the two processes together don't see each example exactly once.",
            got=f"{len(times)}/{size}, ≤ {max(times.values(), default=0)}×",
            expected=f"{size}/{size}, 1×",
        )
    sizes = [len(b) for b in reports[0][0]]
    expected = [batch] * (size // 2 // batch) + ([size // 2 % batch] if size // 2 % batch else [])
    lab.expect(
        sizes == expected,
        es="Cada proceso debe recibir lotes de `lote` ejemplos.",
        en="Each process must get batches of `lote` examples.",
        got=f"{sizes}",
        expected=f"{expected}",
        score=0.5,
    )
    lab.expect(
        epochs[0] != epochs[1],
        es="El orden de la época 1 es el de la época 0: el reparto no sabe en qué época está.",
        en="The order of epoch 1 is that of epoch 0: the sampler doesn't know which epoch it is.",
        got=f"{epochs[1][0][:6]}",
        expected=f"≠ {epochs[0][0][:6]}",
        score=0.5,
    )
    lab.expect(
        epochs[0] == epochs[2],
        es="La misma época y la misma semilla deben dar el mismo orden: sin eso no se puede reanudar.",
        en="The same epoch and seed must give the same order: without that nothing can be resumed.",
        got=f"{epochs[2][0][:6]}",
        expected=f"{epochs[0][0][:6]}",
        score=0.5,
    )


def equivalencia(lab: Lab) -> None:
    weights, steps, rate = (
        [fresh_weights(lab), fresh_weights(lab)],
        batches(lab, 6, 20),
        round(lab.rng.uniform(0.05, 0.2), 3),
    )
    reports = [shaped(r, {"weights": dict}) for r in both(lab, "training", weights, steps, rate)]
    lab.expect(
        same(reports[0]["weights"], reports[1]["weights"], 1e-6),
        es="Tras seis pasos los dos procesos tienen pesos distintos: no se están comunicando.",
        en="After six steps the two processes have different weights: they don't communicate.",
        got=norm(reports[1]["weights"]),
        expected=norm(reports[0]["weights"]),
    )
    alone, _ = referencia.trained(weights[0], [joined(step) for step in steps], rate, MOMENTUM)
    lab.expect(
        same(reports[0]["weights"], alone),
        es="Los pesos son iguales en los dos procesos, pero no los que da un solo proceso con lotes de 40.",
        en="The weights are equal in both processes, but not those of a single process with batches of 40.",
        got=norm(reports[0]["weights"]),
        expected=norm(alone),
        score=0.5,
    )


def acumulacion(lab: Lab) -> None:
    pieces = lab.rng.randint(3, 5)
    weights, parts = fresh_weights(lab), batches(lab, pieces, 12)
    case = {"weights": dict, "sent": int, "loss": float}
    reports = [shaped(r, {"whole": case, "parts": case}) for r in both(lab, "accumulation", weights, parts, 0.1)]
    whole, split = reports[0]["whole"], reports[0]["parts"]
    right = same(split["weights"], whole["weights"])
    lab.expect(
        right,
        es=f"{pieces} microlotes de 12 no dan los mismos pesos que un lote de {12 * pieces}.",
        en=f"{pieces} micro-batches of 12 don't give the same weights as a batch of {12 * pieces}.",
        got=norm(split["weights"]),
        expected=norm(whole["weights"]),
        score=0.5 if split["sent"] == whole["sent"] > 0 else 0.0,
    )
    lab.expect(
        split["sent"] == whole["sent"] > 0,
        es=f"Un paso de {pieces} microlotes debe comunicar los gradientes una sola vez, al final.",
        en=f"A step of {pieces} micro-batches must send the gradients only once, at its end.",
        got=f"{split['sent']}",
        expected=f"{whole['sent']}",
        score=0.5,
    )
    # The mean of this process's micro-batches, or of both processes' if the student has them added up.
    own = [referencia.loss_and_gradients(weights, joined([part[rank] for part in parts]))[0] for rank in (0, 1)]
    for rank, report in enumerate(reports):
        lab.expect(
            any(abs(report["parts"]["loss"] - mean) < 1e-3 for mean in (own[rank], sum(own) / 2)),
            es=f"paso debe devolver la pérdida media de los microlotes (proceso {rank}).",
            en=f"paso must return the mean loss of the micro-batches (process {rank}).",
            got=f"{report['parts']['loss']:.4f}",
            expected=f"{own[rank]:.4f}",
            score=0.8,
        )


def evaluacion(lab: Lab) -> None:
    images, digits = real_digits(lab)
    # Trained a little: right about most, so that counting an example twice or weighing it double shows.
    start = fresh_weights(lab)
    net = referencia.trained(start, [(images[i : i + 50], digits[i : i + 50]) for i in range(0, 1000, 50)], 0.1, 0.9)[0]
    net = {name: value.astype(np.float32) for name, value in net.items()}
    cases = []
    for size in (lab.rng.randrange(101, 201, 2), 7, 5):
        chosen = images[-size:], digits[-size:].copy()
        # The first is right and the second wrong: neither repeating one nor averaging the halves gives the fraction.
        chosen[1][:2] = referencia.outputs(net, chosen[0][:2])[1].argmax(axis=1) + np.array([0, 1])
        chosen[1][1] %= 10
        cases.append([*chosen])
    reports = [shaped(r, [{"fraction": float, "rows": int}]) for r in both(lab, "accuracy", net, cases)]
    for number, case in enumerate(cases):
        expected, got = referencia.accuracy(net, (case[0], case[1])), [r[number]["fraction"] for r in reports]
        lab.expect(
            all(abs(value - expected) < 1e-6 for value in got),
            es=f"Con {len(case[1])} ejemplos, exactitud no es la fracción de aciertos sobre todos ellos.",
            en=f"With {len(case[1])} examples, exactitud isn't the fraction of all that are right.",
            got=f"{got}",
            expected=f"{expected:.6f} = {round(expected * len(case[1]))}/{len(case[1])}",
        )
        rows = [r[number]["rows"] for r in reports]
        lab.expect(
            sum(rows) <= len(case[1]) + 1,  # who has one repeated to fill up, and leaves it out of the count, may
            es=f"La fracción es la que debe, pero los {len(case[1])} ejemplos no se reparten: los calculan los dos.",
            en=f"The fraction is right, but the {len(case[1])} examples aren't shared out: both compute them.",
            got=" + ".join(map(str, rows)),
            expected=f"{len(case[1]) - len(case[1]) // 2} + {len(case[1]) // 2}",
            score=0.5,
        )


_FILE: dict[str, Any] = {"weights": dict, "epoch": int}


def punto_de_control(lab: Lab) -> None:
    weights, epoch = fresh_weights(lab), lab.rng.randint(1, 9)
    zero, one = both(lab, "saving", weights, folder(lab, "guardar"), epoch)
    for report in (zero, one):
        shaped(report, {"wrote": bool, "there": bool, "saved": dict, "survived": dict})
    lab.expect(
        zero["wrote"] and not one["wrote"],
        es="Solo el proceso 0 debe escribir: varios a la vez en un mismo archivo lo estropean.",
        en="Only process 0 must write: several at once spoil the file they share.",
        got=f"0: {zero['wrote']}, 1: {one['wrote']}",
        expected="0: True, 1: False",
    )
    saved = loaded(lab, zero["saved"])
    lab.expect(
        same(saved["weights"], weights) and saved["epoch"] == epoch,
        es="El archivo no guarda en `red` los pesos con los nombres de la red sin DDP, y en `epoca` la época.",
        en="The file doesn't keep the weights in `red`, named as in the net without DDP, and the epoch in `epoca`.",
        got=f"{list(saved['weights'])}, {saved['epoch']}",
        expected=f"{list(weights)}, {epoch}",
        score=0.3,
    )
    lab.expect(
        one["there"],
        es="El proceso 1 siguió antes de que el 0 terminara de escribir.",
        en="Process 1 went on before process 0 had finished writing.",
        score=0.5,
    )
    lab.expect(
        zero["survived"].get("epoch") == epoch,
        es="Se acabó el disco a mitad de un torch.save y ya no queda ningún punto de control legible.",
        en="The disk was full in the middle of a torch.save, and no readable checkpoint is left.",
        got=str(zero["survived"].get("unreadable") or zero["survived"].get("epoch"))[:300],
        expected=f"epoca = {epoch}",
        score=0.7,
    )


def continuar(lab: Lab) -> None:
    seed, first, last = lab.rng.randrange(10_000), lab.rng.randint(1, 2), lab.rng.randint(3, 4)
    report = both(lab, "resuming", folder(lab, "seguir"), first, last, seed)[0]
    names = ("straight", "half", "idle", "pieces")
    straight, half, idle, pieces = (loaded(lab, shaped(report, dict.fromkeys(names, dict))[name]) for name in names)
    lab.expect(
        [half["epoch"], pieces["epoch"], straight["epoch"]] == [first - 1, last - 1, last - 1],
        es=f"entrenar({first}, …) y después entrenar({last}, …) no dejan guardada la última época de cada tramo.",
        en=f"entrenar({first}, …) and then entrenar({last}, …) don't leave the last epoch of each stretch saved.",
        got=f"{half['epoch']}, {pieces['epoch']}",
        expected=f"{first - 1}, {last - 1}",
    )
    lab.expect(
        idle["epoch"] == half["epoch"] and same(idle["weights"], half["weights"], 1e-6),
        es=f"Con {first} épocas guardadas, entrenar({first}, …) no debe entrenar nada: no parte del punto de control.",
        en=f"With {first} epochs saved, entrenar({first}, …) must train nothing: it doesn't start from the checkpoint.",
        got=norm(idle["weights"]),
        expected=norm(half["weights"]),
    )
    right = test_accuracy(lab, straight["weights"])
    lab.expect(
        right > 0.75,
        es=f"Tras {last} épocas seguidas, la red acierta muy pocos dígitos de prueba: ¿entrena con todos los lotes?",
        en=f"After {last} epochs in a row the net gets very few test digits right: does it train on all batches?",
        got=f"{right:.3f}",
        expected="> 0.75",
    )
    lab.expect(
        same(pieces["weights"], straight["weights"], 1e-5),
        es=f"Entrenar {first} y seguir hasta {last} no da los pesos de {last} seguidas. ¿Qué no se recuperó?",
        en=f"Training {first} and going on to {last} doesn't give the weights of {last} in a row. What got lost?",
        got=norm(pieces["weights"]),
        expected=norm(straight["weights"]),
        score=0.4,
    )


def reinicio(lab: Lab) -> None:
    epochs, seed = lab.rng.randint(3, 4), lab.rng.randrange(10_000)
    fail_at = lab.rng.randint(1, epochs - 1)
    report = lab.probe("restarted", epochs, seed, fail_at, like={"printed": str, "left": dict}, timeout=PATIENCE)
    lines = [line.split(":")[0] for line in report["printed"].splitlines() if line.startswith("época ")]
    lab.expect(
        "value" in report,
        es=f"Un proceso murió en la época {fail_at}, torchrun volvió a arrancar los dos y aun así no terminaron.",
        en=f"A process died in epoch {fail_at}, torchrun started both again, and still they didn't finish.",
        got=str(report.get("error", "sin terminar / not finished"))[:400],
    )
    left = loaded(lab, report["left"])
    lab.expect(
        left["epoch"] == epochs - 1,
        es="Tras el reinicio no quedó guardada la última época.",
        en="After the restart the last epoch isn't saved.",
        got=f"{left['epoch']}",
        expected=f"{epochs - 1}",
        score=0.3,
    )
    expected = [f"época {number}" for number in range(epochs)]
    # Process 1 may die, and torchrun stop process 0, before that one has announced the epoch that both had saved.
    unannounced = [line for line in expected if line != f"época {fail_at - 1}"]
    lab.expect(
        lines in (expected, unannounced),
        es=f"Murió al empezar la época {fail_at}: las anteriores no deben repetirse, pues estaban guardadas.",
        en=f"It died as epoch {fail_at} began: the ones before must not be repeated, as they were saved.",
        got=", ".join(lines)[:300],
        expected=", ".join(expected),
        score=0.4,
    )


def fsdp(lab: Lab) -> None:
    weights, steps, rate = fresh_weights(lab), batches(lab, 2, 16), 0.1  # inertia shows in the second step
    reports = both(lab, "sharding", weights, steps, rate)
    case = {"counted": int, "local": [[int]], "units": [str], "before": dict, "after": dict}
    local = [sum(int(np.prod(shape)) for shape in shaped(r, case)["local"]) for r in reports]
    total = sum(value.size for value in weights.values())
    lab.expect(
        sum(local) == total and max(local) < 0.6 * total,
        es="Cada proceso debe guardar alrededor de la mitad de los números de la red.",
        en="Each process must keep about half of the net's numbers.",
        got=f"{local}",
        expected=f"{total // 2} + {total // 2}",
    )
    checks: list[tuple[bool, str, str, Any, Any, float]] = [
        (
            [r["counted"] for r in reports] == local,
            "valores_locales no cuenta los números que guarda este proceso.",
            "valores_locales doesn't count the numbers that this process keeps.",
            [r["counted"] for r in reports],
            local,
            0.3,
        ),
        (
            all(same(r["before"], weights) for r in reports),
            "estado_completo no devuelve los pesos enteros, con sus nombres, en los dos procesos.",
            "estado_completo doesn't return the whole weights, with their names, in both processes.",
            norm(reports[0]["before"]),
            norm(weights),
            0.3,
        ),
    ]
    after = referencia.trained(weights, [joined(step) for step in steps], rate, 0.0)[0]
    stale = all(same(r["after"], weights, 1e-7) for r in reports)
    checks.append(
        (
            all(same(r["after"], after) for r in reports),
            "El optimizador dio dos pasos y los pesos no cambiaron: ¿qué parámetros tiene?"
            if stale
            else "Dos pasos con FSDP no dan los pesos de un solo proceso con los lotes de los dos y SGD sin inercia.",
            "The optimizer took two steps and the weights didn't change: which parameters does it have?"
            if stale
            else "Two steps with FSDP don't give the weights of one process with the batches of both and plain SGD.",
            norm(reports[0]["after"]),
            norm(after),
            0.6,
        )
    )
    layers = {"", *(name.split(".")[0] for name in weights)}  # "" is the net itself
    units = [", ".join(name or "red" for name in sorted(names)) for names in (reports[0]["units"], layers)]
    checks.append(
        (
            all(layers <= set(r["units"]) for r in reports),
            "Falta fully_shard en alguna capa o en la red: sin él en cada capa, al usar la red se reúne entera.",
            "fully_shard is missing on a layer or the net: without it on each layer, the net in use is gathered whole.",
            *units,
            0.6,
        )
    )
    for condition, es, en, got, expected, score in checks:
        lab.expect(condition, es=es, en=en, got=f"{got}", expected=f"{expected}", score=score)
