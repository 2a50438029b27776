"""`python -m autograder`: build handout and autograder, grade submissions, fetch data, look at this machine."""

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from autograder import assignment, workers
from autograder.gradebook import lms_export

INTERRUPTED = 130  # exit code, as a shell has it


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 the run could not be done, 2 wrong usage, 130 Ctrl-C."""
    options = _parser().parse_args(arguments)
    if options.assignment is not None:
        os.environ[assignment.VARIABLE] = str(options.assignment.resolve())
    try:
        assignment.current()
        return int(options.run(options))
    except KeyboardInterrupt:
        print("Interrupted; what was graded so far is kept.", file=sys.stderr)
        return INTERRUPTED
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (try --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m autograder", description=__doc__)
    parser.add_argument(
        "--assignment", type=Path, metavar="FOLDER", help="the practical (default: assignment/ of this project)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="make the handout or the autograder from the master notebook")
    build.add_argument("what", choices=("student", "autograder", "docs"))
    build.add_argument("--out", type=Path, default=Path("dist"), help="output folder (default: dist)")
    build.set_defaults(run=_build)
    grade = commands.add_parser("grade", help="grade a folder of .ipynb and .zip files")
    grade.add_argument("--submissions", type=Path, help="the folder (default: the sample submissions)")
    grade.add_argument("--out", type=Path, default=Path("gradebook"), help="output folder (default: gradebook)")
    where = grade.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs", type=workers.positive, help="submissions at a time (default: one a core, if memory allows)"
    )
    where.add_argument(
        "--scheduler", type=workers.address, metavar="ADDRESS", help="grade on the workers of this dask scheduler"
    )
    grade.add_argument("--only", default="", metavar="TEXT", help="just the submissions whose name holds this text")
    grade.add_argument("--force", action="store_true", help="also what was graded before and has not changed")
    grade.add_argument(
        "--unsafe", action="store_true", help="go on where this system cannot hold student code (it says what is open)"
    )
    grade.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="NAME",
        help="the marks of this submission count, whatever it does: you have looked at it; may be given several times",
    )
    grade.add_argument(
        "--fresh",
        action="store_true",
        help="start every kernel afresh instead of forking it: slower, the same marks",
    )
    grade.add_argument(
        "--brief", action="store_true", help="of hidden checks, feedback pages tell the title and the outcome only"
    )
    grade.add_argument("--format", choices=lms_export.FORMATS, help="also write the grades as this system takes them")
    grade.add_argument(
        "--ids", type=Path, metavar="FILE.csv", help="whose the submissions are, for --format (see docs/gradebook.md)"
    )
    grade.set_defaults(run=_grade)
    data = commands.add_parser("data", help="fetch what the practical works with, data and weights")
    data.add_argument("--from", dest="source", metavar="PATH|URL", help="a file, or a folder or mirror with both")
    data.set_defaults(run=_data)
    doctor = commands.add_parser("doctor", help="what this machine has of what grading needs")
    doctor.set_defaults(run=_doctor)
    _add_marks(commands)
    return parser


def _add_marks(commands: "argparse._SubParsersAction[_Parser]") -> None:
    review = commands.add_parser("review", help="open the marking desk on a gradebook: written answers, open checks")
    review.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    review.add_argument("--port", type=int, default=0, help="port (default: one that is free)")
    review.add_argument("--behind-https", default="", metavar="NAME", help="of the reverse proxy with TLS before it")
    review.set_defaults(run=_review)
    export = commands.add_parser("marks-export", help="write the marks of written answers as a table")
    export.add_argument("--file", type=Path, help="the table (default: OUT/marks.csv)")
    export.set_defaults(run=_export)
    take = commands.add_parser("marks-import", help="take over marks from a table, or decisions from another gradebook")
    take.add_argument(
        "--file", type=Path, required=True, help="a table that marks-export wrote, or a gradebook's folder"
    )
    take.add_argument("--by", default="", help="who marked (default: your name on this machine)")
    take.set_defaults(run=_import)
    for command in (review, export, take):
        command.add_argument("--out", type=Path, default=Path("gradebook"), help="the gradebook (default: gradebook)")


def _review(options: argparse.Namespace) -> int:
    from autograder.desk import server

    server.serve(options.out, options.host, options.port, options.behind_https)
    return 0


def _export(options: argparse.Namespace) -> int:
    from autograder.marks import by_table

    print(by_table.export(options.out, options.file or options.out / "marks.csv"))
    return 0


def _import(options: argparse.Namespace) -> int:
    from autograder.marks import by_table

    print(by_table.take(options.out, options.file, options.by))
    return 0


def _build(options: argparse.Namespace) -> int:
    from autograder.handout import build

    for remark in build.remarks():
        print(remark, file=sys.stderr)
    if options.what == "docs":
        for path in build.write_derived(build.PROJECT):
            print(path)
        return 0
    made = build.student(options.out) if options.what == "student" else build.autograder(options.out)
    print(made)
    return 0


def _grade(options: argparse.Namespace) -> int:
    from autograder import batch
    from autograder.gradebook import store
    from autograder.intake import submissions
    from autograder.sandbox import jail

    if options.ids is not None and options.format is None:
        print("error: --ids needs --format moodle, canvas or gradescope", file=sys.stderr)
        return 2
    try:
        ids = lms_export.read_ids(options.ids, options.format) if options.ids is not None else {}
    except lms_export.IdsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    folder = options.submissions
    if folder is None:
        folder = assignment.write_samples(Path("dist") / "samples")
        if stale := assignment.current().stale().get("samples"):
            print(stale, file=sys.stderr)
    problem = _folder_problem(folder) or _out_problem(options.out)
    if not problem and not submissions.find(folder, but=options.out):
        problem = f"{folder} holds no submission"
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    if not options.unsafe and options.scheduler is None and jail.missing():
        from autograder import doctor

        print(doctor.refusal(_as_make(options)), file=sys.stderr)
        return 1
    how = batch.Options(
        options.jobs,
        options.only,
        options.force,
        options.unsafe,
        tuple(options.trust),
        options.fresh,
        options.scheduler,
        options.brief,
    )
    console = Console()
    try:
        results = batch.grade_folder(folder, options.out, how, console)
    except batch.UnknownSubmission as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.format is not None:
        path, warnings = store.write_upload(results, options.out, options.format, ids)
        console.print(path, highlight=False, soft_wrap=True)
        for warning in warnings:
            console.print(f"Warning: {warning}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    return 0


def _as_make(options: argparse.Namespace) -> str:
    """What `make` was told, as it may be typed again."""
    given = {"SUBMISSIONS": options.submissions, "OUT": options.out if options.out != Path("gradebook") else None}
    return " ".join(["grade", *(f"{name}={shlex.quote(str(value))}" for name, value in given.items() if value)])


def _data(options: argparse.Namespace) -> int:
    fetch = assignment.current().fetch
    if fetch is None:
        print("Nothing is fetched: this practical brings its data with it.")
    else:
        fetch(options.source, print)
    return 0


def _doctor(_: argparse.Namespace) -> int:
    from autograder import doctor

    return doctor.show(Console())


def _folder_problem(folder: Path) -> str:
    if not folder.exists():
        return f"there is no folder {folder}"
    return "" if folder.is_dir() else f"{folder} is a file, not a folder of submissions"


def _out_problem(out: Path) -> str:
    return f"{out} is a file; --out names a folder" if out.exists() and not out.is_dir() else ""


if __name__ == "__main__":
    status = main()
    if status == INTERRUPTED:  # threads that still grade are not waited for; their kernels end with this process
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
