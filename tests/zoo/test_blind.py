"""Notebooks that were written without sight of the solution, graded as a class."""

import json
import shutil
from typing import Any

import pytest

from autograder.__main__ import main
from zoo.__main__ import BLIND

pytestmark = pytest.mark.slow
RECORDS = {"q9_record", "q13_record", "q14_record", "bonus_record"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was found of each, name -> its JSON."""
    folder, out = tmp_path_factory.mktemp("blind"), tmp_path_factory.mktemp("gradebook")
    for path in BLIND:
        shutil.copy(path, folder)
    assert main(["grade", "--submissions", str(folder), "--out", str(out)]) == 0
    return {path.stem: json.loads((out / "results" / f"{path.stem}.json").read_text()) for path in BLIND}


@pytest.mark.parametrize("name", [path.stem for path in BLIND])
def test_all_but_the_run_records_is_right(results: dict[str, Any], name: str) -> None:
    """They are kept without outputs, in which records would be."""
    checks = [check for question in results[name]["questions"].values() for check in question["checks"]]
    lost = {check["name"]: check["found"] for check in checks if check["outcome"] != "passed"}
    assert lost.keys() == RECORDS, lost
