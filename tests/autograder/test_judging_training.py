"""Questions 6 to 8: faults of other questions cost nothing here, and nonsense is told."""

import os
from pathlib import Path

import pytest
from support import failed, results_of

from autograder import assignment
from labkit.agent import Agent
from labkit.judging import CheckResult, Observations, judge
from labkit.student import Student

ALL_6 = {
    "q6_answered",
    "q6_validates",
    "q6_arguments",
    "q6_epochs",
    "q6_batch_size",
    "q6_validation_share",
    "q6_held_out",
    "q6_history",
}
ALL_7 = {"q7_answered", "q7_accuracy", "q7_loss", "q7_order"}
ALL_8 = {"q8_answered", "q8_lines", "q8_series", "q8_told_apart", "q8_labels"}


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callbacks write files."""
    monkeypatch.chdir(tmp_path)


def assert_fails(results: dict[str, CheckResult], checks: set[str]) -> None:
    """Exactly these checks fail, and no fault of the grader."""
    said = {name: (r.outcome, r.message, r.traceback) for name, r in results.items() if r.outcome != "passed"}
    assert failed(results) == checks, said
    assert not any(r.outcome in ("error", "unjudged") for r in results.values()), said


# ---- Faults elsewhere ----


def compiled(arguments: str) -> str:
    """Source of `compile_model` with other arguments of `compile`."""
    return f"def compile_model(model):\n    model.compile({arguments})\n    return model\n"


OTHERS = {
    "no-preprocess": ("", ("preprocess",)),
    "no-model": ("", ("build_tiny_vgg",)),
    "no-compile": ("", ("compile_model",)),
    "nothing-else": (
        "",
        ("load_data", "plot_examples", "preprocess", "build_tiny_vgg", "compile_model", "run_experiment"),
    ),
    "model-raises": ("def build_tiny_vgg():\n    raise ValueError('later')\n", ()),
    "other-architecture": (
        "def build_tiny_vgg():\n"
        "    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, 5), layers.Flatten(),"
        " layers.Dropout(0.5), layers.Dense(10, activation='softmax', kernel_regularizer='l2')])\n",
        (),
    ),
    "wrong-loss": (compiled("'adam', 'categorical_crossentropy', ['accuracy']"), ()),
    "mean-squares": (compiled("'sgd', 'mse', ['accuracy']"), ()),
    "no-metric": (compiled("'adam', 'sparse_categorical_crossentropy'"), ()),
    "metric-that-compares-numbers": (
        compiled("'adam', 'sparse_categorical_crossentropy', [keras.metrics.MeanSquaredError(name='accuracy')]"),
        (),
    ),
    "probabilities-as-logits": (
        compiled("'adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), ['accuracy']"),
        (),
    ),
    "one-hot-in-training-only": (
        "def preprocess(a, b, c, d):\n"
        "    return a / np.float32(255), keras.utils.to_categorical(b, 10), c / np.float32(255), d\n",
        (),
    ),
    "images-not-scaled": ("def preprocess(*arrays):\n    return arrays\n", ()),
}


@pytest.mark.parametrize(("code", "without"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("question", ["q6", "q7"])
def test_faults_of_earlier_questions_cost_nothing_here(question: str, code: str, without: tuple[str, ...]) -> None:
    assert_fails(results_of(question, code, without), set())


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_labels_of_two_forms_cost_question_3_alone(loss: str) -> None:
    code = OTHERS["one-hot-in-training-only"][0] + compiled(f"'adam', '{loss}', metrics=['accuracy']")
    for question in ("q5", "q6", "q7"):
        assert_fails(results_of(question, code), set())
    assert "failed" in {result.outcome for result in results_of("q3", code).values()}


def test_what_is_right_is_not_to_be_found_on_the_way_to_evaluate() -> None:
    spying = """
def evaluate(model, x_test, y_test):
    import sys
    frame, found = sys._getframe(1), []
    while frame is not None:
        found += [value for value in frame.f_locals.values() if isinstance(value, dict) and "y_pred" in value]
        frame = frame.f_back
    return (found[0]["loss"], float(np.mean(found[0]["y_pred"].argmax(1) == found[0]["labels"])))
"""
    results = results_of("q7", spying)
    assert_fails(results, ALL_7)
    assert "IndexError" in results["q7_answered"].message


def test_faults_after_question_5_cost_nothing_in_question_8() -> None:
    assert_fails(
        results_of("q8", without=("preprocess", "build_tiny_vgg", "compile_model", "train", "evaluate")), set()
    )


def test_an_answer_in_a_markdown_cell_is_told() -> None:
    student = Student(Agent({}).answer, 0, markdown={"evaluate": 31})
    observations = Observations({"q7": {"calls": [student.told(student.call("evaluate"))]}})
    result = next(r for r in judge(assignment.all_checks(), observations) if r.name == "q7_answered")
    assert result.found == "The code of `evaluate` stands in a Markdown cell (cell 31), so it did not run."
    assert result.hint == "Turn that cell into a code cell, and run it."


# ---- All three ----

NONSENSE = {
    "text": "'an answer'",
    "number": "7",
    "huge-list": "[[0.0] * 20000] * 20000",
    "class": "type('Thing', (), {})",
    "generator": "(i for i in range(3))",
    "dict-of-junk": "{'loss': None, 'accuracy': [1, 'x'], 'kind': 'array'}",
    "dict-of-dicts": "{'loss': {}, 'acc': {}}",
    "pair-of-nothing": "(None, None)",
    "pair-of-lists": "([1, 2], [3])",
    "not-numbers": "(float('nan'), 1e400)",
    "complex": "np.array([1j, 2])",
    "huge-number": "(10 ** 400, 1)",
    "true": "True",
}


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_told_and_no_fault_of_the_grader(value: str) -> None:
    code = f"def anything(*arguments, **options):\n    return {value}\ntrain = evaluate = plot_history = anything\n"
    assert_fails(results_of("q6", code), ALL_6)
    seven = results_of("q7", code)
    assert failed(seven) in (ALL_7, ALL_7 - {"q7_answered"})
    assert {r.outcome for r in seven.values()} <= {"passed", "failed", "skipped"}
    assert_fails(results_of("q8", code), ALL_8)


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_is_right_for_any_seed(seed: int) -> None:
    for question in ("q6", "q7", "q8"):
        assert_fails(results_of(question, seed=seed), set())


def test_nothing_is_left_in_the_working_directory() -> None:
    results_of("q6")
    assert os.listdir() == []
