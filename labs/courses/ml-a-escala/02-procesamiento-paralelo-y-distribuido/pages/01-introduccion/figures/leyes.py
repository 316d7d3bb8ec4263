"""Speed-up by the laws of Amdahl and Gustafson, for a serial fraction chosen with a slider."""

import plotly.graph_objects as go

FRACTIONS = [0.0, 0.01, 0.02, 0.05, 0.1, 0.14, 0.2, 0.3, 0.5]
PROCESSES = [2 ** (k / 2) for k in range(21)]
TEXTS = {
    "es": {"ideal": "Ideal: n", "x": "Procesos, n", "y": "Aceleración (veces)", "slider": "Fracción en serie s = "},
    "en": {"ideal": "Ideal: n", "x": "Processes, n", "y": "Speed-up (times)", "slider": "Serial fraction s = "},
}


def figure(language: str) -> go.Figure:
    """Amdahl (1967): 1 / (s + (1 - s) / n). Gustafson (1988): s + (1 - s) n."""
    text = TEXTS[language]
    start = FRACTIONS.index(0.05)
    figure = go.Figure()
    figure.add_scatter(x=PROCESSES, y=PROCESSES, name=text["ideal"], mode="lines", line={"dash": "dot"})
    steps = []
    for i, s in enumerate(FRACTIONS):
        amdahl = [round(1 / (s + (1 - s) / n), 3) for n in PROCESSES]
        gustafson = [round(s + (1 - s) * n, 3) for n in PROCESSES]
        for name, values, line in (("Amdahl", amdahl, {"width": 3}), ("Gustafson", gustafson, {"dash": "dash"})):
            figure.add_scatter(x=PROCESSES, y=values, name=name, mode="lines", line=line, visible=i == start)
        visible = [True] + [j == i for j in range(len(FRACTIONS)) for _ in range(2)]
        label = f"{s:.2f}".replace(".", "," if language == "es" else ".")
        steps.append({"method": "restyle", "label": label, "args": [{"visible": visible}]})
    ticks = [2**k for k in range(0, 11, 2)]
    axis = {"type": "log", "tickvals": ticks, "ticktext": [str(n) for n in ticks]}
    figure.update_layout(
        template=None,
        xaxis={**axis, "title": {"text": text["x"]}},
        yaxis={**axis, "title": {"text": text["y"]}, "range": [0, 3.05]},
        legend={"orientation": "h", "y": 1.15},
        sliders=[{"active": start, "steps": steps, "currentvalue": {"prefix": text["slider"]}, "pad": {"t": 56}}],
    )
    return figure
