"""Checks of the lab gpu. Numba's simulator and Triton's interpreter run the kernels: data/contador.py counts what a GPU
would be asked for.

Where the sandbox has a GPU, the same files are compiled for it, too: they must give the same there, and those kernels
that do nothing but move bytes must move them at a fair share of the speed of a copy, measured beside them.
"""

import math
from typing import Any

import numpy as np
from labkit import Failed, Lab

ALIKE = 1e-4
FAIR_SHARE = {"axpy": 0.5, "transponer": 0.4, "softmax": 0.4}
"""Of a copy's bytes a second. NVIDIA's own figures for a transpose: 0.95 and 1.0 through a padded tile, 0.18 and 0.41
without one, on two cards (Mark Harris, "An Efficient Matrix Transpose in CUDA C/C++", 2013)."""
ON_SIMULATOR = 0.7
"""The score of what is right in the simulator, and not on the card or slow there."""


def _probe(lab: Lab, function: str, *args: Any) -> Any:
    lab.lend(lab.data / "contador.py")
    told = lab.probe("told", function, *args)
    if isinstance(told, dict) and "value" in told:
        return told["value"]
    raise Failed(
        es="Tu código falló.",
        en="Your code failed.",
        got=str(told.get("error") if isinstance(told, dict) else told)[:500],
    )


_SEEN: dict[str, Any] = {
    "threads": int,
    "reads": int,
    "writes": int,
    "per_read": float,
    "per_write": float,
    "in_a_row": int,
    "races": list,
}


def _kernel(lab: Lab, module: str, function: str, *args: Any) -> dict[str, Any]:
    seen = _shaped(lab, _probe(lab, "kernel", module, function, *args), _SEEN)
    lab.expect(
        seen["threads"] > 0,
        es=f"{function} no lanzó ningún kernel que leyera o escribiera la memoria de la GPU.",
        en=f"{function} launched no kernel that read or wrote the GPU's memory.",
    )
    return seen


def _on_card(lab: Lab, function: str, *args: Any, expected: np.ndarray, tolerance: float = ALIKE) -> None:
    """Where there is a card: the function runs there, gives what it must, and isn't slow if its speed is judged."""
    if not lab.gpu:
        return
    for file in (lab.data / "velocidad.py", lab.hidden / "tarjeta.py"):
        lab.lend(file)
    fair = FAIR_SHARE.get(function)
    seen = _shaped(lab, _probe(lab, "on_card", function, list(args), fair is not None), {"card": str})
    if not seen["card"]:
        raise RuntimeError("the sandbox was to have a GPU, and PyTorch sees none: look at the host's driver")
    lab.expect(
        "error" not in seen,
        es=f"{function} va en el simulador, pero no en la GPU.",
        en=f"{function} works in the simulator, but not on the GPU.",
        got=f"{seen.get('error')}"[:400],
        score=ON_SIMULATOR,
    )
    got = np.asarray(seen["result"]) if isinstance(seen.get("result"), float) else seen.get("result")
    _equal(lab, f"{function} (GPU)", got, expected, tolerance, ON_SIMULATOR)
    share = seen.get("share")
    lab.expect(
        fair is None or (isinstance(share, float) and share >= fair),
        es=f"En la GPU ({seen['card'][:60]}), {function} mueve bytes demasiado despacio, comparado con una copia.",
        en=f"On the GPU ({seen['card'][:60]}), {function} moves bytes too slowly, compared with a copy.",
        got=f"{share:.0%}" if isinstance(share, float) else "?",
        expected=f"≥ {fair or 0:.0%}",
        score=ON_SIMULATOR,
    )


def _shaped(lab: Lab, value: Any, like: dict[str, Any]) -> dict[str, Any]:
    """``value``, once it is a dict with these keys and types: it comes from the student's sandbox."""
    lab.expect(
        isinstance(value, dict) and all(isinstance(value.get(key), kind) for key, kind in like.items()),
        es="Lo que devuelve tu código no es del tipo que se pide, o cambió la prueba.",
        en="What your code returns isn't of the type asked for, or it changed the probe.",
        got=f"{value}"[:200],
    )
    return dict(value)


def _equal(lab: Lab, what: str, got: Any, expected: np.ndarray, tolerance: float = ALIKE, score: float = 0.0) -> None:
    shape = getattr(got, "shape", None)
    lab.expect(
        isinstance(got, np.ndarray) and shape == expected.shape and np.issubdtype(got.dtype, np.number),
        es=f"{what} no devuelve un array de la forma que debe.",
        en=f"{what} doesn't return an array of the right shape.",
        got=f"{type(got).__name__} {shape}",
        expected=f"{expected.shape}",
        score=score,
    )
    wrong = np.argwhere(~np.isclose(got, expected, rtol=tolerance, atol=tolerance))
    if len(wrong):
        at = tuple(int(i) for i in wrong[0])
        lab.expect(
            False,
            es=f"{what}: {len(wrong)} de {expected.size} valores están mal; el primero, en {at}.",
            en=f"{what}: {len(wrong)} of {expected.size} values are wrong; the first at {at}.",
            got=f"{got[at]}",
            expected=f"{expected[at]}",
            score=score,
        )


