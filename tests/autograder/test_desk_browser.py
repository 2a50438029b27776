"""The marking desk in a browser, headless Chromium: by keyboard alone, two people at once, killed, on a phone."""

import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import written_class
from at_the_desk import started
from browsing import NEEDS_CHROMIUM, WIDTHS, barriers, chromium, listen
from made_up import HOSTILE, hostile
from playwright.sync_api import Browser, BrowserContext, Page
from written_class import RUBRICS

from autograder.desk.shelf import key_of
from autograder.gradebook import store
from autograder.marks import book
from autograder.marks.decisions import Decision, Log

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def rubrics(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return written_class.use(RUBRICS, monkeypatch)


@pytest.fixture
def out(tmp_path: Path, rubrics: dict[str, Any]) -> Path:
    return written_class.write(tmp_path / "gradebook", 14)


@pytest.fixture
def link(out: Path) -> Iterator[str]:
    with written_class.serving(out) as link:
        yield link


def come_in(browser: Browser, link: str, name: str, width: int = 1280) -> Page:
    """Somebody at a browser of their own; `page.said` has errors, dialogs and requests for other servers."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    base = link.partition("/enter")[0]
    page.base = base  # type: ignore[attr-defined]
    page.said = listen(page, lambda url: url.startswith((base, "data:")))  # type: ignore[attr-defined]
    page.goto(link)
    page.wait_for_function("document.activeElement.id === 'name'")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Marking desk')")
    return page


def close(page: Page) -> None:
    context: BrowserContext = page.context
    context.close()


def written(out: Path, name: str = "w1") -> dict[str, Any]:
    everybody = book.decide(store.read_results(out), out)
    return {submission: one.written[name] for submission, one in everybody.items()}


def press_and_wait(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_ten_answers_are_marked_by_keyboard_alone(browser: Browser, link: str, out: Path) -> None:
    page = come_in(browser, link, "ann")
    for _ in range(40):  # as somebody without a mouse gets to the first question
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Mark":
            break
    press_and_wait(page, "Enter")
    for number in range(10):
        if page.locator("input.equal").count():
            page.keyboard.press("g")  # each answer by itself
        page.keyboard.press("1")
        page.keyboard.press("Shift+2" if number % 2 else "2")
        if number == 0:
            page.keyboard.press("c")
            page.keyboard.type("Say what $s$ is compared with. 1 2 s j")
            press_and_wait(page, "Control+Enter")
        else:
            page.keyboard.press("q")
            assert page.input_value("#comment").startswith("Say what")
            press_and_wait(page, "s" if number % 2 else "Enter")
        assert page.inner_text(".flash") == "Saved."
    marked = [one for one in written(out).values() if one.state == "marked"]
    assert sorted(one.marks for one in marked) == [2.5] * 5 + [3.0] * 5
    assert {comment for one in marked for comment in one.comments} == {"Say what $s$ is compared with. 1 2 s j"}
    assert page.said == []  # type: ignore[attr-defined]
    close(page)


def test_next_and_previous_keep_what_is_not_saved(browser: Browser, link: str, out: Path) -> None:
    page = come_in(browser, link, "ann")
    page.goto(f"{page.base}/written/w2/next?show=all")  # type: ignore[attr-defined]
    first = page.inner_text("h1")
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.keyboard.type("half a thought")
    page.keyboard.press("Escape")
    press_and_wait(page, "j")
    assert page.inner_text("h1") != first
    assert page.input_value("#comment") == ""
    press_and_wait(page, "k")
    assert page.inner_text("h1") == first
    assert page.input_value("#comment") == "half a thought"
    assert page.is_checked('input[name="item-own"][value="1"]')
    assert page.is_visible("#draft-note")
    assert page.inner_text("#sum") == "2"
    assert Log(out).decisions() == []
    press_and_wait(page, "s")
    page.go_back()
    assert not page.is_visible("#draft-note")
    close(page)


def test_a_rubric_that_changes_applies_to_what_is_marked(
    browser: Browser, link: str, rubrics: dict[str, Any], out: Path
) -> None:
    page = come_in(browser, link, "ann")
    path = f"{page.base}/written/w1/{key_of('submission-001')}?show=all"  # type: ignore[attr-defined]
    page.goto(path)
    page.keyboard.press("1")
    assert page.inner_text("#sum") == "2"
    press_and_wait(page, "s")
    old = rubrics["w1"]
    rubrics["w1"] = replace(old, points=8, items=(replace(old.items[0], text="*Now* in other words."), *old.items[1:]))
    page.goto(path)
    assert page.inner_text("#sum") == "4"
    assert "Now in other words." in page.inner_text("#mark")
    assert "The rubric has changed since" in page.inner_text("#mark")
    assert written(out)["submission-001"].marks == 4
    close(page)


def test_two_browsers_at_once_end_in_a_conflict_that_is_settled(browser: Browser, link: str, out: Path) -> None:
    ann, bob = come_in(browser, link, "ann"), come_in(browser, link, "bob")
    for page in (ann, bob):
        page.goto(f"{page.base}/written/w1/{key_of('submission-001')}?show=open")  # type: ignore[attr-defined]
    ann.keyboard.press("1")
    bob.keyboard.press("2")
    press_and_wait(ann, "s")
    press_and_wait(bob, "s")
    one = written(out)["submission-001"]
    assert (one.state, {head.by for head in one.standing.heads}) == ("conflict", {"ann", "bob"})
    ann.goto(ann.base)  # type: ignore[attr-defined]
    ann.click("text=submission-001")
    assert "Two people decided differently." in ann.inner_text("#mark")
    ann.keyboard.press("Shift+1")
    press_and_wait(ann, "s")
    assert written(out)["submission-001"].state == "marked"
    close(ann)
    close(bob)


def test_killed_while_somebody_types_what_was_saved_is_there_and_the_draft_too(
    browser: Browser, tmp_path: Path
) -> None:
    out = written_class.write(tmp_path / "gradebook", 4)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with started(out, "--port", str(port)) as (process, link):
        page = come_in(browser, link, "ann")
        path = f"{page.base}/written/w1/{key_of('submission-001')}?show=all"  # type: ignore[attr-defined]
        page.goto(path)
        page.keyboard.press("1")
        press_and_wait(page, "s")
        assert page.inner_text(".flash") == "Saved."
        where = page.url.partition("&saved")[0]
        page.keyboard.press("c")
        page.keyboard.type("typed, and not sa")
        process.kill()
    with started(out, "--port", str(port)) as (process, link):
        page.goto(link)
        page.fill("#name", "ann")
        page.click("text=To the desk")
        page.wait_for_selector("h1:has-text('Marking desk')")
        page.goto(where)
        assert page.input_value("#comment") == "typed, and not sa"
        page.goto(path)
        assert page.is_checked('input[name="item-tells"][value="1"]')
        assert len(Log(out).decisions()) == 1
        close(page)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


# ---- every page ----


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A desk with everything on it: marks, a conflict, an override, hostile text; its link and its pages."""
    with pytest.MonkeyPatch.context() as patch:
        written_class.use(RUBRICS, patch)
        out = written_class.write(tmp_path_factory.mktemp("full"), 14)
        bad = replace(
            hostile(), written={"w1": f"# {HOSTILE}\n\n$x^{{2}}$ ![i](http://127.0.0.1:9/x.png)", "w2": HOSTILE}
        )
        store.write_result(bad, out)
        value = {"items": {"tells": 1.0, "gone": 0.25}, "marks": 3.5, "comment": "A comment.", "rubric": "0" * 12}
        said = [
            Decision("ann", "submission-001", "written:w1", value),
            Decision("bob", "submission-001", "written:w1", {**value, "marks": 1.0}),
            Decision("bob", "submission-002", "written:w1", value),
            Decision("ann", "submission-010", "question:q1", {"marks": 1.0, "reason": "A reason."}),
            Decision(
                "bob", "submission-010", "adjustment:late", {"amount": -10.0, "unit": "percent", "reason": "Late."}
            ),
            Decision("bob", "submission-010", "review", {"action": "new_file", "reason": "Cut off."}),
            Decision("bob", "", "markers", {"names": ["ann", "bob", "w" * 80]}),
            Decision(HOSTILE[:80], bad.submission, "written:w1", {**value, "comment": HOSTILE}),
            Decision(HOSTILE[:80], bad.submission, "total", {"marks": 1.0, "reason": HOSTILE}),
        ]
        Log(out).append(said)
        key = {n: key_of(f"submission-{n:03}") for n in (1, 2, 3, 10)}
        paths = {
            "overview": "/",
            "name": "/enter",
            "list": "/written/w1?show=all",
            "conflict": f"/written/w1/{key[1]}?show=conflict",
            "alike": f"/written/w1/{key[3]}?show=open",
            "pictures": f"/written/w2/{key[2]}?show=all",
            "submissions": "/submissions",
            "submission": f"/submission/{key[10]}",
            "notebook": f"/submission/{key[10]}/notebook",
            "hostile answer": f"/written/w1/{key_of(bad.submission)}?show=all",
            "hostile submission": f"/submission/{key_of(bad.submission)}",
            "missing": "/nothing",
        }
        with written_class.serving(out) as link:
            yield link, paths


PAGES = (
    *("overview", "name", "list", "conflict", "alike", "pictures", "submissions", "submission", "notebook"),
    *("hostile answer", "hostile submission", "missing"),
)


def test_nothing_runs_and_nothing_is_fetched(browser: Browser, full: tuple[str, dict[str, str]]) -> None:
    link, paths = full
    assert tuple(paths) == PAGES
    page = come_in(browser, link, "ann")
    for name in PAGES:
        page.said.clear()  # type: ignore[attr-defined]
        page.goto(page.base + paths[name])  # type: ignore[attr-defined]
        expected = ["Failed to load resource: the server responded with a status of 404 (NOT FOUND)"]
        assert page.said == (expected if name == "missing" else []), name  # type: ignore[attr-defined]
        assert page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).length") == 0
    close(page)


