import csv
import io
import subprocess
import sys

import pytest

from autograder.__main__ import main
from autograder.gradebook import lms_export, store
from autograder.gradebook.lms_export import IdsError, Student
from autograder.handout.build import PROJECT
from autograder.results import SubmissionResult
from lab.questions import QUESTIONS
from labkit.judging import CheckResult


def graded(name, share=1.0, status="graded"):
    checks = tuple(
        CheckResult(f"{q}_check", q, "Title.", False, points, share * points, "passed" if share else "failed")
        for q, points in QUESTIONS.points.items()
    )
    return SubmissionResult(name, status, checks)


def encoded(system, *results, ids=None):
    """The rows of a file, and the warnings."""
    text, warnings = lms_export.encode(results, system, ids)
    return list(csv.reader(io.StringIO(text, newline=""))), warnings


# Whose a submission is, by its name


@pytest.mark.parametrize(
    ("system", "name", "id_", "who"),
    [
        ("moodle", "Ada Lovelace_12345_assignsubmission_file_", "12345", "Ada Lovelace"),
        ("moodle", "Ada Lovelace_12345_assignsubmission_file", "12345", "Ada Lovelace"),
        ("moodle", "Ada Lovelace_12345_assignsubmission_file_my_notebook_2", "12345", "Ada Lovelace"),
        ("moodle", "Group 1-Ada Lovelace_7_assignsubmission_file_x", "7", "Group 1-Ada Lovelace"),
        ("moodle", "Participant_77_assignsubmission_file_", "77", "Participant"),
        ("moodle", "学生 一_5_assignsubmission_file_x", "5", "学生 一"),
        # What follows the number is the student's choice, and takes nobody's marks.
        ("moodle", "Eve_666_assignsubmission_file_Ada_12345_assignsubmission_file_", "666", "Eve"),
        ("canvas", "lovelaceada_12345_67890_tiny_vgg", "12345", "lovelaceada"),
        ("canvas", "lovelaceada_LATE_12345_67890_tiny_vgg-1", "12345", "lovelaceada"),
        ("canvas", "eve_666_5_x_12345_67890_x", "666", "eve"),
    ],
)
def test_names_that_hold_an_id(system, name, id_, who):
    assert lms_export.student_of(name, system, {}) == Student(id_, who)


def test_gradescope_names_the_submission():
    assert lms_export.student_of("submission_123456", "gradescope", {}) == Student("", submission_id="123456")
    ids = {"submission_123456": Student("s1", "Ada", "a@x.org")}
    assert lms_export.student_of("submission_123456", "gradescope", ids) == Student("s1", "Ada", "a@x.org", "123456")


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("moodle", "lovelaceada_12345_67890_tiny_vgg"),
        ("moodle", "Ada_12345_assignsubmission_onlinetext_"),
        ("moodle", "_Ada_12345_assignsubmission_file_"),
        ("moodle", "Ada_١٢_assignsubmission_file_"),
        ("canvas", "tiny_vgg"),
        ("canvas", "anon_aB3dE_67890_tiny_vgg"),
        # Somebody who calls herself "eve_12345": it could be read in two ways.
        ("canvas", "eve_12345_666_67890_tiny_vgg"),
        ("canvas", "o_brien_12345_67890_tiny_vgg"),
        ("gradescope", "submission_12_final"),
        ("gradescope", "mysubmission_12"),
    ],
)
def test_names_that_hold_none(system, name):
    assert lms_export.student_of(name, system, {}) is None


# The files


def test_moodle_has_the_columns_of_its_grading_worksheet():
    rows, warnings = encoded(
        "moodle",
        graded("Ada Lovelace_11_assignsubmission_file_"),
        graded("Bob_12_assignsubmission_file_", 0.5),
        graded("=Eve_13_assignsubmission_file_", 0.0),
    )
    assert rows == [
        ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
         "Last modified (grade)"],
        ["Participant 11", "Ada Lovelace", "", "Graded", "110", "110", "Yes", "-"],
        ["Participant 12", "Bob", "", "Graded", "55", "110", "Yes", "-"],
        ["Participant 13", "'=Eve", "", "Graded", "0", "110", "Yes", "-"],
    ]  # fmt: skip
    assert warnings == []


