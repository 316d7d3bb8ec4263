"""Lo que se espera de un lote entero. Cada fila puede cumplir el contrato y el lote no ser el que debe."""

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd


def expectativas(esperado: dict) -> gx.ExpectationSuite:
    filas, precio = esperado["filas"], esperado["precio_medio"]
    return gx.ExpectationSuite(
        "lote de reservas",
        expectations=[
            gxe.ExpectTableRowCountToBeBetween(min_value=filas // 2, max_value=filas * 2),
            gxe.ExpectColumnDistinctValuesToContainSet(column="origen", value_set=esperado["origenes"]),
            gxe.ExpectColumnMeanToBeBetween(column="precio", min_value=precio * 0.7, max_value=precio * 1.3),
            gxe.ExpectColumnValuesToNotBeNull(column="viajero", mostly=0.5),
            gxe.ExpectColumnMaxToBeBetween(column="compra", min_value=pd.Timestamp(esperado["desde"])),
        ],
    )


def evaluar(lote: pd.DataFrame, esperado: dict) -> dict:
    """El resultado de Great Expectations, como JSON: ``success`` y, por expectativa, lo que se observó."""
    contexto = gx.get_context(mode="ephemeral")
    contexto.variables.progress_bars = {"globally": False, "metric_calculations": False}
    fuente = contexto.data_sources.add_pandas("memoria").add_dataframe_asset("reservas")
    pieza = fuente.add_batch_definition_whole_dataframe("lote").get_batch({"dataframe": lote})
    return pieza.validate(expectativas(esperado)).to_json_dict()
