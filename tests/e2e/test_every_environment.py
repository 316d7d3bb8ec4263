"""One lab of each environment in a real browser: its solution runs, its web page is live, and it gets everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from labs.catalog import Catalog, Lab, load
from tests.e2e.conftest import profile
from tests.e2e.lab_page import LabPage, sign_in
from tests.live import LivePortal
from tests.sandboxes import available_drivers
from workers.config import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
CATALOG: Catalog = load(ROOT / "labs")
SLOW_MS = 180_000


def first_of(environment: str) -> Lab | None:
    """Its first lab in the course that fits a sandbox as usual, rather one that has a web page of its own."""
    labs = [lab for lab in CATALOG.labs.values() if lab.spec.environment == environment and not lab.spec.limits]
    return next((lab for lab in labs if lab.spec.uis), labs[0] if labs else None)


LABS = [lab for name in CATALOG.environments if (lab := first_of(name)) is not None]
DRIVERS = available_drivers() or ["none"]
TODAY = datetime.now(tz=UTC).date().toordinal()
# Each by one driver, the next day by the other: what differs between them is graded elsewhere, and told by no page.
TURNS = sorted((DRIVERS[(TODAY + place) % len(DRIVERS)], lab.id) for place, lab in enumerate(LABS))


@pytest.fixture
def context(playwright: Playwright, live_portal: LivePortal, tmp_path: Path) -> Iterator[BrowserContext]:
    with profile(playwright, tmp_path, live_portal) as opened:
        opened.set_default_timeout(30_000)
        yield opened


@pytest.mark.parametrize(("driver_name", "lab_id"), TURNS, indirect=["driver_name"], scope="session")
def test_its_lab_runs_shows_its_page_and_is_graded(
    context: BrowserContext, live_portal: LivePortal, lab_id: str
) -> None:
    lab = CATALOG.labs[lab_id]
    page = context.new_page()
    sign_in(page, live_portal, "docente")  # the student's files in these labs are other tests'
    lab_page = LabPage(page, lab.id)
    lab_page.hand_over(lab.tree("solution"))
    lab_page.open_anew()
    lab_page.run()
    lab_page.wait_for_end()
    expect(lab_page.output.locator(".run-head .state.good")).to_be_visible()
    for ui in (*CATALOG.environments[lab.spec.environment].spec.uis, *lab.spec.uis)[:1]:
        expect(lab_page.web(ui.title.es).locator("body")).to_have_text(re.compile(r"\S"), timeout=SLOW_MS)
        lab_page.close_web(ui.title.es)
    verdict = lab_page.submit()
    expect(verdict.locator(".points strong")).to_have_text(re.compile(r"\b100\b.*\b100\b"))
    expect(verdict.locator(".check .state.bad")).to_have_count(0)
    lab_page.end_session()
