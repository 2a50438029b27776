"""Grade a large class at once, then once more with the grader killed now and then: `make endurance [N=1000]`.

The class is a mix of the zoo's right and wrong entries and of damaged files, in an order that a seed gives; it lies in
build/endurance/class. It is graded twice into gradebooks that have the same secret: in one run, while memory, open
files and ended children are looked at; and in runs of which five are killed by SIGKILL at random moments. Then both
gradebooks must be the same, byte for byte, the times of grading aside. Exit code 1 if they are not.
Where time is short, `make endurance PART=whole` does the first run only, PART=killed later the others. PART=desk grades
the class of the first run anew while somebody marks at the desk: no mark may be lost, and nothing else be different.
"""

import argparse
import base64
import io
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.image
import nbformat
import numpy as np
import psutil
from answers import RIGHT, WRONG
from answers.entries import whole
from at_the_desk import TOKEN, Person
from rich.progress import track
from support import PROJECT

from autograder.desk import app
from autograder.gradebook import store
from autograder.intake import submissions
from autograder.marks import book
from autograder.marks.decisions import Log
from zoo import notebooks

FOLDER = PROJECT / "build" / "endurance"
CLASS, WHOLE, KILLED, OPEN = FOLDER / "class", FOLDER / "whole", FOLDER / "killed", FOLDER / "open"
PICTURE_SIZE = 280  # pixels; so much noise is a picture of a quarter of a megabyte
DAMAGED_EVERY = 10
KILLS = 5
LOOK = 2.0  # seconds between two looks at the grader, and between two marks of a person
COMMENT = "Marked while the class was graded."
MOMENTS = (0.1, 0.25, 0.5, 0.75, 1.0)  # shares of the class at which memory is told


