"""Decisions of people: kept whatever happens, by several at once, and told apart where they differ."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from made_up import HOSTILE

from autograder.marks import decisions
from autograder.marks.decisions import Decision, DecisionError, Log, decode, encode, merge, standing

WRITTEN = {"items": {"tells": 1.0, "one_run": 0.5}, "marks": None, "comment": "Good."}
PROJECT = Path(__file__).resolve().parents[2]


def said(by: str = "ann", submission: str = "s1", target: str = "written:w1", **fields: Any) -> Decision:
    value: Mapping[str, Any] | None = fields.pop("value", WRITTEN)
    return Decision(by, submission, target, value, **fields)


def test_a_decision_reads_back_and_fits_the_published_schema() -> None:
    for decision in (
        said(of="a" * 32, replaces=("0" * 32,)),
        said(by=HOSTILE[:80], submission=HOSTILE, value={**WRITTEN, "comment": HOSTILE}),
        said(value=None),
        said(target="check:q1_answered", value={"marks": 2.5, "reason": "right after all"}),
        said(target="total", value={"marks": 0, "reason": "x"}),
        said(target="adjustment:late", value={"amount": -10, "unit": "percent", "reason": "a day"}),
        said(target="review", value={"action": "trust", "reason": ""}),
        said(target="markers", submission="", value={"names": ["ann", "bob"]}),
    ):
        line = encode(decision)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert decode(line) == decision
        jsonschema.Draft202012Validator(decisions.SCHEMA).validate(json.loads(line))


@pytest.mark.parametrize(
    "wrong",
    [
        said(by=""),
        said(by="a" * 81),
        said(target="other"),
        said(target="written:w1", value={"marks": 2, "reason": "the form of another target"}),
        said(value={**WRITTEN, "items": {"tells": 2}}),
        said(value={**WRITTEN, "marks": -1}),
        said(value={**WRITTEN, "comment": "a" * 10_001}),
        said(target="total", value={"marks": 1, "reason": ""}),
        said(target="review", value={"action": "run", "reason": ""}),
        replace(said(), id="1"),
        said(replaces=("x",)),
    ],
)
def test_what_is_of_another_form_is_not_written(wrong: Decision, tmp_path: Path) -> None:
    with pytest.raises(DecisionError):
        Log(tmp_path).append([said(), wrong])
    assert Log(tmp_path).decisions() == []


def test_what_one_process_writes_another_one_reads(tmp_path: Path) -> None:
    one, other = Log(tmp_path), Log(tmp_path)
    first, second = said(at="2026-01-01T00:00:00.000Z"), said(by="bob", at="2026-01-01T00:00:01.000Z")
    one.append([first])
    assert other.decisions() == [first]
    other.append([second])
    assert one.decisions() == [first, second]
    assert len(list((tmp_path / "decisions").iterdir())) == 2
    assert Log(tmp_path).decisions() == [first, second]


def test_a_line_that_was_cut_off_is_left_out_and_costs_no_other(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append([said()])
    (file,) = (tmp_path / "decisions").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole + encode(said(by="bob"))[:-7])
    again = Log(tmp_path)
    assert [one.by for one in again.decisions()] == ["ann"]
    assert again.problems() == []
    again.append([said(by="cleo")])
    assert [one.by for one in Log(tmp_path).decisions()] == ["ann", "cleo"]


def test_a_line_that_is_damaged_is_named(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append([said(), said(by="bob")])
    (file,) = (tmp_path / "decisions").iterdir()
    first, second = file.read_bytes().splitlines(keepends=True)
    for damaged in (b"{}\n", b"not json\n", b"\xff\n", b"[" * 100_000 + b"\n", b"1" * 300_000 + b"\n"):
        file.write_bytes(first + damaged + second)
        again = Log(tmp_path)
        assert [one.by for one in again.decisions()] == ["ann", "bob"]
        (problem,) = again.problems()
        assert f"{file}, line 2, is no decision" in problem


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append([said(), said(by="bob")])
    assert len(log.decisions()) == 2
    (file,) = (tmp_path / "decisions").iterdir()
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    assert [one.by for one in log.decisions()] == ["ann"]
    file.unlink()
    assert log.decisions() == []


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path)
    log.append([said()])
    write = os.write

    def full(file: int, content: bytes) -> int:
        if len(content) < 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, content[: len(content) - 50])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left") as caught:
        log.append([said(by="bob")])
    assert str(tmp_path / "decisions") in str(caught.value.filename)
    monkeypatch.undo()
    assert [one.by for one in Log(tmp_path).decisions()] == ["ann"]
    log.append([said(by="cleo")])
    assert [one.by for one in log.decisions()] == ["ann", "cleo"]
    assert Log(tmp_path).problems() == []


WRITER = """
import sys
from pathlib import Path
from autograder.marks.decisions import Decision, Log
log = Log(Path(sys.argv[1]))
for number in range(100_000):
    value = {"items": {}, "marks": None, "comment": "x" * 3000}
    log.append([Decision("ann", f"s{number}", "written:w1", value)])
    print(number, flush=True)
