"""PSI and Kolmogorov-Smirnov p-value against sample size, for a normal variable whose mean moves."""

import math
from itertools import pairwise
from statistics import NormalDist

import plotly.graph_objects as go

SHIFTS = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5]
SIZES = [round(10 ** (2 + step / 8)) for step in range(33)]
BINS = 10
TEXT = {
    "es": {
        "psi": "PSI esperado",
        "p": "valor p de KS",
        "psi_line": "regla PSI: 0,1",
        "p_line": "umbral p: 0,05",
        "x": "filas en cada ventana",
        "y": "PSI y valor p (sin unidad)",
        "slider": "la media se mueve (desviaciones típicas): ",
    },
    "en": {
        "psi": "expected PSI",
        "p": "KS p-value",
        "psi_line": "PSI rule: 0.1",
        "p_line": "p threshold: 0.05",
        "x": "rows in each window",
        "y": "PSI and p-value (no unit)",
        "slider": "the mean moves (standard deviations): ",
    },
}


def expected_psi(shift: float, rows: int) -> float:
    """PSI of the two populations plus its sampling bias, (bins - 1)(1/n + 1/m): Yurdakul, 2018."""
    normal = NormalDist()
    cuts = [normal.inv_cdf(i / BINS) for i in range(1, BINS)]
    edges = [0.0, *(normal.cdf(cut - shift) for cut in cuts), 1.0]
    shares = [high - low for low, high in pairwise(edges)]
    psi = sum((share - 1 / BINS) * math.log(share * BINS) for share in shares)
    return psi + (BINS - 1) * 2 / rows


def ks_p_value(shift: float, rows: int) -> float:
    """Asymptotic two-sample p-value (Smirnov, 1948) when the samples differ exactly as the populations do."""
    distance = 2 * NormalDist().cdf(shift / 2) - 1
    scaled = math.sqrt(rows / 2) * distance
    if scaled < 0.2:
        return 1.0
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * sum(terms)))


def figure(language: str) -> go.Figure:
    """PSI = sum((q - p) ln(q / p)) over ten bins with equal shares; KS by Kolmogorov's limit law."""
    text = TEXT[language]
    chart = go.Figure()
    for index, shift in enumerate(SHIFTS):
        visible = index == 3
        psi = [round(expected_psi(shift, rows), 5) for rows in SIZES]
        p_values = [round(ks_p_value(shift, rows), 5) for rows in SIZES]
        chart.add_scatter(x=SIZES, y=psi, name=text["psi"], mode="lines", visible=visible)
        chart.add_scatter(x=SIZES, y=p_values, name=text["p"], mode="lines", line={"dash": "dash"}, visible=visible)
    ends = [SIZES[0], SIZES[-1]]
    for key, level in (("psi_line", 0.1), ("p_line", 0.05)):
        chart.add_scatter(x=ends, y=[level, level], name=text[key], mode="lines", line={"dash": "dot", "width": 1})
    steps = []
    for index, shift in enumerate(SHIFTS):
        shown = [trace // 2 == index for trace in range(2 * len(SHIFTS))] + [True, True]
        label = f"{shift:g}".replace(".", "," if language == "es" else ".")
        steps.append({"method": "update", "label": label, "args": [{"visible": shown}]})
    chart.update_layout(
        template=None,
        xaxis={"title": {"text": text["x"]}, "type": "log"},
        yaxis={"title": {"text": text["y"]}, "range": [0, 1.05]},
        sliders=[{"active": 3, "currentvalue": {"prefix": text["slider"]}, "steps": steps, "pad": {"t": 50}}],
        legend={"orientation": "h", "y": 1.12},
    )
    return chart
