"""Runs beside the student's files and reports what their kernels did; it judges nothing."""

import importlib
import pickle
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _contador import Cuenta, contando
from triton.runtime.interpreter import InterpreterBuilder

WORK = Path(__file__).parent


def told(function: str, *args: Any) -> dict[str, Any]:
    """What that function below returns, or what the student's code raised and on which of its lines."""
    # What comes from the grader is read-only; a kernel's array is copied back to where it came from.
    given = [value.copy() if isinstance(value, np.ndarray) else value for value in args]
    try:
        return {"value": globals()[function](*given)}
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == WORK]
        theirs = [f for f in frames if not f.filename.endswith(("_sonda.py", "_contador.py"))]
        place = f" ({Path(theirs[-1].filename).name}:{theirs[-1].lineno})" if theirs else ""
        return {"error": f"{type(error).__name__}: {error}"[:400] + place}


def kernel(module: str, function: str, *args: Any) -> dict[str, Any]:
    """The result, and what numba's simulator saw of each access to memory."""
    call = getattr(importlib.import_module(module), function)
    with contando() as count:
        result = call(*args)
    races = count.carreras()
    return {
        "result": result,
        "threads": count.hilos(),
        "reads": len(count.globales("lectura")),
        "writes": len(count.globales("escritura")),
        "per_read": count.transacciones("lectura"),
        "per_write": count.transacciones("escritura"),
        "in_a_row": _in_a_row(count),
        "races": races[:2],
    }


def _in_a_row(count: Cuenta) -> int:
    """The most steps in shared memory that wait for one another: reads of one thread, atomics on one place."""
    shared = [access for access in count.accesos if access.memoria[0] == "compartida"]
    reads = Counter((a.memoria[1], a.bloque, a.hilo) for a in shared if a.tipo == "lectura")
    atomics = Counter((a.memoria, a.bloque, a.posicion) for a in shared if a.tipo == "escritura" and a.atomica)
    return max([*reads.values(), *atomics.values()], default=0)


def softmax(values: np.ndarray, columns: int) -> dict[str, Any]:
    """Of the first columns of a wider tensor; with how many numbers Triton's interpreter loaded and stored."""
    from bloques import softmax as theirs

    seen = {"loaded": 0, "stored": 0}
    load, store = InterpreterBuilder.create_masked_load, InterpreterBuilder.create_masked_store

    def counted_load(self: Any, ptrs: Any, mask: Any, *rest: Any) -> Any:
        seen["loaded"] += int(np.count_nonzero(mask.data))
        return load(self, ptrs, mask, *rest)

    def counted_store(self: Any, ptrs: Any, value: Any, mask: Any, *rest: Any) -> Any:
        seen["stored"] += int(np.count_nonzero(mask.data))
        return store(self, ptrs, value, mask, *rest)

    InterpreterBuilder.create_masked_load, InterpreterBuilder.create_masked_store = counted_load, counted_store
    try:
        result = theirs(torch.from_numpy(values.copy())[:, :columns])
    finally:
        InterpreterBuilder.create_masked_load, InterpreterBuilder.create_masked_store = load, store
    return {"result": _array(result), **seen}


def on_card(function: str, args: list[Any], measure: bool) -> dict[str, Any]:
    """As tarjeta.py has it, which takes the student's files to the card in a process of its own."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(pickle.dumps((function, args, measure)))
        done = subprocess.run([sys.executable, "_tarjeta.py", file.name], cwd=WORK, capture_output=True, text=True)
        if done.returncode:
            return {"card": "?", "error": (done.stderr.strip() or f"status {done.returncode}")[-400:]}
        seen: dict[str, Any] = pickle.loads(Path(file.name).read_bytes())  # noqa: S301 -- this sandbox's own
    return seen


def bfloat(weights: np.ndarray, inputs: np.ndarray) -> dict[str, Any]:
    from precision import predecir

    net = torch.nn.Linear(weights.shape[1], weights.shape[0], bias=False)
    with torch.no_grad():
        net.weight.copy_(torch.from_numpy(weights))
    types: list[str] = []
    net.register_forward_hook(lambda _net, _inputs, output: types.append(str(output.dtype)))
    result = predecir(net, torch.from_numpy(inputs))
    kept = bool(net.weight.dtype == torch.float32 and np.array_equal(net.weight.detach().numpy(), weights))
    returned = str(getattr(result, "dtype", type(result).__name__))
    return {"result": _array(result), "type": returned, "computed": types, "kept": kept}


def scaled(start: np.ndarray, slopes: list[float], scale: float, every: int, rate: float) -> list[dict[str, Any]]:
    """Each step's loss is slope · Σ w: its gradient is known."""
    from precision import Escalador

    scaler = Escalador(scale, every)
    masters = [torch.from_numpy(start.copy())]
    copies = [masters[0].half().requires_grad_()]
    steps = []
    for slope in slopes:
        done = scaler.paso((copies[0].float() * slope).sum(), masters, copies, rate)
        copy = copies[0].detach().float().numpy().copy()
        steps.append({"done": done, "scale": scaler.escala, "master": masters[0].numpy().copy(), "copy": copy})
    return steps


def roofline(peak: float, width: float, cases: list[list[int]]) -> list[dict[str, Any]]:
    import techo

    card = techo.Tarjeta(peak, width)
    answers = []
    for m, n, k, tile, size in cases:
        strength = techo.intensidad_producto(m, n, k, tile, size)
        answers.append(
            {
                "axpy": techo.intensidad_axpy(size),
                "product": strength,
                "reachable": [techo.alcanzable(card, value) for value in (0.1, strength, 1e6)],
                "seconds": techo.segundos(card, 2.0 * m * n * k, 3.0),
                "tile": techo.tesela_suficiente(card, n, size),
            }
        )
    return answers


def _array(value: Any) -> Any:
    return value.detach().numpy().copy() if isinstance(value, torch.Tensor) and value.dtype == torch.float32 else None
