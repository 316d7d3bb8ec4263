"""A session's life as a student sees it: more time, stop and resume, and a sandbox that dies while they type."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.lab_page import LabPage, sign_in
from tests.live import LivePortal
from tests.sandboxes import kill

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
LAB = "paralelismo"
WRITES = """from pathlib import Path
Path("salida").mkdir(exist_ok=True)
Path("salida/modelo.bin").write_bytes(bytes(range(256)))
with open("enorme.bin", "wb") as file:
    file.truncate(40 << 20)
print("escrito", flush=True)
"""
LATER_SECONDS = 4
LATER = f"""import subprocess, sys
text = "print('de un programa', flush=True)\\n"
code = f"import time; time.sleep({LATER_SECONDS}); open('main.py', 'w').write({{text!r}})"
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
print("luego", flush=True)
"""
READS = """from pathlib import Path
print("quedan", len(Path("salida/modelo.bin").read_bytes()), "bytes")
"""


def panel(page: Page) -> Locator:
    return page.locator("#session .sheet")


def open_panel(page: Page) -> Locator:
    if not panel(page).is_visible():
        page.locator("#session summary").click()
    return panel(page)


def session_key(page: Page) -> str:
    """The running session's, as the page learns it when it is opened."""
    page.reload()
    key = page.evaluate("JSON.parse(document.getElementById('lab-config').textContent).session.key")
    assert isinstance(key, str)
    return key


def seconds_left(page: Page) -> int:
    hours, minutes, seconds = ["0", *page.locator("#session .clock").inner_text().split(":")][-3:]
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def test_more_time_stop_and_resume_with_every_file(page: Page, live_portal: LivePortal) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LAB).open()
    lab_page.type("main.py", WRITES)
    lab_page.run()
    expect(lab_page.output).to_contain_text("escrito")
    lab_page.wait_for_end()

    before = seconds_left(page)
    page.locator("#act-extend").click()
    expect(page.locator("#announce")).to_contain_text("termina ahora")
    assert seconds_left(page) > before + 20 * 60

    open_panel(page).locator(".danger").click()
    page.locator("dialog .danger").click()
    resume = page.locator("#life-resume")
    expect(resume).to_have_text("Reanudar")
    expect(page.locator("#life")).to_contain_text("enorme.bin")
    page.reload()
    expect(open_panel(page).locator(".primary")).to_contain_text("Reanudar")
    panel(page).locator(".primary").click()
    expect(page.locator("#session .state.good")).to_be_visible()
    lab_page.type("main.py", READS)
    lab_page.run()
    expect(lab_page.output).to_contain_text("quedan 256 bytes")


def test_what_a_program_writes_while_no_page_is_open_is_there_at_the_resume(
    page: Page, live_portal: LivePortal
) -> None:
    sign_in(page, live_portal)
    lab_page = LabPage(page, LAB).open_anew()
    lab_page.type("main.py", LATER)
    lab_page.run()
    expect(lab_page.output).to_contain_text("luego")
    lab_page.wait_for_end()
    lab_page.leave()
    page.wait_for_timeout(LATER_SECONDS * 1000 + 1000)
    lab_page.end_session()
    lab_page = LabPage(page, LAB).open()
    expect(lab_page.editor).to_have_text("print('de un programa', flush=True)")
    lab_page.run()
    expect(lab_page.output).to_contain_text("de un programa")


def test_a_sandbox_that_dies_while_the_student_types_is_replaced_with_everything_saved(
    context: BrowserContext, live_portal: LivePortal
) -> None:
    page = context.new_page()  # requests to what has died fail, and the console says so
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    sign_in(page, live_portal)
    lab_page = LabPage(page, LAB).open()
    lab_page.type("main.py", "print('primera', flush=True)\n")
    lab_page.run()
    expect(lab_page.output).to_contain_text("primera")
    lab_page.wait_for_end()
    kill(live_portal.run_dir, (live_portal.run_dir / "routes" / session_key(page)).read_text().strip())
    lab_page.type("main.py", "print('segunda', flush=True)\n")
    expect(page.locator("#life")).to_contain_text("terminó por su cuenta")
    expect(lab_page.editor).to_contain_text("segunda")
    page.locator("#life-resume").click()
    expect(page.locator("#session .state.good")).to_be_visible()
    expect(page.locator("#life")).to_be_hidden()
    lab_page.run()
    expect(lab_page.output).to_contain_text("segunda")
    assert broken == []
