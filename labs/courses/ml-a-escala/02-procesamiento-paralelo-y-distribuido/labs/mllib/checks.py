"""Checks of the lab mllib: one search on this attempt's flights, and leaks looked for in what it learnt."""

import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hidden import datos
from hidden.sonda_rutas import ALL, OTHER, PREPARED, SCORED, TEST
from labkit import SPARK, Failed, Lab

WORSE = 0.03  # AUC below the reference's that a good pipeline may have: another penalty, another encoding


def _attempt(lab: Lab) -> datos.Attempt:
    """This attempt's flights, which lie in the student's sandbox, too."""

    def deliver() -> datos.Attempt:
        random = np.random.default_rng(lab.seed)
        given = datos.attempt(random)
        known = given.known
        tables = {
            ALL: given.flights,
            TEST: given.test,
            OTHER: datos.other_future(given.test, random),
            PREPARED: known[known["fecha"] >= given.cut],
        }
        for path, table in tables.items():
            _put(lab, path, table.assign(fecha=table["fecha"].dt.date))
        lab.lend(lab.hidden / "sonda_rutas.py")
        return given

    return lab.once("attempt", deliver)


def _put(lab: Lab, path: str, table: pd.DataFrame) -> None:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    lab.write(path, buffer.getvalue())


def _model(lab: Lab) -> dict[str, Any]:
    """Trains, once; what the search and its stages tell of themselves."""

    def train() -> dict[str, Any]:
        given = _attempt(lab)
        got = lab.probe("entrenar", SPARK, str(given.cut.date()), timeout=150)
        lab.expect(
            isinstance(got, dict) and isinstance(got.get("imputed"), dict),
            es="entrenar debe devolver un CrossValidatorModel cuyo mejor modelo es un PipelineModel.",
            en="entrenar must return a CrossValidatorModel whose best model is a PipelineModel.",
            got=str(got)[:300],
        )
        return got

    return lab.once("model", train)


def _column(lab: Lab, got: Any, name: str) -> pd.Series:
    """A number for each id. Wrong tables end here."""
    right = isinstance(got, pd.DataFrame) and sorted(map(str, got.columns)) == sorted(["id", name])
    lab.expect(
        right and got["id"].is_unique and pd.api.types.is_numeric_dtype(got[name]) and got[name].notna().all(),
        es=f"Se esperaba una tabla con `id` (sin repetir) y `{name}` (un número en cada fila).",
        en=f"A table with `id` (none twice) and `{name}` (a number in each row) was expected.",
        got=str(got)[:400],
    )
    return got.set_index("id")[name].astype(float)


def _scores(lab: Lab, path: str = TEST) -> pd.Series:
    """The student's model's probability for each flight of a file."""
    _model(lab)
    scores = lab.once(
        path, lambda: _column(lab, lab.probe("predicciones", SPARK, path, called="modelo.transform()"), "p")
    )
    lab.expect(
        scores.index.isin(_attempt(lab).known["id"]).any(),
        es="El modelo no responde a ningún vuelo posterior al corte.",
        en="The model answers no flight after the cut.",
        got=f"{len(scores)} respuestas / answers",
        expected=f"{len(_attempt(lab).test)}",
    )
    return scores


def _worth(score: float, ask: Callable[[], Any]) -> Any:
    """What this gives. Where it fails, the check keeps the points that its first part has earned."""
    try:
        return ask()
    except Failed as failed:
        raise Failed(**failed.message, got=failed.got, expected=failed.expected, score=score) from None


def preparar(lab: Lab) -> None:
    given = _attempt(lab)
    labels = _column(lab, lab.probe("preparar", SPARK), "tarde").sort_index()
    expected = given.known.set_index("id")["tarde"].sort_index()
    lab.expect(
        labels.equals(expected),
        es="Las etiquetas no son las que deben: 1.0 desde 15 minutos, y fuera los que no se sabe cuándo llegaron.",
        en="The labels are not what they should be: 1.0 from 15 minutes on, without flights of unknown arrival.",
        got=f"{len(labels)} filas / rows, media / mean {labels.mean():.4f}",
        expected=f"{len(expected)} filas / rows, media / mean {expected.mean():.4f}",
    )
    got = _worth(0.5, lambda: lab.probe("separar", SPARK, str(given.cut.date()), like={"before": list, "after": list}))
    sides = {"before": given.flights["fecha"] < given.cut, "after": given.flights["fecha"] >= given.cut}
    wrong = [
        name
        for name, mask in sides.items()
        if sorted(map(str, got[name])) != sorted(map(str, given.flights.loc[mask, "id"]))
    ]
    lab.expect(
        not wrong,
        es="separar no corta por la fecha: se aprende de lo anterior al corte y se prueba desde ese día.",
        en="separar doesn't cut by date: learn from what comes before the cut, test from that day on.",
        got=f"{[len(got[name]) for name in sides]}",
        expected=f"{[int(mask.sum()) for mask in sides.values()]}",
        score=0.5,
    )