def _no_races(lab: Lab, what: str, seen: dict[str, Any], score: float) -> None:
    lab.expect(
        not seen["races"],
        es=f"{what} tiene carreras: dos hilos tocan el mismo sitio sin orden entre ellos y uno escribe.",
        en=f"{what} has races: two threads touch the same place with no order between them, and one writes.",
        got="; ".join(str(race) for race in seen["races"])[:300],
        score=score,
    )


def _numbers(lab: Lab, *shape: int) -> np.ndarray:
    random = np.random.default_rng(lab.rng.randrange(2**32))
    return random.normal(1, 2, shape).astype(np.float32)


def axpy(lab: Lab) -> None:
    for size in (1, 64 * lab.rng.randint(1, 2), 64 + lab.rng.randint(1, 63)):
        a, x, y = round(lab.rng.uniform(-3, 3), 2), _numbers(lab, size), _numbers(lab, size)
        seen = _kernel(lab, "hilos", "axpy", a, x, y)
        _equal(lab, f"axpy con {size} elementos / with {size} elements", seen["result"], a * x + y)
        lab.expect(
            seen["threads"] == size,
            es=f"Con {size} elementos deben trabajar {size} hilos, uno por elemento.",
            en=f"With {size} elements {size} threads must work, one per element.",
            got=f"{seen['threads']}",
            expected=f"{size}",
            score=0.5,
        )
    # The last of them, whose last block has threads left over.
    _on_card(lab, "axpy", a, x, y, expected=a * x + y)


def suma(lab: Lab) -> None:
    for size in (1, 128 + lab.rng.randint(1, 60)):
        x = _numbers(lab, size)
        seen = _kernel(lab, "hilos", "suma", x)
        _no_races(lab, "suma", seen, 0.3)
        got, expected = seen["result"], float(x.astype(np.float64).sum())
        lab.expect(
            isinstance(got, float) and math.isclose(got, expected, rel_tol=1e-3, abs_tol=1e-3),
            es=f"La suma de {size} números no es la que debe.",
            en=f"The sum of {size} numbers is not what it should be.",
            got=f"{got}"[:100],
            expected=f"{expected:.4f}",
        )
        lab.expect(
            seen["reads"] <= 1.25 * size + 16 and seen["threads"] >= size / 2,
            es="Cada número se lee de la memoria global una vez y lo demás ocurre en la compartida.",
            en="Each number is read from global memory once, and the rest happens in shared memory.",
            got=f"{seen['reads']} lecturas / reads",
            expected=f"≈ {size}",
            score=0.5,
        )
        steps = seen["in_a_row"]
        lab.expect(
            0 < steps <= 24,  # a tree of 64 threads takes 13, one of 1024, 21
            es=f"La suma no va en árbol: en la compartida hay {steps} pasos seguidos, de un hilo que lee o de atómicas "
            "en un sitio; en árbol bastan unos 2·log₂(HILOS).",
            en=f"The sum isn't a tree: in shared memory {steps} steps follow one another, of a thread that reads or of "
            "atomics in one place; a tree takes about 2·log₂(HILOS).",
            got=f"{steps}",
            expected="≤ 24",
            score=0.5,
        )
    _on_card(lab, "suma", x, expected=np.asarray(expected), tolerance=1e-3)


def histograma(lab: Lab) -> None:
    bins, size = lab.rng.randint(4, 7), 64 + lab.rng.randint(1, 120)
    values = np.random.default_rng(lab.rng.randrange(2**32)).integers(0, bins, size)
    seen = _kernel(lab, "hilos", "histograma", values, bins)
    _no_races(lab, "histograma", seen, 0.3)
    expected = np.bincount(values, minlength=bins)
    _equal(lab, "histograma", seen["result"], expected)
    _on_card(lab, "histograma", values, bins, expected=expected)


def transponer(lab: Lab) -> None:
    matrix = _numbers(lab, lab.rng.randint(33, 40), lab.rng.randint(17, 31))
    seen = _kernel(lab, "matrices", "transponer", matrix)
    _equal(lab, f"transponer {matrix.shape}", seen["result"], matrix.T)
    _no_races(lab, "transponer", seen, 0.4)
    shape = lab.rng.choice([(64, 32), (32, 64)])
    seen = _kernel(lab, "matrices", "transponer", _numbers(lab, *shape))
    for kind, es, en in (("per_read", "lee", "reads"), ("per_write", "escribe", "writes")):
        lab.expect(
            0 < seen[kind] <= 2,
            es=f"Con {shape} float32, cada vez que un warp {es} toca demasiados segmentos de 128 bytes.",
            en=f"With {shape} float32, each time a warp {en} it touches too many segments of 128 bytes.",
            got=f"{seen[kind]:.1f}",
            expected="1.0",
            score=0.5,
        )
    _on_card(lab, "transponer", matrix, expected=matrix.T)


