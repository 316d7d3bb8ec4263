"""A real Chromium, Debian's, on the running portal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.live import LivePortal
from workers.config import ROOT

MISSING = "/no-hay/"
SCREENSHOTS = ROOT / "var" / "screenshots"


expect.set_options(timeout=60_000)  # a machine at its limits is slow, not wrong


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Ends with the module: while its event loop runs, no other test's can."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("Chromium is missing: `make test` installs it, or apt-get install chromium")
    # CI runs as root in a container, where Chromium's own sandbox can't be had.
    running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    yield running
    running.close()


@pytest.fixture
def context(browser: Browser, live_portal: LivePortal) -> Iterator[BrowserContext]:
    """A fresh browser profile."""
    opened = browser.new_context(base_url=live_portal.url, locale="es-MX", viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(30_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail and nothing may break the content policy."""
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(f"script: {error}"))
    opened.on(
        "console", lambda said: problems.append(f"{said.location}: {said.text}") if said.type == "error" else None
    )
    yield opened
    # A page that is itself missing is told in the console too, and a test may ask for one.
    assert [problem for problem in problems if MISSING not in problem] == []


@pytest.fixture(scope="session")
def screenshots(driver_name: str) -> Path:
    folder = SCREENSHOTS / driver_name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def profile(
    playwright: Playwright, folder: Path, portal: LivePortal, *, frames_keep_data: bool = True
) -> Iterator[BrowserContext]:
    """A browser that lets frames of other sites keep their data: Debian's Chromium and private windows don't, and then
    pages that can't do without need a window of their own (MLflow, TensorBoard; JupyterLab loads again and again).
    """
    (folder / "Default").mkdir()
    mode = 0 if frames_keep_data else 1
    (folder / "Default" / "Preferences").write_text(json.dumps({"profile": {"cookie_controls_mode": mode}}))
    opened = playwright.chromium.launch_persistent_context(
        folder,
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        base_url=portal.url,
        locale="es-MX",
        viewport={"width": 1400, "height": 900},
    )
    yield opened
    opened.close()
