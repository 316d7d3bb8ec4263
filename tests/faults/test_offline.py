"""Fault 20: the browser loses its network while the student types, and finds it again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.demo import Student
from tests.e2e.conftest import browser, playwright
from tests.e2e.lab_page import LabPage, one_driver, sign_in
from tests.live import LivePortal

__all__ = ["browser", "playwright"]
pytestmark = [pytest.mark.e2e, one_driver, pytest.mark.timeout(900)]
LAB = "paralelismo"
FILE = "banco.py"


@pytest.fixture
def context(browser: Browser, live_portal: LivePortal) -> BrowserContext:
    opened = browser.new_context(base_url=live_portal.url, locale="es-MX")
    opened.set_default_timeout(30_000)
    return opened


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def stored(portal: LivePortal) -> dict[str, object]:
    student = Student(portal.url)
    student.sign_in("estudiante", portal.password("estudiante"))
    found: dict[str, object] = student.call("GET", f"/lab/{LAB}/archivos/{FILE}")
    student.http.close()
    return found


def save_elsewhere(portal: LivePortal, text: str) -> None:
    student = Student(portal.url)
    student.sign_in("estudiante", portal.password("estudiante"))
    version = student.call("GET", f"/lab/{LAB}/archivos/{FILE}")["version"]
    student.call("PUT", f"/lab/{LAB}/archivos/{FILE}", {"text": text, "base_version": version})
    student.http.close()


def typed_offline(page: Page, context: BrowserContext, portal: LivePortal, text: str) -> LabPage:
    sign_in(page, portal)
    lab = LabPage(page, LAB).open()
    lab.type(FILE, "# antes\n")
    lab.wait_until_saved()
    context.set_offline(True)
    lab.type(FILE, text)
    expect(page.locator(".saved .state.warn")).to_be_visible()
    return lab


def test_what_was_typed_offline_is_stored_as_soon_as_the_network_is_back(
    page: Page, context: BrowserContext, live_portal: LivePortal
) -> None:
    lab = typed_offline(page, context, live_portal, "# sin red\n")
    assert stored(live_portal)["text"] == "# antes\n"
    context.set_offline(False)
    lab.wait_until_saved()
    assert stored(live_portal)["text"] == "# sin red\n"


def test_a_page_closed_offline_brings_what_was_typed_back(
    page: Page, context: BrowserContext, live_portal: LivePortal
) -> None:
    typed_offline(page, context, live_portal, "# cerrada sin red\n")
    page.close()
    context.set_offline(False)
    again = context.new_page()
    lab = LabPage(again, LAB).open()
    lab.show(FILE)
    expect(lab.editor).to_contain_text("cerrada sin red")
    lab.wait_until_saved()
    assert stored(live_portal)["text"] == "# cerrada sin red\n"


@pytest.mark.parametrize(("choice", "kept"), [("mine", "# mía\n"), ("theirs", "# otra ventana\n")])
def test_a_save_made_elsewhere_meanwhile_is_shown_and_never_overwritten(
    page: Page, context: BrowserContext, live_portal: LivePortal, choice: str, kept: str
) -> None:
    lab = typed_offline(page, context, live_portal, "# mía\n")
    save_elsewhere(live_portal, "# otra ventana\n")
    context.set_offline(False)
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("otra ventana")
    expect(dialog).to_contain_text("mía")
    assert stored(live_portal)["text"] == "# otra ventana\n", "nothing is stored before a person chooses"
    dialog.locator(f"button[value={choice}]").click()
    lab.wait_until_saved()
    expect(lab.editor).to_contain_text(kept.strip("# \n"))
    assert stored(live_portal)["text"] == kept


BROKEN = {
    "a network that changes ends each request once": """() => {
        const real = self.fetch, ended = new Set();
        self.fetch = (request) => {
            if (ended.has(request.url)) return real(request);
            ended.add(request.url);
            return Promise.reject(new TypeError("Failed to fetch"));
        };
    }""",
    "the browser keeps nothing": """() => {
        const no = () => Promise.reject(new DOMException("no room", "QuotaExceededError"));
        Object.assign(self.caches.constructor.prototype, { open: no, match: no, keys: no });
    }""",
}

CONTROLLED = """async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 20));
}"""


@pytest.mark.parametrize("broken", BROKEN.values(), ids=list(BROKEN))
def test_a_lab_opens_although(page: Page, context: BrowserContext, live_portal: LivePortal, broken: str) -> None:
    """Its scripts come through the worker that keeps pages for reading without a network."""
    sign_in(page, live_portal)
    page.evaluate(CONTROLLED)
    (worker,) = context.service_workers
    worker.evaluate(broken)
    lab = LabPage(page, LAB).open()
    lab.show(FILE)
    expect(lab.editor).to_be_visible()
