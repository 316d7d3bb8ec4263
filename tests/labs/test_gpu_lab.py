"""What the lab ``gpu`` makes of what a card answers, in real sandboxes. Only the card is a stand-in.

On a host with a card, ``LABS_GPUS=0 manage.py labs verify gpu`` has a real one answer.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandboxes import available_drivers
from tests.workers.cards import cards, needs_root
from workers import specs
from workers.config import settings
from workers.environments import builder_for
from workers.grading import grade
from workers.host import Host
from workers.jobs import GradeJob, GradeResult
from workers.sandboxes import choose
from workers.storage import LocalStorage

__all__ = ["cards"]
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
    pytest.mark.skipif("bubblewrap" not in available_drivers(), reason="an engine takes cards from NVIDIA's toolkit"),
    needs_root,
]
CARD = """
import pickle, sys
from pathlib import Path
import numpy as np

TOLD = {told}
RIGHT = {{
    "axpy": lambda a, x, y: a * x + y,
    "suma": lambda x: float(x.sum(dtype=np.float64)),
    "histograma": lambda values, bins: np.bincount(values, minlength=bins).astype(np.int32),
    "transponer": lambda m: m.T.copy(),
    "multiplicar": lambda a, b: a @ b,
    "softmax": lambda x: (e := np.exp(x - x.max(1, keepdims=True))) / e.sum(1, keepdims=True),
    "predecir": lambda weights, x: x @ weights.T,
}}
file = Path(sys.argv[1])
function, args, measure = pickle.loads(file.read_bytes())
try:
    if {reads}:  # seconds for each process, as it imports PyTorch
        from _velocidad import tuya

        tuya(function)
except Exception as error:
    TOLD = {{function: {{"error": f"{{type(error).__name__}}: {{error}}"}}}}
seen = {{"card": "A card", "share": 0.8 * measure, "result": RIGHT[function](*args), **TOLD.get(function, {{}})}}
file.write_bytes(pickle.dumps(seen))
"""
Handed = Callable[..., GradeResult]


@pytest.fixture
def graded_with(cards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handed]:
    """The verdict on the lab's solution, when the card answers rightly but for these (Python: a dict by function)."""
    run_dir = Path(tempfile.mkdtemp(prefix="labs-", dir="/dev/shm"))
    update = {"driver": "bubblewrap", "run_dir": run_dir, "pool": False, "gpus": "0"}
    config = settings().model_copy(update=update)
    host = Host(config, choose(config), builder_for("bubblewrap"), LocalStorage(tmp_path / "storage"))
    lab = host.catalog.labs["gpu"]
    plain = host.catalog.environments[lab.spec.environment]
    host.builder.build(plain, lambda *_: None)
    # What the stand-in needs is in both.
    monkeypatch.setattr(host, "image", lambda _: host.builder.find(plain))

    def grade_it(told: str, **spoiled: str) -> GradeResult:
        folder = tmp_path / "gpu"
        shutil.copytree(lab.path, folder)
        (folder / "hidden/tarjeta.py").write_text(CARD.format(told=told, reads=bool(spoiled)))
        changed = replace(lab, path=folder)
        host.catalog.labs["gpu"] = changed
        handed = changed.tree("solution") | {f"{name}.py": text.encode() for name, text in spoiled.items()}
        files = {name: host.storage.put(content) for name, content in handed.items()}
        return grade(GradeJob(specs.new_id(), 1, "gpu", changed.digest, files, 7, gpu=True), host)

    yield grade_it
    for handle in host.driver.list():
        host.driver.stop(handle)
    shutil.rmtree(run_dir)


def test_what_is_right_and_fast_on_the_card_gets_everything(graded_with: Handed) -> None:
    result = graded_with("{}")
    assert [(check["id"], check["message"]) for check in result.checks if check["score"] < 1] == []
    assert result.outcome == "graded"


@pytest.mark.parametrize(
    ("function", "answer", "lost", "said", "got"),
    [
        ("transponer", '{"share": 0.2}', "transponer", "moves bytes too slowly, compared with a copy", "20%"),
        ("axpy", '{"share": float("nan")}', "axpy", "moves bytes too slowly", "nan%"),
        ("softmax", '{"share": "1"}', "softmax", "moves bytes too slowly", "?"),
        ("multiplicar", '{"error": "TypingError: no"}', "multiplicar", "but not on the GPU", "TypingError: no"),
        ("suma", '{"result": 3.5}', "suma", "suma (GPU): 1 of 1 values are wrong", "3.5"),
        ("predecir", '{"result": None}', "precision", "predecir (GPU) doesn't return an array", "NoneType None"),
    ],
    ids=["slow", "no speed", "no number", "does not compile", "wrong", "nothing"],
)
def test_what_fails_on_the_card_loses_a_part_of_its_check_alone(
    graded_with: Handed, function: str, answer: str, lost: str, said: str, got: str
) -> None:
    result = graded_with(f"{{'{function}': {answer}}}")
    (check,) = (check for check in result.checks if check["score"] < 1)
    assert (check["id"], check["score"], check["got"]) == (lost, 0.7, got)
    assert said in check["message"]["en"]


def test_a_file_that_cannot_be_read_costs_the_others_nothing_on_the_card(graded_with: Handed) -> None:
    result = graded_with("{}", bloques="def softmax(:\n")
    assert [check["id"] for check in result.checks if check["score"] < 1] == ["softmax"]


def test_a_card_that_nobody_sees_is_not_the_students_fault(graded_with: Handed) -> None:
    result = graded_with("{'axpy': {'card': ''}}")
    assert result.outcome == "author_error"
    assert "look at the host's driver" in result.message["detail"]
