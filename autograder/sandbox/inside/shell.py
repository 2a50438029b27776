"""IPython's shell at grading: a cell goes on after a statement that failed, commands do no harm, nobody leaves."""

import asyncio
import contextlib
import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from typing import Any

FORGIVEN = ("load_ext", "matplotlib", "reload_ext")  # magics that may ask for what is not here
INSTALLERS = ("conda", "mamba", "micromamba", "pip", "uv")  # magics
INSTALLS = re.compile(
    r"\s*(sudo\s+)?(\S*python\S*\s+-m\s+)?(\S*/)?(pip[\d.]*|uv(\s+pip)?|\w*conda|\w*mamba|apt(-get)?)\s"
)
BODIES = ("prun", "time")  # cell magics that run their cell, all at once
PROGRAMS = ("bash", "perl", "pypy", "python", "python2", "python3", "ruby", "script", "sh", "system", "sx", "!")
CHUNK = 8192  # characters of a command's output that are passed on at once

last_callables: dict[str, Callable[..., Any]] = {}  # name -> the last function of that name, also where it is gone


def set_up(shell: Any, wanted: Collection[str], is_function: Callable[[Any], bool]) -> None:
    """Change a shell for good.

    Args:
        shell: that of this kernel.
        wanted: names of functions that are noted in `last_callables`.
        is_function: whether a value is one.
    """
    _forgive_magics(shell)
    _run_quietly(shell)
    _go_on(shell, wanted, is_function)
    _stay(shell)


def _go_on(shell: Any, wanted: Collection[str], is_function: Callable[[Any], bool]) -> None:
    """IPython runs a cell's statements one by one and stops at the first that fails; here it goes on to the next, but
    after an interrupt. The cell's error is the first."""
    run = shell.run_code

    async def run_code(code: Any, result: Any = None, *, async_: bool = False) -> bool:
        first = getattr(result, "error_in_exec", None)
        failed = await run(code, result, async_=async_)
        for name in wanted:
            value = shell.user_ns.get(name)
            if is_function(value):
                last_callables[name] = value
        if not failed or result is None:
            return bool(failed)
        interrupted = isinstance(result.error_in_exec, KeyboardInterrupt | asyncio.CancelledError)
        result.error_in_exec = first or result.error_in_exec
        return interrupted

    shell.run_code = run_code
    # It is told like other errors, not only printed.
    shell.show_usage_error = lambda error: shell._showtraceback(type(error), error, [f"UsageError: {error}"])


def _stay(shell: Any) -> None:
    """`exit()` ends its statement, as `sys.exit()` does; what would shut down the kernel does nothing."""

    def leave() -> None:
        raise SystemExit

    shell.ask_exit = leave
    shell.unobserve_all("exit_now")


def _forgive_magics(shell: Any) -> None:
    """Magics that are not here, or ask for an extension or a window that is not, only say so."""
    run, run_cell = shell.run_line_magic, shell.run_cell_magic

    def run_line_magic(magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        if magic_name in INSTALLERS:
            return _say_that_nothing_is_installed(f"%{magic_name} {line}")
        if shell.find_line_magic(magic_name) is None:
            print(f"There is no magic `%{magic_name}` here.", file=sys.stderr)
            return None
        try:
            return run(magic_name, line, _stack_depth + 1)
        except Exception as error:
            if magic_name not in FORGIVEN:
                raise
            print(f"%{magic_name} {line}: {error}", file=sys.stderr)
            return None

    def run_cell_magic(magic_name: str, line: str, cell: str) -> Any:
        is_here = shell.find_cell_magic(magic_name) is not None
        if not is_here:
            error = NameError(f"there is no cell magic `%%{magic_name}` here; its lines were run without it")
            shell.showtraceback((NameError, error, None), exception_only=True)
        if not is_here or magic_name in BODIES:
            shell.run_cell(cell)
            return None
        if magic_name not in PROGRAMS:
            return run_cell(magic_name, line, cell)
        try:
            return run_cell(magic_name, line, cell)
        except Exception as error:
            print(f"%%{magic_name}: {error}", file=sys.stderr)
            return None

    shell.run_line_magic, shell.run_cell_magic = run_line_magic, run_cell_magic


def _say_that_nothing_is_installed(command: str) -> None:
    print(f"Nothing is installed at grading: `{command.strip()[:200]}` was left out.", file=sys.stderr)


def _run_quietly(shell: Any) -> None:
    """`!command` and its kin through a pipe: the jail has no terminals. They never raise."""
    from IPython.utils.text import LSString, SList

    def system(cmd: str) -> None:
        _run(shell, shell.var_expand(cmd, depth=1), functools.partial(print, end=""))

    def getoutput(cmd: str, split: bool = True, depth: int = 0) -> Any:
        pieces: list[str] = []
        _run(shell, shell.var_expand(cmd, depth=depth + 1), pieces.append)
        text = "".join(pieces)
        return SList(text.splitlines()) if split else LSString(text)

    shell.system = shell.system_piped = shell.system_raw = system
    shell.getoutput = getoutput


def _run(shell: Any, command: str, take: Callable[[str], object]) -> None:
    """Run a command; its output goes to `take`, its exit code where IPython has it."""
    shell.user_ns["_exit_code"] = 0
    if INSTALLS.match(command):
        return _say_that_nothing_is_installed(command)
    stays = command.rstrip().endswith("&")  # in the background: its output would have to be waited for
    try:
        process = subprocess.Popen(
            command,
            shell=True,
            executable=shutil.which("bash"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if stays else subprocess.PIPE,
            stderr=subprocess.DEVNULL if stays else subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, ValueError) as error:
        print(f"This command could not be run at grading: {error}", file=sys.stderr)
        return None
    try:
        while process.stdout is not None and (text := process.stdout.read(CHUNK)):
            take(text)
        shell.user_ns["_exit_code"] = process.wait()
    finally:  # also after an interrupt; where the jail refuses all signals, the supervisor ends it
        with contextlib.suppress(PermissionError):
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return None
