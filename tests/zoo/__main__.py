"""Grade the zoo: `python -m zoo [--all] [--only TEXT] [--group GROUP] [--jobs N] [--force]`, tests/ on the path.

A spread of the entries over all questions (`--all`: every one) become notebooks in build/zoo/, which are graded as
`make grade` grades any folder; then what each got is held against what it must get. docs/grader-accuracy.md is
written unless `--only` or `--group` was said. Exit code 1 if any entry falls short.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from answers import RIGHT, WRONG, records
from answers.entries import Entry, spread, whole
from rich.console import Console
from rich.progress import track
from support import PROJECT

from autograder import batch
from autograder.intake import submissions
from autograder.results import SubmissionResult
from zoo import accuracy, hostile, notebooks
from zoo.hostile import judging
from zoo.hostile.attack import Attack
from zoo.hostile.world import VICTIM, World

ENOUGH = {"equivalent": 80, "wrong": 200, "hostile": 60}
GROUPS: dict[str, Sequence[Entry]] = {"equivalent": whole(RIGHT), "wrong": whole(WRONG)}
SPREAD = {"equivalent": 5, "wrong": 14}  # entries a question that are graded by default; hostile ones all are
OF_NOTEBOOKS = 8  # entries about whole notebooks
BLIND = sorted((Path(__file__).parent / "blind").glob("*.ipynb"))
FOLDER = PROJECT / "build" / "zoo"
PAGE = PROJECT / "docs" / "grader-accuracy.md"


def main() -> int:
    """Exit code: 0 every entry got its marks, 1 some did not, or there are too few."""
    parser = argparse.ArgumentParser(prog="python -m zoo", description="grade the zoo")
    parser.add_argument("--all", action="store_true", help="every entry, not just a spread of them")
    parser.add_argument("--only", default="", metavar="TEXT", help="just the entries whose name holds this text")
    parser.add_argument("--group", choices=(*GROUPS, "hostile"), help="just this one")
    parser.add_argument(
        "--bare",
        action="store_true",
        help="right and wrong entries without a picture in their outputs, which must change no mark; writes no page",
    )
    parser.add_argument("--jobs", type=int, help="submissions at a time (default: one a core)")
    parser.add_argument("--force", action="store_true", help="also what was graded before and has not changed")
    arguments = parser.parse_args()
    options = batch.Options(arguments.jobs, force=arguments.force)
    console = Console()
    chosen = {
        group: list(entries) if arguments.all or arguments.only else _spread(group)
        for group, entries in GROUPS.items()
        if arguments.group in (None, group)
    }
    outcomes = {
        group: _grade(
            group,
            [e for e in entries if arguments.only in e.name],
            arguments.only,
            options,
            console,
            arguments.bare,
        )
        for group, entries in chosen.items()
    }
    has_hostile = arguments.group in (None, "hostile") and not arguments.bare
    attacks = [attack for attack in hostile.ATTACKS if has_hostile and arguments.only in attack.name]
    outcomes["hostile"], traces = _attack(attacks, options, console)
    for outcome in (o for group in outcomes.values() for o in group if o.faults):
        console.print(f"\n{outcome.entry.name}: {outcome.entry.did}", style="bold", markup=False, highlight=False)
        for fault in outcome.faults:
            console.print(f"  {fault}", markup=False, highlight=False)
    for trace in traces:
        console.print(f"\nof an unknown attack: {trace}", style="bold red", markup=False, highlight=False)
    is_whole = not arguments.only and not arguments.bare and arguments.group is None
    if is_whole:
        PAGE.write_text(accuracy.page(outcomes, {group: len(entries) for group, entries in GROUPS.items()}))
        console.print(f"\nwrote {PAGE.relative_to(PROJECT)}")
    good = {group: sum(not o.faults for o in found) for group, found in outcomes.items()}
    print(", ".join(f"{group} {good[group]}/{len(found)}" for group, found in outcomes.items()))
    enough = not is_whole or (not traces and all(len(outcomes[group]) >= number for group, number in ENOUGH.items()))
    return 0 if enough and all(good[group] == len(found) for group, found in outcomes.items()) else 1


def _spread(group: str) -> list[Entry]:
    """A spread over all questions, and every run record."""
    others = [entry for entry in GROUPS[group] if entry not in records.ENTRIES]
    return [*spread(others, SPREAD[group], OF_NOTEBOOKS), *(e for e in GROUPS[group] if e in records.ENTRIES)]


def _grade(
    group: str, chosen: Sequence[Entry], only: str, options: batch.Options, console: Console, bare: bool
) -> list[accuracy.Outcome]:
    entries = {entry.name: entry for entry in chosen}
    name_of_folder = f"{group}-bare" if bare else group
    folder = FOLDER / name_of_folder
    _write(folder, entries, {p.stem: p for p in BLIND if group == "equivalent" and only in p.stem}, bare)
    if not any(folder.iterdir()):
        return []
    results: dict[str, SubmissionResult] = {
        result.submission: result
        for result in batch.grade_folder(folder, FOLDER / f"graded-{name_of_folder}", options, console)
    }
    for name in results.keys() - entries.keys():
        entries[name] = Entry("all", name, "a whole notebook, written without sight of the solution", ())
    return [accuracy.judge(entry, results[name]) for name, entry in entries.items()]


def _attack(
    attacks: Sequence[Attack], options: batch.Options, console: Console
) -> tuple[list[accuracy.Outcome], list[str]]:
    """Grade hostile submissions in a world full of things to steal; also traces that name no attack."""
    if not attacks:
        return [], []
    folder, out = FOLDER / "hostile", FOLDER / "graded-hostile"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = {attack.name: attack.file() for attack in track(attacks, "writing hostile")}
    for name, content in files.values():
        (folder / name).write_bytes(content)
    (folder / f"{VICTIM}.ipynb").write_bytes(submissions.write(hostile.victim()))
    world = World(folder)
    names = {name: Path(file).stem for name, (file, _) in files.items()}
    trusted = tuple(names[attack.name] for attack in attacks if attack.trusted)
    with world.planted():
        graded = batch.grade_folder(folder, out, replace(options, trust=trusted, limits=hostile.LIMITS), console)
    results = {result.submission: result for result in graded}
    traces = world.traces()
    found = [judging.judge(attack, results[names[attack.name]], out, traces) for attack in attacks]
    return found, [trace for trace in traces if not any(attack.name in trace for attack in attacks)]


def _write(folder: Path, entries: dict[str, Entry], blind: dict[str, Path], bare: bool) -> None:
    """The submissions as files, and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.stem not in entries.keys() | blind.keys():
            path.unlink()
    for name, entry in track(entries.items(), f"writing {folder.name}"):
        _write_one(folder / f"{name}.ipynb", notebooks.make(entry), bare)
    for name, path in blind.items():
        notebook = nbformat.read(path, as_version=4)
        notebooks.publish_own(notebook)
        _write_one(folder / f"{name}.ipynb", notebook, bare)


def _write_one(path: Path, notebook: Any, bare: bool) -> None:
    if not bare:  # handed in with its outputs, as the handout asks
        notebooks.add_picture(notebook)
    path.write_bytes(submissions.write(notebook))


if __name__ == "__main__":
    sys.exit(main())
