"""Checks of the lab dataframes-datasets: results on fresh flights, and Spark's plan for how they were made.

The Scala file is compiled and run once for all its checks, in the session's own JVM.
"""

import io
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hidden import datos
from labkit import SPARK, Lab
from labkit.spark import Node, Query

BEFORE, AFTER = "_datos/vuelos.parquet", "_datos/corregidos.parquet"
# Spark hands rows to Python by one of these nodes …
PYTHON = ("Python", "InPandas", "InArrow")
# … and one by one by this, or where its text ends in PythonEvalType.SQL_ARROW_BATCHED_UDF.
ROW_BY_ROW = ("BatchEvalPython",)
ARROW_ROW_BY_ROW = re.compile(r"\b101$")


def _random(lab: Lab) -> np.random.Generator:
    return np.random.default_rng(lab.seed)


def _rows(lab: Lab) -> pd.DataFrame:
    """This attempt's flights, which lie in the student's sandbox, too."""

    def deliver() -> pd.DataFrame:
        rows = datos.flights(_random(lab))
        _put(lab, BEFORE, rows)
        return rows

    return lab.once("rows", deliver)


def _put(lab: Lab, path: str, rows: pd.DataFrame) -> None:
    buffer = io.BytesIO()
    # Microseconds, for Spark knows no others; of UTC, for else it would be another type than the one that leer gives.
    times = rows["salida_prevista"].dt.tz_localize("UTC").astype("datetime64[us, UTC]")
    rows.assign(salida_prevista=times).to_parquet(buffer, index=False)
    lab.write(path, buffer.getvalue())


def _ask(lab: Lab, name: str, *arguments: Any, paths: tuple[str, ...] = (BEFORE,)) -> tuple[Any, list[Query]]:
    """What a function gives, and the queries it took."""
    _rows(lab)
    seen = {query.id for query in lab.spark_event_log().queries}
    got = lab.probe("pedir", SPARK, name, list(paths), *arguments)
    return got, [query for query in lab.spark_event_log().queries if query.id not in seen]


def _python(queries: list[Query]) -> list[Node]:
    return [node for query in queries for node in query.plan.walk() if any(name in node.name for name in PYTHON)]


def _still_reads(lab: Lab, queries: list[Query], expected: str) -> None:
    """Rows that were fetched and put back went through Python, though no node of the last plan says so."""
    lab.expect(
        queries and queries[-1].nodes("Scan parquet"),
        es="El resultado está bien, pero la función saca las filas de Spark y las vuelve a meter: el plan ya no llega "
        "al archivo.",
        en="The result is right, but the function takes the rows out of Spark and puts them back: the plan no longer "
        "reaches the file.",
        got=queries[-1].plan.text[:200] if queries else "",
        expected=f"{expected} … FileScan parquet",
        score=0.5,
    )


def _table(lab: Lab, got: Any, columns: list[str]) -> pd.DataFrame:
    """What came back, once it is known to be a table that has these columns, each once."""
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
    return _sorted(got)


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """In one order; integers that may be missing as floats, so that both sides have one type."""
    # Without unknown tail numbers as NaN or None: text either way.
    frame = frame.assign(**{c: frame[c].fillna("") for c in ("matricula",) if c in frame})
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[name].dtype):
            frame[name] = frame[name].astype("Float64").to_numpy(float, na_value=np.nan)
        elif pd.api.types.is_datetime64_any_dtype(frame[name].dtype) or name == "limite":
            frame[name] = frame[name].astype(str)
    return frame.sort_values(datos.KEY, key=lambda column: column.astype(str)).reset_index(drop=True)


