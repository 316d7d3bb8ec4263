"""Latency against consistency: how many of N replicas a write and a read wait for."""

from math import comb
from typing import Literal

import plotly.graph_objects as go

REPLICAS = (3, 4, 5, 6, 7)
FIXED = 1.0
"""Milliseconds that every answer takes."""
MEAN = 5.0
"""Mean milliseconds on top of it, exponentially distributed, for one replica."""

WORDS = {
    "es": {
        "x": "espera media de una escritura y una lectura (ms)",
        "y": "probabilidad de leer el valor anterior (%)",
        "loose": "R + W ≤ N",
        "strict": "R + W > N",
        "n": "réplicas N: ",
    },
    "en": {
        "x": "mean wait of one write and one read (ms)",
        "y": "probability of reading the value before (%)",
        "loose": "R + W ≤ N",
        "strict": "R + W > N",
        "n": "replicas N: ",
    },
}


def wait(count: int, total: int) -> float:
    """Mean of the count-th fastest of ``total`` exponential answers: MEAN · (1/total + … + 1/(total − count + 1))."""
    return FIXED + MEAN * sum(1 / (total - k) for k in range(count))


def stale(read: int, write: int, total: int) -> float:
    """C(N − W, R) / C(N, R): Bailis et al., "Probabilistically bounded staleness", PVLDB 5(8), 2012, equation 1."""
    return comb(total - write, read) / comb(total, read)


def figure(language: Literal["es", "en"]) -> go.Figure:
    words = WORDS[language]
    chart = go.Figure()
    for total in REPLICAS:
        pairs = [(r, w) for r in range(1, total + 1) for w in range(1, total + 1)]
        for name, strict in (("loose", False), ("strict", True)):
            some = [(r, w) for r, w in pairs if (r + w > total) == strict]
            chart.add_scatter(
                x=[round(wait(r, total) + wait(w, total), 2) for r, w in some],
                y=[round(100 * stale(r, w, total), 2) for r, w in some],
                text=[f"R={r}, W={w}" for r, w in some],
                hovertemplate="%{text}<br>%{x} ms, %{y} %",
                name=words[name],
                mode="markers",
                marker={"size": 10, "symbol": "diamond" if strict else "circle"},
                visible=total == REPLICAS[0],
            )
    steps = [
        {
            "label": str(total),
            "method": "update",
            "args": [{"visible": [trace // 2 == position for trace in range(2 * len(REPLICAS))]}],
        }
        for position, total in enumerate(REPLICAS)
    ]
    chart.update_layout(
        sliders=[{"active": 0, "steps": steps, "currentvalue": {"prefix": words["n"]}, "pad": {"t": 50}}],
        xaxis={"title": {"text": words["x"]}, "rangemode": "tozero"},
        yaxis={"title": {"text": words["y"]}, "rangemode": "tozero"},
        legend={"orientation": "h", "y": 1.12},
    )
    return chart
