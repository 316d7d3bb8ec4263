"""Runs beside the student's files and reports what two workers of theirs did; it judges nothing.

Starting Python with TensorFlow takes seconds, so the workers are forked from a process that has it loaded and hasn't
used it yet: once it has, its threads would be missing in a copy.
"""

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

PATIENCE = 45.0
GRACE = 4.0
"""For the other worker once one has failed: it may be about to say why, or wait for ever."""
WORK = Path(__file__).parent
Arrays = dict[str, np.ndarray]


def both(scenario: str, *given: Any) -> list[dict[str, Any]]:
    """What workers 0 and 1 returned from that function below, or raised."""
    return _fresh("_both", scenario, given)


def alone(scenario: str, *given: Any) -> dict[str, Any]:
    """What one process without a cluster returned from it."""
    return _fresh("_alone", scenario, given)


def restarted(steps: int, every: int, seed: int, fail_after: int, place: str) -> dict[str, Any]:
    """A job whose worker 1 dies once; who supervises it then starts both again."""
    return _fresh("_restarted", "job", (steps, every, seed, fail_after, place))


def _fresh(function: str, scenario: str, given: tuple) -> Any:
    """In this process, or in a new one where this one has used TensorFlow."""
    if not getattr(context.context(), "_initialized", True):
        return globals()[function](scenario, given)
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder, "asked"), Path(folder, "told")
        asked.write_bytes(pickle.dumps((function, scenario, given)))
        subprocess.run([sys.executable, __file__, str(asked), str(told)], check=True, timeout=3 * PATIENCE)
        return pickle.loads(told.read_bytes())  # noqa: S301 -- written by this very file


def _both(scenario: str, given: tuple) -> list[dict[str, Any]]:
    return _cluster(lambda strategy, rank: globals()[f"_{scenario}"](strategy, rank, *given), {})[0]


def _alone(scenario: str, given: tuple) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp())
    return _collect([_fork(lambda: globals()[f"_{scenario}"](*given), folder, 0, 1)], folder)[0][0]


def _restarted(_scenario: str, given: tuple) -> dict[str, Any]:
    attempts = []
    for attempt in range(2):
        variables = {"INTENTO": str(attempt), "FALLAR_EN": str(given[3])}
        reports, killed = _cluster(lambda strategy, _rank: _job(strategy, *given), variables)
        attempts.append({"reports": reports, "killed": killed})
        if not killed:
            break
    return {"attempts": attempts, "left": _alone("checkpoint", (given[4],))}


def _cluster(work: Callable[..., Any], variables: dict[str, str]) -> tuple[list[dict[str, Any]], bool]:
    folder = Path(tempfile.mkdtemp())
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [f"127.0.0.1:{door.getsockname()[1]}" for door in doors]
    for door in doors:
        door.close()

    def worker(rank: int) -> Any:
        task = {"type": "worker", "index": rank}
        os.environ |= {"TF_CONFIG": json.dumps({"cluster": {"worker": addresses}, "task": task}), **variables}
        # Small graphs, drawn once: improving them would take longer than running them.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        return work(tf.distribute.MultiWorkerMirroredStrategy(), rank)

    return _collect([_fork(lambda rank=rank: worker(rank), folder, rank, 2) for rank in (0, 1)], folder)


def _fork(work: Callable[[], Any], folder: Path, rank: int, size: int) -> int:
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
    os.chdir(WORK)
    sys.path.insert(0, str(WORK))
    try:
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(silent, stream)
        sys.stdout, sys.stderr = (os.fdopen(stream, "w", closefd=False) for stream in (1, 2))
        report = {"value": work()}
    except BaseException as error:
        where = next((f for f in reversed(traceback.extract_tb(error.__traceback__)) if _students(f.filename)), None)
        place = f" ({Path(where.filename).name}:{where.lineno})" if where else ""
        report = {"error": f"{type(error).__name__}: {error}"[:600] + place}
    (folder / f".report{rank}").write_bytes(pickle.dumps(report))
    (folder / f".report{rank}").rename(folder / f"report{rank}")
    # Who is done first still serves the other: an all-reduce ends when both have fetched.
    end = time.monotonic() + GRACE
    while len(list(folder.glob("report?"))) < size and time.monotonic() < end:
        time.sleep(0.02)
    os._exit(0)


def _students(path: str) -> bool:
    return Path(path).parent == WORK and not Path(path).name.startswith("_")


def _collect(children: list[int], folder: Path) -> tuple[list[dict[str, Any]], bool]:
    """Their reports, and whether one was killed; then the other is, too, as any supervisor does."""
    end, waiting, killed = time.monotonic() + PATIENCE, set(children), False
    while waiting and time.monotonic() < end:
        for child in list(waiting):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                waiting.discard(child)
                killed |= os.WIFSIGNALED(status)
                end = min(end, time.monotonic() + (0 if killed else GRACE))
        time.sleep(0.01)
    for child in waiting:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    reports = []
    for rank, child in enumerate(children):
        file = folder / f"report{rank}"
        # Written by a child of this very process, in the student's sandbox.
        told = pickle.loads(file.read_bytes()) if file.exists() else {"stuck": child in waiting}  # noqa: S301
        reports.append(told)
    return reports, killed


def _meet(folder: str, rank: int) -> None:
    """By files: a student's variables may not bring the workers together."""
    Path(folder, f"aqui{rank}").touch()
    while not Path(folder, f"aqui{1 - rank}").exists():
        time.sleep(0.02)


def _number(value: Any) -> int | float:
    """Of a variable of any kind, a tensor or a number: of one that is summed when it is read, the sum."""
    value = value.read_value() if hasattr(value, "read_value") else value
    return np.asarray(value).reshape(()).item()


