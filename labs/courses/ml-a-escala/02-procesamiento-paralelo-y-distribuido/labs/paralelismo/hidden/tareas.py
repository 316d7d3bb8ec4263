"""What the student's ``mapa`` is made to run: module-level functions, so that other processes can import them."""

import os
import time
from pathlib import Path
from typing import Any

PATIENCE = 5.0


def _wait(condition: Any, end: float) -> None:
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)


def el_primero_espera(entrada: tuple) -> int:
    carpeta, posicion, cuantos, dato = entrada
    ultimo = Path(carpeta, "ultimo")
    if posicion == cuantos - 1:
        ultimo.touch()
    if posicion == 0:
        _wait(ultimo.exists, time.monotonic() + PATIENCE)
        time.sleep(0.05)  # lets the last one's result leave first
    return dato * dato


def inverso(numero: float) -> float:
    return 1 / numero


class Testigo:
    """Counts, in the process that sends, how many messages carried it."""

    viajes = 0

    def __reduce__(self) -> tuple:
        Testigo.viajes += 1
        return (Testigo, ())


def segundo(par: tuple) -> Any:
    return par[1]


def cita(entrada: tuple) -> int:
    """Signs in with its pid and waits for the others: no process can do two signatures' work unseen."""
    carpeta, cuantos, hasta = entrada
    Path(carpeta, str(os.getpid())).touch()
    _wait(lambda: sum(1 for _ in Path(carpeta).iterdir()) >= cuantos, hasta)
    return os.getpid()
