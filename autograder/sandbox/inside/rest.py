"""Go on with a cell that failed for want of something that is not here: a drive, Colab's modules, an extension."""

import ast
import sys
import types
from typing import Any


def run(source: str) -> None:
    """Run the statements of a cell that come after the one that has just failed. Those that fail, too, say so and are
    left out: they may want what the first one should have given.

    Args:
        source: of the cell.
    """
    from IPython import get_ipython

    shell = get_ipython()
    while source.lstrip().startswith("%%"):  # such as %%time
        source = source.lstrip().partition("\n")[2]
    line, file = _failed_at(sys.last_traceback, shell.user_ns)
    try:
        tree = ast.parse(shell.transform_cell(source))
    except SyntaxError:  # nothing of it has run
        return
    for statement in tree.body:
        if statement.lineno > line:
            try:
                exec(compile(ast.Module([statement], []), file, "exec"), shell.user_ns)
            except (Exception, SystemExit) as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr)


def _failed_at(trace: types.TracebackType | None, names: dict[str, Any]) -> tuple[int, str]:
    """Line and file of the cell's own statement; beyond the last line where there is none."""
    line, file = sys.maxsize, "<cell>"
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is names and frame.f_code.co_name == "<module>":  # the last one: a magic may run the others
            line, file = trace.tb_lineno, frame.f_code.co_filename
        trace = trace.tb_next
    return line, file
