"""Every page of the course, in both languages and themes: it draws, breaks nothing, and axe finds nothing to mend."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from labs.catalog import load
from tests.e2e.lab_page import one_driver, sign_in
from tests.live import LivePortal
from workers.config import ROOT, settings

pytestmark = one_driver
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# None of them sends anything away.
TOOLS = {
    "es": {"Ampliar una zona", "Desplazar", "Seleccionar con un rectángulo", "Seleccionar a mano", "Acercar", "Alejar"}
    | {"Ver todos los datos", "Volver a la vista inicial"},
    "en": {"Zoom", "Pan", "Box Select", "Lasso Select", "Zoom in", "Zoom out", "Autoscale", "Reset axes"},
}
# The other theme changes colours and nothing else.
RUN_AXE = """async (theme) => {
  const options = {iframes: false, resultTypes: ["violations"]};
  if (theme === "dark") options.runOnly = ["color-contrast", "link-in-text-block"];
  document.documentElement.dataset.theme = theme;
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const found = await axe.run(document, options);
  return found.violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]);
}"""


def addresses() -> list[str]:
    """The home, every page, the glossary and search of each course."""
    found = []
    for course in load(settings().content_dir).courses.values():
        pages = [f"/curso/{course.id}/{page.id}/" for module in course.modules for page in module.pages]
        found += [f"/curso/{course.id}/", *pages, f"/glosario/{course.id}/", f"/buscar/{course.id}/?q=datos"]
    return found


class Walk:
    """One reader's browser; gathers what goes wrong on the page that it is at."""

    def __init__(self, context: BrowserContext, axe: Path = AXE) -> None:
        self.problems: list[str] = []
        self.page: Page = context.new_page()
        self.axe = axe.read_text()
        self.page.on("pageerror", lambda error: self._note(f"script: {error}"))
        self.page.on("console", lambda said: self._note(f"console: {said.text}") if said.type == "error" else None)
        self.page.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        self.page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def _note(self, problem: str) -> None:
        self.problems.append(f"{self.page.url} {problem}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self._note(f"{status} {url}")

    def _failed(self, url: str, why: str | None) -> None:
        # A page that is left takes its unfinished requests with it.
        if why != "net::ERR_ABORTED":
            self._note(f"{why} {url}")

    def visit(self, address: str) -> None:
        answer = self.page.goto(address)
        assert answer is not None
        if not answer.ok:
            return
        for chart in self.page.locator(".chart").all():
            chart.scroll_into_view_if_needed()
            chart.and_(self.page.locator("[data-state=drawn], [data-state=failed]")).wait_for(timeout=30_000)
            if chart.get_attribute("data-state") != "drawn":
                self._note(f"a chart didn't draw: {chart.inner_text()}")
                continue
            tools = chart.locator("iframe").content_frame.locator(".modebar-btn")
            named = tools.evaluate_all("(all) => all.map((one) => one.dataset.title)")
            if not named or not TOOLS[self.page.locator("html").get_attribute("lang")].issuperset(named):
                self._note(f"a chart's tools: {named}")
        self.page.evaluate(self.axe)
        for theme in ("light", "dark"):
            for name, nodes in self.page.evaluate(RUN_AXE, theme):
                self._note(f"axe, {theme}: {name} {json.dumps(nodes, ensure_ascii=False)}")

    def speak(self, language: str) -> None:
        self.page.goto("/")
        self.page.locator("details.menu > summary").click()
        self.page.locator(f"[name=language][value={language}]").click()
        expect(self.page.locator("html")).to_have_attribute("lang", language)


@pytest.fixture(scope="module")
def reader(browser: Browser, live_portal: LivePortal) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=live_portal.url,
        locale="es-MX",
        viewport={"width": 1280, "height": 900},
        reduced_motion="reduce",  # a button has the other theme's colours at once
    )
    context.set_default_timeout(30_000)
    sign_in(context.new_page(), live_portal)
    yield context
    context.close()


@pytest.mark.e2e
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_draws_and_is_accessible(reader: BrowserContext, language: str) -> None:
    walk = Walk(reader)
    walk.speak(language)
    for address in addresses():
        walk.visit(address)
    walk.page.close()
    assert walk.problems == [], "\n".join(walk.problems)


@pytest.mark.e2e
def test_a_definition_opens_by_keyboard_and_escape_closes_it(reader: BrowserContext) -> None:
    page = reader.new_page()
    with_terms = _first_with(page, "a.term")
    term = with_terms.locator("a.term").first
    page.keyboard.press("Tab")
    term.focus()
    bubble = page.get_by_role("tooltip")
    expect(bubble).to_be_visible()
    expect(term).to_have_attribute("aria-describedby", str(bubble.get_attribute("id")))
    page.keyboard.press("Escape")
    expect(bubble).to_be_hidden()
    page.close()


def _first_with(page: Page, selector: str) -> Page:
    for address in addresses():
        page.goto(address)
        if page.locator(selector).count():
            return page
    pytest.fail(f"no page has {selector}")


@pytest.mark.e2e
def test_a_page_that_was_read_opens_without_a_network_and_is_gone_after_signing_out(reader: BrowserContext) -> None:
    page = reader.new_page()
    address = addresses()[1]
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()  # now the worker looks after the page and keeps it
    kept = page.wait_for_function("caches.keys().then((names) => names.some((name) => name.startsWith('reading-of-')))")
    assert kept
    reader.set_offline(True)
    page.goto(address)
    expect(page.locator(".offline")).to_be_visible()
    page.goto(addresses()[2])
    expect(page.locator("h1")).to_be_visible()
    reader.set_offline(False)
    page.goto(address)
    expect(page.locator(".offline")).to_have_count(0)
    page.locator("details.menu > summary").click()
    page.locator("form[data-sign-out] button").click()
    page.wait_for_url("**/")
    page.wait_for_function("caches.keys().then((names) => !names.some((name) => name.startsWith('reading-of-')))")
    page.close()
