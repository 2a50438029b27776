"""Rubrics are read from the master notebook, and say at once what is amiss with one."""

import json
import os
from pathlib import Path

import pytest

from autograder import assignment
from autograder.handout import build
from autograder.marks import rubric
from autograder.marks.rubric import Item, Rubric, RubricError, find, rubrics

BEGIN, END = ("raw", "# BEGIN QUESTION\nname: w1\nmanual: true", "a"), ("raw", "# END QUESTION", "z")
TASK = ("markdown", "### Written answer 1: what it means[[ WORTH.w1 ]]\n\nSay it with [[ RUNS ]] runs.", "b")
SOLUTION, NO_MORE = ("raw", "# BEGIN SOLUTION", "c"), ("raw", "# END SOLUTION", "e")
TEXT = "**Rubric** (4 marks; look at: q9, q13)\n\n- `mean` (2) Quotes the\n  mean.\n- `std` (1) Std of [[ RUNS ]].\n"
TEXT += "- `lies` (-1) Lies.\n- Anything goes."


def cells(text: str = TEXT) -> list[tuple[str, str, str]]:
    return [BEGIN, TASK, SOLUTION, ("markdown", text, "d"), NO_MORE, END]


def test_a_rubric_is_read() -> None:
    (found,) = find(cells()).values()
    assert (found.name, found.title, found.points, found.beside) == ("w1", "what it means", 4.0, ("q9", "q13"))
    assert found.items == (
        Item("mean", 2, "Quotes the mean."),
        Item("std", 1, "Std of 5."),
        Item("lies", -1, "Lies."),
    )
    assert found.notes == ("Anything goes.",)
    assert found.task == "Say it with 5 runs."
    assert rubric.worth({"w1": found}) == {"w1": " (4 points)"}


@pytest.mark.parametrize(
    ("earned", "marks"),
    [
        ({}, 0),
        ({"mean": 1}, 2.6667),
        ({"mean": 1, "std": 1}, 4),
        ({"mean": 0.5, "std": 1}, 2.6667),
        ({"lies": 1}, 0),
        ({"std": 1, "lies": 1}, 0),
        ({"mean": 1, "std": 1, "lies": 1}, 2.6667),
        ({"gone": 1, "std": 1}, 1.3333),
    ],
)
def test_items_share_the_marks(earned: dict[str, float], marks: float) -> None:
    (found,) = find(cells()).values()
    assert found.marks(earned) == marks


def test_without_points_nothing_makes_marks() -> None:
    (found,) = find(cells(TEXT.replace("4 marks", "0 marks"))).values()
    assert found.marks({"mean": 1}) == 0
    assert rubric.worth({"w1": found}) == {"w1": ""}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("**Rubric**\n\n- `a` (1) A.", "cell d: '\\*\\*Rubric\\*\\*' is not of the form"),
        ("**Rubric** (4 marks)\n\n- nothing to tick", "a rubric has from 1 to 20 items"),
        ("**Rubric** (4 marks)\n\n- `a` (1) A.\n- `a` (2) B.", "two items of the rubric have one identifier"),
        ("**Rubric** (4 marks; look at: q99)\n\n- `a` (1) A.", "cell d: there is no question q99"),
        ("**Rubric** (4 marks)\n\n- `a` (1) [[ NO_SUCH ]]", "cell d: 'NO_SUCH' is undefined"),
        ("Anything else", "w1: no cell of its solution begins with"),
    ],
)
def test_a_rubric_that_is_not_in_order_is_told(text: str, problem: str) -> None:
    with pytest.raises(RubricError, match=problem):
        find(cells(text))


def test_the_digest_changes_with_marks_and_not_with_words() -> None:
    (one,) = find(cells()).values()
    (words,) = find(cells(TEXT.replace("Lies.", "Tells lies."))).values()
    (marks,) = find(cells(TEXT.replace("(-1)", "(-2)"))).values()
    assert one.digest == words.digest != marks.digest


def test_the_practical_has_four_written_answers_of_no_marks() -> None:
    found = rubrics()
    assert list(found) == ["w1", "w2", "w3", "w4"]
    assert {one.points for one in found.values()} == {0.0}
    assert all(one.beside and one.task and one.title and len(one.items) >= 4 for one in found.values())
    assert next(one.title for one in found.values()) == "what the standard deviation tells you"


def test_no_rubric_without_a_master_notebook(tmp_path: Path) -> None:
    assert rubrics(tmp_path / "none.ipynb") == {}
    (tmp_path / "damaged.ipynb").write_text("{")
    with pytest.raises(RubricError, match=r"damaged\.ipynb cannot be read as a notebook"):
        rubrics(tmp_path / "damaged.ipynb")


def test_a_master_notebook_that_changes_is_read_again(tmp_path: Path) -> None:
    master = tmp_path / "master.ipynb"

    def write(text: str, moment: int) -> None:
        found = [{"cell_type": kind, "source": source, "id": name} for kind, source, name in cells(text)]
        master.write_text(json.dumps({"cells": found}))
        os.utime(master, (moment, moment))

    write(TEXT, 1)
    assert rubrics(master)["w1"].points == 4
    write(TEXT.replace("4 marks", "6 marks"), 2)
    assert rubrics(master)["w1"].points == 6


def test_the_handout_says_what_an_answer_counts(tmp_path: Path) -> None:
    master = tmp_path / "master.ipynb"
    whole = json.loads(assignment.current().master.read_text("utf-8"))
    for cell in whole["cells"]:
        if cell.get("id") == "w1-04":
            cell["source"] = "".join(cell["source"]).replace("(0 marks", "(4 marks")
    master.write_text(json.dumps(whole))
    texts = [cell.source for cell in build.render(master).cells if cell.source.startswith("### Written answer")]
    assert [text.splitlines()[0] for text in texts[:2]] == [
        "### Written answer 1: what the standard deviation tells you (4 points)",
        "### Written answer 2: two first layers",
    ]


def test_a_rubric_knows_who_earned_everything() -> None:
    whole = Rubric("w1", "", 3, (Item("a", 1, ""), Item("b", 2, "")))
    assert [whole.worth(item) for item in whole.items] == [1, 2]
