"""``python -m tests.bench.gpu``: the lab ``gpu`` on this machine's card, without sandboxes.

Works with any Python that has PyTorch for CUDA, Triton and numba-cuda; none of the project's own packages is needed.
Compares the solution, whose kernels must reach the share of a copy's speed that the checks want, with trees that are
right and move memory badly, which show how much that share tells.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

(LAB,) = (Path(__file__).resolve().parents[2] / "labs/courses").glob("*/*/labs/gpu")
TREES = ("solution", "starter", "mutants/escritura-dispersa")
CORRECT = """
import numpy as np
from velocidad import calcular
rng = np.random.default_rng()
x, y = rng.normal(1, 2, (2, 150)).astype(np.float32)
m, a, b = (rng.normal(1, 2, shape).astype(np.float32) for shape in ((37, 23), (13, 19), (19, 11)))
v = rng.integers(0, 5, 150)
e = np.exp(m - m.max(1, keepdims=True))
for name, args, expected in (
    ("axpy", (2.5, x, y), 2.5 * x + y), ("suma", (x,), x.sum()), ("histograma", (v, 5), np.bincount(v, minlength=5)),
    ("transponer", (m,), m.T), ("multiplicar", (a, b), a @ b), ("softmax", (m,), e / e.sum(1, keepdims=True)),
    ("predecir", (b.T.copy(), a), a @ b),
):
    try:
        got = calcular(name, *args)
        near = 1.0 if name == "predecir" else 1e-3
        right = np.allclose(got, expected, rtol=near, atol=near)
        print(f"{name}: {'right' if right else f'WRONG: {got} and not {expected}'}")
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}"[:300])
"""


def fair_shares() -> dict[str, float]:
    """What the checks want, read from their text: they import the kit, which is inside sandboxes."""
    for node in ast.parse((LAB / "checks.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FAIR_SHARE":
            found: dict[str, float] = ast.literal_eval(node.value)
            return found
    raise LookupError("checks.py has no FAIR_SHARE")


def report(tree: str) -> None:
    """Print what one tree of the lab does on the card."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("starter", "solution" if tree.startswith("mutants") else tree, tree, "data"):
            shutil.copytree(LAB / part, folder, dirs_exist_ok=True)
        print(f"-- {tree}", flush=True)
        for program in ([sys.executable, "-c", CORRECT], [sys.executable, "velocidad.py"]):
            done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
            print(done.stdout.strip(), done.stderr.strip()[-600:] if done.returncode else "", flush=True)


if __name__ == "__main__":
    if not list(Path("/dev").glob("nvidia[0-9]*")):
        sys.exit("no NVIDIA card here: there is nothing to measure")
    print(f"The checks want of a copy's speed: {fair_shares()}")
    for name in TREES:
        report(name)
