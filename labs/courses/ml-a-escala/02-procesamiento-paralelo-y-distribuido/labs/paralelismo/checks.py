"""Checks of the lab paralelismo. What runs beside the student's files is hidden/sonda.py; the verdicts are all here."""

import math
from typing import Any

from labkit import Failed, Lab


def _close(got: Any, expected: float, tolerance: float = 1e-6) -> bool:
    return isinstance(got, int | float) and math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance)


def _probe(lab: Lab, function: str, *args: Any, like: Any) -> Any:
    lab.lend(lab.hidden / "tareas.py")
    return lab.probe(function, *args, like=like)


def leyes(lab: Lab) -> None:
    for _ in range(4):
        serie, n = round(lab.rng.uniform(0.01, 0.6), 3), lab.rng.randint(2, 128)
        for law, expected in (
            ("amdahl", 1 / (serie + (1 - serie) / n)),
            ("gustafson", serie + (1 - serie) * n),
        ):
            got = lab.call("modelo.py", law, serie, n)
            lab.expect(
                _close(got, expected),
                es=f"{law}({serie}, {n}) no da lo que dice su ley.",
                en=f"{law}({serie}, {n}) is not what its law says.",
                got=f"{got}",
                expected=f"{expected:.4f}",
            )


def ajuste(lab: Lab) -> None:
    for _ in range(3):
        serie, seconds = lab.rng.uniform(0.03, 0.4), lab.rng.uniform(20, 900)
        exact = {n: seconds * (serie + (1 - serie) / n) for n in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)}
        measured = {n: t * lab.rng.uniform(0.99, 1.01) for n, t in exact.items()}
        got = lab.call("modelo.py", "fraccion_serie", measured)
        if not _close(got, serie, 0.02):
            raise Failed(
                es="La fracción en serie ajustada se aleja de la que generó las medidas (ruido del 1 %).",
                en="The fitted serial fraction is far from the one that made the measurements (1 % noise).",
                got=f"{got}",
                expected=f"{serie:.3f} ± 0.02",
                figure=_fit_figure(measured, serie, got),
            )
    # A formula of two points is close as well, but at most two of these groups can move it.
    for group in ((3, 4), (6, 8, 12), (16, 24, 32)):
        low, high = (
            lab.call("modelo.py", "fraccion_serie", {n: t * factor if n in group else t for n, t in measured.items()})
            for factor in (0.9, 1.1)
        )
        lab.expect(
            not _close(low, high, 1e-9),
            es=f"Los tiempos de {group} procesos pueden bajar o subir un 10 % y el ajuste no cambia: no usa todas las "
            "medidas.",
            en=f"The times of {group} processes may fall or rise by 10 % and the fit stays: it doesn't use all the "
            "measurements.",
            got=f"{low} = {high}",
            expected="≠",
            score=0.5,
        )


def _fit_figure(measured: dict[int, float], serie: float, got: Any) -> dict[str, Any]:
    ns, first = list(measured), measured[1]
    lines = [("Amdahl", serie)]
    if isinstance(got, int | float) and math.isfinite(got):
        lines.append(("tu ajuste / your fit", got))
    curves = [
        {"type": "scatter", "mode": "lines", "name": name, "x": ns, "y": [first * (s + (1 - s) / n) for n in ns]}
        for name, s in lines
    ]
    points = {"type": "scatter", "mode": "markers", "name": "medido / measured", "x": ns, "y": list(measured.values())}
    layout = {"xaxis": {"title": {"text": "n"}}, "yaxis": {"title": {"text": "s"}}}
    return {"data": [points, *curves], "layout": layout}


def plazo(lab: Lab) -> None:
    for case in ("reachable", "exact", "reachable", "impossible", "already"):
        serie, seconds = round(lab.rng.uniform(0.02, 0.3), 3), round(lab.rng.uniform(50, 500), 1)
        n = lab.rng.randint(2, 40)
        deadline = {
            # Between what n - 1 and n processes need, well away from both: rounding can't decide the answer.
            "reachable": seconds * (serie + (1 - serie) / (n - lab.rng.uniform(0.3, 0.7))),
            "exact": seconds * (serie + (1 - serie) / n) * (1 + 1e-6),
            "impossible": seconds * serie * 0.9,
            "already": seconds * 1.5,
        }[case]
        expected = {"impossible": None, "already": 1}.get(case, n)
        got = lab.call("modelo.py", "procesos_para_plazo", seconds, serie, deadline)
        lab.expect(
            got == expected and type(got) is type(expected),
            es=f"procesos_para_plazo({seconds}, {serie}, {deadline!r}) no es el menor número que llega a tiempo.",
            en=f"procesos_para_plazo({seconds}, {serie}, {deadline!r}) is not the smallest number that is in time.",
            got=f"{got}",
            expected=f"{expected}",
        )