def test_a_script_that_got_in_would_not_run(browser: Browser, full: tuple[str, dict[str, str]]) -> None:
    link, _ = full
    page = come_in(browser, link, "ann")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title = 1\">')")
    page.wait_for_timeout(300)
    assert page.title() != "1"
    assert any("Content Security Policy" in text for text in page.said)  # type: ignore[attr-defined]
    close(page)


@pytest.mark.parametrize("width", [*WIDTHS.values(), 820], ids=[*WIDTHS, "tablet"])
def test_no_page_is_wider_than_its_window(browser: Browser, full: tuple[str, dict[str, str]], width: int) -> None:
    link, paths = full
    page = come_in(browser, link, "ann", width)
    for name in PAGES:
        page.goto(page.base + paths[name])  # type: ignore[attr-defined]
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    close(page)


@pytest.mark.parametrize("width", [WIDTHS["desktop"], WIDTHS["phone"]], ids=["desktop", "phone"])
def test_no_barrier_that_axe_knows(browser: Browser, full: tuple[str, dict[str, str]], width: int) -> None:
    link, paths = full
    page = come_in(browser, link, "ann", width)
    for name in PAGES:
        page.goto(page.base + paths[name])  # type: ignore[attr-defined]
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert barriers(page) == [], name
    close(page)


def test_without_scripts_everything_can_still_be_marked(browser: Browser, link: str, out: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(link)
    page.fill("#name", "ann")
    page.click("text=To the desk")
    page.click("a.button >> nth=0")
    page.check('input[name="item-tells"][value="1"]')
    page.click("#save")
    assert page.inner_text(".flash").startswith("Saved")
    assert next(one.marks for one in written(out).values() if one.state == "marked") == 2
    context.close()
