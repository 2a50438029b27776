"""`python -m autograder.docker`: make the image for `otter grade`, and grade with it."""

import argparse
import sys
from pathlib import Path

from autograder import assignment, docker, workers
from autograder.docker import batch
from autograder.handout import build as autograder_zip


def main() -> int:
    """Exit code: 0 done, 1 the run could not be done, 2 wrong usage."""
    options = _parser().parse_args()
    try:
        return int(options.run(options))
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m autograder.docker", description=__doc__)
    parser.add_argument("--base", default=docker.BASE, help=f"image of a Debian or Ubuntu (default: {docker.BASE})")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="make the image, unless it is there")
    build.set_defaults(run=_build)
    grade = commands.add_parser("grade", help="grade a folder of submissions in containers")
    grade.add_argument("--submissions", type=Path, help="the folder (default: the sample submissions)")
    grade.add_argument("--out", type=Path, default=Path("gradebook"), help="output folder (default: gradebook)")
    grade.add_argument("--autograder", type=Path, help="the zip (default: made from the master notebook)")
    grade.add_argument("--containers", type=workers.positive, help="containers at a time (default: as many as fit)")
    grade.add_argument(
        "--timeout", type=workers.positive, default=batch.TIMEOUT, help="seconds for each (default: %(default)s)"
    )
    grade.set_defaults(run=_grade)
    return parser


def _build(options: argparse.Namespace) -> int:
    print(docker.build(options.base))
    return 0


def _grade(options: argparse.Namespace) -> int:
    folder = options.submissions
    if folder is None:
        folder = assignment.write_samples(Path("dist") / "samples")
    if not folder.is_dir():
        print(f"error: there is no folder {folder}", file=sys.stderr)
        return 2
    base = docker.build(options.base)
    archive = options.autograder or autograder_zip.autograder(Path("dist"))
    batch.grade(folder, options.out, archive, base, options.containers, options.timeout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
