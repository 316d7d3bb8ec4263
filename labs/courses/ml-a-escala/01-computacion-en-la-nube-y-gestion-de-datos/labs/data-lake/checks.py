"""Checks of the lab data-lake: what lies in S3 after the student's functions, and what they asked S3 for.

Each check has a bucket of its own and fresh flights. Where a check needs a table that another step builds, the grader
builds it (hidden/), so that one mistake loses one check. Files read are counted in the emulator's log.
"""

import pyarrow as pa
from hidden.comparar import expect_rows, rows_of
from hidden.estado import compacted, expect_hidden_days, expect_layout
from hidden.lago import BRONZE, dates_of, lake
from hidden.plata import broken, expect_kept, expect_latest, history, ids, silver
from hidden.vuelos import COLUMNS, as_csv, as_text, corrected, days, flights, hourly, latest, table, with_date
from labkit import Failed, Lab

REPEATED = {"es": "Repetir una entrega cambió la carpeta.", "en": "Repeating a delivery changed the folder."}


def bronce(lab: Lab) -> None:
    dates = days(lab, 3)
    rows = as_text(flights(lab, dates, 40))
    late = {id(row) for row in lab.rng.sample(rows[:40], 8)}
    deliveries = {
        f"entregas/{lab.seed}-{n}.csv": [
            row
            for row in rows
            if (row["salida"][:10] == day and id(row) not in late) or (n == len(dates) - 1 and id(row) in late)
        ]
        for n, day in enumerate(dates)
    }
    with lake(lab, "bronce") as opened:
        for path, delivery in deliveries.items():
            lab.write(path, as_csv(delivery))
            lab.call("bronce.py", "guardar", path, opened.bucket)
        expect_layout(lab, opened)
        first = opened.rows_of(opened.files(BRONZE))
        repeated = lab.rng.choice(list(deliveries))
        lab.call("bronce.py", "guardar", repeated, opened.bucket)
        second = opened.rows_of(opened.files(BRONZE))
    told = {
        "es": "En bronce no están, tal como llegaron, todas las filas de todas las entregas.",
        "en": "Bronze doesn't hold, as they came, all rows of all deliveries.",
    }
    expect_rows(first, rows, **told, score=0.3)
    expect_rows(second, rows, **REPEATED, score=0.6)


def poda(lab: Lab) -> None:
    dates = days(lab, 8)
    rows = as_text(flights(lab, dates, 12))
    start = lab.rng.randrange(2, 5)
    asked = dates[start : start + 2]
    expected: dict[str, int] = {}
    for row in rows:
        if row["salida"][:10] in asked:
            expected[row["aerolinea"]] = expected.get(row["aerolinea"], 0) + 1
    with lake(lab, "poda") as opened:
        for day in dates:
            some = [row for row in rows if row["salida"][:10] == day]
            opened.put_table(f"{BRONZE}fecha={day}/{day}-0.parquet", pa.Table.from_pylist(some))
        with opened.reads() as seen:
            got = lab.call("bronce.py", "filas_por_aerolinea", opened.bucket, asked[0], asked[-1])
    lab.expect(
        got == expected,
        es="Las cuentas por aerolínea no son las de esas fechas.",
        en="The counts by airline aren't those of these dates.",
        got=f"{got}"[:400],
        expected=f"{expected}"[:400],
    )
    # The first file of all may be opened for its columns.
    others = [key for key in seen if not set(dates_of([key])) & set(asked)]
    lab.expect(
        len(others) <= 1,
        es="La consulta lee archivos de fechas por las que nadie preguntó. La carpeta ya dice la fecha.",
        en="The query reads files of dates that nobody asked for. The folder tells the date already.",
        got=f"{len(seen)} archivos / files: {', '.join(dates_of(seen))}",
        expected=f"{', '.join(asked)}",
        score=0.4,
    )


