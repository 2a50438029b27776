"""A folder of submissions through the real `otter grade`, a container each."""

import csv
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from autograder.docker.run_otter import NO_JAIL, NO_ROOM
from autograder.intake import submissions
from autograder.results import OPEN
from autograder.sandbox.host import available_memory
from autograder.sanitize import cell, one_line

TIMEOUT = 1800  # seconds for one container
MEMORY = 4 * 2**30  # bytes that one may take
ASSIGNMENT = "tiny-vgg"
POSSIBLE = "points-per-question"  # the row of `final_grades.csv` that is no submission
REASONS = {  # exit code of a container -> what that means
    NO_ROOM: "The container had no memory, disk or core left; grade fewer at a time.",
    NO_JAIL: "On this system student code cannot be held safely in a container.",
}
GRADES, REVIEW, SUMMARIES = "final_grades.csv", "needs_review.txt", "grading-summaries"


def grade(
    folder: Path, out: Path, archive: Path, image: str, containers: int | None = None, timeout: int = TIMEOUT
) -> None:
    """Grade notebooks, zips and folders with one of them. Prints what Otter prints, and whom a person has to look at.

    Writes Otter's `final_grades.csv` and `grading-summaries/`, and `needs_review.txt`: whose marks there are not to be
    taken as they are, and why.

    Args:
        folder: of the submissions.
        out: where the files go.
        archive: `autograder.zip`.
        image: that the containers start from.
        containers: at a time; None: as many as fit.
        timeout: seconds for each.

    Raises:
        ValueError: the folder holds no submission.
        RuntimeError: `otter grade` failed.
    """
    paths = submissions.find(folder, but=out)
    if not paths:
        raise ValueError(f"{folder} holds no submission")
    rows: list[dict[str, str]] = []
    summaries: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary:
        staged = Path(temporary)
        review = _stage(paths, staged)
        for kind in ("ipynb", "zip"):
            if any(staged.glob(f"*.{kind}")):
                found = _otter_grade(staged, archive, image, kind, containers or how_many_fit(), timeout)
                rows += found[0]
                summaries |= found[1]
    possible = [row for row in rows if row["file"] == POSSIBLE][:1]
    graded = sorted((row for row in rows if row["file"] != POSSIBLE), key=lambda row: row["file"])
    for row in graded:
        reason = _why_open(row, summaries)
        print(f"{one_line(row['file'])}: {float(row['total_points_earned']):g} marks" + ("?" if reason else ""))
        if reason:
            review[row["file"]] = reason
    lines = [one_line(f"{name}: {review[name]}") for name in sorted(review)]
    for line in lines:
        print("Needs a person's look:", line)
    (out / SUMMARIES).mkdir(parents=True, exist_ok=True)
    for name, text in summaries.items():
        (out / SUMMARIES / name).write_text(text, "utf-8")
    with (out / GRADES).open("w", newline="", encoding="utf-8") as file:
        columns = list(dict.fromkeys(column for row in rows for column in row))  # a failed container has fewer
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "file": cell(row["file"])} for row in (*possible, *graded))
    (out / REVIEW).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print(out / GRADES, "", out / REVIEW)


def how_many_fit() -> int:
    """Containers at a time on this machine: one a core, as far as memory goes."""
    memory = available_memory()
    fit = os.cpu_count() or 1
    return max(1, fit if memory is None else min(fit, memory // MEMORY))


def _stage(paths: list[Path], staged: Path) -> dict[str, str]:
    """Put what can be read into a folder, in the two forms that Otter knows; name -> why it cannot be read."""
    unread = {}
    stems = [path.name if path.is_dir() else path.stem for path in paths]
    for path, stem in zip(paths, stems, strict=True):
        name = stem if stems.count(stem) == 1 else path.name
        try:
            submission = submissions.read(path)
        except (submissions.UnreadableSubmission, OSError) as reason:
            unread[path.name] = str(reason)
            continue
        notebook = submissions.write(submission.notebook)
        if not submission.extra_files:
            (staged / f"{name}.ipynb").write_bytes(notebook)
            continue
        with zipfile.ZipFile(staged / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}.ipynb", notebook)
            for extra, content in submission.extra_files.items():
                archive.writestr(extra, content)
    return unread


def _otter_grade(
    staged: Path, archive: Path, image: str, kind: str, containers: int, timeout: int
) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Run `otter grade` over the submissions of one kind; the rows of its `final_grades.csv`, and its summaries."""
    with tempfile.TemporaryDirectory() as temporary:
        command = [sys.executable, "-m", "otter", "grade", str(staged), "-v", "--summaries", "--no-network"]
        command += ["--name", ASSIGNMENT, "--autograder", str(archive), "--image", image, "--ext", kind]
        command += ["--output-dir", temporary, "--containers", str(containers), "--timeout", str(timeout)]
        done = subprocess.run(command, check=False)
        if done.returncode:
            raise RuntimeError(f"`otter grade` failed (exit code {done.returncode}); what it said is above")
        with (Path(temporary) / GRADES).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return rows, {p.name: p.read_text("utf-8") for p in (Path(temporary) / SUMMARIES).iterdir()}


def _why_open(row: dict[str, str], summaries: dict[str, str]) -> str:
    """Why a submission's marks wait for a person's look; empty where they do not."""
    status = row["grading_status"]
    if status != "Completed":
        code = re.search(r"Exit code: (\d+)", status)
        return REASONS.get(int(code[1]), status) if code else status
    summary = summaries[f"{Path(row['file']).stem}.txt"]
    found = re.findall(rf"^ *{OPEN} (.+\n.*)", summary, re.MULTILINE)
    first = " ".join(found[0].split()) if found else ""
    return f"{first} ({len(found)} checks are open)" if len(found) > 1 else first
