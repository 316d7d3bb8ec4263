"""Runs beside the student's files and reports what two processes of theirs did; it judges nothing.

Starting Python with PyTorch takes seconds. So the two processes are forked from one that has it loaded, and torchrun's
own agent is asked to fork its workers, too.
"""

import os
import pickle
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo  # what DistributedDataParallel would load in each process
import torch.distributed as dist
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.distributed.fsdp import FSDPModule
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
from torch.nn import functional as F
from torch.utils.data import TensorDataset

PATIENCE = 20.0
WORK = str(Path(__file__).parent)
Arrays = dict[str, np.ndarray]


def both(scenario: str, *given: Any) -> list[dict[str, Any]]:
    """What ranks 0 and 1 returned from that function below, or raised."""
    meeting = Path(tempfile.mkdtemp())
    children = [_fork(lambda rank=rank: _in_group(scenario, rank, meeting, given), meeting, rank) for rank in (0, 1)]
    return _collect(children, meeting)


def restarted(epochs: int, seed: int, fail_at: int) -> dict[str, Any]:
    """``torchrun --max-restarts 1 entrenar.py …`` with one process that dies: what was printed, what was left."""
    folder = Path(tempfile.mkdtemp())
    arguments = ["--epocas", epochs, "--semilla", seed, "--fallar-en", fail_at, "--punto", folder / "punto.pt"]
    child = _fork(lambda: _agent([str(a) for a in arguments], folder), folder, 0)
    report = _collect([child], folder, patience=3 * PATIENCE)[0]
    printed = (folder / "printed").read_text() if (folder / "printed").exists() else ""
    return {**report, "printed": printed[-4000:], "left": _checkpoint(folder / "punto.pt")}


def _fork(work: Callable[[], Any], folder: Path, rank: int) -> int:
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
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
    (folder / f"report{rank}").write_bytes(pickle.dumps(report))
    os._exit(0)


def _students(path: str) -> bool:
    return path.startswith(WORK) and not Path(path).name.startswith("_")


def _in_group(scenario: str, rank: int, meeting: Path, given: tuple) -> Any:
    dist.init_process_group("gloo", init_method=f"file://{meeting}/store", rank=rank, world_size=2)
    return globals()[f"_{scenario}"](rank, *given)


def _agent(arguments: list[str], folder: Path) -> None:
    output = os.open(folder / "printed", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)

    def worker() -> None:
        sys.argv = ["entrenar.py", *arguments]
        import entrenar

        entrenar.main()

    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=2, max_restarts=1, start_method="fork", run_id="lab",
        rdzv_backend="c10d", rdzv_endpoint="127.0.0.1:0", monitor_interval=0.1,
    )  # fmt: skip
    elastic_launch(config, worker)()


def _collect(children: list[int], folder: Path, patience: float = PATIENCE) -> list[dict[str, Any]]:
    end, waiting = time.monotonic() + patience, set(children)
    while waiting and time.monotonic() < end:
        waiting -= {child for child in waiting if os.waitpid(child, os.WNOHANG)[0]}
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
    return reports


def _net(weights: Arrays) -> torch.nn.Sequential:
    from red import crear_red

    net = crear_red()
    net.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()})
    return net


def _arrays(values: Any) -> Arrays:
    return {name: value.detach().numpy().copy() for name, value in values.items()}


