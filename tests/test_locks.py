"""The lock files are in step with pyproject.toml and requirements.txt: every version, and a hash for each."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
ENTRY = re.compile(r"^(\S+)==(\S+?)(?: ; (.+?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE)
ELSEWHERE = {"appnope", "colorama", "pywinpty", "wheel"}  # for other systems, or of every virtual environment

Pins = dict[str, Requirement]


def project() -> tuple[Pins, Pins]:
    """What grading, and what developing asks for by name."""
    table = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return named(table["dependencies"]), named(table["optional-dependencies"]["dev"])


def named(lines: list[str]) -> Pins:
    found = (Requirement(line.partition("#")[0]) for line in lines)
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def lines_of(name: str) -> Pins:
    lines = (PROJECT / name).read_text().splitlines()
    return named([line for line in lines if line and not line.startswith("#")])


def locked(name: str) -> dict[str, tuple[str, str, frozenset[str]]]:
    """Package -> version, marker, hashes."""
    text = (PROJECT / "requirements" / f"{name}.txt").read_text()
    entries = ENTRY.findall(text)
    assert sum(line.count("==") and not line.startswith(" ") for line in text.splitlines()) == len(entries)
    return {
        canonicalize_name(package): (version, marker, frozenset(re.findall(r"--hash=(\S+)", hashes)))
        for package, version, marker, hashes in entries
    }


def version_of(pin: Requirement) -> str:
    return str(pin.specifier).removeprefix("==")


def test_every_version_is_that_of_requirements() -> None:
    pins = {name: version_of(pin) for name, pin in lines_of("requirements.txt").items()}
    developing = {name: version for name, (version, _, _) in locked("developing").items()}
    assert {name: version for name, version in developing.items() if name not in ELSEWHERE} == pins
    assert developing.keys() - pins.keys() <= ELSEWHERE


def test_all_that_is_asked_for_by_name_is_locked() -> None:
    needed, more = project()
    assert needed.keys() <= locked("grading").keys()
    assert more.keys() <= locked("developing").keys()


def test_what_grading_has_developing_has_too() -> None:
    grading, developing = locked("grading"), locked("developing")
    assert {name: grading[name][0] for name in grading} == {name: developing[name][0] for name in grading}
    assert all(grading[name][2] == developing[name][2] for name in grading)


def test_markers_are_those_of_the_project() -> None:
    """Other systems have no Landlock and no seccomp: their packages cannot be installed there."""
    pins, grading = lines_of("requirements.txt"), locked("grading")
    marked = {name: str(wanted.marker) for name, wanted in project()[0].items() if wanted.marker}
    assert marked.keys() == {"landlockpy", "pyseccomp"}
    for name, marker in marked.items():
        assert str(pins[name].marker) == marker
        assert grading[name][1].replace("'", '"') == marker


@pytest.mark.parametrize("name", ["grading", "developing"])
def test_hashes_are_whole_and_no_server_is_named(name: str) -> None:
    for package, (_, _, hashes) in locked(name).items():
        assert hashes, package
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes)
    assert "://" not in (PROJECT / "requirements" / f"{name}.txt").read_text()


def test_what_is_left_out_is_all_that_grading_lacks() -> None:
    """Every installed package of grading finds what it asks for, but for what is left out on purpose."""
    grading, left_out = locked("grading"), lines_of("requirements/left-out.txt").keys()
    assert not grading.keys() & left_out
    lacking = set()
    for name in grading:
        try:
            asked = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:  # of another system, or of another Python
            continue
        wanted = {canonicalize_name(r.name) for r in asked if r.marker is None or r.marker.evaluate({"extra": ""})}
        lacking |= wanted - grading.keys()
    assert lacking <= left_out
