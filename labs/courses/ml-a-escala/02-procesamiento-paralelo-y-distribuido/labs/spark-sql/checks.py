"""Checks of the lab spark-sql. Every attempt gets fresh data: a seeded sample of the real flights, changed."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from labkit import SPARK, Lab

DATA = Path("/opt/lab/env/data/nycflights13")
FOLDER = "/home/lab/work/_datos"
FLIGHTS = 40_000

Tables = dict[str, pd.DataFrame]


def _tables(lab: Lab) -> Tables:
    """The data of this attempt, on this side; the student's sandbox has them, too, registered as views."""
    return lab.once("tables", lambda: _deliver(lab, _fresh(np.random.default_rng(lab.seed))))


def _fresh(random: np.random.Generator) -> Tables:
    tables = {path.stem: pd.read_parquet(path) for path in DATA.glob("*.parquet")}
    flights = tables["flights"].sample(FLIGHTS, random_state=int(random.integers(2**31))).reset_index(drop=True)
    for delay in ("dep_delay", "arr_delay"):
        flights[delay] += random.integers(-5, 40, len(flights)) * random.integers(0, 2, len(flights))
    flights["distance"] += random.integers(0, 60, len(flights))
    _tie(flights, random)
    weather = tables["weather"].sample(frac=0.97, random_state=int(random.integers(2**31))).reset_index(drop=True)
    weather["wind_speed"] = (weather["wind_speed"] + random.uniform(0, 8, len(weather))).round(2)
    return {**tables, "flights": flights, "weather": weather, "planes": _registered_again(tables["planes"], random)}


def _tie(flights: pd.DataFrame, random: np.random.Generator) -> None:
    """One month's two busiest routes tie for its worst: a rank shares places, a row number doesn't."""
    arrived = (flights["month"] == random.integers(1, 13)) & flights["arr_delay"].notna()
    routes = flights["origin"] + flights["dest"]
    flights.loc[arrived & routes.isin(routes[arrived].value_counts().index[:2]), "arr_delay"] = 300.0


