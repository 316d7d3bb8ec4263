"""A notebook lab as a student does it: cells run in the page, answers are graded in the pristine notebook."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from labs.catalog import load
from tests.e2e.lab_page import RUN_MS, LabPage, one_driver, shoot, sign_in
from tests.live import LivePortal
from workers.config import settings

pytestmark = one_driver
LAB = "rdd"


def answers(folder: str) -> dict[str, str]:
    """The sources of the lab's answer cells, by id."""
    book = json.loads(load(settings().content_dir).labs[LAB].tree(folder)["main.ipynb"])
    return {cell["id"]: "".join(cell["source"]) for cell in book["cells"] if cell["metadata"].get("lab")}


class Notebook(LabPage):
    def cell(self, ident: str) -> Locator:
        return self.page.locator(f'[data-cell="{ident}"]')

    def run_cell(self, ident: str) -> Locator:
        """Run one cell and wait for its end; its output."""
        self.cell(ident).locator(".cell-run").click()
        return self.ended(ident)

    def ended(self, ident: str) -> Locator:
        expect(self.cell(ident).locator(".run-head:not(.working)")).to_be_visible(timeout=RUN_MS)
        return self.cell(ident).locator(".cell-out")

    def write(self, ident: str, text: str) -> None:
        self.cell(ident).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)


def test_a_notebook_lab_from_the_first_cell_to_the_grade(
    page: Page, live_portal: LivePortal, screenshots: Path
) -> None:
    sign_in(page, live_portal)
    lab = Notebook(page, LAB)
    lab.open()
    expect(lab.cell("presentacion").locator("h1")).to_have_text("RDD: lo que hay debajo")
    expect(lab.run_cell("preparar")).to_contain_text("fecha,origen,destino")
    expect(lab.run_cell("ver-leer")).to_contain_text("NameError")

    solution = answers("solution")
    for ident in ("leer", "media", "nombre", "resumen"):
        lab.write(ident, solution[ident])
        page.keyboard.press("Shift+Enter")
        lab.ended(ident)
    expect(lab.run_cell("ver-leer")).to_contain_text("('B6', -8.0)")

    # The student's own cell: added and deleted by keyboard, and back again.
    lab.cell("ver-resumen").focus()
    page.keyboard.press("b")
    page.keyboard.insert_text("import time\nprint('empieza', flush=True)\ntime.sleep(8)\nprint('acaba')")
    page.keyboard.press("Escape")
    own = page.locator(".cell:has(.cell-tag.own)")
    page.keyboard.press("d")
    page.keyboard.press("d")
    expect(own).to_have_count(0)
    page.locator(".toast button.link").click()
    expect(own).to_have_count(1)

    # What a cell prints is whole after a reload in the middle of its run, and the earlier cells' is still there.
    own.locator(".cell-run").click()
    expect(own.locator(".cell-out")).to_contain_text("empieza")
    lab.wait_until_saved()
    page.reload()
    expect(own.locator(".run-head:not(.working)")).to_be_visible(timeout=RUN_MS)
    expect(own.locator(".terminal")).to_have_text("empieza\nacaba\n")
    expect(lab.cell("ver-leer").locator(".cell-out")).to_contain_text("('B6', -8.0)")
    shoot(page, screenshots / "notebook.png", full=False)

    expect(lab.submit().locator(".points")).to_contain_text("100")
