"""Run one probe in the student's kernel and store its observation as JSON and npz."""

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lab.observe import Plain


def look(
    question: str,
    seed: int,
    path: str,
    withheld: Sequence[str] = (),
    late: Sequence[str] = (),
    stand_ins: Literal["also", "never", "only"] = "also",
    markdown: Mapping[str, int] | None = None,
) -> None:
    """Observe one question of the notebook that runs in this kernel; writes `<path>.json` and `.npz`.

    Args:
        question: such as "q4".
        seed: drawn by the judge after the student's cells had run.
        path: where the files go, without ending.
        withheld: functions of the notebook that are not called: they did not come to an end before.
        late: cells that were left out, to be run when a name of theirs is looked up.
        stand_ins, markdown: see `lab.student.Student`.
    """
    from IPython import get_ipython

    from lab.probes import observe
    from lab.student import Student, is_function

    from .neutral import FUNCTIONS
    from .shell import last_callables

    names = get_ipython().user_ns
    for name, function in last_callables.items():  # it may have been used again, as in `evaluate = evaluate(...)`
        if not is_function(names.get(name)):
            names[name] = function
    for name in withheld:  # other functions of the notebook may call it
        names[name] = FUNCTIONS.get("build" if name == "build_tiny_vgg" else name, _gone(name))
    student = Student(names, seed, FUNCTIONS, withheld, lambda: _catch_up(late, names), stand_ins, markdown)
    store(observe(question, student), Path(path), seed)


def look_for(names: Sequence[str], seed: int, path: str) -> None:
    """Write which of some names the notebook has not defined, as {"undefined": [...]}; arguments as for `look`."""
    from IPython import get_ipython

    undefined: list[Plain] = [name for name in names if name not in get_ipython().user_ns]
    store({"undefined": undefined}, Path(path), seed)


_caught_up: set[str] = set()


def _catch_up(late: Sequence[str], names: dict[str, Any]) -> None:
    from lab.student import quiet

    for source in late:
        if source not in _caught_up:
            _caught_up.add(source)
            with quiet(), contextlib.suppress(Exception, SystemExit):  # it may be what does not work
                exec(compile(source, "<cell>", "exec"), names)


def _gone(name: str) -> Callable[..., Any]:
    def function(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError(f"{name} did not come to an end before")

    return function


def store(observation: dict[str, Plain], path: Path, seed: int) -> None:
    """Write an observation and its seed; arrays go to the npz, in their place stands {"stored": key}."""
    arrays: dict[str, np.ndarray] = {}

    def strip(value: Plain) -> Any:
        if isinstance(value, np.ndarray):
            key = f"a{len(arrays)}"
            arrays[key] = value
            return {"stored": key}
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items()}
        if isinstance(value, list):
            return [strip(v) for v in value]
        return value

    text = json.dumps({"seed": seed, "observation": strip(observation)})
    np.savez(path.with_suffix(".npz"), **arrays)  # type: ignore[arg-type]
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    os.replace(temporary, path.with_suffix(".json"))