def esquema(lab: Lab) -> float | None:
    rows = _rows(lab)
    text, broken = datos.csv(rows, _random(lab))
    lab.write("_datos/vuelos.csv", text)
    got = lab.probe("leer", SPARK, "_datos/vuelos.csv")
    got = got if isinstance(got, dict) else {}
    expected = [[*pair] for pair in zip([*datos.CSV, "linea_rota"], datos.TYPES, strict=True)]
    lab.expect(
        got.get("types") == expected,
        es="Las columnas de leer, o sus tipos, no son los del esquema.",
        en="The columns of leer, or their types, are not those of the schema.",
        got=f"{got.get('types')}"[:800],
        expected=f"{expected}",
    )
    frame = got.get("rows")
    read = (
        frame[frame["linea_rota"].notna()]["linea_rota"].astype(str).tolist() if isinstance(frame, pd.DataFrame) else []
    )
    lab.expect(
        sorted(read) == sorted(broken),
        es="linea_rota no guarda justo las líneas que no cumplen el esquema, enteras.",
        en="linea_rota doesn't hold just the lines that break the schema, whole.",
        got=f"{len(read)}: {sorted(read)[:3]}"[:600],
        expected=f"{len(broken)}: {sorted(broken)[:3]}",
        score=0.3,
    )
    good = frame[frame["linea_rota"].isna()].drop(columns="linea_rota")
    lab.same_table(_table(lab, good, datos.COLUMNS), _sorted(rows[datos.COLUMNS]))
    lab.expect(
        got.get("jobs") == 0,
        es=f"Solo llamar a leer lanzó {got.get('jobs')} trabajos: con el esquema dicho no hay nada que leer todavía.",
        en=f"Merely calling leer launched {got.get('jobs')} jobs: with the schema stated there is nothing to read yet.",
        got=f"{got.get('jobs')}",
        expected="0",
        score=0.7,
    )
    return None


def nulos(lab: Lab) -> None:
    rows = _rows(lab)
    after = datos.corrected(rows, _random(lab))
    _put(lab, AFTER, after)
    got, _ = _ask(lab, "cambios", paths=(BEFORE, AFTER))
    got = _table(lab, got, [*datos.KEY, "antes", "ahora"])
    expected = _sorted(datos.changes(rows, after))
    from_null, to_null = expected["antes"].isna().sum(), expected["ahora"].isna().sum()
    lab.expect(
        (got["antes"].isna().sum(), got["ahora"].isna().sum()) == (from_null, to_null),
        es="Faltan (o sobran) los cambios en los que uno de los dos valores es NULL.",
        en="Changes in which one of the two values is NULL are missing (or too many).",
        got=f"antes NULL: {got['antes'].isna().sum()}, ahora NULL: {got['ahora'].isna().sum()}",
        expected=f"antes NULL: {from_null}, ahora NULL: {to_null}",
        score=0.3 if len(got) == (expected.notna().all(axis=1)).sum() else 0.0,
    )
    lab.same_table(got, expected)


def sin_python(lab: Lab) -> None:
    got, queries = _ask(lab, "con_estado")
    expected = _sorted(datos.states(_rows(lab)))
    lab.same_table(_table(lab, got, list(expected.columns)), expected)
    names = sorted({node.name for node in _python(queries)})
    lab.expect(
        not names,
        es="Los estados están bien, pero cada fila viaja a Python para decidir algo que Spark sabe decidir.",
        en="The states are right, but every row travels to a Python process to decide what Spark can decide.",
        got=", ".join(names),
        expected="Project [… CASE WHEN …]",
        score=0.5,
    )
    _still_reads(lab, queries, "Project [… CASE WHEN …]")


def ventana(lab: Lab) -> None:
    got, _ = _ask(lab, "con_historia")
    rows = _rows(lab)
    expected = _sorted(datos.history(rows))
    got = _table(lab, got, list(expected.columns))
    unknown = got["matricula"] == ""
    lab.expect(
        got.loc[unknown, "avion_previo"].isna().all(),
        es="Un vuelo sin matrícula hereda el retraso de otro: los NULL forman una partición, pero no un avión.",
        en="A flight without a tail number inherits another's delay: NULLs form one partition, but not one plane.",
        got=f"{got.loc[unknown, 'avion_previo'].notna().sum()}",
        expected="0",
        score=0.5,
    )
    lab.same_table(got, expected)


