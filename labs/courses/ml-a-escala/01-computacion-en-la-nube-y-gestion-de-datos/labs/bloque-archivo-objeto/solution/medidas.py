"""Medidas: de lo que escribe fio a una tabla que se puede comparar."""

COLUMNAS = ("trabajo", "rw", "bs", "iops", "mib_s", "p99_us")


def resumir(registro: dict) -> list[dict]:
    """Una fila por trabajo del JSON de fio: operaciones y MiB por segundo, y la latencia que el 1 % peor supera."""
    filas = []
    for trabajo in registro["jobs"]:
        opciones = {**registro.get("global options", {}), **trabajo["job options"]}
        sentido = trabajo["write" if "write" in opciones["rw"] else "read"]
        filas.append(
            {
                "trabajo": trabajo["jobname"],
                "rw": opciones["rw"],
                "bs": opciones["bs"],
                "iops": round(sentido["iops"]),
                "mib_s": round(sentido["bw_bytes"] / 2**20, 1),
                "p99_us": round(sentido["clat_ns"]["percentile"]["99.000000"] / 1000),
            }
        )
    return filas
