"""Grade the submission in /autograder/submission with Otter, inside a container.

Otter writes beside the tests, the submission and its own settings. Here it works on a copy, so that any user may grade,
and below a root that is read-only; what it says is put into /autograder/results at the end, after the student's last
process has ended.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

GIVEN = Path("/autograder")
HOME = Path("/opt/tiny-vgg")  # where setup.sh has put everything
NO_ROOM, NO_JAIL = 75, 77  # exit codes, in the numbers of sysexits.h: try again later; not permitted


def main() -> int:
    """Exit code: 0 graded; else there may be no results: `NO_ROOM`, `NO_JAIL`, 1 for any other reason."""
    problem = _problem()
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    work = Path(tempfile.mkdtemp(prefix="autograder-"))
    try:
        _prepare(work)
        from otter.run.run_autograder import main as run_autograder

        from autograder.sandbox import MachineError
        from autograder.sandbox.jail import JailError

        try:
            run_autograder(str(work))
        except MachineError as error:
            print(f"error: {error}. A container needs 4 GB and a core; grade fewer at a time", file=sys.stderr)
            return NO_ROOM
        except JailError as error:
            print(f"error: {error}", file=sys.stderr)
            return NO_JAIL
        finally:
            for name in ("results.json", "results.pkl"):
                if (work / "results" / name).exists():
                    shutil.copyfile(work / "results" / name, GIVEN / "results" / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


def _problem() -> str:
    """What this container lacks, and what to do; nothing: empty."""
    if not os.access("/tmp", os.W_OK):
        return f"user {os.geteuid()} cannot write to /tmp: start the container with --tmpfs /tmp"
    for folder in (GIVEN / "source", GIVEN / "submission"):
        for path in (folder, *folder.rglob("*")):
            if not os.access(path, os.R_OK):
                return f"user {os.geteuid()} cannot read {path}: change its rights, or start the container as root"
    if not os.access(GIVEN / "results", os.W_OK):
        return (
            f"user {os.geteuid()} cannot write to {GIVEN / 'results'}: mount a folder there that this user may change"
        )
    return ""


def _prepare(work: Path) -> None:
    """The layout that Otter expects, in a folder of our own."""
    for name in ("source", "submission"):
        shutil.copytree(GIVEN / name, work / name, symlinks=True)
    (work / "results").mkdir()
    metadata = GIVEN / "submission_metadata.json"  # Otter makes an empty file of it, and cannot read that
    text = metadata.read_text("utf-8") if metadata.exists() else ""
    (work / "submission_metadata.json").write_text(text or "{}", "utf-8")
    cache = HOME / "cache"
    if not os.access(cache / "tiny-vgg-practical", os.R_OK) and not os.access(cache, os.W_OK):
        cache = work / "cache"  # the data have to be decoded, or drawn, here
    os.environ |= {"HOME": str(work), "KERAS_HOME": str(HOME / "keras"), "XDG_CACHE_HOME": str(cache)}


if __name__ == "__main__":
    sys.exit(main())
