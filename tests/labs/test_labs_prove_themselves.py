"""Each lab, graded for real: its starter doesn't pass, its solution gets everything, a mutant loses its checks only,
and what students hand in by accident ends in a message for them.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labs.catalog import Catalog, Lab, load
from tests.sandboxes import available_drivers
from workers import proofs, verify
from workers.config import ROOT, settings
from workers.environments import builder_for
from workers.host import Host
from workers.sandboxes import choose
from workers.storage import LocalStorage

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
CATALOG: Catalog = load(settings().content_dir)
DRIVERS = available_drivers()
TABLE = ROOT / "docs" / "labs.md"
PROVEN = proofs.proven(TABLE, CATALOG)
NAMES = ("driver", "lab", "tree")
Tree = tuple[str, str, str]
FIRST_LABS = {lab.spec.environment: lab.id for lab in reversed(CATALOG.labs.values()) if not lab.spec.limits}


def chosen(lab: Lab, place: int) -> list[str]:
    """Every tree; of a lab that is as its proof in docs/labs.md was, every second day the solution, and between, by
    turns, one of the others.
    """
    names = [name for name, _ in verify.trees(lab)]
    if lab.id not in PROVEN:
        return names
    others = [name for name in names if name != "solution"]
    turn, rest = divmod(datetime.now(tz=UTC).date().toordinal() + place, 2)
    return ["solution" if rest else others[turn % len(others)]]


# By the first driver; by the other, the ends of one lab for each environment.
TREES = [(DRIVERS[0], lab.id, name) for place, lab in enumerate(CATALOG.labs.values()) for name in chosen(lab, place)]
SAMPLE = [
    (driver, lab, tree) for driver in DRIVERS[1:] for lab in FIRST_LABS.values() for tree in ("starter", "solution")
]


@pytest.fixture(scope="module")
def host_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Host]]:
    made: dict[str, Host] = {}
    one_at_a_time = threading.Lock()

    def host(name: str) -> Host:
        with one_at_a_time:
            if name not in made:
                run_dir = Path(tempfile.mkdtemp(prefix="labs-", dir="/dev/shm"))
                config = settings().model_copy(update={"driver": name, "run_dir": run_dir, "pool": False})
                storage = LocalStorage(tmp_path_factory.mktemp("storage"))
                made[name] = Host(config, choose(config), builder_for(name), storage)
            return made[name]

    yield host
    for each in made.values():
        for handle in each.driver.list():
            each.driver.stop(handle)
        shutil.rmtree(each.config.run_dir)


@pytest.fixture(scope="module")
def graded(request: pytest.FixtureRequest, host_of: Callable[[str], Host]) -> Iterator[dict[Tree, Future[verify.Run]]]:
    """The trees of the tests that were chosen: graded in their order, as many at once as a host grades."""

    def grade(driver: str, lab: str, tree: str) -> verify.Run:
        host = host_of(driver)
        host.builder.build(host.environment(CATALOG.labs[lab], gpu=bool(host.config.gpus)), lambda *_: None)
        (run,) = verify.verify(host, host.catalog.labs[lab], only=lambda name: name == tree)
        return run

    calls = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    chosen = [each for each in (*TREES, *SAMPLE) if dict(zip(NAMES, each, strict=True)) in calls]
    with ThreadPoolExecutor(settings().grading_slots) as pool:
        yield {each: pool.submit(grade, *each) for each in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(NAMES, [*TREES, *SAMPLE])
def test_it_grades_as_its_author_says(graded: dict[Tree, Future[verify.Run]], driver: str, lab: str, tree: str) -> None:
    run = graded[driver, lab, tree].result()
    assert run.ok, f"{verify.table_row(run)}\n{run.result}"


def test_the_table_has_every_lab_with_its_checks_and_mutants() -> None:
    rows = {name: [cell.strip() for cell in row.split("|")[2:5]] for name, row in proofs.read(TABLE).items()}
    assert rows == {
        lab.id: [lab.spec.environment, str(len(lab.spec.checks)), str(len(lab.spec.mutants))]
        for lab in CATALOG.labs.values()
    }
