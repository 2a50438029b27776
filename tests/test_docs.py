"""Figures that README and docs repeat in a sentence are those of the generated page that they come from."""

import re
from pathlib import Path

import pytest

from autograder import calibration

PROJECT = Path(__file__).parents[1]
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ACCURACY, BENCHMARKS = "docs/grader-accuracy.md", "docs/benchmarks.md"


def text_of(page: str) -> str:
    """Its words, with single spaces."""
    return " ".join((PROJECT / page).read_text().split())


def found(page: str, pattern: str) -> tuple[str, ...]:
    match = re.search(pattern, text_of(page))
    assert match is not None, f"{page} has no {pattern}"
    return match.groups()


def test_how_often_the_grader_is_right() -> None:
    right, wrong, hostile = found(ACCURACY, r"\*\*together\*\* \| (\d+ of \d+) \| (\d+ of \d+) \| (\d+) of \d+ ")
    assert f"{right} right ones got every mark, {wrong} with a single fault" in text_of("README.md")
    assert f"of {hostile} attacks none got a mark" in text_of("README.md")


def test_how_fast_it_is() -> None:
    (rate,) = found(BENCHMARKS, r"make grade, 2 workers \d+ (\d+\.\d) ")
    (ratio,) = found(BENCHMARKS, r"has (\d+\.\d) times the throughput of otter run, 2 at a time")
    words = f"{float(rate):.0f} full solutions a minute on two cores, {WORDS[round(float(ratio))]} times as many as"
    assert words in text_of("README.md")


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
