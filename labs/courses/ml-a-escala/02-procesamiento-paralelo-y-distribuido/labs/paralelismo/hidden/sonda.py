"""Runs beside the student's files and reports what they did; it judges nothing.

A race shows only under some interleavings, and chance finds them late or never. So none is left to chance here: one
thread is halted before its k-th bytecode inside banco.py while another runs, for every k there is.

The student's files are imported where they are used, so that a mistake in one costs no points of another.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STUCK_AFTER = 5.0  # a thread that gets no further in these seconds waits for ever
LET_IN = 0.1  # one that could go through the middle of another has done so by then
SAMPLE = 0.004
MOST_POINTS = 400


@dataclass
class _Outcome:
    point: int
    ended: bool  # both threads ended
    free: bool  # the second one ended while the first stood still
    results: list[Any] = field(default_factory=lambda: [None, None])


class _Runner(threading.Thread):
    """Runs ``work``; stops before bytecode ``halt_at`` of banco.py until told to go on."""

    def __init__(self, work: Callable[[], Any], halt_at: int = 0) -> None:
        super().__init__(daemon=True)
        self.work, self.halt_at, self.seen = work, halt_at, 0
        self.watched = sys.modules["banco"].__file__
        self.halted, self.go_on, self.done = threading.Event(), threading.Event(), threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        if self.halt_at:
            sys.settrace(self._trace)
        try:
            self.result = self.work()
        except BaseException as error:
            self.error = error
        finally:
            sys.settrace(None)
            self.done.set()
            self.halted.set()

    def _trace(self, frame: Any, event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename != self.watched:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.seen += 1
            if self.seen == self.halt_at:
                self.halted.set()
                self.go_on.wait(4 * STUCK_AFTER)
        return self._trace


def _ends(thread: _Runner) -> bool:
    """True once it has ended; False once it waits for a lock.

    The kernel is asked: a thread that slept all through a pause, with nobody else wanting Python's own lock, can only
    be waiting for one of the student's. One that tries again and again never sleeps like that, so there is an end to
    it, too: all that False does is to let the other go on.
    """
    end, before = time.monotonic() + LET_IN, ""
    while not thread.done.wait(SAMPLE) and time.monotonic() < end:
        lines = Path(f"/proc/self/task/{thread.native_id}/status").read_text().splitlines()
        now = "".join(line for line in lines if line.startswith(("State:\tS", "voluntary_")))
        if now == before and "State" in now:
            return False
        before = now
    return thread.done.is_set()


def _ends_for_sure(thread: _Runner) -> bool:
    """False only when it got nowhere in all the time a free thread could need."""
    return thread.done.wait(STUCK_AFTER)


def _interleavings(
    account: Callable[[], Any],
    first: Callable[[Any], Any],
    second: Callable[[Any], Any],
    wait: Callable[[_Runner], bool] = _ends,
) -> Iterator[tuple[Any, _Outcome]]:
    """Every way to run ``second`` in the middle of ``first``, each on a fresh bank."""
    for point in range(1, MOST_POINTS):
        bank = account()
        one, two = _Runner(lambda bank=bank: first(bank), point), _Runner(lambda bank=bank: second(bank))
        one.start()
        one.halted.wait(STUCK_AFTER)
        last = one.done.is_set()
        two.start()
        free = wait(two)
        one.go_on.set()
        ended = one.done.wait(STUCK_AFTER) and two.done.wait(STUCK_AFTER)
        for error in (one.error, two.error):
            if error:
                raise error
        yield bank, _Outcome(point, ended, free, [one.result, two.result])
        if last or not ended:
            return


def ingresos(inicial: int, primero: int, segundo: int) -> dict:
    import banco

    finales, ended = [], True
    for bank, outcome in _interleavings(
        lambda: banco.Banco({"caja": inicial, "nomina": 0}),
        lambda b: b.ingresar("caja", primero),
        lambda b: b.ingresar("caja", segundo),
    ):
        ended = outcome.ended
        if ended:
            finales.append(bank.saldo("caja"))
    return {"finales": finales, "terminan": ended}


def secuencia(saldos: dict, movimientos: list) -> dict:
    """Plain transfers, one after another, in a thread that may hang."""
    import banco

    def work() -> dict:
        bank = banco.Banco(saldos)
        hechas = [bank.transferir(*movimiento) for movimiento in movimientos]
        return {"terminan": True, "hechas": hechas, "saldos": {c: bank.saldo(c) for c in saldos}, "total": bank.total()}

    runner = _Runner(work)
    runner.start()
    if not runner.done.wait(STUCK_AFTER):
        return {"terminan": False, "hechas": [], "saldos": {}, "total": 0}
    if runner.error:
        raise runner.error
    return runner.result


def totales(saldos: dict, origen: str, destino: str, importe: int) -> dict:
    """What total() says when it runs in the middle of a transfer, and when a transfer runs in the middle of it."""
    import banco

    def transferir(bank: Any) -> bool:
        return bank.transferir(origen, destino, importe)

    def total(bank: Any) -> int:
        return bank.total()

    vistos: dict[str, list] = {"durante": [], "alrededor": []}
    for name, first, second, position in (
        ("durante", transferir, total, 1),
        ("alrededor", total, transferir, 0),
    ):
        for _, outcome in _interleavings(lambda: banco.Banco(saldos), first, second):
            if not outcome.ended:
                return {**vistos, "terminan": False}
            vistos[name].append(outcome.results[position])
    return {**vistos, "terminan": True}


def cruzadas(saldos: dict, x: str, y: str, importe: int) -> dict:
    """Two opposite transfers in every interleaving: do both always end, and with which balances?"""
    import banco

    finales = []
    for bank, outcome in _interleavings(
        lambda: banco.Banco(saldos),
        lambda b: b.transferir(x, y, importe),
        lambda b: b.transferir(y, x, 2 * importe),
    ):
        if not outcome.ended:
            return {"terminan": False, "finales": finales}
        finales.append([bank.saldo(x), bank.saldo(y)])
    return {"terminan": True, "finales": finales}


def ajenas(saldos: dict, primera: list, segunda: list, importe: int) -> bool:
    """Does a transfer get through while one between two other accounts stands still, wherever it stands?"""
    import banco

    for _, outcome in _interleavings(
        lambda: banco.Banco(saldos),
        lambda b: b.transferir(*primera, importe),
        lambda b: b.transferir(*segunda, importe),
        wait=_ends_for_sure,
    ):
        if not outcome.free:
            return False
    return True


def trozos(datos: list, partes: int) -> list:
    import mapa

    return mapa.trocear(datos, partes)


def orden(datos: list, procesos: int) -> list:
    """The first item waits for the last: results arrive in another order than the data."""
    import _tareas
    import mapa

    with tempfile.TemporaryDirectory() as carpeta:
        entradas = [(carpeta, i, len(datos), dato) for i, dato in enumerate(datos)]
        return mapa.mapa(_tareas.el_primero_espera, entradas, procesos)


def excepcion(procesos: int) -> str:
    import _tareas
    import mapa

    try:
        mapa.mapa(_tareas.inverso, [4, 2, 0, 1], procesos)
    except Exception as error:
        return type(error).__name__
    return ""


def viajes(cuantos: int, procesos: int) -> dict:
    """How many times data left for another process: all the items of one trip share one pickled ``Testigo``."""
    import _tareas
    import mapa

    testigo = _tareas.Testigo()
    resultados = mapa.mapa(_tareas.segundo, [(testigo, i) for i in range(cuantos)], procesos)
    return {"resultados": resultados, "viajes": _tareas.Testigo.viajes}


def quien(procesos: int, datos: int) -> dict:
    import _tareas
    import mapa

    with tempfile.TemporaryDirectory() as carpeta:
        entrada = (carpeta, procesos, time.monotonic() + STUCK_AFTER)
        pids = mapa.mapa(_tareas.cita, [entrada] * datos, procesos)
    return {"yo": os.getpid(), "pids": pids}
