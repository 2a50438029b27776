"""Text that came from students' notebooks and file names, made fit for pages, terminals and file systems."""

import hashlib
import re
import unicodedata

# Terminal escape sequences, 7-bit and 8-bit. An unfinished string sequence ends at its line's end, so that
# it cannot swallow the rest of a message.
_ESCAPE = re.compile(
    r"""
    (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]?                         # CSI: colours, cursor movements
    | (?: \x1b[\]PX^_] | [\x9d\x90\x98\x9e\x9f] ) [^\x07\x1b\x9c\n]*
      (?: \x07 | \x1b\\ | \x9c )?                                    # OSC and others: window title, links
    | \x1b [ -/]* [0-~]?                                             # two-character sequences
    """,
    re.VERBOSE,
)
# What no text for people needs: other controls (less tab and line feed), lone surrogates (which UTF-8 cannot
# hold) and the overrides of writing direction (which make text read otherwise than it is).
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")

# A spreadsheet takes a cell that starts so for a formula. It may also take a semicolon for the end of a cell.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_LATER_FORMULA = re.compile(rf";(?={_FORMULA.pattern})")
_CELL_LENGTH = 500  # characters

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")
_HASHED_NAME = re.compile(r".*-[0-9a-f]{12}", re.IGNORECASE)
_DEVICE_NAME = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # Windows' own


def clean(text: str) -> str:
    """The text without terminal escape sequences, control characters and lone surrogates.

    Tabs stay, and every kind of line end becomes a line feed.
    """
    text = _ESCAPE.sub("", text.replace("\r\n", "\n"))
    return _CONTROL.sub("", text.replace("\r", "\n"))


def one_line(text: str, limit: int = 300) -> str:
    r"""The cleaned text with every run of white space as one space, at most `limit` characters of it.

    >>> one_line("red: \x1b[31mno\x1b[0m\n  end")
    'red: no end'
    >>> one_line("a long line", limit=6)
    'a lon…'
    """
    # Megabytes are not cleaned for one line; four times the limit leaves room for what is removed.
    line = " ".join(clean(text[: 4 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def cell(text: str) -> str:
    """One line of text for a CSV file, which no spreadsheet takes for a formula.

    >>> cell("=1+1"), cell("a = 1")
    ("'=1+1", 'a = 1')
    """
    line = _LATER_FORMULA.sub(",", one_line(text, _CELL_LENGTH))
    return f"'{line}" if _FORMULA.match(line) or text[:1] in ("\t", "\r") else line


def cut(text: str, limit: int) -> str:
    """The text, or its first `limit` characters and how many were left out.

    >>> cut("x" * 1500, 3)
    'xxx … (1,497 more characters)'
    """
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters)"


def number(value: float | None, digits: int = 4) -> str:
    """A number with at most so many digits after the point and no trailing zeros; empty for None.

    >>> number(7.50), number(1 / 3), number(100), number(None)
    ('7.5', '0.3333', '100', '')
    """
    if value is None:
        return ""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def natural_key(name: str) -> tuple[list[tuple[str, int, str]], str]:
    """Sorts `a2` before `a10`. Digits are compared as text, since a name may hold thousands of them.

    >>> sorted(["a10", "a2", "B1"], key=natural_key)
    ['a2', 'a10', 'B1']
    """
    parts = re.split(r"([0-9]+)", name)
    digits = [part.lstrip("0") for part in [*parts[1::2], ""]]
    return [(w.casefold(), len(d), d) for w, d in zip(parts[::2], digits, strict=True)], name


def safe_name(name: str) -> str:
    """A file stem for a submission's name: the name itself where that is plain ASCII, else made plain.

    A changed name ends in 12 hexadecimal digits of its hash, and a name that already looks so is changed
    too: two names never share a stem (on a file system that tells upper from lower case).

    >>> safe_name("Lee_12345"), safe_name("Müller, Zoë")
    ('Lee_12345', 'Muller-Zoe-fd5d04191a3f')
    """
    plain = _PLAIN_NAME.fullmatch(name)
    if plain and not _HASHED_NAME.fullmatch(name) and not _DEVICE_NAME.fullmatch(name):
        return name
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", ascii_only).strip("-")[:60] or "submission"
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{stem}-{digest[:12]}"
