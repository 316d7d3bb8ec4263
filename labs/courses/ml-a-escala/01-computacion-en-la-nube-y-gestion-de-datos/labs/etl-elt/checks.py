"""Checks of the lab etl-elt: the two databases after the same deliveries, and the student's dbt tests on planted rows.

dbt runs twice in all, in S's warm process: its compiled tests are then tried in the grader's own database.
"""

from dataclasses import dataclass
from pathlib import Path

from hidden.bases import PLANTED, Base, caught, compiled_tests, expect_rows
from hidden.clima import Deliveries, Row
from labkit import Lab

COLUMNS = ("estacion", "hora", "temperatura", "humedad", "viento", "actualizado")
REJECTED = ("entrega", "linea", "cuerpo", "motivo")
CLEAN, MODELS = "limpio", "modelos"


@dataclass
class Before:
    """A database after the first two deliveries, and after all that came later."""

    first: Base
    last: Base


def _deliveries(lab: Lab) -> Deliveries:
    return lab.once("entregas", lambda: Deliveries(lab))


def _etl(lab: Lab) -> Before:
    def run() -> Before:
        given, base = _deliveries(lab), f"etl_{lab.seed}.duckdb"
        lab.call("etl.py", "etl", given.paths[:2], base, timeout=90)
        first = Base(lab, base)
        lab.call("etl.py", "etl", given.paths[2:], base, timeout=90)
        lab.call("etl.py", "etl", [given.paths[1]], base, timeout=90)  # once more, after it was corrected
        return Before(first, Base(lab, base))

    return lab.once("etl", run)


def _elt(lab: Lab) -> Before:
    def run() -> Before:
        given, base = _deliveries(lab), f"elt_{lab.seed}.duckdb"
        lab.call("elt.py", "cargar", given.paths[:2], base)
        _build(lab, base)
        first = Base(lab, base)
        lab.call("elt.py", "cargar", given.paths[2:], base)
        _build(lab, base)
        return Before(first, Base(lab, base))

    return lab.once("elt", run)


def _build(lab: Lab, base: str) -> None:
    states = lab.call("elt.py", "construir", base, timeout=120)
    wrong = {n: s for n, s in states.items() if s in ("error", "skipped")} if isinstance(states, dict) else {"dbt": "?"}
    lab.expect(
        isinstance(states, dict) and "error" not in states.values(),
        es="`dbt build` no pudo construir algún modelo. Ejecútalo en el terminal para ver el error entero.",
        en="`dbt build` couldn't build some model. Run it in the terminal to see the whole error.",
        got=f"{wrong}"[:400],
    )


def _known(rows: list[Row]) -> list[Row]:
    return [{name: row[name] for name in COLUMNS} for row in rows]


def dlt_carga(lab: Lab) -> None:
    base, given = _etl(lab).first, _deliveries(lab)
    expect_rows(
        base.rows(f"{CLEAN}.observaciones", *COLUMNS),
        _known(given.latest(2)),
        es="Tras dos entregas, `limpio.observaciones` no tiene una fila por estación y hora, la última.",
        en="After two deliveries `limpio.observaciones` doesn't hold one row a station and hour, the last.",
    )
    columns = [
        row["column_name"]
        for row in base.rows("information_schema.columns", "column_name", "table_name", "table_schema")
        if (row["table_schema"], row["table_name"]) == (CLEAN, "observaciones")
    ]
    variants = [name for name in columns if "__v_" in str(name)]
    lab.expect(
        not variants,
        es="dlt abrió otra columna para valores de otro tipo. Convierte las medidas antes de cargarlas.",
        en="dlt opened another column for values of another type. Convert the measures before you load them.",
        got=", ".join(variants),
        score=0.6,
    )


def dlt_repetir(lab: Lab) -> None:
    got = _etl(lab).last.rows(f"{CLEAN}.observaciones", *COLUMNS)
    given = _deliveries(lab)
    keys = {(row["estacion"], row["hora"]) for row in got}
    lab.expect(
        len(keys) == len(got),
        es="Repetir una entrega, o corregir una hora, dejó filas repetidas.",
        en="Repeating a delivery, or correcting an hour, left repeated rows.",
        got=f"{len(got)} filas, {len(keys)} horas / rows, hours",
    )
    missing = {(row["estacion"], row["hora"]) for row in given.latest(3)} - keys
    lab.expect(
        not missing,
        es="Faltan horas que llegaron tarde. ¿Tu cursor mira cuándo pasó, o cuándo se supo?",
        en="Hours that came late are missing. Does your cursor look at when it was, or at when it was known?",
        got=f"{len(missing)}: {sorted(missing)[:2]}",
        score=0.3,
    )
    expect_rows(
        got,
        _known(given.latest(3)),
        es="Repetir una entrega vieja deshizo una corrección posterior, o la corrección no entró.",
        en="Repeating an old delivery undid a later correction, or the correction didn't get in.",
        score=0.5,
    )


