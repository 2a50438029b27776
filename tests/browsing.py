"""The browser of those tests that need one."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (Debian: apt-get install chromium)")
WIDTHS = {"desktop": 1280, "phone": 390, "small phone": 320}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def listen(page: Page, is_own: Callable[[str], bool]) -> list[str]:
    """What a page says from now on: dialogs, errors, and requests for addresses that are not its own."""
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: is_own(request.url) or said.append(request.url))
    return said


def barriers(page: Page) -> list[tuple[str, list[str]]]:
    """What Deque's axe-core finds: names, roles, contrast, headings, tables, as a screen reader needs them."""
    found = Axe().run(page)
    assert found.response["passes"]
    return [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in found.response["violations"]]
