"""A quiz in a real browser, by keyboard: answers save themselves, are there after a reload, and are handed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.e2e.lab_page import one_driver, shoot, sign_in
from tests.e2e.test_every_page import AXE, RUN_AXE
from tests.live import LivePortal

pytestmark = [pytest.mark.e2e, one_driver]
QUIZ = "/cuestionario/ml-a-escala/4/02-casos-practicos/"


@pytest.fixture
def attempt(page: Page, live_portal: LivePortal) -> Page:
    """The page of an open attempt: a new one, or the one that an earlier test left."""
    sign_in(page, live_portal)
    page.goto(QUIZ)
    page.locator(".quiz-head button.primary").click()
    expect(page.locator("form.quiz")).to_be_visible()
    return page


@contextmanager
def saved(page: Page) -> Iterator[None]:
    """What is done within is saved by itself, and the page says so."""

    def is_save(answer: Response) -> bool:
        return answer.url.endswith("/respuestas/") and answer.ok

    with page.expect_response(is_save):
        yield
    words = page.locator("form.quiz").get_attribute("data-saved")
    expect(page.locator("[data-state]")).to_have_text(words or "?")


def suits_axe(page: Page) -> None:
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN_AXE) == []


def texts(order: Locator) -> list[str]:
    return [text.strip() for text in order.locator(".q-item").all_inner_texts()]


def test_answers_given_by_keyboard_are_saved_and_there_after_a_reload(attempt: Page, screenshots: Path) -> None:
    option = attempt.locator(".q-options input[type=radio]").first
    option.focus()
    with saved(attempt):
        attempt.keyboard.press("Space")
    number = attempt.locator(".q-number-field input").first
    number.focus()
    number.fill("")
    with saved(attempt):
        attempt.keyboard.type("3,5")
    match = attempt.locator(".q-match select").first
    before = match.input_value()
    match.focus()
    with saved(attempt):
        attempt.keyboard.press("ArrowUp" if before else "ArrowDown")
    chosen = match.input_value()
    assert chosen != before

    order = attempt.locator("[data-order]").first
    first, second, *rest = texts(order)
    down = order.locator("> li").first.locator("button").last
    down.focus()
    with saved(attempt):
        attempt.keyboard.press("Enter")
    assert texts(order) == [second, first, *rest]
    # The keys stay with what was moved, and its new place is said.
    expect(order.locator("> li").nth(1).locator("button").last).to_be_focused()
    expect(order.locator("+ [role=status]")).to_contain_text("2")
    suits_axe(attempt)
    shoot(attempt, screenshots / "quiz-attempt.png")

    attempt.reload()
    expect(attempt.locator(".q-options input[type=radio]").first).to_be_checked()
    expect(attempt.locator(".q-number-field input").first).to_have_value("3,5")
    expect(attempt.locator(".q-match select").first).to_have_value(chosen)
    assert texts(attempt.locator("[data-order]").first) == [second, first, *rest]


def test_it_is_resumed_from_the_quiz_and_asks_before_it_is_handed_in_with_gaps(attempt: Page) -> None:
    address = attempt.url
    attempt.goto(QUIZ)
    attempt.locator(".quiz-head button.primary").click()
    assert attempt.url == address
    attempt.locator("button[value=submit]").press("Enter")
    left = attempt.locator("#quedan")
    expect(left).to_be_focused()
    suits_axe(attempt)
    questions = attempt.locator("form.quiz > fieldset").count()
    left.locator("button[value=confirm]").press("Enter")
    told = attempt.locator(".quiz-results > li")
    expect(told).to_have_count(questions)
    suits_axe(attempt)

    # The address of an attempt shows its result from then on.
    attempt.goto(address)
    expect(told).to_have_count(questions)
    expect(attempt.locator("form.quiz")).to_have_count(0)


def test_a_result_says_why_and_who_teaches_reads_it(
    attempt: Page, browser_of_the_instructor: Page, screenshots: Path
) -> None:
    with saved(attempt):
        attempt.locator(".q-options input[type=radio]").last.check()
    attempt.locator("button[value=submit]").click()
    attempt.locator("#quedan button[value=confirm]").click()
    expect(attempt.locator(".q-was.chosen .q-feedback").first).not_to_be_empty()
    shoot(attempt, screenshots / "quiz-result.png")

    other = browser_of_the_instructor
    other.goto(QUIZ)
    other.locator(".quiz-taught a").first.click()
    suits_axe(other)
    shoot(other, screenshots / "quiz-cohort.png")
    other.locator(".quiz-cohort a").last.click()
    expect(other.locator(".quiz-results > li")).not_to_have_count(0)
    expect(other.locator("main form")).to_have_count(0)
    suits_axe(other)
    shoot(other, screenshots / "quiz-handed-in.png")


@pytest.fixture
def browser_of_the_instructor(page: Page, live_portal: LivePortal) -> Iterator[Page]:
    """A second browser, which shares nothing with the student's."""
    running = page.context.browser
    assert running is not None
    context = running.new_context(base_url=live_portal.url, locale="es-MX", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    opened = context.new_page()
    sign_in(opened, live_portal, "docente")
    yield opened
    context.close()