def vectorizada(lab: Lab) -> None:
    rows = _rows(lab)
    days = lab.rng.randint(5, 30)
    holidays = [str(day)[:10] for day in pd.date_range("2013-01-01", "2014-03-01") if lab.rng.random() < 0.08]
    got, queries = _ask(lab, "con_limite", days, holidays)
    expected = _sorted(datos.deadlines(rows, days, holidays))
    lab.same_table(_table(lab, got, list(expected.columns)), expected)
    nodes = _python(queries)
    slow = [node for node in nodes if node.name in ROW_BY_ROW or ARROW_ROW_BY_ROW.search(node.text.strip())]
    lab.expect(
        not slow,
        es="Las fechas están bien, pero tu función recibe las filas de una en una: Python se llama miles de veces.",
        en="The dates are right, but your function gets the rows one by one: Python is called thousands of times.",
        got=slow[0].text[:200] if slow else "",
        expected="pandas_udf: ArrowEvalPython",
        score=0.5,
    )
    _still_reads(lab, queries, "ArrowEvalPython")
    lab.expect(
        nodes,
        es="Las fechas están bien, pero no las pone una pandas_udf: el plan no tiene ningún nodo de Python por lotes.",
        en="The dates are right, but no pandas_udf puts them: the plan has no node of Python in batches.",
        got=queries[-1].plan.text[:200] if queries else "",
        expected="pandas_udf: ArrowEvalPython",
        score=0.5,
    )


def arrow(lab: Lab) -> None:
    got, _ = _ask(lab, "exportar")
    lab.expect(
        isinstance(got, pa.Table),
        es="exportar debe devolver una tabla de Arrow (pyarrow.Table).",
        en="exportar must return an Arrow table (pyarrow.Table).",
        got=type(got).__name__,
    )
    types = {field.name: str(field.type) for field in got.schema}
    expected = {"aerolinea": "string", "vuelo": "int32", "millas": "int32", "retraso_llegada": "int32"}
    lab.expect(
        len(got.schema) == len(expected) and types == expected,
        es="La tabla no tiene las columnas pedidas con los tipos que tenían en Spark.",
        en="The table lacks the columns asked for with the types they had in Spark.",
        got=", ".join(f"{field.name}: {field.type}" for field in got.schema),
        expected=", ".join(f"{name}: {kind}" for name, kind in expected.items()),
        score=0.4,
    )
    got, rows = got.select(list(expected)), _rows(lab)[list(expected)]
    lab.expect(
        sorted(map(str, got.to_pylist()))
        == sorted(map(str, pa.Table.from_pandas(rows, preserve_index=False).to_pylist())),
        es="Los tipos están bien, pero no son los mismos vuelos.",
        en="The types are right, but these are not the same flights.",
        got=f"{got.num_rows}, NULL: {got['retraso_llegada'].null_count}",
        expected=f"{len(rows)}, NULL: {rows['retraso_llegada'].isna().sum()}",
    )


# What the compiler must reject, by its line in Mal.scala.
BAD = {
    3: "recuperados(spark.range(3))",
    4: "recuperados(DataFrame)",
    5: 'largos(vuelos, "mil")',
    6: "leer(…).map(_.millas.trim)",
}


def _miles(lab: Lab) -> int:
    return int(_rows(lab)["millas"].quantile(0.8)) + lab.seed % 50


def _scala(lab: Lab) -> dict[str, Any]:
    """What the student's file gave: ``rejected`` lines of Mal.scala, and what Sonda.scala said by name."""

    def run() -> dict[str, Any]:
        miles = _miles(lab)
        probe, bad = ((lab.hidden / f"{name}.scala").read_text() for name in ("Sonda", "Mal"))
        got = lab.probe("escala", SPARK, probe.replace("MILLAS", str(miles)), bad, timeout=100)
        got = got if isinstance(got, dict) else {}
        lab.expect(
            isinstance(got.get("said"), str) and isinstance(got.get("rejected"), list),
            es="Vuelos.scala no compila o no da los tipos que se piden: Dataset[Vuelo], con sus siete campos, "
            "y Dataset[Media].",
            en="Vuelos.scala doesn't compile or doesn't give the types asked for: Dataset[Vuelo], with its seven "
            "fields, and Dataset[Media].",
            got=str(got.get("errors"))[:800],
        )
        said = dict(line.partition(" ")[::2] for line in got["said"].splitlines())
        return {"rejected": got["rejected"], "said": said}

    return lab.once("scala", run)


