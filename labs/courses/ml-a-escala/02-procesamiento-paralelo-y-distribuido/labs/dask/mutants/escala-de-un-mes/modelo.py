"""Una regresión que aprende bloque a bloque."""

import dask.dataframe as dd
from dask_ml.preprocessing import StandardScaler
from dask_ml.wrappers import Incremental
from sklearn.linear_model import SGDRegressor

COLUMNAS = ["retraso_salida", "minutos", "millas"]


def entrenar(carpeta: str) -> dict[str, list[float] | float]:
    """Predice el retraso de llegada: media y desviacion de cada columna, coeficientes e intercepto."""
    vuelos = dd.read_parquet(carpeta, columns=[*COLUMNAS, "retraso"])
    datos = vuelos.astype("float64").to_dask_array()
    datos.compute_chunk_sizes()  # cuántas filas tiene cada bloque: el grafo no lo sabe sin mirar
    x, y = datos[:, :-1], datos[:, -1]
    escala = StandardScaler().fit(x.blocks[0])
    modelo = Incremental(SGDRegressor(random_state=0), random_state=0)
    modelo.fit(escala.transform(x), y)
    return {
        "media": [float(valor) for valor in escala.mean_],
        "desviacion": [float(valor) for valor in escala.scale_],
        "coeficientes": [float(valor) for valor in modelo.estimator_.coef_],
        "intercepto": float(modelo.estimator_.intercept_[0]),
    }
