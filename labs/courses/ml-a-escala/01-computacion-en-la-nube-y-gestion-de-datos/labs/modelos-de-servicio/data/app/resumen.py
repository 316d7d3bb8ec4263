"""El programa que se ofrece de las tres maneras: el resumen de los retrasos de un día."""

import csv
import io


def resumir(texto: str) -> dict:
    """Vuelos, cancelados, retraso medio en minutos y aerolínea con el mayor retraso medio, de un CSV de un día."""
    vuelos, cancelados, retrasos = 0, 0, {}
    for fila in csv.DictReader(io.StringIO(texto)):
        vuelos += 1
        if fila["retraso"] == "":
            cancelados += 1
        else:
            retrasos.setdefault(fila["aerolinea"], []).append(int(fila["retraso"]))
    todos = [minutos for grupo in retrasos.values() for minutos in grupo]
    return {
        "vuelos": vuelos,
        "cancelados": cancelados,
        "retraso_medio": round(sum(todos) / len(todos), 2) if todos else None,
        "peor_aerolinea": max(
            retrasos, key=lambda cual: (sum(retrasos[cual]) / len(retrasos[cual]), cual), default=None
        ),
    }
