"""What hostile submissions may reach for: planted secrets, listeners and files; and what they left there."""

import contextlib
import hashlib
import os
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import PROJECT

FOLDER = PROJECT / "build" / "zoo" / "world"
SECRET_FILE = FOLDER / "secret.txt"
SERVICE = FOLDER / "service.sock"
WORD = "swordfish"  # in all that is secret; no honest result holds it
VARIABLE = "ZOO_SECRET"  # of the grader's environment
VICTIM = "hostile-victim"  # another submission of the batch
PORT = 47_113  # on loopback; TCP and UDP
ABSTRACT = "zoo-service"  # a Unix socket without a file
MARK = "hostile-"  # in the name of every attack
WATCHED = ("autograder", "assignment", "solutions", "tests", "Makefile", "pyproject.toml")
AT_WORK = {"__pycache__", "baselines"}  # folders into which others write meanwhile: imports, trainings at work


class World:
    """Plants, and afterwards tells which attack has been where."""

    def __init__(self, *watched: Path) -> None:
        self._watched = [*(PROJECT / name for name in WATCHED), *watched]
        self.heard: list[str] = []

    @contextmanager
    def planted(self) -> Iterator["World"]:
        """Everything is there within the block. Afterwards `traces` is worth looking at."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path in FOLDER.iterdir():
            path.unlink()
        SECRET_FILE.write_text(f"the {WORD} of the instructor")
        self._files = self._digests()
        os.environ[VARIABLE] = f"the {WORD} of the environment"
        try:
            with self._listeners():
                yield self
                time.sleep(2)  # what outlives its submission gets time to show
                self._left = self._changed_files() + _processes() + _strays()
        finally:
            del os.environ[VARIABLE]

    def traces(self) -> list[str]:
        """What was reached, changed or left: sentences, which hold the name of the attack where it is known."""
        return [f"a listener heard: {text}" for text in self.heard] + self._left

    def _changed_files(self) -> list[str]:
        now = self._digests()
        before = self._files
        changed = sorted(path for path in now.keys() | before.keys() if now.get(path) != before.get(path))
        return [f"a file was changed, made or removed: {path} {_tail(path)}" for path in changed]

    def _digests(self) -> dict[Path, str]:
        found = {}
        for root in (FOLDER, *self._watched):
            for path in [root, *root.rglob("*")]:
                if path.is_file() and not AT_WORK.intersection(path.parts):
                    status = path.stat()
                    state = (hashlib.sha256(path.read_bytes()).hexdigest(), status.st_mode, status.st_uid)
                    found[path] = f"{state} {status.st_mtime_ns}"
        return found

    @contextmanager
    def _listeners(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for family, kind, address in (
                (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", PORT)),
                (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", PORT)),
                (socket.AF_UNIX, socket.SOCK_STREAM, str(SERVICE)),
                (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{ABSTRACT}"),
                (socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{ABSTRACT}-messages"),
            ):
                listener = stack.enter_context(socket.socket(family, kind))
                if family == socket.AF_INET:
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
                thread = threading.Thread(target=self._listen, args=(listener,), daemon=True)
                if kind == socket.SOCK_STREAM:
                    listener.listen()
                listener.settimeout(0.2)
                self._open = True
                thread.start()
                stack.callback(thread.join)
            try:
                yield
            finally:
                self._open = False
        SERVICE.unlink(missing_ok=True)

    def _listen(self, listener: socket.socket) -> None:
        while self._open:
            with contextlib.suppress(TimeoutError):
                if listener.type == socket.SOCK_DGRAM:
                    self.heard.append(listener.recv(300).decode(errors="replace"))
                    continue
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(2)
                    self.heard.append("a connection: " + connection.recv(300).decode(errors="replace"))


def _tail(path: Path) -> str:
    """The end of a file, where an attack that has written to it leaves its name."""
    return repr(path.read_bytes()[-120:]) if path.is_file() else ""


def _strays() -> list[str]:
    """Scratch folders of this process, and files with the name of an attack where anybody may write."""
    own = f"-{os.getpid()}-"
    folders = [
        path for pattern in (f"tiny-vgg{own}*", f"k{own}*") for path in Path(tempfile.gettempdir()).glob(pattern)
    ]
    places = {Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path.home()}
    files = [path for place in places for path in place.glob(f"*{MARK}*")]
    return [f"something was left: {path}" for path in sorted({*folders, *files})]


def _processes() -> list[str]:
    """Processes with the name of an attack on their command line, or at home in a scratch folder of this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) in (os.getpid(), os.getppid()):
            continue
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if re.search(rf"{MARK}\w+-".encode(), command) or f"/grading-{os.getpid()}-" in os.readlink(folder / "cwd"):
                found.append(f"a process is left: {command.replace(bytes(1), b' ')[:300].decode(errors='replace')}")
    return found
