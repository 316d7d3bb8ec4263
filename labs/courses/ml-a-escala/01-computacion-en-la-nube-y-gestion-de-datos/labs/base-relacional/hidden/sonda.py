"""Runs in the student's sandbox: clients that reserve at once, halted at a gate so that they surely overlap.

A trigger that the check made holds every INSERT at the gate's advisory lock. The gate opens when no client gets any
further: each has ended, or waits at the gate or for another client. So nothing is left to luck.
"""

import importlib
import threading
import time

import psycopg

GATE = 4242
LONGEST = 5  # for clients that neither end nor wait in the database, but sleep and try again
_WAITING = """SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'"""


def _client(dsn, trip, answers, position):
    try:
        answers[position] = importlib.import_module("reservas").reservar(dsn, *trip)
    except Exception as error:
        answers[position] = f"{type(error).__name__}: {error}"[:300]


def _start(dsn, trip, answers, position):
    thread = threading.Thread(target=_client, args=(dsn, trip, answers, position), daemon=True)
    thread.start()
    return thread


def _stuck(gate, threads):
    """Waits until none of them gets further with the gate closed."""
    end = time.monotonic() + LONGEST
    while (alive := sum(thread.is_alive() for thread in threads)) and time.monotonic() < end:
        if gate.execute(_WAITING).fetchone()[0] >= alive:
            return
        time.sleep(0.01)


def _finish(threads):
    for thread in threads:
        thread.join(30)
    return not any(thread.is_alive() for thread in threads)


def a_la_vez(dsn, trips):
    """What each client got."""
    answers = [None] * len(trips)
    with psycopg.connect(dsn, autocommit=True) as gate:
        gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
        threads = []
        for position, trip in enumerate(trips):
            threads.append(_start(dsn, trip, answers, position))
            _stuck(gate, threads)
    return {"respuestas": answers, "terminan": _finish(threads)}


def sin_esperar(dsn, held, other):
    """Whether the second client ends while the first one is held at the gate."""
    answers = [None, None]
    with psycopg.connect(dsn, autocommit=True) as gate:
        gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
        first = _start(dsn, held, answers, 0)
        _stuck(gate, [first])
        second = _start(dsn, other, answers, 1)
        _stuck(gate, [first, second])
        free = first.is_alive() and not second.is_alive()
    return {"respuestas": answers, "libre": free, "terminan": _finish([first, second])}
