"""Una regresión que aprende bloque a bloque."""

import dask.dataframe as dd
from sklearn.linear_model import SGDRegressor
from sklearn.preprocessing import StandardScaler

COLUMNAS = ["retraso_salida", "minutos", "millas"]


def entrenar(carpeta: str) -> dict[str, list[float] | float]:
    """Predice el retraso de llegada: media y desviacion de cada columna, coeficientes e intercepto."""
    vuelos = dd.read_parquet(carpeta, columns=[*COLUMNAS, "retraso"])
    datos = vuelos.astype("float64").compute().to_numpy()
    x, y = datos[:, :-1], datos[:, -1]
    escala = StandardScaler().fit(x)
    modelo = SGDRegressor(random_state=0)
    modelo.fit(escala.transform(x), y)
    return {
        "media": [float(valor) for valor in escala.mean_],
        "desviacion": [float(valor) for valor in escala.scale_],
        "coeficientes": [float(valor) for valor in modelo.coef_],
        "intercepto": float(modelo.intercept_[0]),
    }
