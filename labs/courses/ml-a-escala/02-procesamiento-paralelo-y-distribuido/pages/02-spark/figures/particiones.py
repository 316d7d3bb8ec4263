"""A model of a stage's time against its number of partitions, for a number of cores chosen with a slider."""

from math import ceil

import plotly.graph_objects as go

PARTITIONS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]
CORES = [2, 4, 8, 16, 32, 64]
WORK, OVERHEAD, ROOM = 1200.0, 0.1, 10.0  # seconds of one core, seconds a task, seconds of work that fit in memory
TEXTS = {
    "es": {
        "even": "Partes iguales",
        "skew": "Una clave con el 10 %",
        "x": "Particiones",
        "y": "Tiempo (s)",
        "slider": "Núcleos: ",
    },
    "en": {
        "even": "Equal parts",
        "skew": "One key with 10%",
        "x": "Partitions",
        "y": "Time (s)",
        "slider": "Cores: ",
    },
}


def task(work: float) -> float:
    """Seconds of one task: its work, half as much again for what doesn't fit in memory, and its overhead."""
    return OVERHEAD + work + 0.5 * max(0.0, work - ROOM)


def stage(partitions: int, cores: int, share: float = 0.0) -> float:
    """Seconds of a stage in waves of equal tasks; no less than its largest, which has ``share`` of the work or more."""
    waves = ceil(partitions / cores)
    return round(max(waves * task(WORK / partitions), task(WORK * max(share, 1 / partitions))), 2)


def figure(language: str) -> go.Figure:
    """The model of the page: time = waves x (overhead + work / partitions + spill)."""
    text = TEXTS[language]
    figure = go.Figure()
    steps = []
    start = CORES.index(16)
    for i, cores in enumerate(CORES):
        for name, share, dash in ((text["even"], 0.0, "solid"), (text["skew"], 0.1, "dash")):
            times = [stage(p, cores, share) for p in PARTITIONS]
            figure.add_scatter(
                x=PARTITIONS, y=times, name=name, mode="lines+markers", line={"dash": dash}, visible=i == start
            )
        visible = [j == i for j in range(len(CORES)) for _ in range(2)]
        steps.append({"method": "restyle", "label": str(cores), "args": [{"visible": visible}]})
    ticks = [1, 4, 16, 64, 256, 1024, 4096]
    seconds = [10, 30, 100, 300, 1000]
    figure.update_layout(
        template=None,
        xaxis={"type": "log", "tickvals": ticks, "ticktext": [str(n) for n in ticks], "title": {"text": text["x"]}},
        yaxis={
            "type": "log",
            "tickvals": seconds,
            "ticktext": [str(n) for n in seconds],
            "range": [1.2, 3.35],
            "title": {"text": text["y"]},
        },
        legend={"orientation": "h", "y": 1.15},
        sliders=[{"active": start, "steps": steps, "currentvalue": {"prefix": text["slider"]}, "pad": {"t": 56}}],
    )
    return figure