def compactar(lab: Lab) -> None:
    day, other = days(lab, 2)
    rows = as_text(flights(lab, [day], 60))
    parts = [rows[n::6] for n in range(6)]
    for row in parts[4]:
        row["distancia"] = str(lab.rng.randint(90, 2500))
    folder = f"{BRONZE}fecha={day}/"
    with lake(lab, "compactar") as opened:
        opened.put_table(f"{BRONZE}fecha={other}/a-0.parquet", pa.Table.from_pylist(as_text(flights(lab, [other], 5))))
        opened.put_table(f"{BRONZE}fecha={other}/b-0.parquet", pa.Table.from_pylist(as_text(flights(lab, [other], 5))))
        beside = opened.files(f"{BRONZE}fecha={other}/")
        for n, part in enumerate(parts[:5]):
            opened.put_table(f"{folder}{n}-0.parquet", pa.Table.from_pylist(part))
        once = compacted(lab, opened, day, [row for part in parts[:5] for row in part], 0.0)
        again = compacted(lab, opened, day, [row for part in parts[:5] for row in part], 0.4)
        opened.put_table(f"{folder}5-0.parquet", pa.Table.from_pylist(parts[5]))
        compacted(lab, opened, day, rows, 0.5)
        untouched = opened.files(f"{BRONZE}fecha={other}/") == beside
    lab.expect(
        untouched,
        es="Compactar una fecha cambió los archivos de otra.",
        en="Compacting one date changed the files of another.",
        score=0.6,
    )
    lab.expect(
        once == again,
        es="Con un solo archivo no hay nada que compactar, y aun así se escribió de nuevo.",
        en="With a single file there is nothing to compact, and yet it was written again.",
        score=0.7,
    )


def mezcla(lab: Lab) -> None:
    rows = flights(lab, days(lab, 2), 40)
    late, rest = rows[:6], rows[6:]
    changed = lab.rng.sample(rest, 15)
    second = [corrected(lab, row, 1) for row in changed[:12]]
    third = [corrected(lab, row, 2) for row in changed[8:]]
    second += late + [corrected(lab, row, 1) for row in late[:2]]  # told twice in one delivery
    lab.rng.shuffle(second)
    deliveries = [rest, third, second]  # the second comes after the third
    with lake(lab, "mezcla") as opened:
        lab.call("plata.py", "crear", opened.uri)
        for delivery in deliveries:
            lab.call("plata.py", "mezclar", opened.uri, table(delivery))
        got = rows_of(opened.delta().to_pyarrow_table(), *COLUMNS, "fecha")
        files = opened.active()
        lab.call("plata.py", "crear", opened.uri)
        for delivery in (second, rest):
            lab.call("plata.py", "mezclar", opened.uri, table(delivery))
        again = rows_of(opened.delta().to_pyarrow_table(), *COLUMNS, "fecha")
        same_files = opened.active() == files
    expected = latest([row for delivery in deliveries for row in delivery])
    right = [{**row, "fecha": f"{row['salida']:%Y-%m-%d}"} for row in expected]
    expect_latest(got, right, rows, 0.0)
    expect_rows(again, right, es=REPEATED["es"], en=REPEATED["en"], score=0.5)
    lab.expect(
        same_files,
        es="Repetir entregas no cambia ninguna fila, y aun así se escribieron archivos nuevos.",
        en="Repeating deliveries changes no row, and yet new files were written.",
        score=0.7,
    )


def archivos(lab: Lab) -> None:
    dates = days(lab, 7)
    rows = flights(lab, dates, 12)
    touched = sorted(lab.rng.sample(dates, 2))
    delivery = [corrected(lab, row, 1) for row in rows if f"{row['salida']:%Y-%m-%d}" in touched][::3]
    with lake(lab, "archivos") as opened:
        silver(opened, rows)
        before = opened.active()
        with opened.reads() as seen:
            lab.call("plata.py", "mezclar", opened.uri, table(delivery))
        after = opened.active()
    gone, read = dates_of(before - after), dates_of(key for key in seen if key.startswith("plata/"))
    lab.expect(
        gone == touched,
        es="La mezcla debía sustituir archivos de las fechas de la entrega, y solo de ellas.",
        en="The merge should replace files of the dates of the delivery, and of no other.",
        got=", ".join(gone) or "ninguno / none",
        expected=", ".join(touched),
    )
    lab.expect(
        set(read) <= set(touched),
        es="La mezcla lee archivos de todas las fechas para cambiar dos. ¿Cómo sabría Delta cuáles no hacen falta?",
        en="The merge reads files of all dates to change two. How could Delta know which ones it doesn't need?",
        got=", ".join(read),
        expected=", ".join(touched),
        score=0.5,
    )


