"""Following a lab's steps in a real browser: blocks act, a step is asked about and mended, an error is explained."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from labs.catalog import Lab, load
from tests.e2e.lab_page import GRADING_MS, RUN_MS, LabPage, one_driver, shoot, sign_in
from tests.live import LivePortal
from workers.config import ROOT

pytestmark = [pytest.mark.e2e, one_driver, pytest.mark.timeout(1200)]
LAB = "paralelismo"


@pytest.fixture(scope="module")
def lab() -> Lab:
    return load(ROOT / "labs").labs[LAB]


def step(page: Page, name: str) -> Locator:
    return page.locator(f'#instructions [data-step="{name}"]')


def ask(page: Page, name: str) -> Locator:
    """Ask about a step and wait for its new answer."""
    button = step(page, name).get_by_role("button", name="¿Voy bien?")
    button.click()
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_attribute("aria-disabled", "false", timeout=GRADING_MS)
    return step(page, name).locator(".step-answer")


def test_a_step_is_asked_about_mended_and_ticked_off(
    page: Page, live_portal: LivePortal, lab: Lab, screenshots: Path
) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LAB).open()
    lab_page.type("modelo.py", lab.tree("starter")["modelo.py"].decode())
    answer = ask(page, "leyes")
    expect(answer.locator(".state.bad").first).to_be_visible()
    expect(answer).to_contain_text("NotImplementedError")
    expect(answer.locator(".explained summary")).to_contain_text("todavía está por escribir")
    expect(step(page, "leyes").locator(".step-state")).not_to_contain_text("hecho")
    shoot(page, screenshots / "step-failed.png")

    lab_page.type("modelo.py", lab.tree("solution")["modelo.py"].decode())
    answer = ask(page, "leyes")
    expect(answer).to_contain_text("este paso está bien")
    expect(page.locator(".steps li").first.locator(".state.good")).to_be_visible()
    expect(page.locator(".steps [aria-current=step]")).not_to_contain_text("Las dos leyes")
    page.reload()
    expect(step(page, "leyes").locator(".step-state .state.good")).to_be_visible()
    expect(step(page, "leyes").locator(".step-answer")).to_contain_text("este paso está bien")
    shoot(page, screenshots / "step-passed.png")


def test_an_error_is_explained_under_its_traceback(page: Page, live_portal: LivePortal, screenshots: Path) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LAB).open()
    lab_page.type("main.py", 'precios = {"a": 1}\nprint(precios["b"])\n')
    lab_page.run()
    lab_page.wait_for_end()
    expect(lab_page.output.locator(".error-line")).to_contain_text("KeyError")
    explained = lab_page.output.locator(".explained")
    expect(explained.locator("summary")).to_contain_text("El diccionario no tiene esa clave.")
    expect(explained.locator("p")).to_be_visible()
    explained.locator("summary").press("Enter")
    expect(explained.locator("p")).to_be_hidden()
    shoot(page, screenshots / "explained.png")


def test_a_block_goes_into_the_editor_and_back_out_with_one_click(page: Page, live_portal: LivePortal) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, "spark-sql").open()
    lab_page.type("consulta.sql", "SELECT 1;\n")
    block = step(page, "aviones").locator(".act")
    block.get_by_role("button", name="Añadir a consulta.sql").press("Enter")
    expect(lab_page.editor).to_contain_text("collect_list(year)")
    expect(lab_page.editor).to_contain_text("SELECT 1;")
    block.get_by_role("button", name="Deshacer").click()
    expect(lab_page.editor).not_to_contain_text("collect_list")
    expect(block.get_by_role("button", name="Añadir a consulta.sql")).to_be_focused()
    lab_page.wait_until_saved()


def test_a_block_runs_in_the_terminal_on_the_files_of_the_page(page: Page, live_portal: LivePortal) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LAB).open_anew()
    lab_page.type("main.py", 'print("desde", "la", "terminal")\n')
    step(page, "leyes").get_by_role("button", name="Ejecutar en la terminal").click()
    expect(page.locator("#results .panel.term")).to_contain_text("desde la terminal", timeout=RUN_MS)


def test_a_step_without_checks_is_ticked_off_by_hand(page: Page, live_portal: LivePortal) -> None:
    sign_in(page, live_portal)
    LabPage(page, "optimizacion-spark").open()
    mark = step(page, "mirar")
    mark.get_by_role("button", name="Marcar como hecho").click()
    expect(mark.locator(".step-state .state.good")).to_be_visible()
    mark.get_by_role("button", name="Aún no está hecho").click()
    expect(mark.locator(".step-state .state.busy")).to_be_visible()