def ingresos(lab: Lab) -> None:
    start, one, two = (lab.rng.randint(100, 10_000) for _ in range(3))
    report = _probe(lab, "ingresos", start, one, two, like={"finales": [None], "terminan": bool})
    wrong = [final for final in report["finales"] if final != start + one + two]
    if wrong:
        lost, tried = len(wrong), len(report["finales"])
        raise Failed(
            es=f"Dos hilos ingresan a la vez y se pierde dinero en {lost} de los {tried} entrelazados probados.",
            en=f"Two threads deposit at once and money is lost in {lost} of the {tried} interleavings tried.",
            got=f"{wrong[0]}",
            expected=f"{start} + {one} + {two} = {start + one + two}",
        )
    lab.expect(
        report["terminan"] and report["finales"],
        es="Dos ingresos a la vez en la misma cuenta se quedan esperando para siempre.",
        en="Two deposits at once into one account wait for ever.",
    )


_TOTALS = {"durante": [None], "alrededor": [None], "terminan": bool}
_SEQUENCE = {"terminan": bool, "hechas": [None], "saldos": None, "total": None}


def transferencias(lab: Lab) -> None:
    _plain_transfers(lab)
    balances = {name: lab.rng.randint(500, 5_000) for name in ("caja", "fondo", "nomina")}
    amount = lab.rng.randint(1, 400)
    # From the first in every usual order (name, insertion) to the last: this check is not about deadlock.
    report = _probe(lab, "totales", balances, "caja", "nomina", amount, like=_TOTALS)
    total = sum(balances.values())
    lab.expect(
        report["terminan"],
        es="total() y una transferencia a la vez se quedan esperando para siempre.",
        en="total() and a transfer at once wait for ever.",
    )
    for seen, es, en in (
        (report["durante"], "total() corre en mitad de una transferencia", "total() runs in the middle of a transfer"),
        (
            report["alrededor"],
            "una transferencia corre en mitad de total()",
            "a transfer runs in the middle of total()",
        ),
    ):
        wrong = [value for value in seen if value != total]
        lab.expect(
            not wrong,
            es=f"Cuando {es}, ve dinero que no existe o le falta dinero: no es la foto de un instante.",
            en=f"When {en}, it sees money that isn't there or misses some: it is no snapshot of one instant.",
            got=f"{wrong[0] if wrong else ''}",
            expected=f"{total}",
        )
    own = _probe(lab, "secuencia", balances, [["caja", "caja", amount]], like=_SEQUENCE)
    # Whether it ends is a question of interbloqueo.
    lab.expect(
        not own["terminan"] or (own["hechas"] == [True] and own["saldos"] == balances),
        es=f"Transferir {amount} de caja a caja debe dar True y dejar los saldos como estaban.",
        en=f"To transfer {amount} from caja to caja should give True and leave the balances as they were.",
        got=f"{own['hechas']} {own['saldos']}",
        expected=f"[True] {balances}",
        score=0.6,
    )


def _plain_transfers(lab: Lab) -> None:
    balances = {name: lab.rng.randint(0, 300) for name in ("caja", "fondo", "nomina", "reserva")}
    moves = [[*lab.rng.sample(sorted(balances), 2), lab.rng.randint(1, 200)] for _ in range(30)]
    now, done = dict(balances), []
    for origin, target, amount in moves:
        done.append(now[origin] >= amount)
        if done[-1]:
            now[origin] -= amount
            now[target] += amount
    report = _probe(lab, "secuencia", balances, moves, like=_SEQUENCE)
    lab.expect(
        report["terminan"] and len(report["hechas"]) == len(done),
        es="Unas transferencias seguidas, en un solo hilo, no terminan.",
        en="A few transfers one after another, in a single thread, never end.",
    )
    wrong = next((i for i, (a, b) in enumerate(zip(report["hechas"], done, strict=True)) if bool(a) != b), None)
    if wrong is not None:
        origin, amount, answer = moves[wrong][0], moves[wrong][2], done[wrong]
        raise Failed(
            es=f"{origin} {'tiene' if answer else 'no tiene'} {amount} céntimos: la transferencia debía dar {answer}.",
            en=f"{origin} {'has' if answer else 'lacks'} {amount} cents: the transfer should have given {answer}.",
            got=f"{report['hechas'][wrong]}",
            expected=f"{done[wrong]}",
        )
    lab.expect(
        report["saldos"] == now and report["total"] == sum(now.values()),
        es="Tras una serie de transferencias los saldos no cuadran.",
        en="After a series of transfers the balances don't add up.",
        got=f"{report['saldos']} → {report['total']}",
        expected=f"{now} → {sum(now.values())}",
    )


