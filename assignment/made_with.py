"""What was made with other constants than those of today: figures, the samples' run records, baselines.

The scripts that make them note the constants that they read in `made_with.json`; the baselines hold theirs.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lab import settings

FILE: Final = Path(__file__).with_name("made_with.json")
FIGURES, SAMPLES, BASELINES = "figures", "samples", "baselines"
BASELINES_FILE: Final = Path(__file__).parents[1] / "solutions" / "baselines" / "baselines.json"
_MEANING: Final = {  # what they are, and what is to be done
    FIGURES: ("The handout's figures were", "`python assignment/figures/draw_figures.py` draws them anew."),
    SAMPLES: (
        "The run records of the sample submissions were",
        "they cost these samples marks until `python -m assignment.samples.make_records` (minutes) trains them anew.",
    ),
    BASELINES: ("The baselines were", "they count for nothing until `make baselines` (hours) trains them anew."),
}


def note(what: str, constants: Iterable[str]) -> None:
    """Note that something was made with the constants of now.

    Args:
        what: "figures" or "samples".
        constants: names of those that it depends on.
    """
    known = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    known[what] = {name: getattr(settings, name) for name in sorted(set(constants))}
    FILE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")


def read_by(script: Path) -> list[str]:
    """Names of the constants that a script reads."""
    return re.findall(r"\bsettings\.([A-Z]\w*)", script.read_text("utf-8"))


def stale() -> dict[str, str]:
    """What has to be made anew since the constants are others, name -> a sentence that says so and by which command."""
    made: dict[str, Mapping[str, Any]] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    if BASELINES_FILE.exists():
        made[BASELINES] = json.loads(BASELINES_FILE.read_text("utf-8")).get("constants", {})
    found = {}
    for what, constants in made.items():
        changed = ", ".join(_changed(constants))
        if changed:
            noun, remedy = _MEANING[what]
            found[what] = f"{noun} made with other constants ({changed}): {remedy}"
    return found


def _changed(constants: Mapping[str, Any]) -> Iterator[str]:
    for name, value in constants.items():
        now = json.loads(json.dumps(getattr(settings, name, None)))
        if now != value:
            yield f"{name} was {value}, is {now}"