def multiplicar(lab: Lab) -> None:
    m, k, n = lab.rng.randint(9, 15), lab.rng.randint(17, 23), lab.rng.randint(9, 15)
    a, b = _numbers(lab, m, k), _numbers(lab, k, n)
    seen = _kernel(lab, "matrices", "multiplicar", a, b)
    _equal(lab, f"multiplicar {a.shape} · {b.shape}", seen["result"], a @ b)
    _no_races(lab, "multiplicar", seen, 0.4)
    naive = 2 * m * n * k
    lab.expect(
        seen["reads"] <= naive / 3,
        es="Se lee la memoria global casi tanto como sin teselas: los hilos de un bloque no comparten lo que leen.",
        en="Global memory is read almost as often as without tiles: the threads of a block don't share what they read.",
        got=f"{seen['reads']}",
        expected=f"≈ {naive // 8 + naive // 16} (sin teselas / without tiles: {naive})",
        score=0.5,
    )
    _on_card(lab, "multiplicar", a, b, expected=a @ b, tolerance=1e-3)


def softmax(lab: Lab) -> None:
    for columns, shift in ((lab.rng.choice([5, 11, 19, 27]), 0), (lab.rng.choice([3, 6, 13]), 500)):
        rows = lab.rng.randint(3, 6)
        # Far below zero: padding with zeros would outweigh the row. And far above: e to the 500 overflows.
        wide = _numbers(lab, rows, columns + 4) + np.float32(shift or -30)
        x = wide[:, :columns].astype(np.float64)
        seen = _shaped(lab, _probe(lab, "softmax", wide, columns), {"loaded": int, "stored": int})
        powers = np.exp(x - x.max(axis=1, keepdims=True))
        expected = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        _equal(lab, f"softmax {x.shape}, ≈ {shift or -30}", seen["result"], expected)
        lab.expect(
            seen["loaded"] == seen["stored"] == x.size,
            es="El kernel debe leer cada número una vez y escribir otro: ni más memoria, ni la de fuera de la fila.",
            en="The kernel must load each number once and store one: no more memory, and none outside the row.",
            got=f"{seen['loaded']} + {seen['stored']}",
            expected=f"{x.size} + {x.size}",
            score=0.5,
        )
    _on_card(lab, "softmax", x.astype(np.float32), expected=expected)


def precision(lab: Lab) -> None:
    weights, inputs = _numbers(lab, 5, 32), _numbers(lab, 6, 32)
    seen = _shaped(lab, _probe(lab, "bfloat", weights, inputs), {"type": str, "computed": list, "kept": bool})
    got, exact = seen["result"], inputs @ weights.T
    lab.expect(
        isinstance(got, np.ndarray) and got.shape == exact.shape and seen["kept"],
        es="predecir debe devolver la salida en float32 y dejar los pesos en float32, como estaban.",
        en="predecir must return the output in float32 and leave the weights in float32, as they were.",
        got=f"{seen['type']} {np.shape(got)}, pesos/weights {'=' if seen['kept'] else '≠'}",
        expected=f"torch.float32 {exact.shape}, pesos/weights =",
    )
    lab.expect(
        "torch.bfloat16" in seen["computed"],
        es="predecir no calcula en bfloat16: mira de qué tipo es lo que da la red, antes de pasarlo a float32.",
        en="predecir doesn't compute in bfloat16: see of which type the net's output is, before it becomes float32.",
        got=f"{seen['computed']}"[:200],
        expected="torch.bfloat16",
    )
    # A bfloat16 is the upper half of a float32.
    rounded = not (np.ascontiguousarray(got, np.float32).view(np.uint32) & 0xFFFF).any()
    lab.expect(
        rounded and np.allclose(got, exact, rtol=0.05, atol=1.0),
        es="predecir no devuelve lo que la red da en bfloat16: sus resultados no tienen esos 8 bits de mantisa.",
        en="predecir doesn't return what the net gives in bfloat16: its results don't have those 8 bits of mantissa.",
        got=f"{got.ravel()[:2]}",
        expected=f"≈ {exact.ravel()[:2]}",
    )
    _on_card(lab, "predecir", weights, inputs, expected=exact, tolerance=1.0)
    _scaling(lab)


