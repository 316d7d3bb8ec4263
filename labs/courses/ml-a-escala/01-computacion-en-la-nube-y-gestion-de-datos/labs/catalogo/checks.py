"""Checks of the lab catalogo: the emulator's catalogue, asked from the grader's side, and the runs of a pipeline.

The emulator's Athena reads all that lies under a table, in the catalogue or not. So hidden/lago.py reads as the real
one would, by the partitions' locations. hidden/sonda.py runs the student's pipeline over fresh flights, with failures.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
from hidden import lago, nubes, tuberia
from labkit import Failed, Lab


def tabla(lab: Lab) -> None:
    bucket, base = f"lago-{lab.seed}", f"base_{lab.seed}"
    place = f"s3://{bucket}/plata/vuelos/"
    day = lago.days(lab.rng, 1)[0]
    names = [f"c{number}_{lab.rng.randint(0, 99)}" for number in range(9)]
    first, wanted = lago.wide(lab.rng, names[:8])
    second, more = lago.wide(lab.rng, names)
    with lago.cloud(lab) as cloud:
        cloud.s3.create_bucket(Bucket=bucket)
        cloud.put(bucket, f"plata/vuelos/dia={day}/_SUCCESS", b"")
        cloud.put(bucket, f"plata/vuelos/dia={day}/a.parquet", lago.parquet(first))
    lab.call("catalogo.py", "catalogar", base, "vuelos", place, "dia")
    with lago.cloud(lab) as cloud:
        _expect_table(lab, cloud.glue.get_table(DatabaseName=base, Name="vuelos")["Table"], place, wanted)
        storage = {"Location": f"{place}dia={day}/"}
        cloud.glue.create_partition(
            DatabaseName=base, TableName="vuelos", PartitionInput={"Values": [day], "StorageDescriptor": storage}
        )
        cloud.put(bucket, f"plata/vuelos/dia={day}/a.parquet", lago.parquet(second))
    lab.call("catalogo.py", "catalogar", base, "vuelos", place, "dia")
    with lago.cloud(lab) as cloud:
        _expect_table(lab, cloud.glue.get_table(DatabaseName=base, Name="vuelos")["Table"], place, more)
        kept = [
            each["Values"] for each in cloud.glue.get_partitions(DatabaseName=base, TableName="vuelos")["Partitions"]
        ]
    lab.expect(
        kept == [[day]],
        es="Al catalogar otra vez se perdieron las particiones: cambia la tabla que hay, no la borres.",
        en="Cataloguing again lost the partitions: change the table that is there, don't delete it.",
        got=f"{kept}",
        expected=f"{[[day]]}",
        score=0.6,
    )


def _expect_table(lab: Lab, table: dict[str, Any], place: str, columns: list[dict[str, str]]) -> None:
    got, wanted = lago.table_facts(table, place, columns)
    wrong = [name for name in wanted if got[name] != wanted[name]]
    lab.expect(
        not wrong,
        es=f"La tabla del catálogo no dice lo que debe en {', '.join(wrong)}.",
        en=f"The table of the catalogue doesn't say what it should in {', '.join(wrong)}.",
        got="\n".join(f"{name}: {got[name]}" for name in wrong),
        expected="\n".join(f"{name}: {wanted[name]}" for name in wrong),
        score=0.4 * (1 - len(wrong) / len(wanted)),
    )


def particiones(lab: Lab) -> None:
    bucket, base = f"dias-{lab.seed}", f"dias_{lab.seed}"
    place, days = f"s3://{bucket}/plata/vuelos/", lago.days(lab.rng, 7)
    flights = {day: lago.flights(lab.rng, day, lab.rng.randint(20, 60)) for day in days}
    with lago.cloud(lab) as cloud:
        cloud.s3.create_bucket(Bucket=bucket)
        _land(cloud, bucket, flights, days[:4])
        cloud.put(bucket, f"plata/vuelos/_temporary/dia={days[6]}/a.parquet", b"PAR1")
    lab.call("catalogo.py", "catalogar", base, "vuelos", place, "dia")
    told = [lab.call("catalogo.py", "anotar", base, "vuelos")]
    with lago.cloud(lab) as cloud:
        _land(cloud, bucket, flights, days[4:6])
    told += [lab.call("catalogo.py", "anotar", base, "vuelos") for _ in range(2)]
    with lago.cloud(lab) as cloud:
        read = cloud.read_partitions(base, "vuelos")
    wanted = {day: sorted(flights[day]["id"]) for day in days[:6]}
    lab.expect(
        read == wanted,
        es="Athena no leería de cada partición los vuelos de su día: mira qué días hay y a qué Location van.",
        en="Athena wouldn't read from each partition the flights of its day: see the days and their Location.",
        got="\n".join(f"{day}: {len(ids)}" for day, ids in sorted(read.items())),
        expected="\n".join(f"{day}: {len(ids)}" for day, ids in wanted.items()),
    )
    lab.expect(
        told == [days[:4], days[4:6], []],
        es="`anotar` dice los días que añadió esta vez, en orden; ninguno, si no llegó nada.",
        en="`anotar` tells the days that it added this time, in order; none when nothing came.",
        got=f"{told}",
        expected=f"{[days[:4], days[4:6], []]}",
        score=0.6,
    )
    places = lab.call("catalogo.py", "carpetas", base, "vuelos", days[2], days[4])
    pruned = [f"{place}dia={day}" for day in days[2:5]]
    lab.expect(
        isinstance(places, list) and [str(each).rstrip("/") for each in places] == pruned,
        es=f"Para los días del {days[2]} al {days[4]} no son esas las carpetas que hay que leer.",
        en=f"For the days from {days[2]} to {days[4]} those are not the folders to read.",
        got=f"{places}",
        expected=f"{pruned}",
        score=0.7,
    )


def _land(cloud: lago.Cloud, bucket: str, flights: dict[str, pd.DataFrame], days: list[str]) -> None:
    for day in days:
        cloud.put(bucket, f"plata/vuelos/dia={day}/a.parquet", flights[day].to_parquet(index=False))


def consulta(lab: Lab) -> None:
    bucket, base = f"consulta-{lab.seed}", f"consulta_{lab.seed}"
    rows = lago.flights(lab.rng, "2013-01-01", 2100 + lab.rng.randint(0, 300))
    with lago.cloud(lab) as cloud:
        cloud.catalogued(bucket, base, "vuelos", rows)
    out = f"s3://{bucket}/athena/"
    sql = "SELECT id, origen, retraso FROM vuelos ORDER BY id"
    got = lab.call("consulta.py", "consultar", sql, base, out)
    wanted = lago.as_athena_says(rows.sort_values("id"))
    lab.expect(
        got == wanted,
        es="La consulta no devuelve todas sus filas, cada una una vez, sin la de los nombres y con None.",
        en="The query doesn't return all its rows, each once, without that of the names and with None.",
        got=f"{len(got) if isinstance(got, list) else type(got).__name__}: {str(got)[:200]}",
        expected=f"{len(wanted)}: {str(wanted)[:200]}",
    )
    missing = f"columna_{lab.rng.randint(100, 999)}"
    sql = f"SELECT {missing} FROM vuelos"  # noqa: S608 -- a name of ours
    _expect_failure(lambda: lab.call("consulta.py", "consultar", sql, base, out), missing)


def _expect_failure(act: Callable[[], Any], word: str) -> None:
    """The student's function must raise, and say what the service said."""
    try:
        got = act()
    except Failed as failed:
        if word in str(failed.got):
            return
        got = failed.got
    raise Failed(
        es=f"Lo que falla en el servicio debe salir como RuntimeError con su mensaje, donde dice «{word}».",
        en=f"What fails in the service must come out as RuntimeError with its message, which says '{word}'.",
        got=f"{got}"[:500],
        score=0.5,
    )


