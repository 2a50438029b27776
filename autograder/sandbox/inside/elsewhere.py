"""Folders that the jail does not open, such as /tmp and /content: what is written there lands in a private folder, and
is found there again.

Python's own functions on files are led there, and with them NumPy, Pillow, Matplotlib, pandas and Keras; HDF5 and
TensorFlow's `gfile`, too. The jail itself is none the wider for it. Programs that a notebook starts, and what opens
files by other ways, find what they would find without this.
"""

import builtins
import functools
import io
import os
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev")
SCRATCH = (  # what the grader has put into the scratch folder
    *("connection.json", "data", "elsewhere", "home", "lib", "matplotlib", "pipes", "policy.json", "reason", "sockets"),
    "work",
)
READING = (
    *("access", "chdir", "chmod", "chown", "listdir", "lstat", "readlink", "remove", "rmdir", "scandir", "stat"),
    *("statvfs", "truncate", "unlink", "utime", "lchown", "getxattr", "listxattr", "removexattr", "setxattr"),
)
MAKING = ("mkdir", "mkfifo")
PAIRS = ("link", "rename", "replace", "symlink")
FOUND_AGAIN = ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks")

_make = os.makedirs


def lead(scratch: Path) -> None:
    """From now on, whatever lies neither in the scratch folder nor where packages and the system are lies elsewhere.

    Args:
        scratch: the scratch folder; its folder elsewhere/ takes what is written.
    """
    where = _Elsewhere(scratch)
    replaced = where.opens(builtins.open)
    builtins.open = io.open = replaced
    interactive = sys.modules.get("IPython.core.interactiveshell")
    if interactive is not None:
        interactive.io_open = replaced  # type: ignore[attr-defined]  # what a notebook's own `open` calls
    for names, paths, makes in ((READING, 1, False), (MAKING, 1, True), (PAIRS, 2, True)):
        for name in filter(vars(os).get, names):
            _replace(name, where.wrap(getattr(os, name), paths, lambda *_, makes=makes: makes))
    _replace("open", where.wrap(os.open, 1, lambda _, flags=0, *__: bool(flags & os.O_CREAT)))
    _lead_hdf5(where)
    _lead_gfile(where)


def _replace(name: str, function: Callable[..., Any]) -> None:
    for names in (getattr(os, group) for group in FOUND_AGAIN):
        if getattr(os, name) in names:
            names.add(function)
    setattr(os, name, function)


def _lead_hdf5(where: "_Elsewhere") -> None:
    try:
        from h5py import File
    except ImportError:
        return
    opens = File.__init__

    @functools.wraps(opens)
    def start(self: Any, name: Any, mode: str = "r", *args: Any, **options: Any) -> None:
        opens(self, where.of(name, makes=mode != "r"), mode, *args, **options)

    File.__init__ = start


def _lead_gfile(where: "_Elsewhere") -> None:
    try:
        from tensorflow.python.lib.io import _pywrap_file_io as file_io
    except ImportError:
        return
    for name, function in vars(file_io).copy().items():
        if callable(function) and not name.startswith("_") and name not in ("FileStatistics", "TransactionToken"):
            makes = name not in ("BufferedInputStream", "FileExists", "IsDirectory")
            paths = 2 if name in ("CopyFile", "RenameFile") else 1
            setattr(file_io, name, where.wrap(function, paths, lambda *_, makes=makes: makes))


class _Elsewhere:
    """Where paths lead.

    Args:
        scratch: the scratch folder.
    """

    def __init__(self, scratch: Path) -> None:
        self._folder = os.path.join(scratch, "elsewhere")
        packages = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}
        inside = [os.path.join(scratch, name) for name in SCRATCH]
        self._kept = tuple(path.rstrip("/") + "/" for path in (*SYSTEM, *packages, *inside))
        self._scratch = str(scratch)

    def of(self, path: Any, makes: bool = False) -> Any:
        """The path that it leads to; itself, where the jail may open it or it is no path.

        Args:
            path: as given; texts, bytes and path-like objects are looked at.
            makes: whether a file may be made there. The folders above it are made, too, if it lies elsewhere.
        """
        if isinstance(path, bytes):
            return os.fsencode(self.of(os.fsdecode(path), makes))
        if not isinstance(path, str | os.PathLike):
            return path
        text = os.fspath(path)
        if not isinstance(text, str) or "\0" in text or not (text.startswith("/") or ".." in text):
            return path
        whole = "/" + os.path.normpath(text if text[0] == "/" else os.path.join(os.getcwd(), text)).lstrip("/")
        if whole == self._scratch or (whole + "/").startswith(self._kept):
            return path
        new = self._folder + whole.rstrip("/")
        if makes:
            _make(os.path.dirname(new), exist_ok=True)
        return new

    def wrap(self, function: Callable[..., Any], paths: int, makes: Callable[..., bool]) -> Callable[..., Any]:
        """A function on files whose first arguments are paths; `makes` says by all of them whether it makes one."""

        @functools.wraps(function)
        def led(*args: Any, **options: Any) -> Any:
            if options.get("dir_fd") is not None or options.get("src_dir_fd") is not None:
                return function(*args, **options)
            new = [self.of(path, makes(*args)) for path in args[:paths]]
            names = {name: self.of(options[name]) for name in ("path", "src", "dst") if name in options}
            with _ShownAs(dict(zip(new, args, strict=False))):
                return function(*new, *args[paths:], **options | names)

        return led

    def opens(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`open`, led."""

        @functools.wraps(function)
        def led(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
            new = self.of(file, makes=isinstance(mode, str) and any(letter in mode for letter in "wax"))
            with _ShownAs({new: file}):
                return function(new, mode, *args, **options)

        return led


class _ShownAs:
    """Errors name files as they were given."""

    def __init__(self, names: dict[Any, Any]) -> None:
        self._names = names

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, OSError):
            error.filename = self._names.get(error.filename, error.filename)
            if error.filename2 is not None:
                error.filename2 = self._names.get(error.filename2, error.filename2)