def _scaling(lab: Lab) -> None:
    start, scale, every = _numbers(lab, 4), float(2 ** lab.rng.randint(11, 13)), lab.rng.randint(2, 3)
    small, rate = lab.rng.uniform(1.5e-8, 2.5e-8), 1e6  # below 3e-8 a float16 is zero
    slopes = [small, 1e4, *[small] * (every + 1)]
    steps = _probe(lab, "scaled", start, slopes, scale, every, rate)
    lab.expect(isinstance(steps, list) and len(steps) == len(slopes), es="paso no terminó.", en="paso didn't finish.")
    master, good = start.astype(np.float64), 0
    for number, (slope, step) in enumerate(zip(slopes, steps, strict=True), start=1):
        _shaped(lab, step, {"master": np.ndarray, "copy": np.ndarray})
        finite = slope < 1
        if finite:
            master, good = master - rate * slope, good + 1
        scale, good = (scale / 2, 0) if not finite else (scale * 2, 0) if good == every else (scale, good)
        why = ("gradiente de 2e-08", "gradient of 2e-08") if finite else ("gradiente infinito", "infinite gradient")
        # What it moved by, and not where it is: beside a weight of 5 a step of 0.02 wouldn't be missed.
        moved = step["master"] - start if step["master"].shape == start.shape else np.full_like(start, np.nan)
        lab.expect(
            np.allclose(moved, master - start, rtol=2e-2, atol=1e-3) and step["done"] is finite,
            es=f"Paso {number} ({why[0]}): el peso maestro o lo que devuelve paso no son los que deben.",
            en=f"Step {number} ({why[1]}): the master weight or what paso returns is wrong.",
            got=f"{step['done']}, {step['master'][:2]}",
            expected=f"{finite}, {master[:2]}",
            score=0.3,
        )
        lab.expect(
            np.allclose(step["copy"], master, rtol=2e-2, atol=1e-2),
            es=f"Paso {number}: la copia en float16 no sigue al peso maestro.",
            en=f"Step {number}: the copy in float16 doesn't follow the master.",
            got=f"{step['copy'][:2]}",
            expected=f"{master[:2]}",
            score=0.5,
        )
        lab.expect(
            step.get("scale") == scale,
            es=f"Paso {number}: la escala no es la que debe (subir_cada={every}).",
            en=f"Step {number}: the scale is not what it should be (subir_cada={every}).",
            got=f"{step.get('scale')}",
            expected=f"{scale}",
            score=0.6,
        )


def techo(lab: Lab) -> None:
    peak, width = lab.rng.uniform(5e12, 60e12), lab.rng.uniform(0.4e12, 3e12)
    cases = []
    for size in (4, 2):
        tile = 2 ** lab.rng.randint(2, 5)
        cases.append(
            [tile * lab.rng.randint(2, 9), 2 ** lab.rng.randint(8, 11), tile * lab.rng.randint(2, 9), tile, size]
        )
    cases.append([8, 4, 8, 4, 8])  # a product so small that no tile is enough
    answers = _probe(lab, "roofline", peak, width, cases)
    lab.expect(isinstance(answers, list) and len(answers) == len(cases), es="techo.py no responde.", en="No answer.")
    for (m, n, k, tile, size), answer in zip(cases, answers, strict=True):
        strength = _strength(m, n, k, tile, size)
        fast = [min(peak, value * width) for value in (0.1, strength, 1e6)]
        tiles = [2**e for e in range(12) if 2**e <= n and _strength(n, n, n, 2**e, size) * width >= peak]
        expected = {
            "axpy": ("intensidad_axpy", 2 / (3 * size)),
            "product": (f"intensidad_producto({m}, {n}, {k}, {tile}, {size})", strength),
            "reachable": ("alcanzable", fast),
            "seconds": ("segundos", 2.0 * m * n * k / min(peak, 3.0 * width)),
            "tile": (f"tesela_suficiente(…, {n}, {size})", tiles[0] if tiles else None),
        }
        for name, (what, value) in expected.items():
            got = answer.get(name) if isinstance(answer, dict) else None
            lab.expect(
                _close(got, value),
                es=f"{what} no es lo que dice el modelo roofline.",
                en=f"{what} is not what the roofline model says.",
                got=f"{got}"[:200],
                expected=f"{value}",
            )


def _strength(m: int, n: int, k: int, tile: int, size: int) -> float:
    return 2 * m * n * k / ((2 * m * n * k / tile + m * n) * size)


def _close(got: Any, value: Any) -> bool:
    if isinstance(value, list):
        return isinstance(got, list) and len(got) == len(value) and all(map(_close, got, value))
    if value is None or isinstance(value, int):
        return bool(got == value) and not isinstance(got, bool)
    return isinstance(got, int | float) and math.isclose(got, value, rel_tol=1e-6)
