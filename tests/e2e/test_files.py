"""A student and their own files in a real browser: new, renamed, deleted, back, uploaded, seen, taken along."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.lab_page import LabPage, one_driver, shoot, sign_in
from tests.live import LivePortal

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
LAB = "paralelismo"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000" + "1f15c4890000000d49444154789c6360f8cf50"
    "0f0003860180" + "5a34e06b0000000049454e44ae426082"
)


def row(page: Page, name: str) -> Locator:
    return page.locator("[role=treeitem]", has=page.get_by_text(name, exact=True))


def open_tree(page: Page) -> None:
    if page.locator("#file-side").is_hidden():
        page.locator("#files-toggle").click()
    expect(row(page, "main.py")).to_be_visible()


def upload(page: Page, *files: tuple[str, str, bytes]) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#tree-upload").click()
    chooser.value.set_files([{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files])


def downloaded(page: Page, act: Locator) -> tuple[str, bytes]:
    with page.expect_download() as download:
        act.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_file_of_ones_own_from_its_name_to_its_return(
    context: BrowserContext, live_portal: LivePortal, screenshots: Path
) -> None:
    page = context.new_page()  # a refusal, which this test provokes, is told in the console too
    sign_in(page, live_portal)
    lab = LabPage(page, LAB).open()
    open_tree(page)

    # A name that can't be is refused with the reason, and stays to be mended.
    page.locator("#tree-new").click()
    page.locator("dialog input").fill("años.py")
    page.keyboard.press("Enter")
    expect(page.locator("dialog [role=alert]")).to_contain_text("letras sin acento")
    page.locator("dialog input").fill("util/leer.py")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    lab.type("leer.py", "def leer():\n    return 'propio'\n")
    lab.wait_until_saved()

    # By keyboard: rename, delete, and undo.
    row(page, "leer.py").focus()
    page.keyboard.press("F2")
    page.locator("dialog input").fill("util/lector.py")
    page.keyboard.press("Enter")
    expect(row(page, "lector.py")).to_be_focused()
    expect(page.locator("#files [role=tab]", has_text="lector.py")).to_be_visible()
    page.keyboard.press("Delete")
    expect(row(page, "lector.py")).to_have_count(0)
    expect(page.locator("#files [role=tab]", has_text="lector.py")).to_have_count(0)
    page.locator(".toast button.link").click()
    expect(row(page, "lector.py")).to_be_visible()
    lab.show("lector.py")
    expect(lab.editor).to_contain_text("propio")
    shoot(page, screenshots / "files.png", full=False)

    # The lab's own stay.
    row(page, "main.py").focus()
    page.keyboard.press("Delete")
    expect(page.locator(".toast").last).to_contain_text("es del laboratorio")

    # What was open is open again after a reload.
    page.reload()
    lab.show("lector.py")
    expect(lab.editor).to_contain_text("propio")


def test_what_is_uploaded_is_kept_where_it_belongs_and_can_be_seen(
    page: Page, live_portal: LivePortal, screenshots: Path
) -> None:
    sign_in(page, live_portal)
    lab = LabPage(page, LAB).open()
    open_tree(page)
    table = "dia,total\n" + "".join(f"{day},{day / 2}\n" for day in range(300))
    note = "# Apuntes\n\n<img src=x onerror='document.title=1'>\n\n- uno\n"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("../../fuera.py", "malo")
    upload(
        page,
        ("ventas.csv", "text/csv", table.encode()),
        ("apuntes.md", "text/markdown", note.encode()),
        ("punto.png", "image/png", PNG),
        ("todo.zip", "application/zip", bomb.getvalue()),
    )
    expect(page.locator(".toast", has_text="2 archivos están guardados")).to_be_visible(timeout=120_000)
    expect(page.locator(".toast", has_text="en tu sesión")).to_be_visible()
    expect(row(page, "punto.png")).to_contain_text("sesión")
    expect(row(page, "todo.zip")).to_contain_text("sesión")
    expect(row(page, "fuera.py")).to_have_count(0)

    row(page, "ventas.csv").click()
    page.locator("#file-preview").click()
    preview = page.locator(".panel.preview:visible")
    expect(preview).to_contain_text("300 filas")
    expect(preview.locator("thead")).to_contain_text("double")
    expect(preview.locator("tbody tr")).to_have_count(100)
    shoot(page, screenshots / "preview.png", full=False)

    row(page, "punto.png").click()
    expect(page.frame_locator(".panel.preview:visible iframe").locator("img")).to_be_visible()
    row(page, "apuntes.md").click()
    page.locator("#file-preview").click()
    drawn = page.frame_locator(".panel.preview:visible iframe")
    expect(drawn.locator("h1")).to_have_text("Apuntes")
    expect(drawn.locator("img")).to_have_count(0)

    # What a program writes is in the tree and in the zip.
    lab.type("main.py", "open('salida.txt', 'w').write('hecho')\nprint('fin')\n")
    lab.run()
    lab.wait_for_end()
    expect(row(page, "salida.txt")).to_be_visible()
    page.locator(".tree-menu summary").click()
    name, content = downloaded(page, page.locator("#tree-zip"))
    assert name == f"{LAB}.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as everything:
        assert everything.read("salida.txt") == b"hecho"
        assert everything.read("ventas.csv") == table.encode()
        assert everything.read("todo.zip") == bomb.getvalue()
    page.locator(".tree-menu summary").click()
    name, content = downloaded(page, page.locator("#tree-home"))
    with zipfile.ZipFile(io.BytesIO(content)) as home:
        names = {path.split("/", 1)[1] for path in home.namelist()}
    assert {"LEEME.md", "INSTRUCCIONES.md", "requirements.txt", "main.py", "ventas.csv"} <= names

    row(page, "ventas.csv").click()
    name, content = downloaded(page, page.locator("#file-download"))
    assert (name, content) == ("ventas.csv", table.encode())


@one_driver
def test_going_back_shows_the_difference_first_and_can_be_undone(page: Page, live_portal: LivePortal) -> None:
    sign_in(page, live_portal)
    lab = LabPage(page, LAB).open()
    open_tree(page)
    lab.type("modelo.py", "# mi versión\n")
    lab.wait_until_saved()
    row(page, "modelo.py").click()
    page.locator("#file-versions").click()
    page.locator(".goback-list").select_option(label="Como lo da el laboratorio")
    expect(page.locator(".goback-diff tr.removed")).to_contain_text("mi versión")
    page.locator("dialog button.primary").click()
    expect(lab.editor).to_contain_text("def amdahl")
    page.locator(".toast button.link").click()
    expect(lab.editor).to_contain_text("mi versión")
    page.reload()
    lab.show("modelo.py")
    expect(lab.editor).to_contain_text("mi versión")


@one_driver
def test_the_tree_serves_a_phone(page: Page, live_portal: LivePortal, screenshots: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, live_portal)
    LabPage(page, LAB).open()
    page.locator("#views [role=tab]").nth(1).click()
    open_tree(page)
    row(page, "banco.py").focus()
    page.keyboard.press(" ")
    shoot(page, screenshots / "files-360.png", full=False)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    row(page, "banco.py").click()
    expect(page.locator("#file-side")).to_be_hidden()
    expect(page.locator("#code .cm-content")).to_contain_text("class Banco")