def esquema(lab: Lab) -> None:
    dates = days(lab, 2)
    rows = flights(lab, dates, 20)
    new = [{**row, "distancia": lab.rng.randint(90, 2500)} for row in rows[20:]]
    with lake(lab, "esquema") as opened:
        silver(opened, rows[:20])
        lab.call("plata.py", "mezclar", opened.uri, table(new, distancia=pa.int64()))
        evolved = opened.delta().to_pyarrow_table()
        got = rows_of(evolved, "id", "retraso", "distancia")
        version, refused = opened.delta().version(), False
        try:
            lab.call("plata.py", "mezclar", opened.uri, broken(lab, rows))
        except Failed:
            refused = True
        left = opened.delta()
        after = rows_of(left.to_pyarrow_table(), "id", "retraso", "distancia", score=0.5)
        lab.call("plata.py", "mezclar", opened.uri, table([corrected(lab, row, 9) for row in rows[:3]]))
    right = [{"id": r["id"], "retraso": r["retraso"], "distancia": r.get("distancia")} for r in rows[:20] + new]
    expect_rows(
        got,
        right,
        es="Una columna nueva debía entrar en la tabla: con valor en las filas que la traen, nula en las demás.",
        en="A new column should enter the table: with values in the rows that bring it, null in the others.",
    )
    lab.expect(
        refused and left.version() == version,
        es="Una entrega con `retraso` = 'n/d' debía rechazarse entera, con una excepción y sin otra versión.",
        en="A delivery with `retraso` = 'n/d' should be refused as a whole, with an exception and no other version.",
        got=f"{'excepción / exception' if refused else 'aceptada / accepted'}, versión {version} → {left.version()}",
        expected=f"excepción / exception, versión {version}",
        score=0.5,
    )
    expect_rows(
        after, right, es="La entrega rechazada dejó rastro.", en="The refused delivery left a trace.", score=0.5
    )


def tiempo(lab: Lab) -> None:
    dates = days(lab, 2)
    rows = flights(lab, dates, 15)
    day = dates[0]
    with lake(lab, "tiempo") as opened:
        old = history(opened, rows)
        then = lab.call("plata.py", "leer", opened.uri, day, 1)
        now = lab.call("plata.py", "leer", opened.uri, day)
        told = {"es": "`leer` no da lo que la tabla decía.", "en": "`leer` doesn't give what the table said."}
        expect_rows(rows_of(then, "id"), [{"id": n} for n in sorted(ids(rows[:14]))], **told)
        expect_rows(rows_of(now, "id"), [{"id": n} for n in sorted(ids(rows[:15]) - {rows[0]["id"]})], **told)
        before = opened.files("plata/vuelos/fecha=")
        lab.call("plata.py", "mantener", opened.uri)
        expect_kept(lab, opened, before, old)
        expect_rows(
            rows_of(opened.delta().to_pyarrow_table(), "id"),
            [{"id": row["id"]} for row in rows[1:]],
            es="Mantener la tabla cambió sus filas.",
            en="Maintaining the table changed its rows.",
            score=0.3,
        )
        version = opened.delta().version()
        lab.call("plata.py", "deshacer", opened.uri, 4)
        table_now = opened.delta()
        got = rows_of(table_now.to_pyarrow_table(), "id", score=0.8)
    expect_rows(
        got,
        [{"id": row["id"]} for row in rows[1:-1]],
        es="`deshacer` no dejó la tabla como en esa versión.",
        en="`deshacer` didn't leave the table as in that version.",
        score=0.8,
    )
    lab.expect(
        table_now.version() > version,
        es="Deshacer es una versión más, no borrar la historia.",
        en="Undoing is one more version, not erasing history.",
        got=f"{table_now.version()}",
        expected=f"> {version}",
        score=0.8,
    )


