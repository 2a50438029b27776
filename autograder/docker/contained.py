"""`make grade IN=docker`: a whole gradebook in one container, for systems that cannot hold student code themselves.

Runs on any Python, without .venv: on a Mac, on Windows, on an older Linux, with Docker or Podman. The project, the
submissions and Keras' data are mounted read only; the gradebook lands in its folder, owned by who asked for it.
"""

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parent.parent
CONTEXT = (PROJECT / "requirements.txt", FOLDER / "setup.sh", FOLDER / "Dockerfile")
BASE = "docker.io/library/debian:bookworm-slim"  # in full, or Podman asks which registry is meant
PYTHON = "/opt/tiny-vgg/bin/python"
ENGINES = ("docker", "podman")
PATIENCE = 20  # seconds for an engine to answer


class EngineError(RuntimeError):
    """No container can be had; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: that of `python -m autograder grade` in the container; 1 if there is none, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="make grade IN=docker", description=__doc__)
    parser.add_argument("--submissions", type=Path, help="the folder (default: the sample submissions)")
    parser.add_argument("--out", type=Path, default=Path("gradebook"), help="output folder (default: gradebook)")
    parser.add_argument("--ids", type=Path, help="whose the submissions are")
    parser.add_argument("--print", action="store_true", help="only say which commands would be run")
    options, others = parser.parse_known_args(arguments)
    problem = _problem(options)
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    try:
        engine = find_engine()
        if options.print:
            print(shlex.join(run_command(engine, options, others, is_terminal=True)))
            return 0
        if subprocess.run([engine, "image", "inspect", image_name()], capture_output=True, check=False).returncode:
            build(engine)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    _cache().mkdir(parents=True, exist_ok=True)
    container = subprocess.Popen(run_command(engine, options, others, sys.stdin.isatty() and sys.stdout.isatty()))
    while True:
        try:
            status = container.wait()
        except KeyboardInterrupt:  # the container has got it too, and says what becomes of it
            continue
        print(f"/out is {options.out.resolve()}")
        return status


def find_engine() -> str:
    """The command of an engine that answers.

    Raises:
        EngineError: there is none.
    """
    reasons = []
    for name in ENGINES:
        if shutil.which(name) is None:
            continue
        try:
            done = subprocess.run([name, "info"], capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            reasons.append(f"{name} does not answer")
            continue
        if done.returncode == 0:
            return name
        reasons.append(f"{name}: {(done.stderr.strip() or 'it does not run').splitlines()[-1]}")
    raise EngineError(
        "; ".join(reasons) or "there is neither Docker nor Podman here: install one (docs/instructors.md)"
    )


def image_name() -> str:
    """Name and tag of the image of these requirements."""
    digest = hashlib.sha256(BASE.encode())
    for path in CONTEXT:
        digest.update(path.read_bytes())
    return f"tiny-vgg-whole:{digest.hexdigest()[:12]}"


def build(engine: str) -> None:
    """Make the image of `make image`, but for the data, which this machine's Keras has or has not.

    Raises:
        EngineError: it could not be made; the engine has said why.
    """
    with tempfile.TemporaryDirectory() as context:
        for path in CONTEXT:
            shutil.copy(path, context)
        (Path(context) / "data").mkdir()
        done = subprocess.run(build_command(engine, context), check=False)
    if done.returncode:
        raise EngineError(f"the image could not be made on {BASE} (exit code {done.returncode})")


def build_command(engine: str, context: str) -> list[str]:
    """What builds the image of the files in a folder."""
    return [engine, "build", "--build-arg", f"BASE={BASE}", "--tag", image_name(), context]


def run_command(engine: str, options: argparse.Namespace, others: list[str], is_terminal: bool) -> list[str]:
    """What grades in a container: Docker's own limits are enough for the jail, and no network is needed."""
    command = [engine, "run", "--rm", "--network", "none", "--workdir", "/tmp"]
    command += ["--interactive", "--tty"] if is_terminal else []
    if hasattr(os, "getuid"):  # Docker on Windows gives the caller what a container writes
        command += ["--user", f"{os.getuid()}:{os.getgid()}"]
        command += ["--userns", "keep-id"] if engine == "podman" and os.getuid() else []
    mounts = [(PROJECT, "/project", "ro"), (options.out, "/out", "rw"), (_cache(), "/cache/tiny-vgg-practical", "rw")]
    arguments = ["--out", "/out"]
    if options.submissions is not None:
        mounts.append((options.submissions, "/submissions", "ro"))
        arguments += ["--submissions", "/submissions"]
    if options.ids is not None:
        mounts.append((options.ids, "/ids.csv", "ro"))
        arguments += ["--ids", "/ids.csv"]
    if _keras().is_dir():
        mounts.append((_keras(), "/keras", "ro"))
    for path, place, mode in mounts:
        command += ["--volume", f"{path.resolve()}:{place}:{mode}"]
    for name, value in {
        "HOME": "/tmp",
        "KERAS_HOME": "/keras",
        "XDG_CACHE_HOME": "/cache",
        "PYTHONPATH": "/project:/project/assignment:/project/autograder/handed_out",
        "PYTHONDONTWRITEBYTECODE": "1",
    }.items():
        command += ["--env", f"{name}={value}"]
    return [*command, image_name(), PYTHON, "-m", "autograder", "grade", *arguments, *others]


def _problem(options: argparse.Namespace) -> str:
    if options.submissions is not None and not options.submissions.is_dir():
        return f"there is no folder {options.submissions}"
    if options.ids is not None and not options.ids.is_file():
        return f"there is no file {options.ids}"
    return f"{options.out} is a file; --out names a folder" if options.out.is_file() else ""


def _keras() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def _cache() -> Path:
    """Where decoded data are kept between runs, as without a container."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tiny-vgg-practical"


if __name__ == "__main__":
    sys.exit(main())
