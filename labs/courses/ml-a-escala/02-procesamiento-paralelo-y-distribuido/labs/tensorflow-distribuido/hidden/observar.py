"""What the checks share: asking the probe, reading what it tells, this attempt's images and weights."""

import gzip
import io
from typing import Any

import numpy as np
from hidden import referencia
from labkit import Failed, Lab
from labkit.probe import unseen

FOLDER = "/home/lab/work"
PATIENCE = 150  # seconds for what the probe does in one go
Arrays = dict[str, np.ndarray]
ECHOES = ("Collective ops is aborted", "UnavailableError", "CancelledError", "InternalError")
"""How the other worker ends when its partner has failed."""


def both(lab: Lab, scenario: str, *args: Any) -> list[Any]:
    """What both workers reported. Raises Failed for what either of them raised."""
    return values(lab.probe("both", scenario, *args, timeout=PATIENCE))


def values(reports: Any) -> list[Any]:
    if not (isinstance(reports, list) and len(reports) == 2 and all(isinstance(r, dict) for r in reports)):
        raise unseen(reports)
    for report in sorted(reports, key=lambda r: ("error" not in r, any(e in str(r.get("error")) for e in ECHOES))):
        if "value" not in report:
            raise broken(reports.index(report), report)
    return [report["value"] for report in reports]


def broken(rank: int, report: dict[str, Any]) -> Failed:
    if "error" in report:
        return Failed(es=f"El trabajador {rank} falló.", en=f"Worker {rank} failed.", got=str(report["error"])[:600])
    return Failed(
        es=f"El trabajador {rank} no terminó. Suele ser que uno entra en una operación colectiva y el otro no.",
        en=f"Worker {rank} didn't finish. Usually one enters a collective operation and the other doesn't.",
    )


def table(lab: Lab) -> np.ndarray:
    """The file as handed out: 64 values of 0 to 16 and the digit in each row."""
    text = io.BytesIO(gzip.decompress((lab.data / "digitos.csv.gz").read_bytes()))
    return np.loadtxt(text, delimiter=",", dtype=np.float32)


def batches(lab: Lab, steps: int, size: int) -> list[list[list[np.ndarray]]]:
    """For each worker, for each step, a part of the real images, in this attempt's order and with a little noise."""
    random = np.random.default_rng(lab.rng.randrange(2**32))
    rows = random.permutation(table(lab))[: 2 * steps * size]
    images = (rows[:, :64] / 16 + random.uniform(0, 0.1, (len(rows), 64))).astype(np.float32)
    digits = rows[:, 64].astype(np.int64)
    starts = range(0, len(rows), size)
    parts = [[images[start : start + size], digits[start : start + size]] for start in starts]
    return [parts[0::2], parts[1::2]]


def joined(given: list[list[list[np.ndarray]]]) -> list[referencia.Batch]:
    """The global batch of each step."""
    return [
        (np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]]))
        for one, other in zip(*given, strict=True)
    ]


def fresh_weights(lab: Lab) -> Arrays:
    return referencia.weights(np.random.default_rng(lab.rng.randrange(2**32)))


def same(got: Any, expected: Any, tolerance: float = 2e-4) -> bool:
    return (
        isinstance(got, dict)
        and isinstance(expected, dict)
        and got.keys() == expected.keys()
        and all(isinstance(value, np.ndarray) for value in (*got.values(), *expected.values()))
        and all(got[n].shape == expected[n].shape for n in expected)
        and all(np.allclose(got[n], expected[n], rtol=tolerance, atol=tolerance) for n in expected)
    )


def norm(arrays: Any) -> str:
    """A few numbers that tell weights apart at a glance."""
    if not isinstance(arrays, dict) or not all(isinstance(value, np.ndarray) for value in arrays.values()):
        return f"{arrays}"[:100]
    return ", ".join(f"‖{name}‖={np.linalg.norm(value):.4f}" for name, value in arrays.items())


def folder(lab: Lab, name: str) -> str:
    """A new folder of the student's workspace."""
    path = f"_{name}{lab.seed}"
    lab.write(f"{path}/nada", "")
    return f"{FOLDER}/{path}"


def saved(file: Any) -> dict[str, Any]:
    """A checkpoint as the probe read it, once it holds weights, step and count."""
    if not (isinstance(file, dict) and file.get("weights") and type(file.get("step")) is int):
        raise Failed(
            es="No hay punto de control, o le falta red o paso: tf.train.Checkpoint(red=…, paso=…, …).",
            en="There is no checkpoint, or it lacks red or paso: tf.train.Checkpoint(red=…, paso=…, …).",
            got=f"{ {k: v for k, v in file.items() if k != 'weights'} if isinstance(file, dict) else file }"[:300],
        )
    return file