def trabajo(lab: Lab) -> None:
    bucket, name, word = f"guiones-{lab.seed}", f"limpieza-{lab.seed}", f"roto{lab.rng.randint(100, 999)}"
    day, layer = lago.days(lab.rng, 1)[0], lab.rng.choice(["plata", "oro"])
    roles = [f"arn:aws:iam::000000000000:role/glue-{number}" for number in range(2)]
    good, bad = (f"s3://{bucket}/{which}_{lab.seed}.py" for which in ("bueno", "malo"))
    with lago.cloud(lab) as cloud:
        cloud.s3.create_bucket(Bucket=bucket)
        cloud.put(bucket, good.rsplit("/", 1)[1], lago.script(bucket))
        cloud.put(bucket, bad.rsplit("/", 1)[1], f"raise ValueError('{word}')".encode())
    lab.call("trabajo.py", "definir", name, good, roles[0], {"dia": "ninguno", "capa": layer})
    run = lab.call("trabajo.py", "correr", name, {"dia": day})
    with lago.cloud(lab) as cloud:
        job = cloud.glue.get_job(JobName=name)["Job"]
        runs = [each["Id"] for each in cloud.glue.get_job_runs(JobName=name)["JobRuns"]]
        done = cloud.s3.list_objects_v2(Bucket=bucket, Prefix="hecho/").get("Contents", [])
    wanted = {
        "Role": roles[0],
        "Command": {"Name": "pythonshell", "ScriptLocation": good, "PythonVersion": "3.9"},
        "DefaultArguments": {"--dia": "ninguno", "--capa": layer},
        "MaxRetries": 1,
        "Timeout": 60,
        "MaxCapacity": 0.0625,
    }
    wrong = [setting for setting in wanted if job.get(setting) != wanted[setting]]
    lab.expect(
        not wrong,
        es="El trabajo no está definido como dice el paso 3.",
        en="The job isn't defined as step 3 says.",
        got="\n".join(f"{setting}: {job.get(setting)}" for setting in wrong),
        expected="\n".join(f"{setting}: {wanted[setting]}" for setting in wrong),
        score=0.3,
    )
    lab.expect(
        runs == [run] and [each["Key"] for each in done] == [f"hecho/{day}"],
        es="`correr` ejecuta el trabajo una vez, con sus argumentos, espera a que termine y devuelve su JobRunId.",
        en="`correr` runs the job once, with its arguments, waits until it ends and returns its JobRunId.",
        got=f"{run}; {runs}; {[each['Key'] for each in done]}",
        expected=f"hecho/{day}",
        score=0.5,
    )
    lab.call("trabajo.py", "definir", name, bad, roles[1], {"dia": day})
    with lago.cloud(lab) as cloud:
        job = cloud.glue.get_job(JobName=name)["Job"]
    changed = (job["Role"], job["Command"]["ScriptLocation"], job["DefaultArguments"])
    lab.expect(
        changed == (roles[1], bad, {"--dia": day}),
        es="Definir un trabajo que ya existe debe cambiarlo.",
        en="Defining a job that exists must change it.",
        got=f"{changed}",
        expected=f"{(roles[1], bad, {'--dia': day})}",
        score=0.6,
    )
    _expect_failure(lambda: lab.call("trabajo.py", "correr", name, {}), word)