def _registered_again(planes: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """A tenth of the planes appear once more, with another year and number of seats; some of them earlier ones."""
    again = planes[planes["year"].between(1950, 2012)].sample(frac=0.1, random_state=int(random.integers(2**31)))
    again = again.assign(
        year=again["year"] + random.choice([-2.0, -1.0, 1.0, np.nan], len(again)),
        seats=again["seats"] + random.integers(1, 40, len(again)),
    )
    return pd.concat([planes, again]).sample(frac=1, random_state=int(random.integers(2**31))).reset_index(drop=True)


def _deliver(lab: Lab, tables: Tables) -> Tables:
    for name, table in tables.items():
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        lab.write(f"_datos/{name}.parquet", buffer.getvalue())
    lab.call("vuelos.py", "cargar", SPARK, FOLDER)
    return tables


def aviones(lab: Lab) -> None:
    tables = _tables(lab)
    got = lab.call("vuelos.py", "vuelos_con_avion", SPARK)
    newest = tables["planes"].sort_values("year", ascending=False, na_position="last").drop_duplicates("tailnum")
    newest = newest[["tailnum", "manufacturer", "seats"]]
    key = ["time_hour", "carrier", "flight", "origin", "dest", "tailnum"]
    expected = tables["flights"][key].merge(newest, on="tailnum", how="left")
    expected = expected.rename(columns={"manufacturer": "fabricante", "seats": "asientos"})
    got = _frame(lab, got, list(expected.columns)).fillna({"tailnum": ""})
    _same_number(lab, got, expected)
    lab.same_table(_sorted(got, key), _sorted(expected.fillna({"tailnum": ""}), key))


def _same_number(lab: Lab, got: pd.DataFrame, expected: pd.DataFrame) -> None:
    counts = {"got": f"{len(got)}", "expected": f"{len(expected)}"}
    lab.expect(
        len(got) <= len(expected),
        es="La unión duplica filas: hay matrículas repetidas en planes.",
        en="The join duplicates rows: planes holds some tail numbers twice.",
        **counts,
    )
    lab.expect(
        len(got) >= len(expected),
        es="La unión pierde vuelos: los de avión desconocido también cuentan.",
        en="The join loses flights: those with an unknown plane count, too.",
        **counts,
    )


def _frame(lab: Lab, got: Any, columns: list[str]) -> pd.DataFrame:
    """What came back, once it is known to be a table with these columns, each once."""
    lab.expect(
        isinstance(got, pd.DataFrame),
        es="La función debe devolver un DataFrame de Spark.",
        en="The function must return a Spark DataFrame.",
        got=type(got).__name__,
    )
    names = [str(name) for name in got.columns]
    lab.expect(
        sorted(names) == sorted(columns),
        es="Las columnas no son las que se piden.",
        en="The columns are not those asked for.",
        got=f"{names}",
        expected=f"{columns}",
    )
    return got


def _sorted(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """In one order, whatever order and types it came in."""
    return frame.sort_values(key, key=lambda column: column.astype(str), kind="stable").reset_index(drop=True)


def viento(lab: Lab) -> None:
    tables = _tables(lab)
    got = lab.call("vuelos.py", "retraso_por_viento", SPARK)
    joined = tables["flights"].merge(
        tables["weather"][["origin", "time_hour", "wind_speed"]], on=["origin", "time_hour"]
    )
    joined = joined.dropna(subset=["dep_delay", "wind_speed"])
    joined["tramo"] = (np.floor(joined["wind_speed"] / 5) * 5).astype(int)
    expected = joined.groupby("tramo").agg(vuelos=("flight", "size"), retraso_medio=("dep_delay", "mean")).reset_index()
    got = _frame(lab, got, list(expected.columns))
    if pd.api.types.is_numeric_dtype(got["vuelos"]):
        total = expected["vuelos"].sum()
        lab.expect(
            got["vuelos"].sum() <= total,
            es="La unión con weather duplica vuelos: la clave está incompleta.",
            en="The join with weather duplicates flights: the key is incomplete.",
            got=f"{got['vuelos'].sum()}",
            expected=f"{total}",
        )
    lab.same_table(got, expected, keys=["tramo"])


def peores(lab: Lab) -> None:
    tables = _tables(lab)
    n, least = lab.rng.randint(2, 4), lab.rng.randint(15, 25)
    got = lab.call("vuelos.py", "peores_rutas", SPARK, n, least)
    arrived = tables["flights"].dropna(subset=["arr_delay"])
    routes = arrived.groupby(["month", "origin", "dest"]).agg(
        llegadas=("flight", "size"), retraso=("arr_delay", "mean")
    )
    routes = routes[routes["llegadas"] >= least].reset_index()
    routes["puesto"] = routes.groupby("month")["retraso"].rank(method="min", ascending=False).astype(int)
    got = _frame(lab, got, list(routes.columns))
    lab.same_table(got, routes[routes["puesto"] <= n], keys=["month", "origin", "dest"])


def resumen(lab: Lab) -> None:
    tables = _tables(lab)
    run = lab.run("consulta.sql")
    lab.expect(
        run.error is None,
        es="consulta.sql falla al ejecutarse.",
        en="consulta.sql fails when run.",
        got=run.error,
    )
    lab.write("_vista.py", "def tabla(spark, nombre):\n    return spark.table(nombre)\n")
    got = lab.call("_vista.py", "tabla", SPARK, "resumen")
    expected = _rollup(tables)
    lab.same_table(_frame(lab, got, list(expected.columns)), expected, keys=["origen", "aerolinea"])


def _rollup(tables: Tables) -> pd.DataFrame:
    flights = tables["flights"].merge(tables["airlines"], on="carrier")
    levels = [
        flights.assign(origen=flights["origin"], aerolinea=flights["name"]),
        flights.assign(origen=flights["origin"], aerolinea="TODAS"),
        flights.assign(origen="TODOS", aerolinea="TODAS"),
    ]
    groups = pd.concat(levels).groupby(["origen", "aerolinea"])
    return groups.agg(
        vuelos=("flight", "size"),
        cancelados=("dep_time", lambda times: int(times.isna().sum())),
        retraso_medio=("dep_delay", "mean"),
    ).reset_index()


def plan(lab: Lab) -> None:
    tables = _tables(lab)
    miles = lab.rng.randint(900, 2300)
    seen = {query.id for query in lab.spark_event_log().queries}
    got = lab.call("vuelos.py", "vuelos_largos", SPARK, miles)
    queries = [query for query in lab.spark_event_log().queries if query.id not in seen]
    columns = ["carrier", "flight", "origin", "dest", "distance"]
    expected = tables["flights"].loc[tables["flights"]["distance"] >= miles, columns]
    lab.same_table(_sorted(_frame(lab, got, columns), columns), _sorted(expected, columns))
    filters = [text for query in queries for text in query.pushed_filters]
    lab.expect(
        any(re.search(r"(GreaterThan|GreaterThanOrEqual)\(distance,", text) for text in filters),
        es="El resultado es correcto, pero el filtro no llega al lector del archivo: "
        "no podría saltarse ningún grupo de filas.",
        en="The result is right, but the filter doesn't reach the file's reader: it could skip no group of rows.",
        got=f"PushedFilters: {filters}",
        expected=f"PushedFilters: [GreaterThanOrEqual(distance,{miles})]",
        score=0.4,
    )
    read = [_columns_read(node.text) for query in queries for node in query.nodes("Scan parquet")]
    lab.expect(
        all(number <= len(columns) for number in read),
        es="El filtro llega al archivo, pero se leen columnas que nadie pidió.",
        en="The filter reaches the file, but columns are read that nobody asked for.",
        got=f"{max(read, default=0)}",
        expected=f"{len(columns)}",
        score=0.7,
    )


def _columns_read(scan: str) -> int:
    """How many columns a scan reads; Spark cuts the list short when there are very many."""
    match = re.search(r"ReadSchema: struct<(.*?)(>|\.\.\.)", scan)
    if match is None:
        return 0
    return 99 if match[2] == "..." else match[1].count(":")