def crudo(lab: Lab) -> None:
    given, base, table = _deliveries(lab), f"crudo_{lab.seed}.duckdb", "crudo.observaciones"
    lab.call("elt.py", "cargar", given.paths[:2], base)
    first = Base(lab, base).rows(table, "entrega", "linea", "cuerpo", "cargado_en")
    lab.call("elt.py", "cargar", [given.paths[1], given.paths[2]], base)
    last = Base(lab, base).rows(table, "entrega", "linea", "cuerpo", "cargado_en", score=0.4)
    _expect_raw(first, given.raw(2), 0.0)
    _expect_raw(last, given.raw(3), 0.4)
    when = {(row["entrega"], row["linea"]): row["cargado_en"] for row in last}
    moved = [row for row in first if when[row["entrega"], row["linea"]] != row["cargado_en"]]
    lab.expect(
        not moved,
        es="Repetir una entrega cambió su `cargado_en`: los modelos la creerán nueva y la procesarán otra vez.",
        en="Repeating a delivery changed its `cargado_en`: the models will take it for new and process it again.",
        got=f"{len(moved)}",
        expected="0",
        score=0.7,
    )


def _expect_raw(got: list[Row], expected: list[Row], score: float) -> None:
    expect_rows(
        [{name: row[name] for name in ("entrega", "linea", "cuerpo")} for row in got],
        expected,
        es="En crudo debe estar cada línea de cada entrega, una vez y tal como llegó, también las rotas.",
        en="Raw should hold each line of each delivery, once and as it came, the broken ones too.",
        score=score,
    )


def modelo(lab: Lab) -> None:
    built, given, table = _elt(lab), _deliveries(lab), f"{MODELS}.observaciones"
    expect_rows(
        built.first.rows(table, *COLUMNS),
        _known(given.latest(2)),
        es="Tras la primera construcción, `modelos.observaciones` no tiene una fila por estación y hora, la última.",
        en="After the first build `modelos.observaciones` doesn't hold one row a station and hour, the last one.",
    )
    expect_rows(
        built.last.rows(table, *COLUMNS, score=0.4),
        _known(given.latest(3)),
        es="Tras la segunda construcción falta lo que llegó tarde, o una corrección no sustituyó a su fila.",
        en="After the second build what came late is missing, or a correction didn't replace the row it corrects.",
        score=0.4,
    )


def incremental(lab: Lab) -> None:
    built, given = _elt(lab), _deliveries(lab)
    names = ("estacion", "hora", "procesado_en")
    before, after = (
        {(row["estacion"], row["hora"]): str(row["procesado_en"]) for row in rows}
        for rows in (base.rows(f"{MODELS}.observaciones", *names) for base in (built.first, built.last))
    )
    told = {(row["estacion"], row["hora"]) for row in given.rows[2]}
    kept = {(row["estacion"], row["hora"]) for row in given.latest(2)} - told
    again = [key for key in kept if before.get(key) is None or before[key] != after.get(key)]
    lab.expect(
        not again,
        es="La segunda construcción procesó otra vez filas que ya estaban y de las que nada nuevo llegó.",
        en="The second build processed rows again that were there already and of which nothing new came.",
        got=f"{len(again)} de {len(kept)}",
        expected="0",
    )
    last = max(before.values(), default="")
    stale = [row for row in given.third_day if after.get((row["estacion"], row["hora"]), "") <= last]
    lab.expect(
        not stale,
        es="`procesado_en` de las filas nuevas debe decir cuándo se procesaron: `now()`.",
        en="`procesado_en` of the new rows should tell when they were processed: `now()`.",
        got=f"{len(stale)}",
        score=0.5,
    )


def rechazadas(lab: Lab) -> None:
    given = _deliveries(lab)
    for name, schema, base, score in (("ETL", CLEAN, _etl, 0.0), ("ELT", MODELS, _elt, 0.5)):
        expect_rows(
            base(lab).last.rows(f"{schema}.rechazadas", *REJECTED, score=score),
            given.rejected,
            es=f"En el {name}, `rechazadas` no tiene cada línea que no vale, una vez, con su motivo.",
            en=f"In the {name} `rechazadas` doesn't hold each line that is no good, once, with its reason (`motivo`).",
            score=score,
        )


def deriva(lab: Lab) -> None:
    given = _deliveries(lab)
    day = given.names[2]
    right = [{name: row[name] for name in ("estacion", "hora", "presion")} for row in given.third_day]
    for name, schema, base, score in (("ETL", CLEAN, _etl, 0.0), ("ELT", MODELS, _elt, 0.5)):
        rows = base(lab).last.rows(f"{schema}.observaciones", "estacion", "hora", "presion", score=score)
        expect_rows(
            [row for row in rows if str(row["hora"]).startswith(day)],
            right,
            es=f"En el {name}, la medida nueva (`presion`) no llegó a la tabla.",
            en=f"In the {name} the new measure (`presion`) didn't get to the table.",
            score=score,
        )


def pruebas(lab: Lab) -> None:
    _elt(lab)
    found, alarms = caught(compiled_tests(lab), Path(f"elt_{lab.seed}").name)
    lab.expect(
        not alarms,
        es="Alguna prueba falla con una tabla correcta (0 % y 100 % de humedad son posibles, −40 °C también).",
        en="Some test fails on a correct table (0% and 100% of humidity are possible, and so is −40 °C).",
        got="\n".join(alarms)[:400],
        score=0.4,
    )
    missed = [kind for kind in PLANTED if kind not in found]
    lab.expect(
        not missed,
        es=f"Tus pruebas no ven {len(missed)} de {len(PLANTED)} filas malas puestas en `observaciones`.",
        en=f"Your tests don't see {len(missed)} of {len(PLANTED)} bad rows put into `observaciones`.",
        got="\n".join(f"sin ver / unseen: {kind}" for kind in missed),
        score=0.8 * (len(found) / len(PLANTED)),
    )
