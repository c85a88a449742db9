"""Every page in a real browser: no complaints, nothing sticks out, everything within reach of the keyboard."""

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
from tests.app.lived import lived_home, living

from everlearn.app.asgi import api_app
from everlearn.app.platform import Platform
from everlearn.pipelines import RunState

pytestmark = pytest.mark.slow

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


def pages_of(platform: Platform) -> dict[str, str]:
    """Name every page, with one thing of each kind."""
    runs = platform.tracking.runs("default").items
    trained = {run.state: run.id for run in platform.pipelines.runs("default").items}
    found = {
        "models": "/projects/default/models",
        "no models": "/projects/nothing/models",
        "model": "/projects/default/models/eta",
        "model in a range": "/projects/default/models/eta?since=2013-03-05&until=2013-03-20",
        "model never deployed": "/projects/default/models/parking",
        "version": "/projects/default/models/eta/versions/3",
        "versions compared": "/projects/default/models/eta/compare?a=1&b=3",
        "runs": "/projects/default/runs",
        "no runs": "/projects/nothing/runs",
        "run": f"/projects/default/runs/{next(run.id for run in runs if run.experiment == 'eta-training')}",
        "pipeline runs": "/projects/default/pipeline-runs",
        "pipeline run": f"/projects/default/pipeline-runs/{trained[RunState.FINISHED]}",
        "failed pipeline run": f"/projects/default/pipeline-runs/{trained[RunState.FAILED]}",
        "lineage": "/projects/default/lineage",
        "lineage of data": "/projects/default/lineage?node=dataset:eta-rows",
        "lineage of a deployment": "/projects/default/lineage?node=deployment:eta",
        "lineage of nothing": "/projects/default/lineage?node=version:eta/99",
        "decisions": "/projects/default/decisions",
        "no decisions": "/projects/nothing/decisions",
        "log": "/audit?verify=true",
        "log entry": "/audit/entries/40",
        "platform": "/platform",
        "not found": "/projects/default/runs/none",
    }
    for decision in platform.decisions.list("default", limit=1_000).items:
        name = f"{decision.kind}: {decision.finding.verdict}"
        found[name] = f"/projects/default/decisions/{decision.id}?replay=true"
    return found


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[str, dict[str, str]]]:
    """A server over the platform that has lived, and the addresses of its pages."""
    with living(lived_home()) as life:
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(api_app(life.platform), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        deadline = time.monotonic() + STARTUP_S
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", pages_of(life.platform)
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


def complaints_of(page: Page, address: str, *, width: int) -> list[str]:
    """Open a page and name everything that is wrong with how it stands there."""
    told: list[str] = []

    def hear(message: str) -> None:
        if "status of 404" not in message:  # the browser repeats the status of the page that is not there
            told.append(message)

    page.on("console", lambda message: hear(message.text))
    page.on("pageerror", lambda error: hear(str(error)))
    page.goto(address)
    found = list(told)
    if (wide := page.evaluate("document.documentElement.scrollWidth")) != width:
        found.append(f"{wide} pixels wide")
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    if levels.count(1) != 1 or levels[0] != 1 or any(after - before > 1 for before, after in pairwise(levels)):
        found.append(f"headings {levels}")
    if page.evaluate("document.querySelectorAll('[style], script:not([src]), style').length"):
        found.append("inline script or style")
    if repeated := page.evaluate(
        "(() => { const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);"
        " return ids.filter((id, at) => ids.indexOf(id) !== at); })()"
    ):
        found.append(f"ids twice: {repeated}")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_complains_or_sticks_out(
    browser: Browser, site: tuple[str, dict[str, str]], width: int, scheme: str
) -> None:
    base, pages = site
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    found = {}
    for name, path in pages.items():
        page = context.new_page()
        if complaints := complaints_of(page, base + path, width=width):
            found[name] = complaints
        page.close()
    context.close()

    assert found == {}


CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const luminance = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const ground = (element) => { for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor); if (color[3] > 250) return color; }
    return [255, 255, 255, 255]; };
  const poor = [];
  for (const element of document.querySelectorAll("main *:not(svg *), header *, nav *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !element.checkVisibility() || element.closest(".visually-hidden")) continue;
    const [a, b] = [luminance(rgb(getComputedStyle(element).color)), luminance(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_its_ground(browser: Browser, site: tuple[str, dict[str, str]], scheme: str) -> None:
    base, pages = site
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    found = {}
    for name, path in pages.items():
        page.goto(base + path)
        if poor := page.evaluate(CONTRAST):  # WCAG 2.2, 1.4.3: 4.5 to 1
            found[name] = poor
    context.close()

    assert found == {}


def test_the_keyboard_reaches_every_link_and_shows_where_it_is(
    browser: Browser, site: tuple[str, dict[str, str]]
) -> None:
    base, pages = site
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(base + pages["model"])
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], summary, button')].filter((e) => e.checkVisibility()).length"
    )

    reached, unseen = set(), []
    for _ in range(wanted + 60):  # regions that scroll take the focus too
        page.keyboard.press("Tab")
        at, outline = page.evaluate(
            "[[...document.querySelectorAll('*')].indexOf(document.activeElement),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if page.evaluate("document.activeElement.matches('a[href], summary, button')"):
            reached.add(at)
        if outline == "none" and page.evaluate("document.activeElement !== document.body"):
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    page.close()

    assert len(reached) == wanted
    assert unseen == []


def test_g_and_a_letter_go_round_the_rail(browser: Browser, site: tuple[str, dict[str, str]]) -> None:
    base, pages = site
    page = browser.new_page()
    page.goto(base + pages["platform"])
    for letter, path in (("d", "decisions"), ("p", "pipeline-runs"), ("r", "runs"), ("m", "models")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(f"**/projects/default/{path}")
    page.close()
