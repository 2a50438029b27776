"""`make grade IN=docker`: a whole gradebook in one container, for systems that cannot hold student code themselves.

Runs on any Python, without .venv: on a Mac, on Windows, on an older Linux, with Docker or Podman. The project, the
submissions and Keras' data are mounted read only; the gradebook lands in its folder, owned by who asked for it.
With `review` as the first word it is `make review IN=docker`: the marking desk, for browsers of this machine only.
"""

import argparse
import hashlib
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parent.parent
CONTEXT = (PROJECT / "requirements.txt", FOLDER / "setup.sh", FOLDER / "Dockerfile")
BASE = "docker.io/library/debian:bookworm-slim"  # in full, or Podman asks which registry is meant
PYTHON = "/opt/tiny-vgg/bin/python"
ENGINES = ("docker", "podman")
PATIENCE = 20  # seconds for an engine to answer
LOOPBACK = "127.0.0.1"
DESK_PORT = 8000  # of the desk inside its container
PLACES = "submissions.json"  # where the submissions of a gradebook lie (autograder/gradebook/sources.py)


class EngineError(RuntimeError):
    """No container can be had; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: that of `python -m autograder` in the container; 1 if there is none, 2 for wrong usage."""
    arguments = sys.argv[1:] if arguments is None else arguments
    return _review(arguments[1:]) if arguments[:1] == ["review"] else _grade(arguments)


def _grade(arguments: list[str]) -> int:
    parser = _parser("make grade IN=docker")
    parser.add_argument("--submissions", type=Path, help="the folder (default: the sample submissions)")
    parser.add_argument("--ids", type=Path, help="whose the submissions are")
    options, others = parser.parse_known_args(arguments)
    problem = _problem(options)
    if problem:
        return _wrong(problem)

    def command(engine: str, is_terminal: bool) -> list[str]:
        return run_command(engine, options, others, is_terminal)

    status = _run(command, options, options.out, _cache())
    if options.submissions is not None and not options.print:
        _tell_places(options.out, options.submissions)
    return status


def _review(arguments: list[str]) -> int:
    parser = _parser("make review IN=docker")
    parser.add_argument("--host", default=LOOPBACK, help="this machine only")
    parser.add_argument("--port", type=int, default=0, help="port (default: one that is free)")
    options, others = parser.parse_known_args(arguments)
    if options.host not in (LOOPBACK, "localhost"):
        return _wrong("in a container the desk is for this machine only: leave HOST out, put a reverse proxy before it")
    if not (options.out / "results").is_dir():
        return _wrong(f"{options.out} holds no results: `make grade OUT={options.out}` makes a gradebook")
    try:
        port = _free_port(options.port)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        sentence = f"the desk cannot listen on {LOOPBACK}, port {options.port} ({why}): choose another one with PORT"
        print(f"error: {sentence}", file=sys.stderr)
        return 1

    def command(engine: str, is_terminal: bool) -> list[str]:
        return review_command(engine, options.out, port, others, is_terminal)

    return _run(command, options)


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gradebook"), help="the gradebook (default: gradebook)")
    parser.add_argument("--print", action="store_true", help="only say which command would be run")
    return parser


def _wrong(problem: str) -> int:
    print(f"error: {problem}", file=sys.stderr)
    return 2


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        if os.name == "posix":  # a port of a desk that was closed a moment ago is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))
        return int(probe.getsockname()[1])


def _run(command: Callable[[str, bool], list[str]], options: argparse.Namespace, *folders: Path) -> int:
    """Run a command in the image, which is built where there is none.

    Args:
        command: of an engine, with a terminal or without.
        options: those of every command.
        folders: made before, or the engine would make them as root.

    Returns:
        Its exit code; 1 where there is no engine or no image.
    """
    try:
        engine = find_engine()
        if options.print:
            print(shlex.join(command(engine, True)))
            return 0
        if subprocess.run([engine, "image", "inspect", image_name()], capture_output=True, check=False).returncode:
            build(engine)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    container = subprocess.Popen(command(engine, sys.stdin.isatty() and sys.stdout.isatty()))
    while True:
        try:
            status = container.wait()
        except KeyboardInterrupt:  # the container has got it too, and says what becomes of it
            continue
        if options.out in folders:
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
    variables = {"KERAS_HOME": "/keras", "XDG_CACHE_HOME": "/cache"}
    command = _container(engine, ["--network", "none"], mounts, variables, is_terminal)
    return [*command, "grade", *arguments, *others]


