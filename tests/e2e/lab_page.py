"""The lab page as a student uses it: what they see, type and press."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.live import LivePortal, wait_for
from tests.sandboxes import available_drivers

one_driver = pytest.mark.parametrize("driver_name", available_drivers()[:1], indirect=True, scope="session")
"""For what looks the same in a browser whichever driver runs the sandboxes: their own tests tell the drivers apart."""
GRADING_MS = 240_000
RUN_MS = 120_000


def sign_in(page: Page, portal: LivePortal, name: str = "estudiante") -> None:
    page.goto("/entrar/")
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(portal.password(name))
    page.locator("main form button.primary").click()
    expect(page.locator("main")).not_to_have_class("page narrow")
    if page.locator("html").get_attribute("lang") != "es":  # an earlier test chose another, and accounts keep it
        answer = page.context.request.post(
            "/idioma/", form={"language": "es", "next": "/"}, headers=forgery_headers(page)
        )
        assert answer.ok, answer.status
        page.reload()


def forgery_headers(page: Page) -> dict[str, str]:
    """What a change asked for beside the page must carry."""
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    return {"X-CSRFToken": token, "Referer": page.url}


def shoot(page: Page, path: Path, full: bool = True) -> None:
    """A screenshot that adds no style of its own, which the page's policy would refuse."""
    page.screenshot(path=path, full_page=full, caret="initial")


class LabPage:
    def __init__(self, page: Page, lab: str) -> None:
        self.page = page
        self.lab = lab

    def open(self) -> LabPage:
        self.page.goto(f"/lab/{self.lab}/")
        expect(self.page.locator("#act-run")).to_be_visible()
        return self

    def open_anew(self) -> LabPage:
        """Open it without the session that an earlier test left, and its runs and terminals."""
        self.end_session()
        return self.open()

    def leave(self) -> None:
        """Go to another page of the portal: nothing then looks after the session here."""
        self.page.goto("/")

    def end_session(self) -> None:
        """End the session that runs, if one does, and wait for its end."""
        browser = self.page.context
        # Asked without a page: one that is open would follow the session to its end, and be told that it is gone.
        html = browser.request.get(f"/lab/{self.lab}/").text()
        config = json.loads(re.search(r'<script id="lab-config"[^>]*>(.*?)</script>', html, re.DOTALL)[1])
        if config["session"]:
            address = f"/sesion/{config['session']['key']}/"
            answer = browser.request.post(f"{address}parar/", headers=forgery_headers(self.page))
            assert answer.ok, answer.text()
            over = ("stopped", "failed")
            wait_for(lambda: browser.request.get(address).json()["state"] in over, 180, lambda: "the session goes on")

    def hand_over(self, files: dict[str, bytes]) -> None:
        """Save the lab's files as these are, without a page: a notebook can't be typed in one go."""
        html = self.page.context.request.get(f"/lab/{self.lab}/").text()
        config = json.loads(re.search(r'<script id="lab-config"[^>]*>(.*?)</script>', html, re.DOTALL)[1])
        for file in config["files"]:
            answer = self.page.context.request.put(
                f"/lab/{self.lab}/archivos/{file['path']}",
                data={"text": files[file["path"]].decode(), "base_version": file["version"]},
                headers=forgery_headers(self.page),
            )
            assert answer.ok, answer.text()

    def show(self, path: str) -> None:
        self.page.locator("#files [role=tab]", has_text=path).click()

    def type(self, path: str, text: str) -> None:
        """Replace a file's whole text by keyboard."""
        self.show(path)
        self.editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        # Typed over a selection, Chromium would carry the old text's style over, against the page's policy.
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)

    @property
    def editor(self) -> Locator:
        return self.page.locator("#code .cm-content")

    def text(self) -> str:
        """What the editor's first lines say (it draws only what is on screen)."""
        return self.editor.inner_text()

    def wait_until_saved(self) -> None:
        expect(self.page.locator("#files .unsaved")).to_have_count(0)
        expect(self.page.locator(".saved .state.none").first).to_be_visible()

    def run(self) -> None:
        self.page.locator("#act-run").click()

    @property
    def output(self) -> Locator:
        return self.page.locator("#panel-output")

    def wait_for_end(self) -> None:
        """Until the run that was begun says how it ended."""
        expect(self.output.locator(".run-head:not(.working)")).to_be_visible(timeout=RUN_MS)

    def submit(self) -> Locator:
        """Submit, see the phases, and wait for the verdict."""
        self.page.locator("#act-submit").click()
        expect(self.verdict.locator(".progress")).to_be_visible()
        expect(self.verdict.locator(".points")).to_be_visible(timeout=GRADING_MS)
        return self.verdict

    @property
    def verdict(self) -> Locator:
        return self.page.locator("#panel-verdict")

    def check(self, title: str) -> Locator:
        """One check of the verdict."""
        return self.verdict.locator(".check", has=self.page.locator(".check-title", has_text=title))

    def web(self, title: str) -> FrameLocator:
        """Open a web page of the lab from the menu; what is in its frame."""
        self._choose(title)
        return self._frame(title)

    def close_web(self, title: str) -> None:
        """Close the tab of a web page: one that is drawn again and again costs the machine much, seen or not."""
        self.page.get_by_role("tab", name=title, exact=True).press("Delete")
        expect(self.page.locator(f'iframe.web-frame[title="{title}"]')).to_have_count(0)

    def other_port(self, port: int) -> FrameLocator:
        """Open what the student's own program serves, from the list of what listens."""
        self._choose("Otro puerto")
        self.page.locator(".web-ports button", has_text=str(port)).click()
        return self._frame(f"Puerto {port}")

    def go_to(self, path: str) -> None:
        """By the address bar of the page that is shown."""
        address = self.page.locator(".web:visible .web-address input")
        address.fill(path)
        address.press("Enter")

    def _choose(self, text: str) -> None:
        self.page.locator(".web-menu summary").click()
        self.page.locator(".web-menu nav button", has_text=text).click()

    def _frame(self, title: str) -> FrameLocator:
        return self.page.frame_locator(f'iframe.web-frame[title="{title}"]')
