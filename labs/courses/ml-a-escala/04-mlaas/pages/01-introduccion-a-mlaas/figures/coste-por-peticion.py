"""Monthly cost of a pay-per-call API against a machine of one's own that a person has to look after."""

import plotly.graph_objects as go

PRICE_PER_CALL = 0.0010  # Amazon Rekognition, DetectLabels, first million images a month: AWS price page, October 2026
HOURS_A_MONTH = 730
MACHINE = 0.20  # USD an hour, an example, not a list price
PERSON = 40.0  # USD an hour, an example
CARE = [0, 2, 5, 10, 20]  # hours a month; with more, the lines meet beyond the first price tier
CALLS = [round(10 ** (3 + step / 10)) for step in range(31)]
TEXT = {
    "es": {
        "api": "API, 0,0010 USD por imagen",
        "own": "máquina propia, con su cuidado",
        "x": "imágenes al mes",
        "y": "USD al mes",
        "slider": "horas de cuidado al mes: ",
    },
    "en": {
        "api": "API, 0.0010 USD per image",
        "own": "own machine, care included",
        "x": "images a month",
        "y": "USD a month",
        "slider": "hours of care a month: ",
    },
}


def figure(language: str) -> go.Figure:
    """API cost = calls x price; own cost = 730 h x machine + care x person: they meet at own cost / price."""
    text = TEXT[language]
    chart = go.Figure()
    chart.add_scatter(x=CALLS, y=[calls * PRICE_PER_CALL for calls in CALLS], name=text["api"], mode="lines")
    for index, hours in enumerate(CARE):
        cost = HOURS_A_MONTH * MACHINE + hours * PERSON
        chart.add_scatter(
            x=CALLS,
            y=[cost] * len(CALLS),
            name=text["own"],
            mode="lines",
            line={"dash": "dash"},
            visible=index == 3,
        )
    steps = [
        {
            "method": "update",
            "label": str(hours),
            "args": [{"visible": [True] + [other == index for other in range(len(CARE))]}],
        }
        for index, hours in enumerate(CARE)
    ]
    chart.update_layout(
        template=None,
        xaxis={"title": {"text": text["x"]}, "type": "log"},
        yaxis={"title": {"text": text["y"]}, "type": "log"},
        sliders=[{"active": 3, "currentvalue": {"prefix": text["slider"]}, "steps": steps, "pad": {"t": 50}}],
        legend={"orientation": "h", "y": 1.12},
    )
    return chart