def _arrays(net: Any) -> Arrays:
    return {name: getattr(net, name).numpy().copy() for name in ("w1", "b1", "w2", "b2")}


def _assign(net: Any, weights: Arrays) -> None:
    for name, value in weights.items():
        getattr(net, name).assign(value)


def _roles(clusters: list[dict[str, Any]]) -> Any:
    """What tf_config says for each task, and what es_jefe then answers there; last, without TF_CONFIG."""
    from cluster import es_jefe, tf_config

    told = []
    for case in clusters:
        text = tf_config(case["cluster"], case["type"], case["index"])
        right = json.dumps({"cluster": case["cluster"], "task": {"type": case["type"], "index": case["index"]}})
        os.environ["TF_CONFIG"] = right
        told.append({"text": text if isinstance(text, str) else f"{text}"[:200], "chief": bool(es_jefe())})
    del os.environ["TF_CONFIG"]
    return {"tasks": told, "alone": bool(es_jefe())}


def _shares(strategy: Any, rank: int, size: int, batch: int, seed: int, asked: list[list[int]]) -> Any:
    """For each (from, number): the examples of this worker in that many steps from that one on."""
    from datos import lotes

    ids = np.arange(size)
    result = []
    for start, number in asked:
        ahead = iter(lotes(strategy, ids[:, None].astype(np.float32), ids, batch, seed, start))
        steps = []
        for _ in range(number):
            parts = strategy.experimental_local_results(next(ahead)[1])
            steps.append([int(i) for part in parts for i in np.asarray(part).flatten()])
        result.append(steps)
    return result


def _training(
    strategy: Any, rank: int, seeds: list[int], weights: Arrays, steps: list[list[list[np.ndarray]]], batch: int
) -> Any:
    from replicas import crear_paso, preparar

    state = preparar(strategy, seeds[rank])
    first = _arrays(state.red)
    _assign(state.red, weights)
    step, losses = crear_paso(strategy, state, batch), []
    for given in steps[rank]:
        images, digits = (
            strategy.experimental_distribute_values_from_function(lambda _, part=part: tf.constant(part))
            for part in given
        )
        losses.append(_number(step((images, digits))))
    return {
        "first": first,
        "weights": _arrays(state.red),
        "losses": losses,
        "seen": _number(state.vistos),
        "step": _number(state.paso),
    }


def _saving(strategy: Any, rank: int, seeds: list[int], weights: list[Arrays], folder: str, steps: list[int]) -> Any:
    """Each worker is given a folder of its own to see what it leaves there; then both go on from the chief's."""
    from puntos import abrir, guardar, reanudar
    from replicas import preparar

    own = f"{folder}/trabajador{rank}"
    state = preparar(strategy, seeds[0])
    manager = abrir(state, own, rank == 0)
    for number, values in zip(steps, weights, strict=True):
        state.paso.assign(number)
        _assign(state.red, values)
        guardar(manager, state, rank == 0)
    left = sorted(str(path.relative_to(own)) for path in Path(own).rglob("*"))
    apart = sorted(path.name for path in Path(str(getattr(manager, "directory", own))).glob("punto-*"))
    _meet(folder, rank)  # nobody looks for what the chief has yet to write
    other = preparar(strategy, seeds[1])
    resumed = reanudar(other, f"{folder}/trabajador0")
    resumed = int(resumed) if isinstance(resumed, int | np.integer) else f"{type(resumed).__name__}: {resumed}"[:100]
    return {"left": left, "apart": apart, "resumed": resumed, "weights": _arrays(other.red)}


def _checkpoint(folder: str) -> dict[str, Any]:
    """What TensorFlow itself reads of the newest one."""
    latest = tf.train.latest_checkpoint(folder)
    if latest is None:
        return {"missing": True}
    reader = tf.train.load_checkpoint(latest)
    found: dict[str, Any] = {"weights": {}, "step": None, "seen": None}
    for name in reader.get_variable_to_shape_map():
        *_, owner, variable = ["", "", *name.split("/.ATTRIBUTES")[0].split("/")]
        if owner == "red":
            found["weights"][variable] = reader.get_tensor(name)
        elif variable in ("paso", "vistos"):
            found["step" if variable == "paso" else "seen"] = int(reader.get_tensor(name))
    return found


def _resuming(strategy: Any, rank: int, folder: str, first: int, last: int, every: int, seed: int) -> Any:
    from entrenar import entrenar

    entrenar(strategy, f"{folder}/seguido", last, seed, every)
    entrenar(strategy, f"{folder}/tramos", first, seed, every)
    half = _checkpoint(f"{folder}/tramos") if rank == 0 else {}
    entrenar(strategy, f"{folder}/tramos", last, seed, every)
    if rank:
        return {}
    return {
        "straight": _checkpoint(f"{folder}/seguido"),
        "half": half,
        "pieces": _checkpoint(f"{folder}/tramos"),
    }


def _job(strategy: Any, steps: int, every: int, seed: int, _fail_after: int, folder: str) -> Any:
    import replicas

    made, count = replicas.crear_paso, [0]

    def counted(*given: Any) -> Any:
        step = made(*given)

        def counting(*batch: Any) -> Any:
            count[0] += 1
            return step(*batch)

        return counting

    replicas.crear_paso = counted
    from entrenar import entrenar

    entrenar(strategy, folder, steps, seed, every)
    return {"steps": count[0]}


if __name__ == "__main__":
    function, scenario, given = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 -- of _fresh
    Path(sys.argv[2]).write_bytes(pickle.dumps(globals()[function](scenario, given)))