def _batch(arrays: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(arrays[0].copy()), torch.from_numpy(arrays[1].copy())


def _by_hand(rank: int, weights: list[Arrays], batches: list[list[np.ndarray]]) -> Any:
    from sincronia import igualar_pesos, promediar_gradientes

    net = _net(weights[rank])
    igualar_pesos(net)
    equal = _arrays(net.state_dict())
    net.load_state_dict(_net(weights[0]).state_dict())
    net[0].bias.requires_grad = False
    images, digits = _batch(batches[rank])
    F.cross_entropy(net(images), digits).backward()
    promediar_gradientes(net)
    return {
        "weights": equal,
        "gradients": _arrays({n: p.grad for n, p in net.named_parameters() if p.grad is not None}),
    }


def _shares(rank: int, size: int, batch: int, epochs: list[int], seed: int) -> Any:
    from reparto import lotes

    ids = torch.arange(size)
    return [
        [
            [int(i) for i in torch.as_tensor(first).flatten()]
            for first, _ in lotes(TensorDataset(ids, ids), batch, e, seed)
        ]
        for e in epochs
    ]


def _training(rank: int, weights: list[Arrays], steps: list[list[list[np.ndarray]]], rate: float) -> Any:
    from sincronia import paso, preparar

    net = _net(weights[rank])
    ddp, optimizer = preparar(net, rate)
    for step in steps:
        paso(ddp, optimizer, [_batch(step[rank])])
    return {"weights": _arrays(net.state_dict())}


def _accumulation(rank: int, weights: Arrays, parts: list[list[list[np.ndarray]]], rate: float) -> Any:
    from sincronia import paso, preparar

    found = {}
    pieces = [_batch(part[rank]) for part in parts]
    whole = (torch.cat([x for x, _ in pieces]), torch.cat([y for _, y in pieces]))
    for name, batches in (("whole", [whole]), ("parts", pieces)):
        net = _net(weights)
        ddp, optimizer = preparar(net, rate)
        sent: list[int] = []
        ddp.register_comm_hook(dist.group.WORLD, lambda group, bucket, sent=sent: _counted(group, bucket, sent))
        loss = float(paso(ddp, optimizer, batches))
        found[name] = {"weights": _arrays(net.state_dict()), "sent": len(sent), "loss": loss}
    return found


def _counted(group: Any, bucket: Any, sent: list[int]) -> Any:
    sent.append(bucket.index())
    return allreduce_hook(group, bucket)


def _accuracy(rank: int, weights: Arrays, cases: list[list[np.ndarray]]) -> Any:
    from reparto import exactitud

    net, rows = _net(weights), []
    net.register_forward_hook(lambda _net, _images, scores: rows.append(scores[..., 0].numel()))
    found = []
    for case in cases:
        rows.clear()
        found.append({"fraction": float(exactitud(net, TensorDataset(*_batch(case)))), "rows": sum(rows)})
    return found


def _saving(rank: int, weights: Arrays, folder: str, epoch: int) -> Any:
    """Each rank saves to a path of its own, then both to a common one, slowly; then rank 0 dies half-way."""
    from entrenar import guardar
    from sincronia import preparar

    ddp, optimizer = preparar(_net(weights), 0.1)
    own, common = Path(folder, f"rango{rank}.pt"), Path(folder, "comun.pt")
    guardar(own, ddp, optimizer, epoch)
    real = torch.save

    def slow(*args: Any, **kwargs: Any) -> None:
        time.sleep(0.4)
        real(*args, **kwargs)

    def dies(_state: Any, path: Any, *_args: Any, **_kwargs: Any) -> None:
        with nullcontext(path) if hasattr(path, "write") else Path(path).open("wb") as file:
            file.write(b"half")
        raise OSError("no space left on device")

    torch.save = slow
    guardar(common, ddp, optimizer, epoch)
    there = common.exists()
    dist.barrier()
    after = _checkpoint(common)
    torch.save = dies
    if rank == 0:
        # The disk's OSError, or what a barrier in a `finally` raises: rank 1 doesn't come to this one.
        with suppress(Exception):
            guardar(common, ddp, optimizer, epoch + 1)
    torch.save = real
    return {"wrote": own.exists(), "there": there, "saved": after, "survived": _checkpoint(common)}


def _checkpoint(path: Path) -> dict[str, Any]:
    """What a plain torch.load makes of the file."""
    if not path.exists():
        return {"missing": True}
    try:
        state = torch.load(path, weights_only=True)
        weights = {str(n): v.numpy() for n, v in state["red"].items()} if isinstance(state.get("red"), dict) else None
        epoch = state.get("epoca")
        return {"weights": weights, "epoch": epoch if isinstance(epoch, int) else None, "keys": sorted(map(str, state))}
    except Exception as error:
        return {"unreadable": f"{type(error).__name__}: {error}"[:300]}


def _resuming(rank: int, folder: str, first: int, last: int, seed: int) -> Any:
    from entrenar import entrenar

    straight, pieces = Path(folder, "seguido.pt"), Path(folder, "tramos.pt")
    entrenar(last, straight, seed)
    entrenar(first, pieces, seed)
    half = _checkpoint(pieces)
    entrenar(first, pieces, seed + 1)  # nothing is left to do: who starts from nothing leaves other weights
    idle = _checkpoint(pieces)
    entrenar(last, pieces, seed)
    return {"straight": _checkpoint(straight), "half": half, "idle": idle, "pieces": _checkpoint(pieces)}


def _sharding(rank: int, weights: Arrays, steps: list[list[list[np.ndarray]]], rate: float) -> Any:
    from fragmentado import estado_completo, fragmentar, valores_locales

    net, optimizer = fragmentar(_net(weights), rate)
    counted = valores_locales(net)
    local = [list(getattr(p, "to_local", lambda p=p: p)().shape) for p in net.parameters()]
    units = [name for name, module in net.named_modules() if isinstance(module, FSDPModule)]
    before = _arrays(estado_completo(net))
    for step in steps:
        images, digits = _batch(step[rank])
        optimizer.zero_grad()
        F.cross_entropy(net(images), digits).backward()
        optimizer.step()
    after = _arrays(estado_completo(net))
    return {"counted": counted, "local": local, "units": units, "before": before, "after": after}
