"""The kit in a real browser: no script errors, keys work, nothing sticks out at 1280 and 390 pixels."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from tests.web.gallery import gallery_app

from everlearn.web.headers import guarded_and_measured
from everlearn.web.metrics import http_metrics

CHROMIUM = os.environ.get("EVERLEARN_TEST_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STARTUP_S = 20.0


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the gallery, with headers as in production."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = guarded_and_measured(gallery_app(), http_metrics())
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    deadline = time.monotonic() + STARTUP_S
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; skipped on a machine without one, never in CI."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium (package chromium)")
        pytest.skip("no Chromium here (set EVERLEARN_TEST_CHROMIUM to its path)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


def opened(browser: Browser, address: str, *, width: int, complaints: list[str]) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/gallery")
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_no_complaint_and_no_break(browser: Browser, address: str, width: int) -> None:
    complaints: list[str] = []

    page = opened(browser, address, width=width, complaints=complaints)

    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_a_slash_goes_to_the_search_field(browser: Browser, address: str) -> None:
    page = opened(browser, address, width=1280, complaints=[])

    page.keyboard.press("/")

    assert page.evaluate("document.activeElement.id") == "search"
    assert page.input_value("#search") == ""
    page.close()


def test_g_and_a_letter_go_to_a_section(browser: Browser, address: str) -> None:
    page = opened(browser, address, width=1280, complaints=[])

    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/projects/default/audit")

    assert page.url.endswith("/projects/default/audit")
    page.close()


def test_letters_in_a_field_stay_letters(browser: Browser, address: str) -> None:
    page = opened(browser, address, width=1280, complaints=[])

    page.keyboard.press("/")
    page.keyboard.type("ga/")

    assert page.input_value("#search") == "ga/"
    page.close()


def test_the_first_tab_offers_to_skip_to_the_content(browser: Browser, address: str) -> None:
    page = opened(browser, address, width=1280, complaints=[])

    page.keyboard.press("Tab")
    skipped = page.evaluate("document.activeElement.className")
    page.keyboard.press("Enter")

    assert skipped == "skip"
    assert page.evaluate("document.activeElement.id") == "content"
    page.close()


def test_headings_come_in_order(browser: Browser, address: str) -> None:
    page = opened(browser, address, width=1280, complaints=[])

    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")

    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    page.close()