def grafo(lab: Lab) -> None:
    days = tuberia.january(lab.rng, 2)
    flights = tuberia.deliveries(lab, days)
    folder, seen = tuberia.run(lab, flights, [(day, 0) for day in days], [])
    wanted = {"bronce": [], "plata": ["bronce"], "resumen": ["plata"]}
    lab.expect(
        seen.get("grafo") == wanted and seen.get("particionados") is True,
        es="Los activos, por días, no dependen unos de otros como dice el paso 4 (activo: de cuáles sale).",
        en="The assets, by days, don't depend on each other as step 4 says (asset: which it comes from).",
        got=f"{seen.get('grafo')}",
        expected=f"{wanted}",
    )
    first = seen["corridas"][0]
    order = tuberia.begun(first)
    lab.expect(
        first["exito"] and order == tuberia.ASSETS,
        es="La corrida de un día sano no terminó bien o no fue en este orden.",
        en="The run of a sound day did not end well or wasn't in this order.",
        got=f"{order}, {'ok' if first['exito'] else tuberia.events(first, 'STEP_FAILURE')}",
        expected=f"{tuberia.ASSETS}",
        score=0.3,
    )
    for day, table in zip(days, flights, strict=True):
        got = tuberia.read(lab, f"{folder}/resumen/dia={day}/datos.parquet")
        lab.same_table(got, tuberia.summary(table), keys=["origen"])


def fallos(lab: Lab) -> None:
    day, other = tuberia.january(lab.rng, 2)
    flights = tuberia.deliveries(lab, [day] * 4)
    _, seen = tuberia.run(lab, flights, [(day, 0), (day, 2), (other, -1), (day, -1)], [])
    sound, shaky, never, again = seen["corridas"]
    lab.expect(
        shaky["exito"] and tuberia.events(shaky, "STEP_RESTARTED") == ["bronce"] * 2 and shaky["leidas"] == 3,
        es="Si la lectura falla dos veces y luego responde, el día sale bien tras dos reintentos, solo de bronce.",
        en="When reading fails twice and then answers, the day ends well after two retries, of bronce only.",
        got=f"{tuberia.events(shaky, 'STEP_RESTARTED')}, {shaky['leidas']}",
        expected="['bronce', 'bronce'], 3",
    )
    lab.expect(
        not never["exito"] and never["leidas"] == 3 and tuberia.events(never, "STEP_START") == ["bronce"],
        es="Si la lectura no responde nunca, tras tres intentos el día falla, y plata y resumen no empiezan.",
        en="When reading never answers, the day fails after three tries, and plata and resumen don't begin.",
        got=f"{never['leidas']}, {tuberia.events(never, 'STEP_START')}",
        expected="3, ['bronce']",
        score=0.4,
    )
    lab.expect(
        sound["archivos"] != shaky["archivos"] == never["archivos"] == again["archivos"],
        es="Un día que falla no debe tocar lo que había ni dejar archivos a medias.",
        en="A day that fails must neither touch what was there nor leave unfinished files.",
        got=f"{sorted(shaky['archivos'])}\n{sorted(never['archivos'])}\n{sorted(again['archivos'])}",
        score=0.5,
    )


