"""Notes what a notebook does that no answer needs: reaching for the agent, frames of callers, memory of the process.

Python's audit events tell of it. A hook that was added cannot be removed, and is found by nobody who does not go
through the memory of the process, which is noted itself. So the hook is also where the agent lives: an event whose
name only the judge knows lets it answer.
"""

import functools
import inspect
import logging
import os
import site
import sys
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any

MAX_DEEDS = 50
_absolute = os.path.abspath
MAX_LINE = 300  # characters
FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}
CODE = {"__code__"}
DEFAULTS = {"__defaults__", "__kwdefaults__"}
DEEDS = {  # audit event -> what it does; where it depends on what is asked for, see `_what`
    "sys._getframe": "looks at the frames of its callers",
    "sys._current_frames": "looks at the frames of all threads",
    "sys._current_exceptions": "looks at the frames of all threads",
    "sys.addaudithook": "listens to Python's audit events",
    "gc.get_objects": "goes through all objects of the process",
    "gc.get_referrers": "looks for what refers to an object",
    "gc.get_referents": "goes through what an object refers to",
    "code.__new__": "makes code objects",
    "function.__new__": "makes functions of code objects",
    "object.__getattr__": "",
    "object.__setattr__": "",
    "open": "",
    "compile": "",
}
MEMORY = "ctypes."  # how the names of these events begin
READS_MEMORY = "reads and writes the memory of the process"


class Watch:
    """What is noted, and who is asked.

    Args:
        report: takes a sentence's end, such as "makes code objects".
        event: name of the event by which the judge lets the agent answer.
        serve: what answers, given the event's arguments.
        ours: folders and files of the grader's that a notebook does not open.
        libraries: folders of packages: what their code does on its own account is not noted.
    """

    def __init__(
        self,
        report: Callable[[str], None],
        event: str,
        serve: Callable[..., None],
        ours: Sequence[str],
        libraries: Sequence[str],
    ) -> None:
        self._report, self._event, self._serve = report, event, serve
        self._ours, self._libraries = tuple(ours), tuple(libraries)
        self._noted: set[str] = set()
        self._pass_on = _pass_on()

    def begin(self) -> None:
        """From now on, for the life of the process."""
        noted, deeds, event, serve, note = self._noted, DEEDS, self._event, self._serve, self._note
        frame_of, looking = sys._getframe, False

        def hook(name: str, arguments: tuple[Any, ...]) -> None:
            nonlocal looking
            if name == event:
                serve(*arguments)
                return
            if (name not in deeds and not name.startswith(MEMORY)) or looking or len(noted) >= MAX_DEEDS:
                return
            looking = True
            try:
                note(name, arguments, frame_of(1))
            finally:
                looking = False

        sys.addaudithook(hook)

    def note(self, what: str) -> None:
        """Report what a notebook does, once."""
        if what not in self._noted:
            self._noted.add(what)
            self._report(what[:MAX_LINE])

    def _note(self, name: str, arguments: tuple[Any, ...], frame: FrameType | None) -> None:
        what = READS_MEMORY if name.startswith(MEMORY) else self._what(name, arguments)
        is_its_own = self._opens(frame) if name == "open" else self._is_of_notebook(name, frame)
        if what and is_its_own:
            self.note(what)

    def _is_ours(self, path: Any) -> bool:
        """Whether it is a file of the grader's, by whatever form of its name."""
        return isinstance(path, str | bytes) and os.fsdecode(_absolute(path)).startswith(self._ours)

    def _opens(self, frame: FrameType | None) -> bool:
        """Whether a file is opened for its content, by an import too, and not to show lines of it in a traceback."""
        while frame is not None and frame.f_code.co_filename.endswith(("/tokenize.py", "/codecs.py")):
            frame = frame.f_back
        return frame is None or not frame.f_code.co_filename.endswith("/linecache.py")

    def _what(self, name: str, arguments: tuple[Any, ...]) -> str:
        if name == "open":
            return "opens files of the grader" if self._is_ours(arguments[0]) else ""
        if name == "compile":
            file = arguments[1]
            is_library = isinstance(file, str) and file.startswith(self._libraries)
            return "compiles code in the name of a package" if is_library else ""
        if name in ("object.__getattr__", "object.__setattr__"):
            attribute = arguments[1]
            if attribute in FRAMES:
                return "looks at the frames of its callers"
            if name == "object.__getattr__":
                return f"reads `{attribute}` of functions" if attribute in CODE else ""
            return f"changes `{attribute}` of functions" if attribute in CODE | DEFAULTS else ""
        return DEEDS[name]

    def _is_of_notebook(self, name: str, frame: FrameType | None) -> bool:
        """Whether it was code of the notebook that did it, not a package on its own account."""
        while frame is not None and (frame.f_code in self._pass_on or (name.startswith(MEMORY) and _is_ctypes(frame))):
            frame = frame.f_back
        return frame is not None and not frame.f_code.co_filename.startswith(self._libraries)


def _is_ctypes(frame: FrameType) -> bool:
    return f"{os.sep}ctypes{os.sep}" in frame.f_code.co_filename


def _pass_on() -> frozenset[CodeType]:
    """Code of functions that give frames, or what functions are made of, to whoever calls them."""
    functions = (
        *(inspect.currentframe, inspect.stack, inspect.trace, inspect.getouterframes, inspect.getinnerframes),
        *(inspect.getclosurevars, inspect.getframeinfo, logging.currentframe, traceback.walk_stack, traceback.walk_tb),
        functools.update_wrapper,
    )
    return frozenset(f.__code__ for f in functions if hasattr(f, "__code__"))


def libraries() -> list[str]:
    """Where Python and the packages are, as the file names of their code begin."""
    paths = {sys.prefix, sys.base_prefix, *site.getsitepackages(), *sysconfig.get_paths().values()}
    return [*sorted({f"{form}{os.sep}" for path in paths for form in (path, os.path.realpath(path))}), "<frozen "]
