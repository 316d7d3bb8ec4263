"""Runs in S: calls the student's functions with a client of the cluster. The verdicts are G's."""

import time
from pathlib import Path
from typing import Any

import futuros
import grafo
import grupos
import modelo
import pandas as pd
from distributed import Client

_clients: list[Client] = []
FLAG = Path.cwd() / "_llego"
WAIT_SECONDS = 8


def client() -> Client:
    if not _clients:
        _clients.append(Client("tcp://127.0.0.1:8786", timeout=60))
        _clients[0].wait_for_workers(2, timeout=60)
    return _clients[0]


def rutas(folder: str, months: list[int]) -> Any:
    client()
    return grupos.rutas(folder, months)


def aviones(folder: str, target: str, parts: int) -> Any:
    client()
    grupos.aviones(folder, target, parts)
    return [pd.read_parquet(path).reset_index() for path in sorted(Path(target).rglob("*.parquet"))]


def informe(paths: list[str], columns: list[str]) -> Any:
    client()
    return grafo.informe(paths, columns)


def entrenar(folder: str) -> Any:
    client()
    return modelo.entrenar(folder)


def evaluar(table: pd.DataFrame, cases: list[str], plan: dict[str, Any]) -> Any:
    """The first case waits until another one was announced, or for WAIT_SECONDS."""
    attempts = Path.cwd() / f"_intentos-{time.time_ns()}"
    attempts.mkdir()
    FLAG.unlink(missing_ok=True)

    def work(table: pd.DataFrame, case: str) -> float:
        with (attempts / case).open("a") as file:
            file.write(".")
        tried = (attempts / case).stat().st_size
        if tried <= plan["fails"].get(case, 0):
            raise OSError(f"caso {case}, intento {tried}")
        until = time.monotonic() + WAIT_SECONDS
        while case == cases[0] and not FLAG.exists() and time.monotonic() < until:
            time.sleep(0.02)
        return float(table["retraso"].sum()) * plan["factors"][case]

    told = []

    def arrived(case: Any, value: Any) -> None:
        told.append([case, value])
        if case != cases[0]:
            FLAG.touch()

    work.__module__ = "__main__"  # by value: no worker has to find this file
    results = futuros.evaluar(client(), work, table, cases, arrived)
    tried = {case: (attempts / case).stat().st_size for case in cases if (attempts / case).exists()}
    return {"results": results, "told": told, "tried": tried}