def _said(lab: Lab, name: str) -> str:
    said = str(_scala(lab)["said"].get(name, "! ?"))
    lab.expect(
        not said.startswith("!"),
        es=f"`{name}` de Vuelos.scala falla al ejecutarse.",
        en=f"`{name}` of Vuelos.scala fails when run.",
        got=said[2:700],
    )
    return said


def _flights(rows: pd.DataFrame) -> list[str]:
    return sorted(rows["aerolinea"] + rows["vuelo"].astype(str) + rows["origen"])


def dataset(lab: Lab) -> None:
    rows = _rows(lab)
    expected = _flights(rows[(rows["retraso_salida"] > 0).fillna(False) & (rows["retraso_llegada"] <= 0).fillna(False)])
    got = sorted(_said(lab, "recuperados").split())
    lab.expect(
        got == expected,
        es="recuperados no da justo los vuelos que salieron con retraso y llegaron a su hora.",
        en="recuperados doesn't give just the flights that left late and arrived on time.",
        got=f"{len(got)}: {got[:4]}",
        expected=f"{len(expected)}: {expected[:4]}",
    )
    arrived = rows.dropna(subset=["retraso_llegada"]).groupby("aerolinea")["retraso_llegada"]
    wanted = {key: (len(values), float(values.mean())) for key, values in arrived}
    means = {}
    for word in _said(lab, "medias").split():
        if match := re.fullmatch(r"(\w+):(\d+):(-?[\d.E-]+)", word):
            means[match[1]] = (int(match[2]), float(match[3]))
    close = means.keys() == wanted.keys() and all(
        means[key][0] == wanted[key][0] and abs(means[key][1] - wanted[key][1]) < 1e-6 for key in wanted
    )
    lab.expect(
        close,
        es="medias no da las llegadas conocidas y el retraso medio de cada aerolínea.",
        en="medias doesn't give the known arrivals and the mean delay of each airline.",
        got=f"{dict(sorted(means.items())[:3])}",
        expected=f"{dict(sorted(wanted.items())[:3])}",
        score=0.5,
    )


def tipos(lab: Lab) -> None:
    rejected = _scala(lab)["rejected"]
    accepted = [name for line, name in BAD.items() if line not in rejected]
    lab.expect(
        not accepted,
        es="El compilador acepta lo que no debería: el error aparecería de noche, con el trabajo en marcha.",
        en="The compiler accepts what it shouldn't: the error would show up at night, with the job running.",
        got=", ".join(accepted),
        expected="error: type mismatch",
        score=0.5 * (1 - len(accepted) / len(BAD)),
    )


def empuje(lab: Lab) -> None:
    rows, miles = _rows(lab), _miles(lab)
    plan, got = _said(lab, "plan"), sorted(_said(lab, "largos").split())
    expected = _flights(rows[rows["millas"] >= miles])
    lab.expect(
        got == expected,
        es="largos no da justo los vuelos de esas millas o más.",
        en="largos doesn't give just the flights of that many miles or more.",
        got=f"{len(got)}: {got[:4]}",
        expected=f"{len(expected)}: {expected[:4]}",
    )
    pushed = re.search(r"PushedFilters: \[(.*?)\]", plan)
    lab.expect(
        pushed is not None and re.search(r"GreaterThan(OrEqual)?\(millas,", pushed[1]),
        es="Los vuelos son los que deben, pero la condición no llega al archivo: Catalyst no ve dentro de una función.",
        en="The flights are right, but the condition doesn't reach the file: Catalyst can't see into a function.",
        got=f"PushedFilters: [{pushed[1] if pushed else ''}]",
        expected=f"PushedFilters: [IsNotNull(millas), GreaterThanOrEqual(millas,{miles})]",
        score=0.4,
    )