def oro(lab: Lab) -> None:
    dates = days(lab, 6)
    rows = flights(lab, dates, 14)
    with lake(lab, "oro") as opened:
        lab.call("oro.py", "crear", opened.bucket)
        lab.call("oro.py", "publicar", opened.bucket, with_date(rows))
        expect_hidden_days(lab, opened)
        names = ("hora", "origen", "vuelos", "retraso")
        got = rows_of(opened.iceberg().scan().to_arrow(), *names)
        told = {"es": "La tabla de oro no dice lo que las filas de plata.", "en": "Gold doesn't say what silver does."}
        expect_rows(got, hourly(rows), **told, score=0.2)
        fixed = [corrected(lab, row, 1) for row in rows[14:42]]
        commits = opened.commits()
        lab.call("oro.py", "crear", opened.bucket)
        lab.call("oro.py", "publicar", opened.bucket, with_date(fixed))
        commits = opened.commits() - commits
        got = rows_of(opened.iceberg().scan().to_arrow(), *names)
        right = hourly(rows[:14] + fixed + rows[42:])
        told = {
            "es": "Publicar otra vez unos días debía sustituirlos.",
            "en": "Publishing days again should replace them.",
        }
        expect_rows(got, right, **told, score=0.4)
        start = lab.rng.randrange(1, 4)
        limits = [f"{day}T00:00:00+00:00" for day in (dates[start], dates[start + 2])]
        with opened.reads() as seen:
            answer = lab.call("oro.py", "consultar", opened.bucket, *limits)
    asked = [row for row in right if dates[start] <= f"{row['hora']:%Y-%m-%d}" < dates[start + 2]]
    told = {"es": "`consultar` no da las filas de ese rango.", "en": "`consultar` doesn't give the rows of that range."}
    expect_rows(rows_of(answer, *names), asked, **told, score=0.6)
    lab.expect(
        len(seen) <= 2,
        es="Preguntar por dos días debía leer los archivos de esos dos días.",
        en="Asking for two days should read the files of these two days.",
        got=f"{len(seen)}",
        expected="≤ 2",
        score=0.7,
    )
    lab.expect(
        commits == 1,
        es="Sustituir días tomó más de un cambio de la tabla: entre uno y otro, quien lee no ve esos días.",
        en="Replacing days took more than one change of the table: in between, readers don't see these days.",
        got=f"{commits}",
        expected="1",
        score=0.7,
    )


def evolucion(lab: Lab) -> None:
    dates = days(lab, 2)
    rows = flights(lab, dates, 20)
    with lake(lab, "evolucion") as opened:
        lab.call("oro.py", "crear", opened.bucket)
        lab.call("oro.py", "publicar", opened.bucket, with_date(rows[:20]))
        before = opened.iceberg().schema()
        files = set(opened.files("oro/retrasos/data/"))
        lab.call("oro.py", "evolucionar", opened.bucket)
        kept = set(opened.files("oro/retrasos/data/")) == files
        lab.call("oro.py", "publicar", opened.bucket, with_date(rows[20:]))
        gold = opened.iceberg()
        columns = {field.name: field.field_id for field in gold.schema().fields}
        got = rows_of(gold.scan().to_arrow(), "hora", "origen", "vuelos", "retraso_min", "cancelados")
    old = [{**row, "cancelados": None} for row in hourly(rows[:20])]
    right = [{**row, "retraso_min": row["retraso"]} for row in old + hourly(rows[20:], cancelled=True)]
    names = ("hora", "origen", "vuelos", "retraso_min", "cancelados")
    expect_rows(
        got,
        [{name: row[name] for name in names} for row in right],
        es="Con el nombre nuevo, las filas de antes y las de después deben conservar su valor.",
        en="By the new name the rows from before and from after must keep their value.",
    )
    was = {field.name: field.field_id for field in before.fields}.get("retraso")
    lab.expect(
        columns.get("retraso_min") == was and "retraso" not in columns and kept,
        es="Un cambio de nombre conserva el id del campo y no reescribe ningún archivo.",
        en="A change of name keeps the field's id and writes no file again.",
        got=f"{columns}; archivos iguales / same files: {kept}",
        expected=f"retraso_min: {was}",
        score=0.5,
    )
