"""What the checks share: asking the probe, reading what it tells, this attempt's images and weights."""

import gzip
import io
from typing import Any

import numpy as np
from hidden import referencia
from labkit import Failed, Lab
from labkit.probe import unseen

FOLDER = "/home/lab/work"
PATIENCE = 80  # seconds for what the probe does in one go
Arrays = dict[str, np.ndarray]


def both(lab: Lab, scenario: str, *args: Any) -> list[Any]:
    """What both processes reported. Raises Failed for what either of them raised."""
    reports = lab.probe("both", scenario, *args, timeout=PATIENCE)
    if not (isinstance(reports, list) and len(reports) == 2 and all(isinstance(r, dict) for r in reports)):
        raise unseen(reports)
    # The first to fail brings the other one down, whose error only says that it lost its partner.
    for report in sorted(reports, key=lambda r: "gloo" in str(r.get("error", ""))):
        if "value" not in report:
            raise _broken(reports.index(report), report)
    return [report["value"] for report in reports]


def _broken(rank: int, report: dict[str, Any]) -> Failed:
    if "error" in report:
        return Failed(es=f"El proceso {rank} falló.", en=f"Process {rank} failed.", got=str(report["error"])[:600])
    return Failed(
        es=f"El proceso {rank} no terminó. Suele ser que un proceso entra en una operación colectiva y el otro no.",
        en=f"Process {rank} didn't finish. Usually one process enters a collective operation and the other doesn't.",
    )


def table(lab: Lab) -> np.ndarray:
    """The file as handed out: 64 values of 0 to 16 and the digit in each row."""
    text = io.BytesIO(gzip.decompress((lab.data / "digitos.csv.gz").read_bytes()))
    return np.loadtxt(text, delimiter=",", dtype=np.float32)


def real_digits(lab: Lab) -> tuple[np.ndarray, np.ndarray]:
    """The real images, shuffled with this attempt's seed and with a little noise."""

    def make() -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng(lab.seed)
        rows = random.permutation(table(lab))
        noise = random.uniform(0, 0.1, (len(rows), 64)).astype(np.float32)
        return rows[:, :64] / 16 + noise, rows[:, 64].astype(np.int64)

    return lab.once("digits", make)


def batches(lab: Lab, steps: int, size: int) -> list[list[list[np.ndarray]]]:
    """For each step a batch for each of the two processes."""
    images, digits = real_digits(lab)
    start, result = lab.rng.randrange(200), []
    for _ in range(steps):
        pair = []
        for _ in range(2):
            pair.append([images[start : start + size], digits[start : start + size]])
            start += size
        result.append(pair)
    return result


def joined(pair: list[list[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([b[0] for b in pair]), np.concatenate([b[1] for b in pair])


def fresh_weights(lab: Lab) -> Arrays:
    return referencia.weights(np.random.default_rng(lab.rng.randrange(2**32)))


def same(got: Any, expected: Arrays, tolerance: float = 2e-4) -> bool:
    return (
        isinstance(got, dict)
        and got.keys() == expected.keys()
        and all(isinstance(got[n], np.ndarray) and got[n].shape == expected[n].shape for n in expected)
        and all(np.allclose(got[n], expected[n], rtol=tolerance, atol=tolerance) for n in expected)
    )


def norm(arrays: Any) -> str:
    """A few numbers that tell weights or gradients apart at a glance."""
    if not isinstance(arrays, dict) or not all(isinstance(value, np.ndarray) for value in arrays.values()):
        return f"{arrays}"[:100]
    return ", ".join(f"‖{name}‖={np.linalg.norm(value):.4f}" for name, value in arrays.items())


def folder(lab: Lab, name: str) -> str:
    """A new folder of the student's workspace."""
    path = f"_{name}{lab.seed}"
    lab.write(f"{path}/nada", "")
    return f"{FOLDER}/{path}"


def loaded(lab: Lab, file: dict[str, Any]) -> dict[str, Any]:
    lab.expect(
        isinstance(file.get("weights"), dict) and isinstance(file.get("epoch"), int),
        es="El punto de control falta o no se lee con torch.load(…, weights_only=True) como dict con red y epoca.",
        en="The checkpoint is missing, or torch.load(…, weights_only=True) doesn't read a dict with red and epoca.",
        got=f"{ {k: v for k, v in file.items() if k != 'weights'} }"[:300],
    )
    return file


def test_accuracy(lab: Lab, weights: Arrays) -> float:
    if not same(weights, weights) or set(weights) != set(referencia.weights(np.random.default_rng(0))):
        return 0.0
    test = table(lab)[1500:]
    try:
        return referencia.accuracy(weights, (test[:, :64] / 16, test[:, 64].astype(np.int64)))
    except ValueError:  # other shapes
        return 0.0
