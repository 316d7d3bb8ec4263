"""Prueba lo que llevas hecho en el clúster de al lado. Míralo mientras tanto en el panel de Dask."""

import subprocess
import sys
from pathlib import Path

import futuros
import grafo
import grupos
import modelo
import pandas as pd
from distributed import Client


def por_mil(tabla: pd.DataFrame, caso: str) -> float:
    """Vuelos de ese destino por cada mil."""
    if caso == "???":
        raise ValueError("no hay tal destino")
    return round(1000 * float((tabla["destino"] == caso).mean()), 1)


def principal(cliente: Client) -> None:
    archivos = sorted(str(ruta) for ruta in Path("registro").glob("*/*.parquet"))
    tabla = pd.read_parquet("datos/vuelos.parquet")
    pasos = {
        "rutas": lambda: grupos.rutas("registro", [6, 7]).nlargest(3, "retraso_medio").round(2).to_string(index=False),
        "aviones": lambda: grupos.aviones("registro", "por_avion", 4),
        "informe": lambda: grafo.informe(archivos[:12], ["retraso", "minutos"]),
        "evaluar": lambda: futuros.evaluar(cliente, por_mil, tabla, ["MIA", "LAX", "???"], print),
        "entrenar": lambda: modelo.entrenar("registro/mes=1"),
    }
    for nombre, paso in pasos.items():
        try:
            print(f"--- {nombre}\n{paso()}")
        except NotImplementedError as falta:
            print(f"--- {nombre}: falta {falta}")


if __name__ == "__main__":
    if not Path("registro").exists():
        subprocess.run([sys.executable, "generar.py"], check=True)
    with Client("tcp://127.0.0.1:8786") as cliente:
        principal(cliente)
