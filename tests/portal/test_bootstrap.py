"""Setting a bare machine up: what is installed by whom, and that nothing is done twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal import bootstrap


def test_who_is_not_root_gets_the_one_line_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetupError, match=r"sudo apt-get install -y \S+ bubblewrap openjdk-17-jre-headless"):
        bootstrap.install_debian(["bubblewrap", "openjdk-17-jre-headless"])


def test_nothing_missing_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "call", lambda *_: pytest.fail("nothing was to be run"))
    bootstrap.install_debian([])


def test_a_step_is_done_once_for_what_it_is_made_from(tmp_path: Path) -> None:
    done: list[str] = []
    for key in ("first", "first", "second"):
        bootstrap.step("work", tmp_path / "stamp", key, lambda key=key: done.append(key))
    assert done == ["first", "second"]


def test_a_step_that_failed_is_done_again(tmp_path: Path) -> None:
    def fail() -> None:
        raise bootstrap.SetupError("no disk")

    with pytest.raises(bootstrap.SetupError):
        bootstrap.step("work", tmp_path / "stamp", "key", fail)
    assert not (tmp_path / "stamp").exists()


def test_a_failed_command_shows_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "setup.log")
    with pytest.raises(bootstrap.SetupError, match=r"(?s)exit 3.*out of luck"):
        bootstrap.call("sh", "-c", "echo out of luck; exit 3")


def test_the_lock_carries_no_address_and_pins_uv() -> None:
    text = bootstrap.LOCK.read_text()
    assert "://" not in text
    assert "\nuv==" in text
