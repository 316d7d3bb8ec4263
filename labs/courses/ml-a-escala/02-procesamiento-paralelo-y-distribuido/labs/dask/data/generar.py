"""Crea registro/: un año de vuelos en 48 archivos Parquet. `python generar.py 200` los hace de 200 filas."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

ARCHIVOS_POR_MES = 4


def generar(origen: pd.DataFrame, carpeta: Path, filas: int, azar: np.random.Generator) -> None:
    """Una carpeta mes=N por mes. Vuelos reales, repetidos y con unos minutos de ruido en el retraso."""
    shutil.rmtree(carpeta, ignore_errors=True)
    for mes, vuelos in origen.groupby("mes"):
        destino = carpeta / f"mes={mes}"
        destino.mkdir(parents=True)
        for numero in range(ARCHIVOS_POR_MES):
            tabla = vuelos.sample(filas, replace=True, random_state=int(azar.integers(2**31))).drop(columns="mes")
            tabla["retraso"] = (tabla["retraso"] + azar.integers(-5, 6, filas)).astype("int16")
            ruta = tabla["origen"] + "-" + tabla["destino"]
            tabla["plan_de_vuelo"] = "FPL-" + tabla["matricula"] + "-IS " + ruta + " " + tabla["aerolinea"] + " EQPT/S"
            tabla.to_parquet(destino / f"{numero}.parquet", index=False, compression="zstd")


if __name__ == "__main__":
    filas = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    generar(pd.read_parquet("datos/vuelos.parquet"), Path("registro"), filas, np.random.default_rng(2013))
    archivos = sorted(Path("registro").glob("*/*.parquet"))
    print(f"{len(archivos)} archivos, {sum(a.stat().st_size for a in archivos) / 1e6:.0f} MB comprimidos")