def tuberia(lab: Lab) -> None:
    given, scores = _attempt(lab), _scores(lab)
    missing = given.test[~given.test["id"].isin(scores.index)]
    lab.expect(
        missing.empty,
        es="El modelo se calla ante algunos vuelos: los de una aerolínea nueva, o los que traen un dato sin medir.",
        en="The model says nothing of some flights: those of an airline it never saw, or with something not measured.",
        got=f"{len(missing)} sin respuesta / unanswered; {missing['aerolinea'].value_counts().head(3).to_dict()}",
        expected="0",
        score=0.3,
    )
    lab.expect(
        bool(scores.between(0, 1).all()),
        es="Hay probabilidades fuera de [0, 1].",
        en="Some probabilities are outside [0, 1].",
        got=f"{scores.min()} … {scores.max()}",
    )


def futuro(lab: Lab) -> None:
    scores, other = _scores(lab), _scores(lab, OTHER)
    moved = int(((scores - other.reindex(scores.index)).abs() > 1e-9).sum())
    lab.expect(
        moved == 0,
        es="Al cambiar lo que se sabe después (retraso_salida, minutos_vuelo, retraso_llegada) cambian "
        "tus predicciones: el modelo lee el futuro.",
        en="Changing what is known afterwards (retraso_salida, minutos_vuelo, retraso_llegada) changes "
        "your predictions: the model reads the future.",
        got=f"{moved} de / of {len(scores)}",
        expected="0",
    )


def solo_entreno(lab: Lab) -> None:
    imputed, given = _model(lab)["imputed"], _attempt(lab)
    train, every = given.train[datos.NUMBERS], given.known[datos.NUMBERS]
    holes = ["viento", "visibilidad", "temperatura"]
    lab.expect(
        all(isinstance(imputed.get(name), float) for name in holes),
        es="El modelo no tiene un Imputer ajustado para viento, visibilidad y temperatura.",
        en="The model has no fitted Imputer for viento, visibilidad and temperatura.",
        got=f"{imputed}"[:300],
        expected=f"{holes}",
    )
    # Between two quantiles, since Spark's median is an approximate one; or the mean.
    wrong = [
        name
        for name in holes
        if not train[name].quantile(0.47) <= imputed[name] <= train[name].quantile(0.53)
        and abs(imputed[name] - train[name].mean()) > 0.05 * train[name].std()
    ]
    lab.expect(
        not wrong,
        es="El Imputer no aprendió solo de los vuelos anteriores al corte: su valor es el de otros datos.",
        en="The Imputer didn't learn only from the flights before the cut: its value is that of other data.",
        got={name: round(imputed[name], 2) for name in wrong},
        expected={
            name: f"{train[name].median():.2f} (con todo / of all rows: {every[name].median():.2f})" for name in wrong
        },
    )


def pliegues(lab: Lab) -> None:
    n = lab.rng.randint(2, 4)
    given = _attempt(lab)
    folds = _column(lab, lab.probe("pliegues", SPARK, n, called="con_pliegue()"), "pliegue")
    days = given.flights.set_index("id")["fecha"].reindex(folds.index)
    split = int((folds.groupby(days.to_numpy()).nunique() > 1).sum())
    lab.expect(
        split == 0 and len(folds) == len(given.flights),
        es="Hay días repartidos entre varios pliegues: la tormenta con que se entrena es la misma con que se valida.",
        en="Some days are spread over several folds: the storm that trains is the one that validates.",
        got=f"{split} días / days",
        expected="0",
    )
    shares = folds.value_counts(normalize=True).reindex(range(n)).fillna(0)
    lab.expect(
        len(set(folds)) == n and shares.min() > 0.5 / n,
        es="Los pliegues no van de 0 a n - 1 o están muy desiguales.",
        en="The folds don't go from 0 to n - 1 or are very uneven.",
        got=shares.round(2).to_dict(),
        score=0.4,
    )
    model = _worth(0.6, lambda: _model(lab))
    lab.expect(
        model.get("fold") == "pliegue" and isinstance(model.get("candidates"), int) and model["candidates"] >= 2,
        es="La búsqueda no usa tus pliegues (foldCol) o compara menos de dos candidatos.",
        en="The search doesn't use your folds (foldCol) or compares fewer than two candidates.",
        got=f"foldCol={model.get('fold')!r}, {model.get('candidates')}",
        expected="foldCol='pliegue', ≥ 2",
        score=0.6,
    )


