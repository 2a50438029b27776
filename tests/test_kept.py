"""Observations are kept between runs: what gives another key, what is observed anew, and how much is kept."""

import ast
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kept
import pytest
import support

from autograder.sandbox import observation_reader
from lab.questions import QUESTIONS
from labkit.questions import Questions

ANSWER = "def describe_data(x_train, y_train, x_test, y_test):\n    return {'n_train': len(x_train)}\n"
OBSERVES = {
    "a probe": "assignment/lab/probes/training.py",
    "the recorder": "autograder/handed_out/labkit/short_training.py",
    "a setting": "assignment/lab/settings.py",
    "how a student is tried": "autograder/handed_out/labkit/student.py",
    "what answers the probes": "autograder/handed_out/labkit/agent.py",
    "a stand-in": "assignment/kernel/fallbacks.py",
    "the solution": "solutions/reference.py",
    "the data": "assignment/data/synthetic.py",
    "what calls the probes": "tests/support.py",
}
JUDGES = ("assignment/lab/checks/training.py", "assignment/hidden/training.py", "assignment/hidden/forward_pass.py")


@pytest.fixture
def looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Looks at questions, as they happen; nothing is kept yet."""
    seen: list[str] = []
    observe = Questions.observe

    def noting(questions: Questions, question: str, student: Any) -> Any:
        seen.append(f"{question} {student.neutral}")
        return observe(questions, question, student)

    monkeypatch.setattr(Questions, "observe", noting)
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "observations")
    return seen


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what observes and what judges."""
    for name in ("assignment", "autograder", "solutions", "tests"):
        ignore = shutil.ignore_patterns("__pycache__", "zoo", "records", "baselines")
        shutil.copytree(kept.PROJECT / name, tmp_path / "copy" / name, ignore=ignore)
    return tmp_path / "copy"


def test_what_observes_gives_another_key(project: Path) -> None:
    before = kept.key("q6", project=project)
    assert before == kept.key("q6")
    keys = {before}
    for what, name in OBSERVES.items():
        with (project / name).open("a") as file:
            file.write("\n# changed\n")
        kept.sources.cache_clear()
        keys.add(kept.key("q6", project=project))
        assert len(keys) == 2 + list(OBSERVES).index(what), what


def test_what_judges_does_not(project: Path) -> None:
    before = kept.key("q6", project=project)
    for name in JUDGES:
        (project / name).write_text("# another judge\n")
    kept.sources.cache_clear()
    assert kept.key("q6", project=project) == before


@pytest.mark.parametrize("part", ["versions", "machine"])
def test_another_version_or_machine_gives_another_key(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    before = kept.key("q6")
    monkeypatch.setattr(kept, part, lambda: "another")
    assert kept.key("q6") != before


def test_packages_and_their_settings_count(monkeypatch: pytest.MonkeyPatch) -> None:
    versions, machine = kept.versions.__wrapped__, kept.machine.__wrapped__
    before = versions(), machine()
    assert before == (versions(), machine())
    monkeypatch.setattr(kept.importlib.metadata, "distributions", list)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "no such value")
    assert versions() != before[0]
    assert machine() != before[1]


def test_all_that_observing_imports_gives_another_key() -> None:
    """Or a change of it would go unseen. What students see in their notebooks alone imports checks."""
    folders = [kept.PROJECT / name for name in ("assignment/lab", "autograder/sandbox/inside")]
    sources = [path for folder in folders for path in folder.rglob("*.py") if path.parent.name != "checks"]
    for path in (*sources, kept.PROJECT / "solutions" / "reference.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            judging = [n for n in names if n.startswith(("autograder", "lab.checks"))]
            assert not judging or (path.parent.name == "lab" and path.name == "__init__.py"), path


def test_an_answer_is_observed_once(looked: list[str]) -> None:
    first = support.observations_of("q1", ANSWER)
    assert looked == ["q1 also"]
    again = support.observations_of("q1", ANSWER)
    assert looked == ["q1 also"]
    assert repr(again) == repr(first)
    assert support.results_of("q1", ANSWER)["q1_answered"].outcome != "error"


@pytest.mark.parametrize(
    "options",
    [{"student_code": ANSWER + "x = 1\n"}, {"without": ("load_data",)}, {"seed": 2}, {"questions": ("q1", "q3")}],
    ids=["answer", "names", "seed", "questions"],
)
def test_another_answer_is_observed(looked: list[str], options: dict[str, Any]) -> None:
    support.observations_of("q1", ANSWER)
    support.observations_of(**({"questions": "q1", "student_code": ANSWER} | options))
    assert len(looked) == 2 + (options.get("questions") is not None)


def _cut(folder: Path) -> None:
    file = folder / "q1.npz"
    file.write_bytes(file.read_bytes()[:100])


def _of_another_seed(folder: Path) -> None:
    file = folder / "q1.json"
    file.write_text(file.read_text().replace(f'"seed": {support.SEED}', '"seed": 1'))


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "cut": _cut,
    "no-json": lambda folder: (folder / "q1.json").write_text("{"),
    "no-arrays": lambda folder: (folder / "q1.npz").unlink(),
    "nothing": lambda folder: (folder / "q1.json").unlink(),
    "of-another-seed": _of_another_seed,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_is_observed_anew(looked: list[str], damage: Callable[[Path], Any]) -> None:
    first = support.observations_of("q1", ANSWER)
    (folder,) = kept.FOLDER.iterdir()
    damage(folder)
    assert repr(support.observations_of("q1", ANSWER)) == repr(first)
    assert len(looked) == 2
    support.observations_of("q1", ANSWER)
    assert len(looked) == 2
    assert list(kept.FOLDER.iterdir()) == [folder]


def test_question_9_is_looked_at_as_at_grading(looked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look only where the first leaves something open under the checks of today, kept or not."""
    support.observations_of("q9")
    assert looked == ["q9 never"]
    looked.clear()
    monkeypatch.setattr(support.notebook, "is_settled", lambda question, observation: False)
    for _ in range(2):
        assert len(support.observations_of("q9")["q9"]["calls"]) == 2
    assert looked == ["q9 never", "q9 only"]
    assert [name for name, question in QUESTIONS.items() if question.is_slow] == ["q9"]


def test_what_grading_would_refuse_to_read_is_refused(looked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observation_reader, "MAX_JSON", 10)
    with pytest.raises(observation_reader.DoorError, match="larger than"):
        support.observations_of("q1", ANSWER)
    assert list(kept.FOLDER.iterdir()) == []


def test_no_more_is_kept_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    for age, name in enumerate("abcd"):
        kept.write(name, {"q1": {"value": "x" * 100}}, 1)
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    size = sum(file.stat().st_size for file in (tmp_path / "a").iterdir())
    assert kept.read("c", 1) == {"q1": {"value": "x" * 100}}  # used now, so that it stays
    kept.prune(2 * size + 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c"]