def review_command(engine: str, out: Path, port: int, others: list[str], is_terminal: bool) -> list[str]:
    """What opens the desk in a container, which browsers of this machine reach by a port."""
    place, notebooks = _desk_places(out)
    mounts = [(PROJECT, "/project", "ro"), *notebooks, (out, place, "rw")]
    at = f"{LOOPBACK}:{port}"
    command = _container(engine, ["--publish", f"{at}:{DESK_PORT}"], mounts, {"DESK_PUBLISHED": at}, is_terminal)
    return [*command, "review", "--out", place, "--host", "0.0.0.0", "--port", str(DESK_PORT), *others]


def _container(
    engine: str, network: list[str], mounts: list[tuple[Path, str, str]], variables: dict[str, str], is_terminal: bool
) -> list[str]:
    command = [engine, "run", "--rm", *network, "--workdir", "/tmp"]
    command += ["--interactive", "--tty"] if is_terminal else []
    if hasattr(os, "getuid"):  # Docker on Windows gives the caller what a container writes
        command += ["--user", f"{os.getuid()}:{os.getgid()}"]
        command += ["--userns", "keep-id"] if engine == "podman" and os.getuid() else []
    for path, place, mode in mounts:
        command += ["--volume", f"{path.resolve()}:{place}:{mode}"]
    for name, value in {
        "HOME": "/tmp",
        **variables,
        "PYTHONPATH": "/project:/project/assignment:/project/autograder/handed_out",
        "PYTHONDONTWRITEBYTECODE": "1",
    }.items():
        command += ["--env", f"{name}={value}"]
    return [*command, image_name(), PYTHON, "-m", "autograder"]


def _desk_places(out: Path) -> tuple[str, list[tuple[Path, str, str]]]:
    """Where the gradebook lies in the desk's container, and what is mounted so that its submissions are found there.

    The gradebook names them as seen from its own folder, so that both lie to each other as they do here.
    """
    own = out.absolute()
    folders = sorted({str(PurePosixPath(place).parent) for place in _places(out).values()})
    steps = max((PurePosixPath(folder).parts.count("..") for folder in folders), default=0)
    inside = PurePosixPath("/desk", *own.parts[1:][-max(steps, 1) :])
    mounts = [
        (found, os.path.normpath(inside / folder).replace("\\", "/"), "ro")
        for folder in folders
        if folder != "." and (found := Path(os.path.normpath(own / folder))).is_dir()
    ]
    return str(inside), mounts


def _places(out: Path) -> dict[str, str]:
    """Submission -> where it lies, as seen from the gradebook; empty where that is not known."""
    try:
        places = json.loads((out / PLACES).read_text("ascii"))["places"]
        return {str(name): str(place) for name, place in places.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _tell_places(out: Path, submissions: Path) -> None:
    """The container saw the submissions elsewhere: the gradebook is told where they lie here, for the marking desk."""
    seen = "../submissions/"
    places = _places(out)
    try:
        folder = Path(os.path.relpath(submissions.absolute(), out.absolute())).as_posix()
    except ValueError:  # on another drive of Windows
        return
    here = {
        name: f"{folder}/{place[len(seen) :]}" if place.startswith(seen) else place for name, place in places.items()
    }
    if here == places:
        return
    data = json.loads((out / PLACES).read_text("ascii")) | {"places": here}
    new = out / f".{PLACES}.new"
    new.write_text(json.dumps(data, indent=1) + "\n", "ascii")
    new.replace(out / PLACES)


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
