"""Checks of the lab dask: the numbers must be right, and the scheduler's own log tells how they were computed.

Nothing is measured in seconds: bytes, tasks and graphs, which no busy machine changes.
"""

from typing import Any

import numpy as np
import pandas as pd
from hidden.casos import Watched, arrow_bytes, gathered, numbers, watched, year
from labkit import Lab

PARTS = 4
FEATURES = ["retraso_salida", "minutos", "millas"]
MEASURES = ["retraso", "retraso_salida", "minutos", "millas"]
READ = "read_parquet"


def _months(lab: Lab) -> list[int]:
    return lab.once("months", lambda: sorted(lab.rng.sample(range(1, 13), 2)))


def _routes(lab: Lab) -> Watched:
    months = _months(lab)
    return lab.once("routes", lambda: watched(lab, "rutas", "_registro", months))


def _means(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    groups = table.groupby(keys)["retraso"]
    return groups.agg(vuelos="count", retraso_medio="mean").reset_index()


def resultado(lab: Lab) -> None:
    table = year(lab)
    expected = _means(table[table["mes"].isin(_months(lab))], ["origen", "destino"])
    got = _routes(lab).value
    lab.expect(
        isinstance(got, pd.DataFrame),
        es="rutas debe devolver un DataFrame de pandas.",
        en="rutas must return a pandas DataFrame.",
        got=type(got).__name__,
    )
    lab.same_table(got, expected, keys=["origen", "destino"])


def lo_justo(lab: Lab) -> None:
    table, log = year(lab), _routes(lab).log
    needed = arrow_bytes(table.loc[table["mes"].isin(_months(lab)), ["origen", "destino", "retraso"]])
    read = sum(task.nbytes for task in log.named(READ))
    lab.expect(
        read > 0,
        es="Los trabajadores no leyeron nada con dask.dataframe.read_parquet.",
        en="The workers read nothing by dask.dataframe.read_parquet.",
        got=", ".join(sorted({task.prefix for task in log.tasks}))[:300] or "0 tareas / tasks",
    )
    lab.expect(
        read <= 2 * needed,
        es=f"rutas lee {read / needed:.1f} veces lo que necesita: mira qué meses y qué columnas salen de los archivos.",
        en=f"rutas reads {read / needed:.1f} times what it needs: see which months and columns leave the files.",
        got=f"{read:,} bytes",
        expected=f"≤ {2 * needed:,} bytes",
    )


def _planes(lab: Lab) -> Watched:
    # A folder of its own, in case the student's code adds to what is there.
    return lab.once("planes", lambda: watched(lab, "aviones", "_registro", f"_salida-{lab.seed % 10**9}", PARTS))


def memoria(lab: Lab) -> None:
    log = _planes(lab).log
    needed = arrow_bytes(year(lab)[["matricula", "retraso"]])
    lab.expect(
        bool(log.named(READ)),
        es="Los trabajadores no leyeron nada con dask.dataframe.read_parquet.",
        en="The workers read nothing by dask.dataframe.read_parquet.",
    )
    share = log.peak_stored / needed
    lab.expect(
        # Chunks that wait to be let go of and their summaries come to two thirds; kept chunks, to more than all.
        share < 1,
        es=f"En algún momento los trabajadores guardaron a la vez el {share:.0%} de la tabla: no cabría.",
        en=f"At some moment the workers held {share:.0%} of the table at once: it would not fit.",
        got=f"{log.peak_stored:,} bytes",
        expected=f"< {needed:,} bytes",
    )


def particiones(lab: Lab) -> None:
    parts, expected = _planes(lab).value, _means(year(lab), ["matricula"])
    names = {"matricula", "vuelos", "retraso_medio"}
    lab.expect(
        isinstance(parts, list) and bool(parts) and all(isinstance(p, pd.DataFrame) and names <= set(p) for p in parts),
        es="aviones debe dejar archivos Parquet con matricula, vuelos y retraso_medio.",
        en="aviones must leave Parquet files with matricula, vuelos and retraso_medio.",
        got=f"{[list(p) for p in parts]}"[:300] if isinstance(parts, list) and parts else "0 archivos / files",
    )
    whole = pd.concat([part[sorted(names)] for part in parts], ignore_index=True)
    lab.same_table(whole, expected, keys=["matricula"])
    sizes = [len(part) for part in parts]
    lab.expect(
        len(sizes) == PARTS and max(sizes) <= 0.5 * len(expected),
        es=f"El resultado debía salir repartido en {PARTS} archivos parecidos.",
        en=f"The result had to come out spread over {PARTS} files alike.",
        got=f"{sizes}",
        expected=f"{PARTS} × ~{len(expected) // PARTS}",
        score=0.4,
    )
    needed = arrow_bytes(expected)
    lab.expect(
        gathered(_planes(lab).log) < 0.6 * needed,
        es="El resultado sale repartido, pero antes un trabajador tuvo todos los grupos: con millones no cabrían.",
        en="The result comes out in parts, but before that one worker held all groups: millions would not fit.",
        got=f"{gathered(_planes(lab).log):,} bytes",
        expected=f"< {0.6 * needed:,.0f} bytes",
        score=0.4,
    )


def grafo(lab: Lab) -> None:
    table = year(lab)
    paths = lab.rng.sample(sorted(table["archivo"].unique()), 7)
    columns = lab.rng.sample(MEASURES, 3)
    value, log = watched(lab, "informe", paths, columns)
    rows = table[table["archivo"].isin(paths) & table["retraso"].between(-60, 600)]
    expected = {name: float(rows[name].mean()) for name in columns}
    lab.expect(
        isinstance(value, dict)
        and sorted(map(str, value)) == sorted(expected)
        and numbers([value[name] for name in columns], 3)
        and np.allclose([value[name] for name in columns], list(expected.values())),
        es="El informe no da las medias que debe.",
        en="The report doesn't give the means it should.",
        got=f"{value}"[:300],
        expected=f"{expected}",
    )
    pieces = {"leer": 7, "limpiar": 7, "medir": 21, "juntar": 1}
    ran = {name: len(log.named(name)) for name in pieces}
    lab.expect(
        ran == pieces,
        es="Cada archivo se lee y se limpia una sola vez, aunque se midan tres columnas, y todo en el clúster.",
        en="Each file is read and cleaned once only, though three columns are measured, and all in the cluster.",
        got=f"{ran}",
        expected=f"{pieces}",
        score=0.3,
    )
    lab.expect(
        len(log.graphs) == 1,
        es=f"Se enviaron {len(log.graphs)} grafos: cada compute() espera al anterior y nada corre a la vez.",
        en=f"{len(log.graphs)} graphs were sent: each compute() waits for the one before and nothing runs at once.",
        got=len(log.graphs),
        expected=1,
        score=0.6,
    )


def _plan(lab: Lab) -> tuple[list[str], dict[str, Any]]:
    """Cases, and how often each fails first: two get well at the last attempt, one never does."""
    cases = [f"c{number}" for number in lab.rng.sample(range(1000), 8)]
    one, two, never = lab.rng.sample(cases[1:], 3)
    factors = {case: float(lab.rng.randint(2, 99)) for case in cases}
    return cases, {"fails": {one: 1, two: 2, never: 99}, "factors": factors}


def _futures(lab: Lab) -> tuple[list[str], dict[str, Any], pd.DataFrame, dict[str, Any], Watched]:
    def run() -> Any:
        cases, plan = lab.once("plan", lambda: _plan(lab))
        table = year(lab)[["retraso", "millas", "minutos"]].head(100_000).astype("float64")
        seen = watched(lab, "evaluar", table, cases, plan)
        value = seen.value
        lab.expect(
            isinstance(value, dict)
            and isinstance(value.get("results"), dict)
            and isinstance(value.get("told"), list)
            and isinstance(value.get("tried"), dict),
            es="evaluar debe devolver un diccionario de caso a resultado.",
            en="evaluar must return a dictionary from case to result.",
            got=f"{value.get('results') if isinstance(value, dict) else value}"[:300],
        )
        return cases, plan, table, value, seen

    return lab.once("futures", run)


def fallos(lab: Lab) -> None:
    cases, plan, table, value, _ = _futures(lab)
    total = float(table["retraso"].sum())
    expected = {case: None if plan["fails"].get(case, 0) > 2 else total * plan["factors"][case] for case in cases}
    got = value["results"]
    wrong = [case for case in cases if case not in got or not _same(got[case], expected[case])]
    lab.expect(
        not wrong and len(got) == len(cases),
        es="Hay casos sin su resultado: los que se recuperan dan su número; el que falla siempre, None.",
        en="Some cases lack the result they should have: those that recover give their number; the lost one, None.",
        got=f"{ {case: got.get(case, '-') for case in wrong} }"[:300],
        expected=f"{ {case: expected[case] for case in wrong} }"[:300],
        score=0.5 * (len(cases) - len(wrong)) / len(cases),
    )
    tries = {case: min(plan["fails"].get(case, 0), 2) + 1 for case in cases}
    lab.expect(
        value["tried"] == tries,
        es="Solo se repite lo que falla, y como mucho dos veces.",
        en="Only what fails is repeated, and twice at most.",
        got=f"{value['tried']}"[:300],
        expected=f"{tries}",
        score=0.5,
    )


def _same(got: Any, expected: float | None) -> bool:
    if expected is None:
        return got is None
    return type(got) in (int, float) and bool(np.isclose(got, expected))


def llegada(lab: Lab) -> None:
    cases, _, _, value, _ = _futures(lab)
    told = [item[0] for item in value["told"] if isinstance(item, list) and len(item) == 2]
    lab.expect(
        sorted(map(str, told)) == sorted(cases),
        es="al_llegar se llama una vez por caso, también por el que falla.",
        en="al_llegar is called once for each case, the failed one too.",
        got=f"{told}"[:300],
        expected=f"{sorted(cases)}",
    )
    lab.expect(
        told[0] != cases[0],
        es="El primer caso era el más lento y los demás lo esperaron: avisa según llegan, no según se pidieron.",
        en="The first case was the slowest and the others waited for it: announce each as it arrives.",
        got=f"{told}",
    )


def dispersar(lab: Lab) -> None:
    _, _, table, _, seen = _futures(lab)
    size = int(table.memory_usage(index=False).sum())
    ran = len(seen.log.tasks) + len(seen.log.errors)  # whether a failed one is tried again is another check's
    lab.expect(
        ran >= 7,
        es="Los casos no se calcularon en el clúster.",
        en="The cases were not computed in the cluster.",
        got=f"{ran} tareas / tasks",
        expected="≥ 7",
    )
    sent = seen.log.sent / size
    lab.expect(
        sent <= 1.6,
        es=f"La tabla viajó {sent:.1f} veces del cliente al clúster; basta una.",
        en=f"The table travelled {sent:.1f} times from client to cluster; once is enough.",
        got=f"{seen.log.sent:,} bytes",
        expected=f"~{size:,} bytes",
    )


def modelo(lab: Lab) -> None:
    table = year(lab)
    value, log = watched(lab, "entrenar", "_registro")
    x, y = table[FEATURES].to_numpy(float), table["retraso"].to_numpy(float)
    lab.expect(
        isinstance(value, dict)
        and all(numbers(value.get(name), 3) for name in ("media", "desviacion", "coeficientes"))
        and numbers([value.get("intercepto")], 1)
        and min(value["desviacion"]) > 0,
        es="entrenar debe devolver media, desviacion y coeficientes (tres números cada uno) e intercepto.",
        en="entrenar must return media, desviacion and coeficientes (three numbers each) and intercepto.",
        got=f"{value}"[:300],
    )
    lab.expect(
        np.allclose(value["media"], x.mean(axis=0), rtol=1e-3)
        and np.allclose(value["desviacion"], x.std(axis=0), rtol=1e-2),
        es="La media y la desviación no son las de todo el año.",
        en="The mean and the deviation aren't those of the whole year.",
        got=f"{value['media']}, {value['desviacion']}",
        expected=f"{x.mean(axis=0).tolist()}, {x.std(axis=0).tolist()}",
        score=0.2,
    )
    predicted = (x - value["media"]) / value["desviacion"] @ np.array(value["coeficientes"]) + value["intercepto"]
    best = np.column_stack([x, np.ones(len(x))]) @ np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y)[0]
    mine, ideal = (1 - float(((y - p) ** 2).mean() / y.var()) for p in (predicted, best))
    lab.expect(
        mine >= ideal - 0.05,
        es="El modelo predice bastante peor que una regresión con todos los datos.",
        en="The model predicts a good deal worse than a regression with all the data.",
        got=f"R² {mine:.3f}",
        expected=f"≥ {ideal - 0.05:.3f}",
        score=0.4,
    )
    lab.expect(
        0 < log.largest <= 0.5 * x.nbytes,
        es="El entrenamiento juntó en un solo sitio los datos del año: no cabrían.",
        en="The training brought the year's data together in one place: they would not fit.",
        got=f"{log.largest:,} bytes en una tarea / in one task",
        expected=f"≤ {x.nbytes // 2:,}",
        score=0.5,
    )
