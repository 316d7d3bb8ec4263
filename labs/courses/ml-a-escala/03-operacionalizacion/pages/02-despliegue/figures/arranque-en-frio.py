"""The slowest answer of a burst: warm instances take what fits, the rest waits for new ones to start."""

import plotly.graph_objects as go

START = 2.5  # seconds until a new instance can answer
WORK = 0.06  # seconds of one core for a prediction; an instance has one core
BURSTS = [*range(1, 21), *range(22, 61, 2), *range(65, 121, 5)]
WARM = [0, 1, 2, 4, 8, 16, 32]
PER_INSTANCE = [1, 8, 80]

TEXTS = {
    "es": ("{} por instancia", "peticiones simultáneas", "respuesta más lenta (s)", "instancias calientes: "),
    "en": ("{} per instance", "simultaneous requests", "slowest answer (s)", "warm instances: "),
}


def slowest(burst: int, warm: int, at_once: int) -> float:
    """Those at once on an instance share its core, so all of them end when the last one does."""
    served = min(burst, warm * at_once)
    rest = burst - served
    on_warm = -(-served // warm) * WORK if warm else 0.0
    on_new = START + min(rest, at_once) * WORK if rest else 0.0
    return round(max(on_warm, on_new), 2)


def figure(language: str) -> go.Figure:
    name, x, y, prefix = TEXTS[language]
    chart = go.Figure()
    for warm in WARM:
        for at_once, dash in zip(PER_INSTANCE, ("solid", "dash", "dot"), strict=True):
            chart.add_scatter(
                x=BURSTS,
                y=[slowest(burst, warm, at_once) for burst in BURSTS],
                name=name.format(at_once),
                mode="lines",
                line={"dash": dash, "shape": "hv"},
                visible=warm == WARM[1],
            )
    steps = [
        {
            "label": str(warm),
            "method": "update",
            "args": [{"visible": [other == warm for other in WARM for _ in PER_INSTANCE]}],
        }
        for warm in WARM
    ]
    chart.update_layout(
        xaxis={"title": {"text": x}},
        yaxis={"title": {"text": y}, "rangemode": "tozero"},
        sliders=[{"active": 1, "currentvalue": {"prefix": prefix}, "steps": steps, "pad": {"t": 56}}],
        legend={"orientation": "h", "y": 1.15},
        separators=", " if language == "es" else ".,",
        template=None,
    )
    return chart