def calidad(lab: Lab) -> float | None:
    given, scores = _attempt(lab), _scores(lab)
    known = given.known[given.known["fecha"] >= given.cut]
    got = datos.auc(known["tarde"], scores.reindex(known["id"]).fillna(scores.median()))
    wanted = lab.once("reference", lambda: datos.reference(given))
    lab.expect(
        got >= wanted - WORSE,
        es="Tu modelo ordena los vuelos peor que una regresión logística sencilla con las mismas columnas.",
        en="Your model ranks the flights worse than a plain logistic regression on the same columns.",
        got=f"AUC {got:.3f}",
        expected=f"AUC ≥ {wanted - WORSE:.3f}",
        score=max(0.0, min(0.6, (got - 0.5) / (wanted - WORSE - 0.5))),
    )
    return None


def metricas(lab: Lab) -> None:
    given, scores = _attempt(lab), _scores(lab)
    known = given.known[given.known["fecha"] >= given.cut]
    known = known[known["id"].isin(scores.index)]
    p = scores.reindex(known["id"])
    expected = {
        "auc": datos.auc(known["tarde"], p),
        "pr": datos.precision_recall(known["tarde"], p),
        "base": float(known["tarde"].mean()),
    }
    got = lab.probe("evaluar", SPARK)
    right = isinstance(got, dict) and all(isinstance(got.get(name), float) for name in expected)
    wrong = [name for name in expected if not right or not abs(got[name] - expected[name]) <= 0.015]
    lab.expect(
        not wrong,
        es="evaluar no da las medidas de tu modelo en esos vuelos.",
        en="evaluar doesn't give your model's measures on those flights.",
        got=str(got)[:300],
        expected={name: round(value, 3) for name, value in expected.items()},
        score=1 - len(wrong) / 3 if right else 0.0,
    )


def umbral(lab: Lab) -> None:
    random = np.random.default_rng(lab.seed)
    _attempt(lab)
    p = random.beta(1.5, 4, 3_000)
    rows = pd.DataFrame({"id": range(len(p)), "p": p, "tarde": (random.random(len(p)) < p**1.3).astype(float)})
    _put(lab, SCORED, rows)
    for false_alarm, missed in ((1.0, lab.rng.uniform(4, 9)), (lab.rng.uniform(1, 2), 1.0)):
        got = lab.probe("umbral", SPARK, SCORED, false_alarm, missed)
        best = min(datos.cost(rows, threshold, false_alarm, missed) for threshold in [*np.linspace(0, 1, 401), 1.1])
        number = isinstance(got, int | float) and not isinstance(got, bool) and math.isfinite(got)
        spent = datos.cost(rows, got, false_alarm, missed) if number else math.inf
        lab.expect(
            spent <= 1.02 * best,
            es="Con tu umbral se gasta de más.",
            en="With your threshold too much is spent.",
            got=f"p ≥ {got!r}: {spent:.0f}"[:100],
            expected=f"≤ {1.02 * best:.0f} (aviso / false alarm {false_alarm:.2f}, retraso / missed {missed:.2f})",
        )


def guardado(lab: Lab) -> None:
    scores = _scores(lab)
    got = _column(lab, lab.probe("guardado", SPARK, TEST, called="guardar(), predecir()"), "p")
    different = int((~np.isclose(scores, got.reindex(scores.index), atol=1e-9)).sum())
    lab.expect(
        different == 0 and len(got) == len(scores),
        es="El modelo guardado y vuelto a cargar no da las mismas probabilidades que el que se entrenó.",
        en="The model saved and loaded again doesn't give the probabilities of the one that was trained.",
        got=f"{different} distintas de / different of {len(scores)}",
        expected="0",
    )
