"""The pages in a browser, headless Chromium: what a parser does not see."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browsing import NEEDS_CHROMIUM, WIDTHS, barriers, chromium, listen
from made_up import (
    BASELINES,
    HOSTILE,
    MARKS,
    RUBRICS,
    class_of,
    every_outcome,
    hostile,
    marked,
    reporting,
    solved,
)
from playwright.sync_api import Browser, Page

from autograder.gradebook import pages
from autograder.gradebook.similarity import Pair, Similar
from autograder.marks.decided import Decided
from autograder.marks.decisions import Decision, standing
from autograder.results import SubmissionResult

pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


SAID = [
    marked(solved("s1"), mean=1, std=0.5),
    Decision("ann", "s1", "check:q1", {"marks": 1, "reason": HOSTILE}),
    Decision("ann", "s1", "question:q2", {"marks": 1, "reason": "A reason."}),
    Decision("ann", "s1", "adjustment:late", {"amount": -10, "unit": "percent", "reason": "Two days."}),
]


def by_people(result: SubmissionResult) -> Decided:
    return Decided(result, RUBRICS, standing(SAID)["s1"])


def sources() -> dict[str, str]:
    result, again = hostile(), replace(hostile(), submission=HOSTILE + "2")
    similar = Similar((Pair(HOSTILE, HOSTILE + "2", 1.0, 1.0),), problem=HOSTILE)
    everybody = [*class_of(MARKS), every_outcome(), reporting("a", tiny_vgg=0.5)]
    return {
        "feedback": pages.feedback_page(every_outcome()),
        "feedback, nothing graded": pages.feedback_page(SubmissionResult("a", "needs_review")),
        "feedback, hostile": pages.feedback_page(result),
        "report": pages.class_report(everybody, "CIFAR-10", BASELINES, Similar((Pair("s0", "s1", 1, 1),))),
        "feedback, decided": pages.feedback_page(result_marked := solved("s1"), decided=by_people(result_marked)),
        "report, decided": pages.class_report(
            [result_marked], "CIFAR-10", decided={"s1": by_people(result_marked)}, decisions=SAID
        ),
        "report, nobody": pages.class_report([], "CIFAR-10"),
        "report, hostile": pages.class_report([result, again], HOSTILE, similar=similar, baseline_problem=HOSTILE),
    }


SOURCES = sources()


@pytest.fixture(params=SOURCES, ids=list(SOURCES))
def source(request: pytest.FixtureRequest) -> str:
    return SOURCES[request.param]


def opened(browser: Browser, source: str, folder: Path, width: int = 1280) -> Page:
    """A page that was opened from a file; `page.said` has all dialogs, errors and requests for other files."""
    path = folder / "page.html"
    path.write_text(source, "utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_default_timeout(10_000)
    page.said = listen(page, lambda url: url == path.as_uri() or url.startswith("data:"))  # type: ignore[attr-defined]
    page.goto(path.as_uri())
    return page


def test_nothing_runs_and_nothing_is_fetched(browser: Browser, source: str, tmp_path: Path) -> None:
    page = opened(browser, source, tmp_path)
    assert page.said == []
    assert page.locator("script, iframe, [onerror], [onclick], [onload]").count() == 0
    broken = page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).length")
    made_up = source.count("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAA=")  # without pixels
    assert broken <= made_up
    page.close()


def test_a_script_that_got_in_would_not_run(browser: Browser, tmp_path: Path) -> None:
    """The page's own policy stops it, whatever a template lets through."""
    attack = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\"></body>"
    page = opened(browser, SOURCES["feedback"].replace("</body>", attack), tmp_path)
    assert page.title() != "taken"
    assert any("Content Security Policy" in text for text in page.said)
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
def test_no_page_is_wider_than_its_window(browser: Browser, source: str, tmp_path: Path, width: int) -> None:
    page = opened(browser, source, tmp_path, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [WIDTHS["desktop"], WIDTHS["phone"]], ids=["desktop", "phone"])
def test_no_barrier_that_axe_knows(browser: Browser, source: str, tmp_path: Path, width: int) -> None:
    page = opened(browser, source, tmp_path, width)
    assert barriers(page) == []
    page.close()


@pytest.mark.slow
def test_print_shows_all_text_and_cuts_no_table(browser: Browser, source: str, tmp_path: Path) -> None:
    page = opened(browser, source, tmp_path, 794)  # A4 at 96 dots an inch
    on_screen = page.inner_text("body").split()
    page.emulate_media(media="print")
    printed = page.inner_text("body").split()
    assert [word for word in on_screen if word not in printed] == []
    cut = "[...document.querySelectorAll('.scroll')].filter(e => getComputedStyle(e).overflowX != 'visible').length"
    assert page.evaluate(cut) == 0
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