def control(lab: Lab) -> None:
    days = tuberia.january(lab.rng, 4)
    flights = tuberia.deliveries(lab, [*days[:3], days[0]])
    flights[1].loc[flights[1].index[-1], "origen"] = flights[3].loc[flights[3].index[-1], "origen"] = "XNA"
    orders = [(days[0], 0), (days[1], 0), (days[2], -1), (days[0], 0)]
    _, seen = tuberia.run(lab, flights, orders, [days, days[:1]])
    good, bad, _, late = seen["corridas"]
    lab.expect(
        good["controles"] == [True] and bad["controles"] == [False],
        es="El control `origenes_conocidos` no distingue un día con un origen desconocido de uno sano.",
        en="The check `origenes_conocidos` doesn't tell a day with an unknown origin from a sound one.",
        got=f"{good['controles']}, {bad['controles']}",
        expected="[True], [False]",
    )
    summary = f"resumen/dia={days[0]}/datos.parquet"
    stopped = "resumen" not in tuberia.begun(bad) + tuberia.begun(late)
    lab.expect(
        stopped and good["archivos"].get(summary) == late["archivos"].get(summary) is not None,
        es="Un día que no pasa el control no llega a resumen, y el resumen que había sigue igual.",
        en="A day that fails the check doesn't reach resumen, and the summary that was there stays as it was.",
        got=f"{tuberia.begun(bad)}, {tuberia.begun(late)}",
        expected=f"{tuberia.ASSETS[:2]}, {tuberia.ASSETS[:2]}",
        score=0.4,
    )
    lab.expect(
        seen.get("pendientes") == [days[1:], []],
        es="`pendientes` da los días sin resumen, en el orden en que se preguntan: solo esos hay que calcular.",
        en="`pendientes` gives the days without a summary, in the order asked: only those are to be computed.",
        got=f"{seen.get('pendientes')}",
        expected=f"{[days[1:], []]}",
        score=0.7,
    )


def otras_nubes(lab: Lab) -> None:
    steps, day, cluster = nubes.steps(lab.rng), lago.days(lab.rng, 1)[0], f"cluster-{lab.rng.randint(10, 99)}"
    service, name = f"databricks-{lab.rng.randint(10, 99)}", f"vuelos-{lab.rng.randint(10, 99)}"
    pipeline = lab.call("nubes.py", "tuberia_data_factory", name, steps, service)
    job = lab.call("nubes.py", "trabajo_dataproc", steps[0], cluster, day)
    template = lab.call("nubes.py", "plantilla_dataproc", name, steps, day)
    lab.write("_tabla.py", "from nubes import EQUIVALENCIAS\n\n\ndef tabla():\n    return EQUIVALENCIAS\n")
    names = nubes.wrong_names(lab.call("_tabla.py", "tabla"))
    factory = nubes.tried(lambda: nubes.factory_faults(pipeline, steps, service))
    dataproc = nubes.tried(lambda: nubes.dataproc_faults(job, template, steps, cluster, day))
    parts = {"EQUIVALENCIAS": names, "Data Factory": factory, "Dataproc": dataproc}
    wrong = {part: faults for part, faults in parts.items() if faults}
    lab.expect(
        not wrong,
        es=f"No cuadra con la referencia del servicio: {', '.join(wrong)} (lo que hay, lo que debería haber).",
        en=f"It doesn't agree with the service's reference: {', '.join(wrong)} (what there is, what there should be).",
        got="\n".join(f"{part}: {fault}" for part, faults in wrong.items() for fault in faults[:4])[:1500],
        score=round(1 - len(wrong) / 3, 2),
    )
