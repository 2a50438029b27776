"""The master notebook: what is read from it, and each way in which it can be out of order."""

import pytest

from autograder import master
from autograder.master import MasterError

BEGIN, END = "# BEGIN QUESTION\nname: q1\npoints: 4", "# END QUESTION"
TESTS, ENDED = "# BEGIN TESTS", "# END TESTS"


def parsed(*cells: tuple[str, str]) -> master.Master:
    return master.parse([(kind, source, f"c{number}") for number, (kind, source) in enumerate(cells, 1)])


def question(
    *tests: str, begin: str = BEGIN, heading: str = "### Exercice 2 : la moyenne (4 points)"
) -> master.Section:
    cells = [("raw", begin), ("markdown", heading), ("raw", "# BEGIN SOLUTION"), ("code", "def mean(x):\n    return 1")]
    cells += [
        ("raw", "# END SOLUTION"),
        ("raw", TESTS),
        *(("code", test) for test in tests),
        ("raw", ENDED),
        ("raw", END),
    ]
    (section,) = parsed(*cells).sections.values()
    return section


def test_a_question_in_otters_usual_form() -> None:
    found = question(
        "# It is a number.\nassert mean([1]) == 1",
        '# HIDDEN\n""" # BEGIN TEST CONFIG\npoints: 3\n""" # END TEST CONFIG\n'
        'def test_it(env):\n    """Of two."""\n    assert 1',
        '""" # BEGIN TEST CONFIG\nhidden: true\n""" # END TEST CONFIG\nassert mean([2]) == 2',
    )
    assert (found.name, found.label, found.title, found.points) == ("q1", "Exercice 2", "la moyenne", 4.0)
    assert (found.functions, found.is_manual) == (("mean",), False)
    told = [(test.name, test.title, test.weight, test.hidden) for test in found.tests]
    assert told == [("q1_1", "It is a number.", 1, False), ("q1_2", "Of two.", 3, True), ("q1_3", "Test 3", 1, True)]


@pytest.mark.parametrize(
    ("heading", "label"),
    [
        ("Question 4: the tiny VGG (12 points)", "Question 4"),
        ("Question  4 : the tiny VGG", "Question 4"),
        ("Bonus: a tiny ResNet (up to [[ POINTS.bonus ]] additional points)", "Bonus"),
        ("Aufgabe 3 (5 Punkte)", "Aufgabe 3"),
    ],
)
def test_a_heading_begins_with_what_people_call_the_question(heading: str, label: str) -> None:
    assert master.label_and_title(heading)[0] == label


def test_a_heading_of_a_students_notebook_is_assigned_by_its_beginning() -> None:
    known = master.Master({"q1": question("assert 1")}, ())
    assert known.label_of("exercice 2 : my own words") == "q1"
    assert known.label_of("Exercice 2, done") == "q1"
    assert known.label_of("Exercice 3 : another") is None
    assert known.label_of("Exercice 21") is None


def test_what_the_handout_gives_and_imports() -> None:
    found = parsed(
        ("code", "import numpy as np\nfrom keras import layers"),
        ("raw", BEGIN), ("markdown", "# Q 1: x"), ("raw", "# BEGIN SOLUTION"), ("code", "import secret"),
        ("raw", "# END SOLUTION"), ("raw", TESTS), ("code", "assert 1"), ("raw", ENDED), ("raw", END),
        ("code", "mean(x)"),
    )  # fmt: skip
    assert found.given_cells == ["import numpy as np\nfrom keras import layers", "mean(x)"]
    assert found.imported == ("np", "layers")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([("raw", BEGIN)], "cell c1: this question has no “# END QUESTION”"),
        ([("raw", END)], "cell c1: no question is open"),
        ([("raw", BEGIN), ("raw", BEGIN)], "cell c2: a question begins inside another"),
        ([("raw", "# BEGIN QUESTION"), ("raw", END)], "cell c1: a question needs a line such as “name: q4”"),
        ([("raw", "# BEGIN QUESTION\nname: [1"), ("raw", END)], "cell c1: while parsing"),
        ([("raw", BEGIN), ("raw", END)], "cell c1: q1 has no heading, by which it is found in a student's notebook"),
        (
            [("raw", BEGIN), ("markdown", "# Q"), ("raw", TESTS), ("code", "mean(1"), ("raw", ENDED), ("raw", END)],
            "cell c4: the test is no Python ('(' was never closed, line 1)",
        ),
        (
            [("raw", BEGIN), ("markdown", "# Q 1: x"), ("raw", TESTS), ("code", "x = 1"), ("raw", ENDED), ("raw", END)],
            "cell c4: the test asserts nothing, so that every answer passes",
        ),
        (
            [("raw", BEGIN.replace("4", "[1, 2]")), ("markdown", "# Q 1: x"), ("raw", END)],
            "cell c1: give q1 one number as its points, and its tests points of their own",
        ),
        ([("raw", BEGIN), ("markdown", "# Q 1: x"), ("raw", END)] * 2, "cell c4: there are two questions q1"),
    ],
)  # fmt: skip
def test_what_is_out_of_order_is_named_by_its_cell(cells: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(MasterError) as caught:
        parsed(*cells)
    assert f"master notebook, {said}" in str(caught.value)
