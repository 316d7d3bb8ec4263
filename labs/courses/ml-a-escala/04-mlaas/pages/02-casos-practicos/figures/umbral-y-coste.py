"""Cost of a confidence threshold: cases sent to a person against mistakes that go through."""

import plotly.graph_objects as go

# Threshold, share answered by the machine, share answered wrongly. Measured on 899 noisy digits of scikit-learn
# (load_digits, normal noise of sigma 5, seed 0), LogisticRegression(C=0.002, max_iter=2000) fitted on the other half
# (train_test_split(test_size=0.5, stratify=y, random_state=0), the noise added before).
MEASURED = [
    (0.20, 1.0000, 0.1969), (0.24, 0.9989, 0.1958), (0.28, 0.9933, 0.1902), (0.32, 0.9833, 0.1824),
    (0.36, 0.9711, 0.1758), (0.40, 0.9466, 0.1613), (0.44, 0.9221, 0.1502), (0.48, 0.8888, 0.1290),
    (0.52, 0.8432, 0.1101), (0.56, 0.8142, 0.0957), (0.60, 0.7686, 0.0723), (0.64, 0.7297, 0.0556),
    (0.68, 0.6897, 0.0445), (0.70, 0.6652, 0.0389), (0.72, 0.6485, 0.0356), (0.74, 0.6251, 0.0278),
    (0.76, 0.5940, 0.0211), (0.78, 0.5717, 0.0178), (0.80, 0.5384, 0.0145), (0.82, 0.5161, 0.0078),
    (0.84, 0.4872, 0.0056), (0.86, 0.4583, 0.0044), (0.88, 0.4227, 0.0022), (0.90, 0.3882, 0.0022),
    (0.92, 0.3493, 0.0022), (0.94, 0.2937, 0.0011), (0.96, 0.2314, 0.0000), (0.98, 0.1390, 0.0000),
    (0.99, 0.0656, 0.0000),
]  # fmt: skip
RATIOS = [1, 2, 5, 10, 20, 50]
TEXT = {
    "es": {
        "total": "total",
        "review": "revisiones",
        "wrong": "errores que pasan",
        "x": "umbral de confianza",
        "y": "costo de 1000 casos (en revisiones)",
        "slider": "un error cuesta lo que estas revisiones: ",
    },
    "en": {
        "total": "total",
        "review": "reviews",
        "wrong": "mistakes that go through",
        "x": "confidence threshold",
        "y": "cost of 1000 cases (in reviews)",
        "slider": "one mistake costs as many reviews as: ",
    },
}


def figure(language: str) -> go.Figure:
    """Expected cost = 1000 x (share reviewed x 1 + share answered wrongly x ratio), for each threshold."""
    text = TEXT[language]
    thresholds = [threshold for threshold, _, _ in MEASURED]
    chart = go.Figure()
    for index, ratio in enumerate(RATIOS):
        reviews = [round(1000 * (1 - answered), 1) for _, answered, _ in MEASURED]
        mistakes = [round(1000 * wrong * ratio, 1) for _, _, wrong in MEASURED]
        total = [round(a + b, 1) for a, b in zip(reviews, mistakes, strict=True)]
        for key, values, dash in (("total", total, "solid"), ("review", reviews, "dash"), ("wrong", mistakes, "dot")):
            chart.add_scatter(
                x=thresholds, y=values, name=text[key], mode="lines", line={"dash": dash}, visible=index == 3
            )
    steps = [
        {
            "method": "update",
            "label": str(ratio),
            "args": [{"visible": [trace // 3 == index for trace in range(3 * len(RATIOS))]}],
        }
        for index, ratio in enumerate(RATIOS)
    ]
    chart.update_layout(
        template=None,
        xaxis={"title": {"text": text["x"]}},
        yaxis={"title": {"text": text["y"]}, "rangemode": "tozero"},
        sliders=[{"active": 3, "currentvalue": {"prefix": text["slider"]}, "steps": steps, "pad": {"t": 50}}],
        legend={"orientation": "h", "y": 1.12},
    )
    return chart
