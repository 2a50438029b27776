"""Every wrong entry of the zoo on its own question, in this process; `make zoo ALL=1` grades whole notebooks."""

from pathlib import Path

import pytest

from zoo import wrong
from zoo.entries import Entry
from zoo.in_process import assert_gets_its_marks, parameters


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some students write files."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("entry", parameters(wrong.ENTRIES))
def test_entry_gets_its_marks(entry: Entry) -> None:
    assert_gets_its_marks(entry)
