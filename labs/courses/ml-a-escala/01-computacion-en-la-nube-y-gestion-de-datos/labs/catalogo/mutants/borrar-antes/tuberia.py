"""La misma tubería como dependencias, en Dagster: bronce → plata → (control) → resumen, un día cada vez."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pandas as pd

DIAS = dg.DailyPartitionsDefinition(start_date="2013-01-01", end_date="2013-02-01")
ORIGENES = {"EWR", "JFK", "LGA"}


def archivo(carpeta: str, capa: str, dia: str) -> Path:
    return Path(carpeta) / capa / f"dia={dia}" / "datos.parquet"


def guardar(tabla: pd.DataFrame, destino: Path) -> None:
    """Entera o nada: quien lee ve la de antes o la de después, nunca media."""
    destino.parent.mkdir(parents=True, exist_ok=True)
    provisional = destino.with_suffix(".tmp")
    tabla.to_parquet(provisional, index=False)
    provisional.replace(destino)


def definir(carpeta: str, leer: Callable[[str], pd.DataFrame]) -> dg.Definitions:
    """La tubería sobre una carpeta; ``leer(dia)`` trae los vuelos de un día de donde estén, y la red a veces falla."""

    @dg.asset(partitions_def=DIAS, retry_policy=dg.RetryPolicy(max_retries=2))
    def bronce(context: dg.AssetExecutionContext) -> None:
        """Los vuelos del día, como llegaron."""
        archivo(carpeta, "bronce", context.partition_key).unlink(missing_ok=True)
        guardar(leer(context.partition_key), archivo(carpeta, "bronce", context.partition_key))

    @dg.asset(partitions_def=DIAS, deps=[bronce])
    def plata(context: dg.AssetExecutionContext) -> None:
        """Un vuelo, una vez: de los ids repetidos queda la última fila."""
        vuelos = pd.read_parquet(archivo(carpeta, "bronce", context.partition_key))
        guardar(vuelos.drop_duplicates("id", keep="last"), archivo(carpeta, "plata", context.partition_key))

    @dg.asset_check(asset=plata, blocking=True, partitions_def=DIAS)
    def origenes_conocidos(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """Un origen que no conocemos detiene el día: lo que sigue no se calcula con él."""
        vuelos = pd.read_parquet(archivo(carpeta, "plata", context.partition_key))
        extraños = sorted(set(vuelos["origen"]) - ORIGENES)
        return dg.AssetCheckResult(passed=not extraños, metadata={"origenes": ", ".join(extraños)})

    @dg.asset(partitions_def=DIAS, deps=[plata])
    def resumen(context: dg.AssetExecutionContext) -> None:
        """Por origen: cuántos vuelos y su retraso medio."""
        vuelos = pd.read_parquet(archivo(carpeta, "plata", context.partition_key))
        por_origen = vuelos.groupby("origen", as_index=False).agg(vuelos=("id", "size"), retraso=("retraso", "mean"))
        guardar(por_origen, archivo(carpeta, "resumen", context.partition_key))

    return dg.Definitions(assets=[bronce, plata, resumen], asset_checks=[origenes_conocidos])


def pendientes(instancia: dg.DagsterInstance, dias: list[str]) -> list[str]:
    """De esos días, los que no tienen resumen: es lo único que hay que volver a calcular."""
    hechos = instancia.get_materialized_partitions(dg.AssetKey("resumen"))
    return [dia for dia in dias if dia not in hechos]


def leer_csv(dia: str) -> pd.DataFrame:
    """Los vuelos de este laboratorio que salieron ese día (UTC)."""
    vuelos = pd.read_csv("datos/vuelos.csv")
    return vuelos[vuelos["salida"].str.startswith(dia)]


defs = definir("lago", leer_csv)  # lo que carga la página de Dagster