def interbloqueo(lab: Lab) -> None:
    names = lab.rng.sample(["caja", "fondo", "nomina", "reserva", "tienda", "ventas"], 4)
    balances = {name: lab.rng.randint(5_000, 9_000) for name in names}
    amount = lab.rng.randint(1, 400)
    w, x, y, z = names
    lab.expect(
        _probe(lab, "secuencia", balances, [[w, w, amount]], like=_SEQUENCE)["terminan"],
        es="Una transferencia de una cuenta a sí misma se espera a sí misma para siempre.",
        en="A transfer from an account to itself waits for itself for ever.",
    )
    for one, two in ((w, x), (x, w)):
        report = _probe(lab, "cruzadas", balances, one, two, amount, like={"finales": [None], "terminan": bool})
        lab.expect(
            report["terminan"],
            es=f"Interbloqueo: {one}→{two} y {two}→{one} a la vez se esperan en círculo.",
            en=f"Deadlock: {one}→{two} and {two}→{one} at once wait for each other in a circle.",
        )
        expected = [balances[one] + amount, balances[two] - amount]
        wrong = [final for final in report["finales"] if final != expected]
        lab.expect(
            not wrong,
            es="Dos transferencias opuestas a la vez dejan saldos que no cuadran.",
            en="Two opposite transfers at once leave balances that don't add up.",
            got=f"{wrong[0] if wrong else ''}",
            expected=f"{expected}",
        )
    lab.expect(
        _probe(lab, "ajenas", balances, [w, x], [y, z], amount, like=bool),
        es=f"No hay interbloqueo, pero {y}→{z} espera a {w}→{x} sin compartir cuenta: así no hay paralelismo.",
        en=f"No deadlock, but {y}→{z} waits for {w}→{x} without sharing an account: that is no parallelism.",
        score=0.5,
    )


def reparto(lab: Lab) -> None:
    for length, parts in ((0, 3), (3, 8), (lab.rng.randint(20, 60), lab.rng.randint(2, 9)), (40, 8)):
        data = [lab.rng.randint(-99, 99) for _ in range(length)]
        _split(lab, data, parts)
    data = [lab.rng.randint(-99, 99) for _ in range(10)]
    got = _probe(lab, "orden", data, 2, like=None)
    lab.expect(
        got == [value * value for value in data],
        es="mapa no devuelve los resultados en el orden de los datos cuando el último termina antes que el primero.",
        en="mapa doesn't return the results in the order of the data when the last one ends before the first.",
        got=f"{got}",
        expected=f"{[value * value for value in data]}",
    )
    got = _probe(lab, "excepcion", 2, like=str)
    lab.expect(
        got == "ZeroDivisionError",
        es="Si la función falla con un dato, mapa debe fallar con esa misma excepción.",
        en="When the function fails on an item, mapa must fail with that same exception.",
        got=got or "ninguna / none",
        expected="ZeroDivisionError",
    )
    report = _probe(lab, "viajes", 300, 3, like={"resultados": None, "viajes": int})
    lab.expect(
        report["resultados"] == list(range(300)) and report["viajes"] <= 12,
        es="mapa manda los datos de uno en uno: 300 datos deben ir en unos pocos trozos.",
        en="mapa sends the items one by one: 300 items must travel in a few chunks.",
        got=f"{report['viajes']}",
        expected="≤ 12",
    )


def _split(lab: Lab, data: list[int], parts: int) -> None:
    chunks = _probe(lab, "trozos", data, parts, like=None)
    call = f"trocear(<{len(data)}>, {parts})"
    lab.expect(
        isinstance(chunks, list) and all(isinstance(chunk, list) for chunk in chunks),
        es=f"{call} debe ser una lista de listas.",
        en=f"{call} must be a list of lists.",
        got=f"{chunks}"[:200],
    )
    lab.expect(
        [item for chunk in chunks for item in chunk] == data,
        es=f"Los trozos de {call}, uno tras otro, no son los datos.",
        en=f"The chunks of {call}, one after another, are not the data.",
        got=f"{chunks}"[:200],
        expected=f"{data}"[:200],
    )
    sizes = [len(chunk) for chunk in chunks]
    lab.expect(
        len(sizes) == min(parts, len(data)) and (not sizes or (min(sizes) > 0 and max(sizes) - min(sizes) <= 1)),
        es=f"{call}: los tamaños de los trozos deben diferir en 1 como mucho y ninguno estar vacío.",
        en=f"{call}: the sizes of the chunks may differ by 1 at most and none may be empty.",
        got=f"{sizes}",
        expected=f"{min(parts, len(data))} trozos / chunks",
    )


def procesos(lab: Lab) -> None:
    for n in (2, 3):
        report = _probe(lab, "quien", n, 4 * n, like={"yo": int, "pids": [int]})
        pids = set(report["pids"])
        lab.expect(
            report["yo"] not in pids,
            es="El trabajo se hizo en el mismo proceso: en CPython, los hilos se turnan el GIL y no calculan a la vez.",
            en="The work was done in the same process: CPython threads take turns and never compute at once.",
            got=f"{sorted(pids)}",
            expected=f"{n} procesos distintos de / processes other than {report['yo']}",
        )
        lab.expect(
            len(pids) == n,
            es=f"mapa(…, procesos={n}) debe usar {n} procesos a la vez.",
            en=f"mapa(…, procesos={n}) must use {n} processes at once.",
            got=f"{len(pids)}",
            expected=f"{n}",
        )
