"""Runs the student's kernels on the card, in a process that sonda.py starts: that one's numba is the simulator.

``python _tarjeta.py FILE``: the file holds what is asked, and at the end what came of it.
"""

import pickle
import sys
from pathlib import Path
from typing import Any

import torch


def answer(function: str, args: list[Any], measure: bool) -> dict[str, Any]:
    """``card``: what it is called, empty when there is none. ``share``: of a copy's speed, 0 when it isn't measured."""
    if not torch.cuda.is_available():
        return {"card": ""}
    seen: dict[str, Any] = {"card": torch.cuda.get_device_name(), "share": 0.0}
    try:
        from _velocidad import calcular, parte

        seen["result"] = calcular(function, *args)
        if measure:
            seen["share"] = parte(function)
    except Exception as error:  # of the student's code, or of its compilation
        seen["error"] = f"{type(error).__name__}: {error}"[:400]
    return seen


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_bytes(pickle.dumps(answer(*pickle.loads(file.read_bytes()))))  # noqa: S301 -- sonda.py wrote it
