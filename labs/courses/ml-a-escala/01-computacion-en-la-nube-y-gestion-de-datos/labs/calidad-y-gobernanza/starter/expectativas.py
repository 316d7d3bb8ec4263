"""Lo que se espera de un lote entero. Cada fila puede cumplir el contrato y el lote no ser el que debe."""

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd


def expectativas(esperado: dict) -> gx.ExpectationSuite:
    filas = esperado["filas"]
    return gx.ExpectationSuite(
        "lote de reservas",
        expectations=[
            gxe.ExpectTableRowCountToBeBetween(min_value=filas // 2, max_value=filas * 2),
            # faltan cuatro
        ],
    )


def evaluar(lote: pd.DataFrame, esperado: dict) -> dict:
    """El resultado de Great Expectations, como JSON: ``success`` y, por expectativa, lo que se observó."""
    contexto = gx.get_context(mode="ephemeral")
    contexto.variables.progress_bars = {"globally": False, "metric_calculations": False}
    fuente = contexto.data_sources.add_pandas("memoria").add_dataframe_asset("reservas")
    pieza = fuente.add_batch_definition_whole_dataframe("lote").get_batch({"dataframe": lote})
    return pieza.validate(expectativas(esperado)).to_json_dict()
