"""El contrato de una reserva: qué debe cumplir cada fila, y qué se hace con las que no lo cumplen."""

import pandas as pd
import pandera.pandas as pa

MOTIVOS = {  # la columna que incumple -> el motivo que se anota
    "reserva": "reserva_repetida",
    "vuelo": "vuelo_desconocido",
    "documento": "documento_formato",
    "correo": "correo_formato",
    "nacimiento": "nacimiento_valido",
    "postal": "postal_formato",
    "asiento": "asiento_formato",
    "precio": "precio_valido",
}
NACIDOS = (pd.Timestamp("1900-01-01"), pd.Timestamp("2013-01-31"))


def con_tipos(reservas: pd.DataFrame) -> pd.DataFrame:
    """Las mismas filas con sus tipos; lo que no se puede leer queda vacío, y el contrato lo rechaza."""
    return reservas.assign(
        reserva=pd.to_numeric(reservas["reserva"], errors="coerce"),
        vuelo=pd.to_numeric(reservas["vuelo"], errors="coerce"),
        precio=pd.to_numeric(reservas["precio"], errors="coerce"),
        nacimiento=pd.to_datetime(reservas["nacimiento"], format="%Y-%m-%d", errors="coerce"),
        compra=pd.to_datetime(reservas["compra"], format="ISO8601", errors="coerce", utc=True),
    )


def contrato(vuelos: pd.DataFrame) -> pa.DataFrameSchema:
    """Las reglas de una fila. ``nullable`` es False si no se dice: un valor que falta incumple la suya."""
    salidas = pd.to_datetime(vuelos.set_index("id")["salida"], utc=True)

    def comprada_antes(filas: pd.DataFrame) -> pd.Series:
        salida = filas["vuelo"].map(salidas)
        return salida.isna() | (filas["compra"] < salida)  # de un vuelo desconocido no hay salida que comparar

    def texto(patron: str) -> pa.Column:
        return pa.Column(str, pa.Check(lambda valores: valores.str.fullmatch(patron), name=patron))

    return pa.DataFrameSchema(
        {
            "reserva": pa.Column(unique=True, report_duplicates="exclude_first"),
            "vuelo": pa.Column(checks=pa.Check.isin(vuelos["id"].tolist())),
            "documento": texto(r"[A-Z]\d{7}"),
            "correo": texto(r"[^@\s]+@[^@\s]+\.[a-z]+"),
            "nacimiento": pa.Column(checks=pa.Check.in_range(*NACIDOS)),
            "postal": texto(r"\d{5}"),
            "asiento": texto(r"([1-9]|[1-5]\d|60)[A-HJK]"),
            "precio": pa.Column(float, pa.Check.in_range(0, 10_000, include_min=False)),
        },
        checks=pa.Check(comprada_antes, error="compra_tardia", ignore_na=False),
    )


def revisar(reservas: pd.DataFrame, vuelos: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Las filas buenas, con sus tipos, y la cuarentena: las demás como llegaron, con todos sus ``motivos``."""
    reservas = reservas.reset_index(drop=True)
    filas = con_tipos(reservas)
    try:
        contrato(vuelos).validate(filas, lazy=True)  # lazy: reúne todos los fallos en lugar de parar en el primero
    except pa.errors.SchemaErrors as errores:
        casos = errores.failure_cases
        de_tabla = casos["schema_context"] == "DataFrameSchema"
        casos["motivo"] = casos["check"].where(de_tabla, casos["column"].map(MOTIVOS))
        motivos = casos.groupby("index")["motivo"].agg(lambda nombres: ";".join(sorted(set(nombres))))
    else:
        motivos = pd.Series(dtype=object)
    buenas = filas.drop(motivos.index).astype({"reserva": "int64", "vuelo": "int64"})
    return buenas, filas.loc[motivos.index].assign(motivos=motivos)
