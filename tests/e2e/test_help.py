"""Help in two real browsers: a hand is raised, the instructor looks on, types after a yes, and stops when told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.lab_page import LabPage, one_driver, shoot, sign_in
from tests.live import LivePortal

pytestmark = [pytest.mark.e2e, one_driver, pytest.mark.timeout(900)]
LAB = "paralelismo"
TERMINAL = ".panel.term .xterm-screen"
# A save from elsewhere, as another window of the student's makes it.
SAVE = """([url, text]) => fetch(url, {
  method: "PUT",
  headers: {"X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value},
  body: JSON.stringify({text, base_version: 0}),
})"""


@pytest.fixture
def other(browser: Browser, live_portal: LivePortal) -> Iterator[Page]:
    """The instructor's browser, which shares nothing with the student's."""
    context = browser.new_context(base_url=live_portal.url, locale="es-MX", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(f"script: {error}"))
    yield opened
    context.close()
    assert problems == []


def until_seen(typist: Page, screen: Locator, word: str) -> None:
    """Type until the terminal, which connects anew when its rights change, takes it."""
    for _time in range(20):
        typist.keyboard.type(f"echo {word[:-1]}''{word[-1]}\n")
        typist.wait_for_timeout(1000)
        if word in screen.inner_text():
            return
    expect(screen).to_contain_text(word)


def test_a_hand_is_seen_a_lab_looked_at_and_typed_in_only_after_a_yes(
    page: Page, other: Page, live_portal: LivePortal, screenshots: Path
) -> None:
    sign_in(other, live_portal, "docente")
    other.locator(".help-link").click()
    expect(other.locator(".hands-none")).to_be_visible()

    sign_in(page, live_portal)
    student = LabPage(page, LAB).open()
    entry = page.locator("#files [role=tab]").first.inner_text().strip()
    student.type(entry, "print('hola de la estudiante')\n")
    page.locator("#act-help").click()
    page.locator("#help-note").fill("No sé por qué tarda tanto")
    page.locator("dialog button.primary").click()
    expect(page.locator("#act-help.raised")).to_be_visible()

    # Seen without a reload, with the note; then looked at, which the student sees.
    expect(other.locator(".hand-note")).to_have_text("No sé por qué tarda tanto")
    shoot(other, screenshots / "hands.png")
    other.locator(".hand button.primary").click()
    instructor = LabPage(other, LAB)
    expect(other.locator("#looking")).to_be_visible()
    expect(instructor.editor).to_contain_text("hola de la estudiante")
    expect(other.locator("#act-run")).to_be_hidden()
    expect(other.locator("#act-submit")).to_be_hidden()
    expect(page.locator("#looking p")).to_have_count(1)

    # Read-only: keys change nothing; the student's saves and runs arrive by themselves.
    instructor.editor.click()
    other.keyboard.type("no debe entrar")
    expect(instructor.editor).not_to_contain_text("no debe entrar")
    student.type(entry, "print('segunda', 6 * 7)\n")
    student.wait_until_saved()
    expect(instructor.editor).to_contain_text("segunda")
    student.run()
    student.wait_for_end()
    expect(instructor.output).to_contain_text("segunda 42", timeout=120_000)
    shoot(other, screenshots / "looking.png", full=False)
    page.evaluate(SAVE, [f"/lab/{LAB}/archivos/notas.md", "apuntes\n"])
    other.locator("#files [role=tab]", has_text="notas.md").click()
    expect(instructor.editor).to_contain_text("apuntes")

    # A terminal is seen, and not typed into.
    page.locator(".term-new").click()
    expect(page.locator(".panel.term .xterm-rows")).to_contain_text("$")
    page.keyboard.type("echo alumna-$((40 + 2))\n")
    expect(page.locator(".panel.term .xterm-rows")).to_contain_text("alumna-42")
    other.locator("#result-tabs [role=tab]", has_text="Terminal").click()
    theirs, own = (at.locator(".panel.term .xterm-rows") for at in (other, page))
    expect(theirs).to_contain_text("alumna-42")
    other.locator(TERMINAL).click()
    other.keyboard.type("echo espia-$((1 + 1))\n")
    page.keyboard.type("echo despues-$((2 + 1))\n")
    expect(theirs).to_contain_text("despues-3")
    expect(own).not_to_contain_text("espia")

    # Together, after a yes.
    other.locator("#watch-ask").click()
    expect(page.locator(".question")).to_be_visible()
    shoot(page, screenshots / "question.png", full=False)
    page.locator(".question button.primary").click()
    expect(other.locator("#watch-give_back")).to_be_visible()
    other.locator(TERMINAL).click()
    expect(other.locator(".panel.term .term-state .state.good")).to_be_visible()
    until_seen(other, own, "docente-7")
    instructor.type(entry, "print('del docente')\n")
    expect(student.editor).to_contain_text("del docente")
    instructor.run()
    expect(student.output).to_contain_text("del docente", timeout=120_000)
    shoot(page, screenshots / "together.png", full=False)

    # Revoked: nothing more goes in, and the page says so.
    page.locator("[id^=end_typing]").click()
    expect(other.locator("#watch-ask")).to_be_visible()
    instructor.editor.click()
    other.keyboard.type("ya no")
    expect(instructor.editor).not_to_contain_text("ya no")
    other.locator("#result-tabs [role=tab]", has_text="Terminal").click()
    page.locator("#result-tabs [role=tab]", has_text="Terminal").click()
    other.locator(TERMINAL).click()
    other.keyboard.type("echo tarde-$((4 + 4))\n")
    page.locator(TERMINAL).click()
    page.keyboard.type("echo sola-$((4 + 5))\n")
    expect(own).to_contain_text("sola-9")
    expect(own).not_to_contain_text("tarde")
    expect(other.locator("#act-run")).to_be_hidden()
    page.locator("[id^=end_look]").click()
    expect(other.locator("#looking a.primary")).to_be_visible()
    expect(page.locator("#looking")).to_be_hidden()

    page.goto("/ayuda/registro/")
    expect(page.locator(".record tbody tr")).not_to_have_count(0)
    for word in ("levantó la mano", "empezó a mirar", "permitió escribir", "cambió un archivo"):
        expect(page.locator(".record")).to_contain_text(word)
    shoot(page, screenshots / "record.png")
