"""The cards of a host, as each driver passes them on. Device files stand for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandboxes import Bench, new_id
from tests.workers.cards import cards, needs_root
from workers.config import LabsSettings
from workers.sandboxes import choose, gpus
from workers.sandboxes.base import PreflightError, SandboxError

__all__ = ["cards"]
SEEN = "say(sorted(name for name in os.listdir('/dev') if name.startswith('nvidia')))"


def lending(sandboxes: Bench, cards: str) -> Bench:
    settings = sandboxes.settings.model_copy(update={"gpus": cards})
    return Bench(choose(settings), settings, sandboxes.image)


@needs_root
@pytest.mark.parametrize(
    ("lent", "numbers"), [("all", ["nvidia0", "nvidia1"]), ("1", ["nvidia1"]), ("1,0", ["nvidia1", "nvidia0"])]
)
def test_the_cards_that_are_lent_are_found(cards: Path, lent: str, numbers: list[str]) -> None:
    assert [node.name for node in gpus.nodes(lent)] == ["nvidiactl", "nvidia-uvm", *numbers]


@needs_root
def test_a_card_that_is_not_there_is_named(cards: Path) -> None:
    with pytest.raises(PreflightError, match=r"no \S+/nvidia2: install NVIDIA's driver"):
        gpus.nodes("0,2")


@needs_root
def test_a_driver_that_is_not_loaded_is_named(cards: Path) -> None:
    (cards / "nvidia-uvm").unlink()
    with pytest.raises(PreflightError, match="nvidia-uvm"):
        gpus.nodes("all")


def test_an_engine_is_asked_for_these_cards_and_no_others() -> None:
    assert gpus.request("0,1") == {
        "Driver": "nvidia",
        "Count": 0,
        "DeviceIDs": ["0", "1"],
        "Capabilities": [["gpu", "compute", "utility"]],
        "Options": {},
    }
    assert (gpus.request("all")["Count"], gpus.request("all")["DeviceIDs"]) == (-1, [])


@pytest.mark.parametrize("wrong", ["one", "0;1", "0,", "-1"])
def test_a_wrong_setting_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="gpus"):
        LabsSettings(gpus=wrong)


@pytest.mark.sandbox
def test_a_host_that_lends_none_starts_nothing_with_one(sandboxes: Bench) -> None:
    before = sorted(sandboxes.settings.run_dir.iterdir())
    with pytest.raises(SandboxError, match="lends no GPU: set LABS_GPUS"):
        sandboxes.start(gpu=True)
    assert sorted(sandboxes.settings.run_dir.iterdir()) == before


@pytest.mark.sandbox
@needs_root
def test_a_sandbox_gets_the_cards_only_when_it_is_to(sandboxes: Bench, cards: Path) -> None:
    if sandboxes.driver.name == "docker":
        pytest.skip("an engine takes cards from NVIDIA's toolkit, not from /dev")
    host = lending(sandboxes, "1")
    try:
        with_card = host.ask(SEEN + "; open('/dev/nvidia1', 'w').write('it is the null device')", gpu=True)
        assert with_card == ["nvidia-uvm", "nvidia1", "nvidiactl"]
        assert host.ask(SEEN) == []
    finally:
        host.stop_all()


@pytest.mark.sandbox
@needs_root
def test_what_it_costs_to_lend_one_is_among_the_protections(sandboxes: Bench, cards: Path) -> None:
    def named(lent: str) -> list[str]:
        return [p.name for p in lending(sandboxes, lent).driver.preflight() if not p.ok]

    assert [name for name in named("all") if name not in named("")] == ["gpu apart"]


@pytest.mark.sandbox
def test_a_host_without_the_cards_it_should_lend_serves_nobody(sandboxes: Bench) -> None:
    if sandboxes.driver.name == "docker":
        pytest.skip("what an engine can lend is seen when it is asked to")
    with pytest.raises(PreflightError, match="LABS_GPUS=7"):
        lending(sandboxes, "7").driver.preflight()


@pytest.mark.sandbox
def test_an_engine_without_the_toolkit_says_so_and_leaves_nothing(sandboxes: Bench) -> None:
    if sandboxes.driver.name != "docker" or Path("/dev/nvidiactl").exists():
        pytest.skip("takes an engine on a machine without cards")
    host, sandbox = lending(sandboxes, "all"), new_id()
    with pytest.raises(SandboxError, match="NVIDIA Container Toolkit"):
        host.start(id=sandbox, gpu=True)
    assert sandbox not in [handle.id for handle in host.driver.list()]
