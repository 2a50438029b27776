"""The door: which practical is loaded, and what is told where one is not in order."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import assignment
from autograder.assignment import AssignmentError
from labkit.questions import Question, Questions


def test_the_practical_of_this_project() -> None:
    practical = assignment.current()
    assert (practical.name, practical.notebook) == ("tiny-vgg", "tiny_vgg.ipynb")
    assert (practical.questions.max_score, practical.questions.bonus) == (100, 10)
    assert list(practical.questions) == [*(f"q{number}" for number in range(1, 15)), "bonus"]
    assert practical.questions.variants == {
        "tiny_vgg": "q9",
        "tiny_vgg_bn": "q13",
        "tiny_vgg_3blocks": "q14",
        "tiny_resnet": "bonus",
    }
    assert practical.questions.fallbacks == ("build_tiny_vgg", "compile_model", "train", "evaluate")
    assert "preprocess" in practical.functions
    assert "compare" not in practical.functions  # which the handout gives


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no practical: there is no definition.py in it"),
        ({"definition.py": "x = 1\n"}, "definition.py defines no ASSIGNMENT"),
    ],
)
def test_a_folder_without_a_practical_is_named(
    files: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / f"empty{len(files)}"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    monkeypatch.setenv(assignment.VARIABLE, str(folder))
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(AssignmentError, match=said):
        assignment.current()


def test_a_folder_that_is_no_name_of_a_module_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my-practical").mkdir()
    (tmp_path / "my-practical" / "definition.py").touch()
    monkeypatch.setenv(assignment.VARIABLE, str(tmp_path / "my-practical"))
    with pytest.raises(AssignmentError, match="named like a module of Python, without hyphens"):
        assignment.current()


def merged(tmp_path: Path, *cells: tuple[str, str], rows: tuple[Question, ...] = ()) -> Questions:
    """The questions of a practical with these cells, and these rows in its table."""
    given = [{"cell_type": kind, "source": source, "id": f"c{n}"} for n, (kind, source) in enumerate(cells, 1)]
    (tmp_path / "master.ipynb").write_text(json.dumps({"cells": given}))
    return assignment._merged(replace(assignment.current(), folder=tmp_path, questions=Questions(*rows)))


def question(name: str, *tests: str, points: str = "points: 4") -> list[tuple[str, str]]:
    cells = [("raw", f"# BEGIN QUESTION\nname: {name}\n{points}"), ("markdown", f"# Question {name}: x")]
    cells += [("code", f"def f_{name}():\n    return 1")]
    if tests:
        cells += [("raw", "# BEGIN TESTS"), *(("code", test) for test in tests), ("raw", "# END TESTS")]
    return [*cells, ("raw", "# END QUESTION")]


def row(name: str, **options: str) -> Question:
    return Question(name, 3, lambda student: {}, **options)  # type: ignore[arg-type]


def test_questions_of_the_table_and_of_the_notebook_come_in_its_order(tmp_path: Path) -> None:
    cells = [*question("a", "assert f_a() == 1"), *question("b"), *question("c", "assert f_c()")]
    found = merged(tmp_path, *cells, rows=(row("b", leaned_on="f_b"),))
    assert found.points == {"a": 4, "b": 3, "c": 4}


@pytest.mark.parametrize(
    ("cells", "rows", "said"),
    [
        (question("a", "assert 1"), (row("b"),), "there is no question b, which stands in the table of questions"),
        (question("a"), (), "a has no test cells, and no row in the table of questions"),
        (question("a", "assert 1", points=""), (), "a has no marks: write “points: 5” below “name: a”"),
        (
            question("a", "assert 1"),
            (row("a"),),
            "a stands in the table of questions, so it has no test cells of its own",
        ),
        (question("a"), (row("a", leaned_on="g"),), "a: its solution has no function `g`, which others lean on"),
    ],
)
def test_a_question_in_one_place_alone_is_named(
    cells: list[tuple[str, str]], rows: tuple[Question, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(AssignmentError) as caught:
        merged(tmp_path, *cells, rows=rows)
    assert said in str(caught.value)


def test_a_question_without_checks_is_named(tmp_path: Path) -> None:
    cells = [{"cell_type": kind, "source": source, "id": "c"} for kind, source in question("a")]
    (tmp_path / "master.ipynb").write_text(json.dumps({"cells": cells}))
    practical = replace(assignment.current(), folder=tmp_path, questions=Questions(row("a")))
    with pytest.raises(AssignmentError, match="a stands in the table of questions, and no check is of it"):
        practical.all_checks()


@pytest.mark.parametrize("what", ["name", "variant", "leaned_on"])
def test_what_a_table_has_twice_is_named(what: str) -> None:
    rows = [{"name": name, "points": 1, "probe": lambda student: {}} for name in ("a", "b")]
    for one in rows:
        one[what] = "same"
    with pytest.raises(ValueError, match=f"two rows of the table of questions have {what}='same'"):
        Questions(*(Question(**one) for one in rows))  # type: ignore[arg-type]


def test_the_practical_is_that_of_the_zip_where_otter_grades(tmp_path: Path) -> None:
    """In the zip the engine and one practical lie side by side, and `lab` beside them."""
    practical = replace(assignment.current(), folder=tmp_path / "assignment")
    (tmp_path / "assignment").mkdir()
    (tmp_path / "lab").mkdir()
    assert practical.lab == tmp_path / "lab"
    shutil.copytree(tmp_path / "lab", tmp_path / "assignment" / "lab")
    assert practical.lab == tmp_path / "assignment" / "lab"
