"""Checks of the lab calidad-y-gobernanza: fresh deliveries with fresh faults, events as written, a lake as it is left.

hidden/reservas.py makes bookings and spoils them, hidden/casos.py says what comes of it, hidden/juicio.py what is wrong
with an answer. hidden/lago.py builds the Delta tables here and reads back, here again, every file that is left.
"""

from typing import Any

import pandas as pd
from hidden import casos, juicio, lago
from labkit import Failed, Lab


def _review(lab: Lab, case: casos.Delivery) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What ``revisar`` gives back, when it is two tables whose rows can be told apart."""
    got = lab.call("contrato.py", "revisar", case.raw, case.flights)
    tables = got if isinstance(got, list) and len(got) == 2 else []
    lab.expect(
        len(tables) == 2 and all(isinstance(each, pd.DataFrame) and "linea" in each for each in tables),
        es="`revisar` devuelve dos tablas, las buenas y la cuarentena, y las dos conservan la columna `linea`.",
        en="`revisar` returns two tables, the good rows and the quarantine, and both keep the column `linea`.",
        got=f"{type(got).__name__}",
    )
    # An index that isn't 0, 1, 2 … crosses as a column.
    return tables[0].drop(columns="index", errors="ignore"), tables[1].drop(columns="index", errors="ignore")


def filas(lab: Lab) -> None:
    case = casos.delivery(lab.rng, lab.data / "datos", plain=False)
    good, bad = _review(lab, case)
    lines, kept, caught = set(case.raw["linea"]), list(good["linea"]), list(bad["linea"])
    lab.expect(
        sorted(map(str, kept + caught)) == sorted(map(str, lines)),
        es="Cada fila de la entrega termina en una tabla y solo en una: en las buenas o en la cuarentena.",
        en="Each row of the delivery ends in one table and one only: the good rows or the quarantine.",
        got=f"{len(kept)} + {len(caught)}",
        expected=f"{len(lines)}",
    )
    passed, lost = set(kept) & set(case.planted), set(caught) - set(case.planted)
    lab.expect(
        not passed,
        es=f"Pasaron por buenas {len(passed)} filas que no cumplen el contrato; por ejemplo:",
        en=f"{len(passed)} rows that break the contract passed as good ones; for instance:",
        got=case.shown(passed),
        score=0.0 if len(passed) > len(case.planted) // 2 else 0.3,
    )
    lab.expect(
        not lost,
        es=f"Hay {len(lost)} filas buenas en la cuarentena; por ejemplo:",
        en=f"{len(lost)} good rows are in quarantine; for instance:",
        got=case.shown(lost),
        score=0.3,
    )


def motivos(lab: Lab) -> None:
    case = casos.delivery(lab.rng, lab.data / "datos", plain=True)
    good, bad = _review(lab, case)
    wrong = case.wrong_reasons(bad)
    lab.expect(
        not wrong,
        es=f"En {len(wrong)} de {len(case.planted)} filas los motivos no son todos, por orden y unidos por «;».",
        en=f"In {len(wrong)} of {len(case.planted)} rows the reasons aren't all, in order and joined by ';'.",
        got="\n".join(str(pair[0]) for pair in list(wrong.values())[:5]),
        expected="\n".join(pair[1] for pair in list(wrong.values())[:5]),
        score=0.4 * (1 - len(wrong) / len(case.planted)),
    )
    lab.expect(
        case.as_it_came(bad),
        es="La cuarentena guarda cada fila como llegó y en su orden: sin el original no se sabe qué pasó.",
        en="The quarantine keeps each row as it came and in order: without the original nobody can tell what happened.",
        got=bad.head(3).to_string(),
        score=0.6,
    )
    kinds = {name: str(good[name].dtype) for name in casos.TYPES if name in good}
    lab.expect(
        all(kinds.get(name, "").startswith(kind) for name, kind in casos.TYPES.items()) and "UTC" in kinds["compra"],
        es="Las filas buenas llevan sus tipos: `reserva` entero, `precio` decimal, fechas, y `compra` en UTC.",
        en="The good rows have their types: `reserva` whole, `precio` float, `nacimiento` a date, `compra` in UTC.",
        got=f"{kinds}",
        score=0.8,
    )


def expectativas(lab: Lab) -> None:
    expected, lots = casos.lots(lab.rng, lab.data / "datos")
    wrong = []
    for name, lot, kinds in lots:
        got = lab.call("expectativas.py", "evaluar", lot, expected, timeout=90)
        failing = juicio.failing(got)
        if failing is None:
            raise Failed(
                es="`evaluar` devuelve `to_json_dict()` del resultado de la validación, con las cinco expectativas.",
                en="`evaluar` returns `to_json_dict()` of the validation's result, with the five expectations.",
                got=f"{got}"[:400],
            )
        if failing != kinds or bool(got.get("success")) == bool(kinds):
            wrong.append((name, failing, kinds))
    lab.expect(
        not wrong,
        es="De estos lotes no fallan las expectativas que deben.",
        en="Of these lots the expectations that fail are not those that should.",
        got="\n".join(f"{name}: {', '.join(sorted(got)) or '-'}" for name, got, _ in wrong),
        expected="\n".join(f"{name}: {', '.join(sorted(kinds)) or '-'}" for name, _, kinds in wrong),
        score=0.6 * (1 - len(wrong) / len(lots)),
    )


def seudonimos(lab: Lab) -> None:
    numbers = {letter: lab.rng.sample(range(10_000_000), 60) for letter in "ABCDEFGHKL"}
    documents = [f"{letter}{number:07}" for letter, some in numbers.items() for number in some]
    again = [lab.rng.choice((" {}", "{} ", "{}\t")).format(one.lower()) for one in documents]
    keys = [f"clave-{lab.rng.random()}" for _ in range(2)]
    got = lab.probe("seudonimos", documents + again, keys, called="seudonimo")
    lab.expect(
        isinstance(got, list) and all(isinstance(one, str) for group in got for one in group),
        es="`seudonimo` devuelve un texto.",
        en="`seudonimo` returns a string.",
        got=f"{got}"[:100],
    )
    first, second = got
    lab.expect(
        not juicio.guessed(documents, first),
        es="Con una lista de documentos posibles y un resumen sin clave se recuperan los tuyos en segundos.",
        en="With a list of possible documents and an unkeyed hash yours are recovered in seconds.",
        got=first[0],
    )
    facts = juicio.pseudonym_facts(documents, first, second)
    other = lab.shell(
        f"python -c \"from privacidad import seudonimo; print(seudonimo('{documents[0]}', '{keys[0]}'))\""
    )
    facts["otro proceso, el mismo / another process, the same"] = other.stdout.strip() == first[0]
    lab.expect(
        all(facts.values()),
        es="Tu seudónimo no cumple esto, y sin ello no sirve para cruzar tablas o no protege:",
        en="Your pseudonym lacks this, and without it tables can't be joined or nobody is protected:",
        got="\n".join(name for name, held in facts.items() if not held),
        score=0.5 * sum(facts.values()) / len(facts),
    )


def anonimato(lab: Lab) -> None:
    rows, k = casos.clean(lab.rng, lab.data / "datos", 700), lab.rng.randint(4, 7)
    got = lab.call("privacidad.py", "publicar", rows, f"clave-{lab.seed}", k)
    wanted = casos.published(rows, k)
    columns = list(wanted.columns)
    got = got.drop(columns="index", errors="ignore") if isinstance(got, pd.DataFrame) else got
    lab.expect(
        isinstance(got, pd.DataFrame) and list(got.columns) == columns,
        es="La tabla publicable tiene estas columnas y ninguna más: cada columna que sobra puede señalar a alguien.",
        en="The table to publish has these columns and no other: each column too many may point at someone.",
        got=", ".join(map(str, got.columns)) if isinstance(got, pd.DataFrame) else type(got).__name__,
        expected=", ".join(columns),
    )
    groups = got.astype({"persona": str}).groupby(["decada", "postal"])["persona"].nunique()
    lab.expect(
        len(got) > 0 and groups.min() >= k,
        es=f"Hay grupos con menos de {k} personas (personas, no filas: quien viaja mucho no es un grupo).",
        en=f"There are groups with fewer than {k} people (people, not rows: a frequent traveller is no group).",
        got=groups.sort_values().head(5).to_string(),
        score=0.2,
    )
    # The pseudonym's value is another check's business: here, that rows of one person still go together.
    same = pd.Series(pd.factorize(got["persona"])[0]), pd.Series(pd.factorize(wanted["persona"])[0])
    lab.same_table(got[columns[1:]].assign(persona=same[0]), wanted[columns[1:]].assign(persona=same[1]))


def eventos(lab: Lab) -> None:
    plan = casos.steps(lab.rng)
    seen = lab.probe("pasos", plan, f"eventos_{lab.seed}.jsonl")
    try:
        told = [juicio.faults_of(step, one, failure) for (step, failure), one in zip(plan, seen, strict=True)]
        ended = [(one["devuelto"], one["excepcion"]) for one in seen]
        runs = {event["run"]["runId"] for one in seen for event in one["eventos"]}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Failed(
            es=f"Los eventos no tienen la forma de OpenLineage: {error!r}",
            en=f"The events don't have the shape of OpenLineage: {error!r}",
        ) from None
    faults = [fault for each in told for fault in each]
    lab.expect(
        not faults,
        es="Los eventos no cuentan lo que pasó (lo que hay, lo que debería haber):",
        en="The events don't tell what happened (what there is, what there should be):",
        got="\n".join(faults)[:1500],
        score=0.5 if not told[0] else 0.0,
    )
    lab.expect(
        ended == [({"filas": 1}, None), (None, plan[1][1])] and len(runs) == 2,
        es="`ejecutar` devuelve lo que `hacer()`, deja salir su excepción y da a cada ejecución su propio runId.",
        en="`ejecutar` returns what `hacer()` returns, lets its exception out and gives each run a runId of its own.",
        got=f"{ended}",
        score=0.7,
    )


def rastro(lab: Lab) -> None:
    events, column, wanted = casos.history(lab.rng)
    got = lab.call("linaje.py", "rastro", events, column)
    lab.expect(
        got == wanted,
        es=f"No son esas las columnas que salen de {column}, paso a paso y de lo que terminó (COMPLETE).",
        en=f"Those aren't the columns that come from {column}, step by step, of what finished (COMPLETE).",
        got=f"{got}",
        expected=f"{wanted}",
        score=0.3 if isinstance(got, list) and set(map(str, got)) > set(wanted) else 0.0,
    )


def retencion(lab: Lab) -> None:
    rows = casos.clean(lab.rng, lab.data / "datos").assign(dia=lambda t: t["salida"].dt.strftime("%Y-%m-%d"))
    first, second = "2013-01-02T05:00:00Z", "2013-01-03T00:30:00Z"
    old = rows[rows["salida"] < first]
    held = [int(number) for number in old["reserva"].sample(3, random_state=lab.seed % 1000)]
    name = f"retencion_{lab.seed}"
    before = lago.plant(lab, name, {"plata": rows}, partition="dia")
    counts = [lab.call("retencion.py", "purgar", f"{name}/plata", first, held)]
    middle = lago.receive(lab, name)["plata"]
    counts.append(lab.call("retencion.py", "purgar", f"{name}/plata", second, []))
    end = lago.receive(lab, name)["plata"]
    for got, limit, kept in ((middle, first, held), (end, second, [])):
        wanted = rows[(rows["salida"] >= limit) | rows["reserva"].isin(kept)]
        lab.expect(
            sorted(got.rows["reserva"]) == sorted(wanted["reserva"]),
            es=f"Tras purgar lo que salió antes de {limit} (retenidas: {kept}) no quedan las reservas que deben.",
            en=f"After purging what left before {limit} (held: {kept}) the bookings left are not the right ones.",
            got=f"{len(got.rows)}",
            expected=f"{len(wanted)}",
        )
    wanted_counts = [len(old) - 3, len(middle.rows) - len(end.rows)]
    lab.expect(
        counts == wanted_counts,
        es="`purgar` dice cuántas filas borró.",
        en="`purgar` tells how many rows it deleted.",
        got=f"{counts}",
        expected=f"{wanted_counts}",
        score=0.7,
    )
    untouched = {path for path in before if "2013-01-03" in path or "2013-01-04" in path}
    lab.expect(
        untouched <= middle.live,
        es="Se reescribieron días en los que no había nada que borrar. DELETE toca solo los archivos afectados.",
        en="Days with nothing to delete were rewritten. DELETE touches only the files with rows that go.",
        got=", ".join(end.operations),
        expected="DELETE, DELETE, WRITE",
        score=0.4,
    )


def _forget(lab: Lab) -> tuple[lago.Lake, dict[str, lago.Remains], Any]:
    """A lake that knows a person, what is left of it after ``olvidar``, and what that told."""
    rows, key, name = casos.clean(lab.rng, lab.data / "datos"), f"clave-{lab.seed}", f"lago_{lab.seed}"
    documents = sorted(set(rows["documento"]))
    aliases = lab.probe("seudonimos", documents, [key], called="seudonimo")
    lab.expect(
        isinstance(aliases, list) and all(isinstance(one, str) for one in aliases[0]),
        es="`seudonimo` debe devolver textos para poder buscar a la persona por el suyo.",
        en="`seudonimo` must return strings so that the person can be found by theirs.",
    )
    lake = casos.lake(rows, casos.traveller(lab.rng, rows), dict(zip(documents, aliases[0], strict=True)))
    # Deleted once already in one of them, and still in an old version's file.
    lago.plant(lab, name, lake.tables, deleted=("reclamaciones", lake.mine["reclamaciones"]))
    told = lab.call("retencion.py", "olvidar", name, f" {lake.names[0].lower()}", key)
    return lake, lago.receive(lab, name), told


def olvido(lab: Lab) -> None:
    lake, left, told = _forget(lab)
    wrong = lake.wrong(left)
    lab.expect(
        not wrong,
        es=f"En {', '.join(wrong)} quedan filas de la persona, o faltan las de otra.",
        en=f"In {', '.join(wrong)} rows of the person are left, or someone else's are missing.",
        got="\n".join(f"{table}: {got}" for table, (got, _) in wrong.items()),
        expected="\n".join(f"{table}: {expected}" for table, (_, expected) in wrong.items()),
        score=0.4 * (1 - len(wrong) / len(lake.tables)),
    )
    kept = lake.still_there(left)
    lab.expect(
        not kept,
        es="Ninguna consulta ve ya a la persona, pero sus filas siguen en estos archivos.",
        en="No query sees the person any more, but their rows are still in these files.",
        got="\n".join(kept),
        score=0.5,
    )
    telling = ", ".join(lake.telling(left))
    lab.expect(
        not telling,
        es=f"El `_delta_log` de {telling} guarda el documento o el seudónimo: mira tu condición de DELETE.",
        en=f"The `_delta_log` of {telling} keeps the document or the pseudonym: see your DELETE's condition.",
        score=0.7,
    )
    gone = {table: len(lines) if table != "reclamaciones" else 0 for table, lines in lake.mine.items()}
    lab.expect(
        told == gone,
        es="`olvidar` dice cuántas filas borró de cada tabla, también cuando fueron 0.",
        en="`olvidar` tells how many rows it deleted from each table, also when there were 0.",
        got=f"{told}",
        expected=f"{gone}",
        score=0.85,
    )
