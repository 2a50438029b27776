"""README and docs: figures in a sentence are those of the generated page that they come from, and paths and links lead
somewhere."""

import re
from pathlib import Path

import pytest

from autograder import calibration

PROJECT = Path(__file__).parents[1]
DOCS = sorted((PROJECT / "docs").glob("*.md"))
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ACCURACY, BENCHMARKS = "docs/grader-accuracy.md", "docs/benchmarks.md"
REPEATING = ("README.md", "docs/instructors.md")  # pages that say how often it is right, and how fast it is
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "tests/README.md", *(f"docs/{p.name}" for p in DOCS))
PICTURE = 300_000  # bytes at most
LINES = 80  # of the README

# Code on a page, and the words in it that may be paths; what holds a place for something (`<name>`, `*`) is none.
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
WORD = re.compile(r"(?<![\w./~$<=@*>{-])\w[\w.-]*(?:/[\w.-]+)*/?(?![\w/<*{-]|\.\w)")
OURS = ("assignment", "autograder", "benchmarks", "docs", "requirements", "solutions", "tests")
SUFFIXES = (".py", ".md", ".ipynb", ".sh", ".toml", ".schema.json")
MADE = {  # by the commands of the page or by its reader, as is all of `dist/`
    *("tiny_vgg.ipynb", "submission.ipynb", "nb.ipynb", "tests/q4.py", "gradebook/grades.csv", "marks/marks.csv"),
    *("gradebook", "marks", "feedback", "decisions", "grading-summaries"),
}


def text_of(page: str) -> str:
    """Its words, with single spaces."""
    return " ".join((PROJECT / page).read_text().split())


def found(page: str, pattern: str) -> tuple[str, ...]:
    match = re.search(pattern, text_of(page))
    assert match is not None, f"{page} has no {pattern}"
    return match.groups()


@pytest.mark.parametrize("page", REPEATING)
def test_how_often_the_grader_is_right(page: str) -> None:
    right, wrong, hostile = found(ACCURACY, r"\*\*together\*\* \| (\d+ of \d+) \| (\d+ of \d+) \| (\d+) of \d+ ")
    assert f"{right} right ones got every mark, {wrong} with a single fault" in text_of(page)
    assert f"of {hostile} attacks none got a mark" in text_of(page)


@pytest.mark.parametrize("page", REPEATING)
def test_how_fast_it_is(page: str) -> None:
    (rate,) = found(BENCHMARKS, r"make grade, 2 workers \d+ (\d+\.\d) ")
    (ratio,) = found(BENCHMARKS, r"has (\d+\.\d) times the throughput of otter run, 2 at a time")
    words = f"{float(rate):.0f} full solutions a minute on two cores, {WORDS[round(float(ratio))]} times as many as"
    assert words in text_of(page)


def test_what_the_jail_costs() -> None:
    costs = r"costs (\S+)% \(pairs from (\S+)% to (\S+)%\)"
    wall, low, high, cpu, lowest, highest = found(BENCHMARKS, rf"wall-clock s: .*? {costs} CPU s: .*? {costs}")
    sentence = text_of("docs/security.md")
    assert f"is {wall} % in wall-clock and {cpu} % in CPU time" in sentence
    ends = min(low, lowest, key=float), max(high, highest, key=float)
    assert f"single pairs range from {ends[0]} to {ends[1]} %" in sentence


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("every run claims 3 points too much", "all 3 points too high passes in {} % of cases"),
        ("one run claims 10 points too much", "a single claim 10 points too high in {} %"),
    ],
)
def test_which_claims_are_believed(claim: str, sentence: str) -> None:
    (share,) = found(BENCHMARKS, claim + r": (\d+\.\d)% believed")
    assert sentence.format(f"{float(share):.0f}") in text_of("docs/security.md")


def test_what_this_machine_is_compared_with() -> None:
    reference = calibration.reference()
    assert reference is not None
    (machine,) = found(BENCHMARKS, r"reference_speed.py` ``` (.+?), Linux ")
    assert machine == reference.machine
    assert f"{reference.versions}; n = " in text_of(BENCHMARKS)
    assert f"a piece of the calibration: {reference.piece:.4f} CPU s" in text_of(BENCHMARKS)
    assert f"start of a batch: {reference.start:.1f} s" in text_of(BENCHMARKS)
    assert f"one solution with a picture: {reference.submission:.1f} s" in text_of(BENCHMARKS)
    assert f"one solution without pictures: {reference.bare:.1f} s" in text_of(BENCHMARKS)


# Paths and links


def ours() -> set[str]:
    """Every file and folder of this project, by its path and by each end of it: docs say `sandbox/jail.py`."""
    paths = [path for name in OURS for path in (PROJECT / name, *(PROJECT / name).rglob("*"))]
    parts = [
        path.relative_to(PROJECT).parts for path in (*paths, *PROJECT.glob("*")) if "__pycache__" not in path.parts
    ]
    return {"/".join(one[start:]) for one in parts for start in range(len(one))}


def paths_named(text: str, folders: set[str]) -> list[str]:
    """What looks like a path of this project: by its suffix, a slash at its end, or the name of its first folder."""
    words = [word.rstrip(".") for code in CODE.findall(text) for word in WORD.findall(code)]
    return [
        word.rstrip("/")
        for word in words
        if not word.startswith("dist/")
        and (word.endswith((*SUFFIXES, "/")) or ("/" in word and word.split("/")[0] in folders))
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page: str) -> None:
    known = ours()
    folders = {path.name for name in OURS for path in (PROJECT / name).rglob("*") if path.is_dir()} | {*OURS}
    named = paths_named((PROJECT / page).read_text(), folders)
    assert [path for path in named if path not in known | MADE] == []


def test_what_counts_as_a_path() -> None:
    text = (
        "`sandbox/no.py`, `no.md`, `no/`, `python -m x docs/no`; not `a/b`, `q4`, `OUT/<name>.py`, `x_*.py`, `/no.py`"
    )
    assert paths_named(text, {"sandbox", "docs"}) == ["sandbox/no.py", "no.md", "no", "docs/no"]


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", (PROJECT / page).read_text()))
    for link in links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (PROJECT / page).parent / path if path else PROJECT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_index_has_every_page() -> None:
    index = (PROJECT / "docs" / "README.md").read_text()
    assert [page.name for page in DOCS if page.name != "README.md" and f"({page.name})" not in index] == []


def test_the_readme_is_short_and_its_pictures_light() -> None:
    assert len((PROJECT / "README.md").read_text().splitlines()) <= LINES
    pictures = [*(PROJECT / "docs" / "images").iterdir()]
    assert [picture.name for picture in pictures if picture.stat().st_size > PICTURE] == []
    pages = "".join((PROJECT / page).read_text() for page in PAGES)
    assert [picture.name for picture in pictures if f"images/{picture.name})" not in pages] == []
