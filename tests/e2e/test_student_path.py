"""A student in a real browser: sign in, read, edit, run, submit, fail, take the hint, pass; and nothing is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from labs.catalog import Lab, load
from tests.e2e.conftest import MISSING
from tests.e2e.lab_page import LabPage, one_driver, shoot, sign_in
from tests.live import LivePortal
from workers.config import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
SPARK = "spark-sql"
LIGHT = "paralelismo"
SLOW = """import time
for number in range(60):
    print(f"renglón {number};", flush=True)
    time.sleep(0.15)
"""


@pytest.fixture(scope="module")
def labs() -> dict[str, Lab]:
    return load(ROOT / "labs").labs


def type_all(lab_page: LabPage, lab: Lab, tree: dict[str, bytes]) -> None:
    for path in lab.spec.files:
        lab_page.type(path, tree[path].decode())
    lab_page.wait_until_saved()


def test_breaking_and_mending_a_spark_lab(
    page: Page, live_portal: LivePortal, labs: dict[str, Lab], screenshots: Path
) -> None:
    lab = labs[SPARK]
    mutant = lab.spec.mutants[0]
    lost = [check for check in lab.spec.checks if check.id in mutant.loses]
    sign_in(page, live_portal)
    shoot(page, screenshots / "home.png", full=True)
    page.locator(f'a[href*="/{lab.course}/"]', has_text="2.2.2").first.click()
    page.locator(f'a[href="/lab/{SPARK}/"]').first.click()
    lab_page = LabPage(page, SPARK)

    type_all(lab_page, lab, lab.mutant(mutant.id))
    verdict = lab_page.submit()
    expect(verdict.locator(".headline")).to_contain_text(f"{len(lost)}")
    for check in lost:
        expect(lab_page.check(check.title.es).locator(".state.bad, .state.warn").first).to_be_visible()
    first = lab_page.check(lost[0].title.es)
    first.locator(".hints button").click()
    expect(first.locator(".hints li")).to_contain_text(first_words(lost[0].hints[0].text.es))
    shoot(page, screenshots / "failing-check.png", full=True)

    type_all(lab_page, lab, lab.tree("solution"))
    lab_page.show(lab.spec.entry)
    lab_page.run()
    lab_page.wait_for_end()
    expect(lab_page.output.locator(".run-head .state.good")).to_be_visible()
    shoot(page, screenshots / "run.png", full=True)
    verdict = lab_page.submit()
    total = sum(check.points for check in lab.spec.checks)
    expect(verdict.locator(".points strong")).to_have_text(re.compile(rf"\b{total}\b.*\b{total}\b"))
    expect(verdict.locator(".check .state.bad")).to_have_count(0)
    shoot(page, screenshots / "passed.png", full=True)


def first_words(markdown: str) -> str:
    """The start of a text, up to where markup or a line's end could change it."""
    return re.split(r"[`*_\n]", markdown)[0][:60].strip()


def test_a_reload_in_the_middle_of_a_run_loses_nothing(
    page: Page, live_portal: LivePortal, labs: dict[str, Lab]
) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LIGHT).open()
    lab_page.type(labs[LIGHT].spec.entry, SLOW)
    lab_page.run()
    expect(lab_page.output).to_contain_text("renglón 10;")
    page.reload()
    expect(lab_page.editor).to_contain_text("renglón")
    lab_page.wait_for_end()
    numbers = [int(number) for number in re.findall(r"renglón (\d+);", lab_page.output.inner_text())]
    assert numbers == list(range(60))


def test_what_was_typed_a_moment_before_a_reload_is_still_there(
    page: Page, live_portal: LivePortal, labs: dict[str, Lab]
) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LIGHT).open()
    lab_page.type(labs[LIGHT].spec.entry, "print('casi perdido')\n")
    page.reload()
    expect(lab_page.editor).to_contain_text("casi perdido")
    lab_page.wait_until_saved()


def test_a_run_begun_while_the_page_still_looks_for_the_last_one_is_the_one_that_is_shown(
    page: Page, live_portal: LivePortal, labs: dict[str, Lab]
) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LIGHT).open()
    lab_page.type(labs[LIGHT].spec.entry, "print('el anterior')\n")
    lab_page.run()
    expect(lab_page.output).to_contain_text("el anterior")
    lab_page.type(labs[LIGHT].spec.entry, "print('el nuevo')\n")
    lab_page.wait_until_saved()

    def asks(request: Request) -> bool:
        return request.url.endswith("/lab/runs") and request.method == "GET"

    with page.expect_response(lambda response: asks(response.request)) as told:
        page.reload()
    before = told.value.text()  # what the sandbox knows now
    headers = {name: text for name, text in told.value.all_headers().items() if name.startswith("access-control-")}
    held: list[Route] = []
    page.route("**/lab/runs", lambda route: held.append(route) if asks(route.request) else route.continue_())
    with page.expect_request(asks):
        page.reload()
    lab_page.run()
    expect(lab_page.output).to_contain_text("el nuevo")
    with page.expect_request_finished(asks):
        for route in held:
            route.fulfill(body=before, headers={**headers, "content-type": "application/json"})
    lab_page.wait_until_saved()
    expect(lab_page.output).to_contain_text("el nuevo")
    assert "el anterior" not in lab_page.output.inner_text()


def test_a_running_program_can_be_stopped_by_keyboard(
    page: Page, live_portal: LivePortal, labs: dict[str, Lab]
) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LIGHT).open()
    lab_page.type(labs[LIGHT].spec.entry, "import time\nprint('en marcha', flush=True)\ntime.sleep(600)\n")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(lab_page.output).to_contain_text("en marcha")
    page.keyboard.press("ControlOrMeta+.")
    lab_page.wait_for_end()
    expect(lab_page.output.locator(".run-head .state.warn")).to_be_visible()


@one_driver
@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_fits(
    context: BrowserContext,
    page: Page,
    live_portal: LivePortal,
    screenshots: Path,
    width: int,
    scheme: str,
    language: str,
) -> None:
    """Screenshots of each page as a phone and a desktop show it; none scrolls sideways."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 780})
    sign_in(page, live_portal)
    page.locator("header .menu summary").last.click()
    page.locator(f"button[name=language][value={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    pages = {"course": "/", "page": "/curso/ml-a-escala/spark-sql/", "lab": f"/lab/{SPARK}/", "lost": MISSING}
    for name, path in pages.items():
        page.goto(path)
        page.wait_for_load_state("load")
        shoot(page, screenshots / f"{name}-{width}-{scheme}-{language}.png", full=name != "lab")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width, name
