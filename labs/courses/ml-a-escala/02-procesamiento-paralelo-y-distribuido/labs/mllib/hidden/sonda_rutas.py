"""Where this attempt's tables lie in the student's sandbox."""

ALL, TEST = "_datos/vuelos.parquet", "_datos/despues.parquet"
OTHER, PREPARED, SCORED = "_datos/otro_futuro.parquet", "_datos/prueba.parquet", "_datos/predicciones.parquet"
