"""Terminals in a real browser: commands, reloads, several, a shell that ended, a gateway that died."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.lab_page import LabPage, shoot, sign_in
from tests.live import LivePortal

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
LAB = "paralelismo"
START_MS = 180_000


def tab(page: Page, title: str) -> Locator:
    return page.locator("#result-tabs [role=tab]", has_text=title)


def rows(page: Page) -> Locator:
    """What the open terminal shows."""
    return page.locator(".panel.term:not([hidden]) .xterm-rows")


def test_a_terminal_outlives_a_reload_and_others_come_and_go(
    page: Page, live_portal: LivePortal, screenshots: Path
) -> None:
    sign_in(page, live_portal)
    LabPage(page, LAB).open_anew()
    page.locator(".term-new").click()
    expect(rows(page)).to_contain_text("~/work $", timeout=START_MS)
    # Colours of 24 bits come as style attributes, which the page's policy refuses: it must not see any.
    page.keyboard.type("printf '\\e[38;2;200;80;20mñandú-%s\\e[0m\\n' $((40 + 2))\n")
    expect(rows(page)).to_contain_text("ñandú-42")
    page.keyboard.type("for i in $(seq 300); do echo renglón $i; done\n")
    expect(rows(page)).to_contain_text("renglón 300")
    shoot(page, screenshots / "terminal.png", full=False)

    page.reload()
    tab(page, "Terminal 1").click()
    expect(rows(page)).to_contain_text("renglón 300")
    page.locator(".panel.term:not([hidden])").get_by_role("button", name="Copiar").click()
    expect(page.locator("dialog .term-text")).to_contain_text("ñandú-42")
    page.keyboard.press("Escape")

    page.locator(".term-new").click()
    expect(tab(page, "Terminal 2")).to_have_attribute("aria-selected", "true")
    expect(rows(page)).to_contain_text("~/work $")
    page.keyboard.press("Control+Shift+ArrowUp")
    expect(tab(page, "Terminal 2")).to_be_focused()
    page.keyboard.press("Delete")
    expect(tab(page, "Terminal 2")).to_have_count(0)
    expect(tab(page, "Terminal 1")).to_have_attribute("aria-selected", "true")

    page.locator(".panel.term:not([hidden]) .xterm-screen").click()
    page.keyboard.type("exit\n")
    panel = page.locator(".panel.term:not([hidden])")
    expect(panel.locator(".term-state")).to_contain_text("ha terminado")
    panel.locator(".term-state button").click()
    expect(panel.locator(".term-state")).to_contain_text("Conectada")
    expect(rows(page)).to_contain_text("~/work $")  # what is typed while a shell's first text is drawn is not taken
    page.keyboard.type("echo otra-$((40 + 2))\n")
    expect(rows(page)).to_contain_text("otra-42")


def test_what_a_shell_writes_into_an_open_file_is_taken_in_and_kept(page: Page, live_portal: LivePortal) -> None:
    sign_in(page, live_portal)
    lab = LabPage(page, LAB).open_anew()
    lab.type("main.py", "print('del editor')\n")
    lab.run()
    lab.wait_for_end()
    page.locator(".term-new").click()
    expect(rows(page)).to_contain_text("~/work $", timeout=START_MS)
    page.keyboard.type("sed -i s/editor/shell/ main.py\n")
    expect(lab.editor).to_contain_text("print('del shell')")
    lab.wait_until_saved()
    page.reload()
    expect(lab.editor).to_contain_text("print('del shell')")
    lab.run()
    lab.wait_for_end()
    expect(lab.output).to_contain_text("del shell")


def test_a_terminal_is_back_with_what_it_showed_when_the_gateway_died(
    context: BrowserContext, live_portal: LivePortal
) -> None:
    page = context.new_page()  # of its own: the browser tells of each connection that breaks
    sign_in(page, live_portal)
    LabPage(page, LAB).open_anew()
    page.locator(".term-new").click()
    expect(rows(page)).to_contain_text("~/work $", timeout=START_MS)
    page.keyboard.type("clave=$((40 + 2)); for i in $(seq 300); do echo renglón $i; done\n")
    expect(rows(page)).to_contain_text("renglón 300")
    page.keyboard.press("Shift+PageUp")
    expect(rows(page)).not_to_contain_text("renglón 300")

    with page.expect_websocket(lambda socket: "terminals" in socket.url, timeout=START_MS):
        os.kill(live_portal.pid("gateway"), signal.SIGKILL)
    expect(rows(page)).to_contain_text("renglón 300")  # drawn again, from its end
    page.keyboard.type("echo sigue-$clave\n")  # the same shell, and the keyboard still there
    expect(rows(page)).to_contain_text("sigue-42")
    panel = page.locator(".panel.term:not([hidden])")
    expect(panel.locator(".term-state")).to_contain_text("Conectada")
    panel.get_by_role("button", name="Copiar").click()
    kept = page.locator("dialog .term-text").inner_text()
    assert [kept.count(f"renglón {number}\n") for number in (1, 150, 300)] == [1, 1, 1]