def main() -> int:
    """Exit code: 0 both gradebooks are the same, 1 they are not or something was left running."""
    parser = argparse.ArgumentParser(prog="python -m zoo.endurance", description="grade a large class")
    parser.add_argument("--n", type=int, default=1000, metavar="N", help="submissions (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="of the mix and of the moments of the kills")
    parts = ("whole", "killed", "desk")
    parser.add_argument("--part", choices=parts, help="the first run only, or only one of those that come after it")
    options = parser.parse_args()
    if options.part in (None, "whole"):
        grade_at_once(options.n, options.seed)
    elif not (WHOLE / "grades.csv").exists():
        parser.error("there is no first run to compare with: PART=whole makes it")
    if options.part == "whole":
        return 0
    return grade_with_the_desk_open(options.seed) if options.part == "desk" else grade_killed(options.seed)


def grade_at_once(n: int, seed: int) -> None:
    """Write the class and grade it in one run."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    write_class(CLASS, n, random.Random(seed))
    start = time.monotonic()
    looks = list(grade(CLASS, WHOLE))
    seconds = time.monotonic() - start
    print(f"{n} submissions in {seconds / 60:.1f} min, {60 * n / seconds:.1f} a minute")
    tell(looks, n)


def grade_killed(seed: int) -> int:
    """Grade the same class in runs that are killed, and compare.

    Returns:
        The exit code.
    """
    shutil.rmtree(KILLED, ignore_errors=True)
    KILLED.mkdir()
    shutil.copy(WHOLE / "secret", KILLED / "secret")
    n = len(list(CLASS.iterdir()))
    moments = sorted(random.Random(f"kills {seed}").sample(range(1, n), KILLS))
    left = [kill_at(CLASS, KILLED, done) for done in moments]
    print(f"killed {KILLS} times, with {', '.join(str(number) for number, _ in left)} results written")
    list(grade(CLASS, KILLED))
    strays = [stray for _, some in left for stray in some]
    differing = differences(WHOLE, KILLED)
    for name in (*differing[:20], *strays):
        print(name)
    print(f"{len(differing)} of {len(files(WHOLE))} files differ; {len(strays)} processes were left by killed runs")
    return 1 if differing or strays else 0


def grade_with_the_desk_open(seed: int) -> int:
    """Grade the same class anew in a copy of the first gradebook, while a person marks, and compare.

    Returns:
        The exit code.
    """
    shutil.rmtree(OPEN, ignore_errors=True)
    shutil.copytree(WHOLE, OPEN)
    person = Person(app.make(OPEN, app.Door(TOKEN)).test_client(), "endurance")
    names = [result.submission for result in store.read_results(OPEN)]
    answers = {name: rubric.items[0].id for name, rubric in book.rubrics().items()}
    draw = random.Random(f"desk {seed}")
    saved = []
    process = _started(CLASS, OPEN, "--force")
    while process.poll() is None:
        target = (draw.choice(names), draw.choice(list(answers)))
        answer = person.mark(target[0], target[1], comment=COMMENT, **{f"item-{answers[target[1]]}": "1"})
        if answer.status_code != 303:
            raise RuntimeError(f"the desk did not save: {answer.get_data(as_text=True)[-500:]}")
        saved.append((target[0], f"written:{target[1]}"))
        time.sleep(LOOK)
    if process.returncode:
        raise RuntimeError(f"the grader ended with exit code {process.returncode}")
    store.write_again(OPEN)  # what was marked in the last moment is on no page yet
    kept = [(one.submission, one.target) for one in Log(OPEN).decisions()]
    unwritten = [name for name, _ in saved if COMMENT not in _feedback(name)]
    (OPEN / "decisions").rename(FOLDER / "decisions-of-open")  # all else is as if nobody had marked
    differing = differences(WHOLE, OPEN)
    shutil.rmtree(FOLDER / "decisions-of-open")
    for name in (*unwritten[:20], *differing[:20]):
        print(name)
    print(
        f"{len(saved)} marks were given meanwhile: {len(saved) - len(kept)} are lost, {len(unwritten)} are on no page; "
        f"{len(differing)} of {len(files(WHOLE))} files differ"
    )
    return 1 if kept != saved or unwritten or differing else 0


def _feedback(submission: str) -> str:
    return (OPEN / "feedback" / f"{store.safe_name(submission)}.html").read_text("utf-8")


# ---- the class ----


def write_class(folder: Path, n: int, rng: random.Random) -> None:
    """Entries of the zoo in a random order, each with a remark and a picture that no other has, every tenth cut off."""
    folder.mkdir(parents=True)
    entries = whole((*RIGHT, *WRONG))
    chosen = [entry for _ in range(-(-n // len(entries))) for entry in rng.sample(entries, len(entries))][:n]
    for number, entry in enumerate(track(chosen, "writing the class")):
        notebook = notebooks.make(entry)
        notebook.cells.append(nbformat.v4.new_markdown_cell(f"Handed in as number {number}."))
        last = next(cell for cell in reversed(notebook.cells) if cell.cell_type == "code")
        last.outputs = [*last.outputs, nbformat.v4.new_output("display_data", data={"image/png": _picture(rng)})]
        content = submissions.write(notebook)
        if number % DAMAGED_EVERY == 0:
            content = content[: len(content) // 2]
        (folder / f"{number:04}-{entry.name}.ipynb").write_bytes(content)


def _picture(rng: random.Random) -> str:
    """A PNG file of noise, in base64."""
    pixels = np.frombuffer(rng.randbytes(PICTURE_SIZE**2), np.uint8).reshape(PICTURE_SIZE, PICTURE_SIZE)
    file = io.BytesIO()
    matplotlib.image.imsave(file, pixels, cmap="gray", format="png")
    return base64.b64encode(file.getvalue()).decode()


# ---- grading, looked at ----


@dataclass(frozen=True)
class Look:
    """At a grader at work: results so far, its memory and that of all processes (MiB, not shared), files, zombies."""

    done: int
    own: float
    all: float
    files: int
    zombies: int


def _started(folder: Path, out: Path, *options: str) -> psutil.Popen:
    command = [sys.executable, "-m", "autograder", "grade", "--submissions", str(folder), "--out", str(out), *options]
    return psutil.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, start_new_session=True)


def _results(out: Path) -> int:
    return len(list((out / "results").glob("*.json")))


def grade(folder: Path, out: Path) -> Iterator[Look]:
    """Grade to the end.

    Raises:
        RuntimeError: the grader failed.
    """
    process = _started(folder, out)
    while process.poll() is None:
        time.sleep(LOOK)
        try:
            children = process.children(recursive=True)
            memory = [_unshared(child) for child in children]
            zombies = sum(child.status() == psutil.STATUS_ZOMBIE for child in children if child.is_running())
            own = _unshared(process)
            yield Look(_results(out), own, own + sum(memory), process.num_fds(), zombies)
        except psutil.Error:  # it has ended
            continue
    if process.returncode:
        raise RuntimeError(f"the grader ended with exit code {process.returncode}")


def _unshared(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().uss) / 2**20
    except psutil.Error:  # it has ended
        return 0.0


def tell(looks: list[Look], n: int) -> None:
    """What was seen, at a few moments: of the five looks before each the most."""
    print(f"{'results':>8} {'grader MiB':>11} {'all MiB':>8} {'files':>6} {'zombies':>8}")
    for moment in MOMENTS:
        until = [look for look in looks if look.done <= moment * n][-5:]
        if until:
            most = [max(getattr(look, name) for look in until) for name in ("done", "own", "all", "files", "zombies")]
            print("{:8.0f} {:11.0f} {:8.0f} {:6.0f} {:8.0f}".format(*most))


def kill_at(folder: Path, out: Path, done: int) -> tuple[int, list[str]]:
    """Grade until so many results are there, then SIGKILL.

    Returns:
        How many there were, and what was left running half a minute later, as command lines.

    Raises:
        RuntimeError: the grader ended by itself.
    """
    process = _started(folder, out)
    while _results(out) < done:
        if process.poll() is not None:
            raise RuntimeError(f"the grader ended before it had {done} results, with exit code {process.returncode}")
        time.sleep(0.05)
    children = process.children(recursive=True)
    process.kill()
    process.wait()
    found = _results(out)
    _, alive = psutil.wait_procs(children, timeout=30)
    return found, [" ".join(one.cmdline())[:200] for one in alive if one.is_running()]


# ---- comparing ----


def files(out: Path) -> list[Path]:
    """Of a gradebook, relative to its folder."""
    return sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())


def differences(one: Path, other: Path) -> list[str]:
    """Names of files that only one gradebook has, or that differ when every time of grading is nought."""
    with tempfile.TemporaryDirectory() as temporary:
        timeless = [_timeless(out, Path(temporary, name)) for name, out in (("one", one), ("other", other))]
        names = sorted({*files(timeless[0]), *files(timeless[1])})
        return [str(name) for name in names if len({_content(out / name) for out in timeless}) > 1]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _timeless(out: Path, target: Path) -> Path:
    """A copy of a gradebook in which grading took no time."""
    shutil.copytree(out, target)
    results = [replace(result, seconds=0.0) for result in store.read_results(out)]
    for result in results:
        os.remove(target / "results" / f"{store.safe_name(result.submission)}.json")
        store.write_result(result, target)
    store.write_summary(results, target, "the data")
    return target


if __name__ == "__main__":
    sys.exit(main())