def test_canvas_has_the_columns_of_its_gradebook():
    rows, _ = encoded("canvas", graded("lovelaceada_11_5_tiny_vgg"), graded("bob_12_6_tiny_vgg", 0.5))
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Tiny VGG"],
        ["    Points Possible", "", "", "", "", "100"],
        ["lovelaceada", "11", "", "", "", "110"],
        ["bob", "12", "", "", "", "55"],
    ]


def test_gradescope_has_the_columns_of_its_export():
    rows, _ = encoded("gradescope", graded("submission_21"), ids={"submission_21": Student("s1", "Ada", "a@x.org")})
    questions = [f"{number}: q{number} ({points:.1f} pts)" for number, points in enumerate(POINTS, 1)]
    head = ["Name", "SID", "Email", "Total Score", "Max Points", "Status", "Submission ID"]
    assert rows[0] == [*head, *questions, "15: bonus (10.0 pts)"]
    assert rows[1] == ["Ada", "s1", "a@x.org", "110", "100", "Graded", "21", *map(str, POINTS), "10"]


POINTS = [5, 5, 8, 12, 6, 8, 5, 6, 12, 8, 5, 6, 7, 7]


@pytest.mark.parametrize("system", lms_export.FORMATS)
def test_what_needs_review_has_an_empty_grade(system):
    name = {"moodle": "A_1_assignsubmission_file_", "canvas": "a_1_2_x", "gradescope": "submission_1"}[system]
    rows, warnings = encoded(system, graded(name, status="needs_review"))
    column = next(i for i, head in enumerate(rows[0]) if head in ("Grade", "Tiny VGG", "Total Score"))
    assert rows[-1][column] == ""
    assert not {"0", "110"} & set(rows[-1][column + 2 :])
    assert warnings == []


def test_without_an_id_a_submission_is_left_out_and_named():
    rows, warnings = encoded("canvas", graded("ada"), graded("bob_12_6_x"))
    assert [row[1] for row in rows[2:]] == ["12"]
    assert warnings == ["ada is left out: its name holds no id of Canvas. Give it one with --ids."]


def test_two_submissions_of_one_id_are_both_left_out():
    rows, warnings = encoded("canvas", graded("ada_11_5_x"), graded("ada_11_6_y"), graded("bob_12_7_x"))
    assert [row[1] for row in rows[2:]] == ["12"]
    assert warnings == [
        "ada_11_5_x is left out: ada_11_6_y has the same id, 11. Remove one of them, or say with --ids whose they are.",
        "ada_11_6_y is left out: ada_11_5_x has the same id, 11. Remove one of them, or say with --ids whose they are.",
    ]


def test_a_file_of_ids_decides():
    ids = {"ada": Student("11", "Ada Lovelace"), "bob_12_7_x": Student("13", "Bob"), "zip.zip": Student("14", "Zoe")}
    rows, warnings = encoded("canvas", graded("ada"), graded("bob_12_7_x"), graded("zip"), ids=ids)
    assert [row[:2] for row in rows[2:]] == [["Ada Lovelace", "11"], ["Bob", "13"], ["Zoe", "14"]]
    assert warnings == []


# The file of ids


def ids_of(tmp_path, content, system="moodle"):
    path = tmp_path / "ids.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return lms_export.read_ids(path, system)


@pytest.mark.parametrize(
    "content",
    [
        "submission,id,name,email\nada,11,Ada L,a@x.org\nbob,,,\n",
        "﻿Submission;ID;Name;Email;Group\r\nada;Participant 11;Ada L;a@x.org;2\r\n",
        'email,name,id,submission\na@x.org,"Ada L", 11 ,ada\n,,,\n',
    ],
)
def test_ids_are_read_as_spreadsheets_write_them(tmp_path, content):
    assert ids_of(tmp_path, content) == {"ada": Student("11", "Ada L", "a@x.org")}


