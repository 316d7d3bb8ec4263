"""Hours until a canary shows that it fails more often, by its share of the traffic.

Sample size of a one-sample test of a proportion, one-sided 2.5 %, power 90 %: J. L. Fleiss, B. Levin and M. C. Paik,
*Statistical Methods for Rates and Proportions*, 3rd edition, 2003, chapter 2.
"""

from math import ceil, sqrt

import plotly.graph_objects as go

USUAL = 0.005
FAILING = [0.0075, 0.01, 0.03]
SHARES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50]
RATES = [1, 5, 20, 100, 500]
Z_ALARM, Z_POWER = 1.96, 1.2816

TEXTS = {
    "es": ("falla el {} %", ",", "cuota del canario (%)", "horas hasta detectarlo", "peticiones por segundo: "),
    "en": ("fails {}%", ".", "canary's share (%)", "hours until it shows", "requests per second: "),
}


def needed(usual: float, failing: float) -> int:
    spread = Z_ALARM * sqrt(usual * (1 - usual)) + Z_POWER * sqrt(failing * (1 - failing))
    return ceil((spread / (failing - usual)) ** 2)


def figure(language: str) -> go.Figure:
    name, comma, x, y, prefix = TEXTS[language]
    chart = go.Figure()
    for rate in RATES:
        for failing, dash in zip(FAILING, ("solid", "dash", "dot"), strict=True):
            chart.add_scatter(
                x=SHARES,
                y=[round(needed(USUAL, failing) / (rate * share / 100) / 3600, 4) for share in SHARES],
                name=name.format(f"{failing * 100:g}".replace(".", comma)),
                mode="lines+markers",
                line={"dash": dash},
                visible=rate == RATES[2],
            )
    steps = [
        {
            "label": str(rate),
            "method": "update",
            "args": [{"visible": [other == rate for other in RATES for _ in FAILING]}],
        }
        for rate in RATES
    ]
    chart.update_layout(
        xaxis={"title": {"text": x}},
        yaxis={"title": {"text": y}, "type": "log", "dtick": 1},
        sliders=[{"active": 2, "currentvalue": {"prefix": prefix}, "steps": steps, "pad": {"t": 56}}],
        legend={"orientation": "h", "y": 1.15},
        separators=", " if language == "es" else ".,",
        template=None,
    )
    return chart
