"""Text of students as HTML: Markdown and mathematics come through, and nothing else; and which answers are alike."""

import time

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from made_up import HOSTILE

from autograder.desk import alike
from autograder.gradebook import prose

ALLOWED = {*prose._TAGS, *prose._MATHS}


def shown(text: str) -> BeautifulSoup:
    return BeautifulSoup(prose.rich(text), "html.parser")


@pytest.mark.parametrize(
    ("text", "selector", "words"),
    [
        ("**bold** and *slanted*", "strong", "bold"),
        ("`code`", "code", "code"),
        ("- one\n- two", "ul li", "one"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "table td", "1"),
        ("$x^2$", "math msup mn", "2"),
        ("$$\n\\frac{a}{b}\n$$", "math[display=block] mfrac mi", "a"),
        ("# Heading", "div.heading", "Heading"),
        ("[a link](https://example.org)", "a[href='https://example.org']", "a link"),
        ("$\\undefined{{$", "code", "\\undefined{{"),
        ("costs $5 and $6", "p", "costs $5 and $6"),
    ],
)
def test_markdown_and_mathematics_come_through(text: str, selector: str, words: str) -> None:
    found = shown(text).select_one(selector)
    assert found is not None
    assert found.text.strip() == words


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![picture](http://example.org/x.png)",
        "[a](javascript:alert(1)) [b](data:text/html,x) [c](file:///etc/passwd) [d](//example.org)",
        "<a href='javascript:alert(1)'>x</a> <style>*{}</style> <iframe src=x></iframe>",
        "$\\text{<script>alert(1)</script>}$ $\\href{javascript:alert(1)}{x}$ $\\color{red}{x}$",
        "$<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>$",
        "```html\n<script>alert(1)</script>\n```",
        "<math><mtext></p><img src=x onerror=alert(1)></mtext></math>",
    ],
)
def test_nothing_that_runs_or_is_fetched_comes_through(text: str) -> None:
    found = shown(text)
    assert {tag.name for tag in found.find_all()} <= ALLOWED
    for tag in found.find_all():
        assert set(tag.attrs) <= {*prose._ATTRIBUTES.get(tag.name, ()), "rel"}, tag
        assert not str(tag.get("href", "https:")).startswith(("javascript", "data", "file")), tag


@given(st.text(alphabet=st.sampled_from("<>$\\{}[]()*_`#|&;/ax=\"'\n "), max_size=80))
def test_any_text_gives_allowed_tags(text: str) -> None:
    assert {tag.name for tag in shown(text).find_all()} <= ALLOWED


@pytest.mark.parametrize(
    "text",
    ["$" * 30_000, "[" * 30_000, ">" * 30_000, "*a" * 15_000, "$" + "{" * 1_900 + "$", "- " * 15_000, "$x^{a}$ " * 190],
)
def test_no_text_keeps_the_desk_busy(text: str) -> None:
    begun = time.process_time()
    prose.rich.__wrapped__(text)
    assert time.process_time() - begun < 2


def test_a_line_has_no_paragraph_of_its_own() -> None:
    assert prose.inline("*One* line") == "<em>One</em> line"
    assert prose.inline("Two\n\nparagraphs").count("<p>") == 2


# ---- alike ----

LONG = (
    "Over five runs the mean is 0.612 and the standard deviation is 0.0051, which tells how far one run lies from it."
)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (LONG, f"  {LONG.upper()}\n", True),
        ("**Edges** and\n\nblobs", "edges and blobs", True),
        (LONG, LONG.replace("0.612", "0.613"), False),
        ("", "  \n", True),
    ],
)
def test_layout_and_case_do_not_count_and_numbers_do(one: str, other: str, equal: bool) -> None:
    assert (alike.essence(one) == alike.essence(other)) == equal


def test_nearly_equal_answers_are_found_nearest_first() -> None:
    near, nearer = LONG.replace("five", "all of our five"), LONG.replace("0.612", "0.613")
    others = {"same": LONG, "near": near, "nearer": nearer, "other": "Something else altogether, of another length."}
    assert [name for name, _ in alike.nearly_equal(LONG, others)] == ["nearer", "near"]
    assert alike.nearly_equal("Short.", {"a": "Short!"}) == []


def test_differences_show_both_sides_and_escape_them() -> None:
    found = alike.differences("the mean is 0.61", "the mean is <b>0.63</b>")
    assert found == "the mean is <del>0.61</del> <ins>&lt;b&gt;0.63&lt;/b&gt;</ins> "
