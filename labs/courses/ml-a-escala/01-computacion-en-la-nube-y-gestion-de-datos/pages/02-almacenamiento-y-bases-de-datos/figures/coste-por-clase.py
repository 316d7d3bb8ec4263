"""What 10 TB cost in three classes of Amazon S3, by how long they stay and how often they are read."""

from typing import Literal, NamedTuple

import plotly.graph_objects as go

GIGABYTES = 10_000
DAYS = (7, 15, 30, 60, 90, 180)
READS = [step / 4 for step in range(13)]
"""Times a month that everything is read once."""


class StorageClass(NamedTuple):
    name: str
    keeping: float
    """US dollars per GB and month."""
    reading: float
    """US dollars per GB read."""
    least: int
    """Days that are charged at the least."""


CLASSES = (
    StorageClass("Standard", 0.023, 0.0, 0),
    StorageClass("Standard-IA", 0.0125, 0.01, 30),
    StorageClass("Glacier Instant Retrieval", 0.004, 0.03, 90),
)
"""List prices of us-east-1, 2026, from the pricing page of Amazon S3; requests are left out."""

WORDS = {
    "es": {"reads": "veces que se lee todo al mes", "cost": "costo de toda la estancia (USD)", "stay": "días: "},
    "en": {"reads": "times all is read in a month", "cost": "cost of the whole stay (USD)", "stay": "days: "},
}


def figure(language: Literal["es", "en"]) -> go.Figure:
    """Cost = GB · keeping · max(days, least) / 30 + GB · reading · reads · days / 30."""
    words = WORDS[language]
    chart = go.Figure()
    for days in DAYS:
        for one in CLASSES:
            kept = one.keeping * max(days, one.least) / 30
            costs = [round(GIGABYTES * (kept + one.reading * reads * days / 30), 2) for reads in READS]
            chart.add_scatter(x=READS, y=costs, name=one.name, mode="lines", visible=days == DAYS[2])
    steps = []
    for position, days in enumerate(DAYS):
        shown = [trace // len(CLASSES) == position for trace in range(len(chart.data))]
        steps.append({"label": str(days), "method": "update", "args": [{"visible": shown}]})
    chart.update_layout(
        sliders=[{"active": 2, "steps": steps, "currentvalue": {"prefix": words["stay"]}, "pad": {"t": 50}}],
        xaxis={"title": {"text": words["reads"]}},
        yaxis={"title": {"text": words["cost"]}, "rangemode": "tozero"},
        legend={"orientation": "h", "y": 1.12},
    )
    return chart
