"""A day of flights nobody has seen, and its summary by other code than the lab's; how settings are compared."""

import json
import random
from typing import Any

from labkit import Failed

AIRLINES = ["AA", "B6", "DL", "EV", "MQ", "UA", "US", "WN"]


def day(rng: random.Random, edition: int | None = None) -> tuple[str, dict[str, Any]]:
    """The CSV of a day and what its summary must be."""
    rows = [
        (rng.choice(AIRLINES), rng.choice(["EWR", "JFK", "LGA"]), "ORD", rng.choice([None, *range(-20, 180)]))
        for _ in range(rng.randint(30, 60))
    ]
    lines = [f"{airline},{origin},{to},{'' if late is None else late}" for airline, origin, to, late in rows]
    late = [row[3] for row in rows if row[3] is not None]
    means = {
        airline: sum(mine) / len(mine)
        for airline in AIRLINES
        if (mine := [row[3] for row in rows if row[0] == airline and row[3] is not None])
    }
    wanted = {
        "vuelos": len(rows),
        "cancelados": len(rows) - len(late),
        "retraso_medio": round(sum(late) / len(late), 2),
        "peor_aerolinea": max(means, key=lambda name: (means[name], name)),
    }
    if edition is not None:
        wanted["edicion"] = edition
    return "\n".join(["aerolinea,origen,destino,retraso", *lines, ""]), wanted


def plain(value: Any) -> Any:
    """A student's answer as plain data, or the name of its type: tables and arrays don't compare to a truth value."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return type(value).__name__


def expect_all(got: dict[str, Any], wanted: dict[str, Any], *, es: str, en: str, worth: float = 1.0) -> None:
    """Fail unless each setting is as wanted, with part of ``worth`` for those that are."""
    wrong = [name for name, value in wanted.items() if got.get(name) != value]
    if wrong:
        raise Failed(
            es=f"{es} No coinciden {len(wrong)} de {len(wanted)} puntos.",
            en=f"{en} {len(wrong)} of {len(wanted)} points differ.",
            got="\n".join(f"{name}: {str(got.get(name))[:300]}" for name in wrong),
            expected="\n".join(f"{name}: {wanted[name]}" for name in wrong),
            score=0.8 * worth * max(0, 1 - len(wrong) / min(5, len(wanted))),
        )
