"""Text of students and markers as HTML: Markdown and mathematics, and nothing that runs or is fetched."""

import re
from functools import lru_cache
from typing import Any, Final

import nh3
from latex2mathml import converter
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.sanitize import clean, cut

MAX_TEXT: Final = 20_000  # characters of one text that are shown
MAX_FORMULA: Final = 2_000
MAX_FORMULAS: Final = 200  # of one text
MAX_BRACKETS: Final = 1_000  # of one text: the time that a parser takes grows with their square
_HEADING: Final = re.compile(r"<(/?)h[1-6]>")
_MATHS: Final = {
    *("math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "ms", "msup", "msub", "msubsup", "mover", "munder"),
    *("munderover", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom"),
}
_TAGS: Final = {
    *("p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "del", "s"),
    *("table", "thead", "tbody", "tr", "th", "td", "span", "div", "a"),
}
_ATTRIBUTES: Final = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "separator", "form", "accent"},
    "mi": {"mathvariant"},
    "mfrac": {"linethickness"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mspace": {"width"},
    "mtd": {"columnalign"},
    "mtable": {"columnalign"},
    "ol": {"start"},
    "a": {"href"},
    "span": {"class"},
    "div": {"class"},
}


def _formula(source: str, options: Any) -> str:
    """A formula as MathML; what cannot be read is shown as it was typed."""
    options = options or {}
    if len(source) <= MAX_FORMULA:
        try:
            return str(converter.convert(source, display="block" if options.get("display_mode") else "inline"))
        except Exception:  # of whichever of its own; RecursionError, too
            pass
    return f"<code>{escape(source)}</code>"


_MARKDOWN: Final = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    .enable(["table", "strikethrough"])
    .disable("image")
    .use(dollarmath_plugin, renderer=_formula, double_inline=True, allow_space=False, allow_digits=False)
)


@lru_cache(maxsize=2_000)
def rich(text: str) -> Markup:
    """Markdown as HTML. HTML in it is shown as text, and headings are no headings of the page."""
    text = clean(cut(text, MAX_TEXT))
    if text.count("$") > 2 * MAX_FORMULAS or text.count("[") > MAX_BRACKETS:
        return plain(text)
    try:
        made = _MARKDOWN.render(text)
    except Exception:  # a text that no parser was made for is still an answer
        return plain(text)
    made = _HEADING.sub(lambda tag: "</div>" if tag[1] else '<div class="heading">', made)
    return Markup(
        nh3.clean(
            made,
            tags=_TAGS | _MATHS,
            attributes=_ATTRIBUTES,
            url_schemes={"http", "https"},
            link_rel="noopener noreferrer",
        )
    )


def inline(text: str) -> Markup:
    """One line of Markdown, such as an item of a rubric, without a paragraph around it."""
    made = rich(text).strip()
    return Markup(made.removeprefix("<p>").removesuffix("</p>")) if made.count("<p>") == 1 else made


def plain(text: str) -> Markup:
    """Text as it was typed."""
    return Markup("<pre>%s</pre>") % clean(cut(text, MAX_TEXT))