@pytest.mark.parametrize(
    ("content", "system", "problem"),
    [
        ("", "moodle", "ids.csv has no column submission and no column id; its first line names the columns"),
        ("submission,sid\nada,1\n", "moodle", "ids.csv has no column id; its first line names the columns"),
        ("submission,id\nada,1\nada,2\n", "moodle", "ids.csv, line 3: ada is there twice"),
        (
            "submission,id\nada,ada@x.org\n",
            "canvas",
            "ids.csv, line 2: 'ada@x.org' is not the ID of a user in Canvas, which is made of digits",
        ),
        (
            "submission,id\nada,²\n",
            "moodle",
            "ids.csv, line 2: '²' is not the number of a participant, which is made of digits",
        ),
        (b"submission,id\n\xff,1\n", "moodle", "ids.csv is not UTF-8 text: save it as “CSV UTF-8”"),
        ('submission,id\n"' + "x" * 200_000 + '",1\n', "moodle", "ids.csv, line 2: field larger than field limit"),
    ],
)
def test_a_file_that_is_not_in_order_is_told(tmp_path, content, system, problem):
    with pytest.raises(IdsError) as caught:
        ids_of(tmp_path, content, system)
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(problem)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(IdsError, match=r"none\.csv cannot be read \(No such file or directory\)"):
        lms_export.read_ids(tmp_path / "none.csv", "moodle")


def test_student_ids_of_gradescope_are_any_text(tmp_path):
    assert ids_of(tmp_path, "submission,id\nada,s-0042\n", "gradescope") == {"ada": Student("s-0042")}


# The command


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submissions"
    made.mkdir()
    for name in ("Ada_11_assignsubmission_file_", "bob"):
        (made / f"{name}.ipynb").write_bytes(b"")
    return made


def run(folder, *options):
    return main(["grade", "--submissions", str(folder), "--out", str(folder.parent / "out"), "--fresh", *options])


def test_the_command_writes_the_file_beside_the_grades(folder, capsys):
    assert run(folder, "--format", "moodle") == 0
    printed = capsys.readouterr().out
    assert "grades-moodle.csv" in printed
    assert "Warning: bob is left out: its name holds no id of Moodle. Give it one with --ids." in printed
    rows = list(csv.DictReader(io.StringIO((folder.parent / "out" / "grades-moodle.csv").read_text("utf-8"))))
    assert [(row["Identifier"], row["Status"], row["Grade"]) for row in rows] == [
        ("Participant 11", "Needs review", "")
    ]
    ids = folder.parent / "ids.csv"
    ids.write_text("submission,id\nbob,12\n")
    assert run(folder, "--format", "moodle", "--ids", str(ids)) == 0
    assert "Warning" not in capsys.readouterr().out
    assert (folder.parent / "out" / "grades-moodle.csv").read_text().count("Participant") == 2


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--ids", "x.csv"], "error: --ids needs --format moodle, canvas or gradescope\n"),
        (["--format", "moodle", "--ids", "x.csv"], "error: x.csv cannot be read (No such file or directory)\n"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_graded(folder, capsys, options, problem):
    assert run(folder, *options) == 2
    assert capsys.readouterr().err == problem
    assert not (folder.parent / "out").exists()


def test_nothing_is_written_for_a_system_that_nobody_named(tmp_path):
    store.write_summary([graded("ada")], tmp_path, "stand-in")
    assert list(tmp_path.glob("grades-*.csv")) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["grade"], '.venv/bin/python -m autograder grade --out "gradebook"\n'),
        (
            ["grade", "SUBMISSIONS=a  b", "FORMAT=canvas", "IDS=my ids.csv", "BRIEF=1", "ARGS=--only ann"],
            '.venv/bin/python -m autograder grade --submissions "a  b" --out "gradebook" --format "canvas" '
            '--ids "my ids.csv" --brief --only ann\n',
        ),
        (
            ["otter-grade", "SUBMISSIONS=a", "TIMEOUT=9"],
            '.venv/bin/python -m autograder.docker grade --submissions "a" --out "gradebook" --timeout 9\n',
        ),
        (
            ["baselines", "SEEDS=5", 'VARIANTS="tiny_vgg"'],
            '.venv/bin/python -m solutions.train_baselines --seeds 5 --variants "tiny_vgg"\n',
        ),
    ],
)
def test_make_shows_one_line_with_the_options(given, shown):
    command = ["make", "--no-print-directory", "-n", *given, "-o", ".venv/installed", "-o", ".venv/developing"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT).stdout == shown


def test_the_grader_starts_without_a_parser_of_addresses():
    code = "import autograder, jsonschema, sys; print('lark' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert shown.stdout == "False\n"