"""


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2])
def test_killed_at_any_moment_all_that_was_said_to_be_saved_is_there(tmp_path: Path, seconds: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    heard = [int(process.stdout.readline())]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    heard += [int(line) for line in process.stdout.read().splitlines() if line.isdigit()]
    process.wait()
    process.stdout.close()
    log = Log(tmp_path)
    kept = {one.submission for one in log.decisions()}
    assert {f"s{number}" for number in heard} <= kept
    assert len(kept) <= len(heard) + 1
    assert log.problems() == []


def test_two_folders_are_merged_and_nothing_is_doubled(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    Log(here).append([said()])
    Log(there).append([said(by="bob"), said(by="bob", submission="s2")])
    assert merge(here, there) == 2
    assert merge(here, there) == 0
    assert sorted(one.by for one in Log(here).decisions()) == ["ann", "bob", "bob"]
    (file,) = (there / "decisions").iterdir()
    (here / "decisions" / "copied.jsonl").write_bytes(file.read_bytes())  # as people do it by hand
    assert len(Log(here).decisions()) == 3
    file.write_bytes(b"{}\n")
    with pytest.raises(DecisionError, match="line 1, is no decision"):
        merge(here, there)


# ---- what stands ----


def test_the_last_word_stands_where_it_was_said_with_the_one_before_in_sight() -> None:
    first = said()
    second = said(by="bob", value={**WRITTEN, "marks": 3}, replaces=(first.id,))
    found = standing([first, second])["s1"]["written:w1"]
    assert (found.decision, found.is_conflict, found.ids) == (second, False, (second.id,))


def test_two_decisions_of_people_who_had_not_seen_each_other_are_a_conflict() -> None:
    first = said()
    one = said(by="bob", value={**WRITTEN, "marks": 3}, replaces=(first.id,))
    other = said(by="cleo", value={**WRITTEN, "marks": 4}, replaces=(first.id,))
    found = standing([first, one, other])["s1"]["written:w1"]
    assert found.is_conflict
    assert found.decision is None
    assert found.heads == (one, other)
    settled = said(by="dora", value={**WRITTEN, "marks": 3}, replaces=found.ids)
    assert standing([first, one, other, settled])["s1"]["written:w1"].decision == settled


def test_equal_marks_in_other_words_are_no_conflict() -> None:
    one, other = said(), said(by="bob", value={**WRITTEN, "comment": "Well done."})
    found = standing([one, other])["s1"]["written:w1"]
    assert not found.is_conflict
    assert found.decision == other


def test_what_is_withdrawn_no_longer_counts_and_a_withdrawal_may_be_disputed() -> None:
    first = said()
    withdrawn = said(value=None, replaces=(first.id,))
    assert standing([first, withdrawn])["s1"]["written:w1"].decision is None
    other = said(by="bob", value={**WRITTEN, "marks": 1}, replaces=(first.id,))
    assert standing([first, withdrawn, other])["s1"]["written:w1"].is_conflict
