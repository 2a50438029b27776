"""Questions 1 to 3: faults of other questions cost nothing here, and nonsense is told."""

import pytest
from support import failed, results_of

from labkit.judging import CheckResult

ALL_1 = {"q1_answered", "q1_described", "q1_shapes", "q1_images", "q1_summary"}
ALL_2 = {"q2_answered", "q2_images", "q2_titles", "q2_all_classes"}
ALL_3 = {"q3_answered", "q3_scaled", "q3_same_map", "q3_labels", "q3_inputs_unchanged"}

NONSENSE = {
    "text": "'an answer'",
    "number": "7",
    "huge-list": "[[0.0] * 20000] * 20000",
    "class": "type('Thing', (), {})",
    "function": "len",
    "generator": "(i for i in range(3))",
    "dict-of-junk": "{'n_train': 'many', 'kind': 'array', 'loss': None, 3: [None]}",
    "nothing-in-four": "[None] * 4",
    "nested": "[[[]], {}, (), set()]",
    "complex": "np.array([1j, 2])",
    "objects": "np.array([None, {}, 'x'], dtype=object)",
    "scalar-array": "np.array(3.0)",
    "not-a-number": "float('nan')",
    "bytes": "b'xyz'",
    "empty": "[]",
    "two-texts": "('a', 'b')",
    "pair-of-pairs": "(('a', 'b'), (3, None))",
    "dict-like-an-array": "{'kind': 'object', 'type': 'x'}",
}


def assert_fails(results: dict[str, CheckResult], checks: set[str]) -> None:
    """Exactly these checks fail, and no fault of the grader."""
    said = {name: (r.outcome, r.message, r.traceback) for name, r in results.items() if r.outcome != "passed"}
    assert failed(results) == checks, said
    assert not any(r.outcome in ("error", "unjudged") for r in results.values()), said


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_told_and_no_fault_of_the_grader(value: str) -> None:
    names = "load_data = describe_data = plot_examples = preprocess = anything"
    code = f"def anything(*arguments):\n    return {value}\n{names}\n"
    for question, checks in (("q1", ALL_1), ("q2", ALL_2), ("q3", ALL_3)):
        assert_fails(results_of(question, code), checks)


def test_nothing_else_is_needed() -> None:
    """Questions 1 to 3 are judged alike where every other question is missing."""
    others = ("build_tiny_vgg", "compile_model", "train", "evaluate", "plot_history", "run_experiment")
    for question in ("q1", "q2", "q3"):
        assert_fails(results_of(question, without=others), set())


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_is_right_for_any_seed(seed: int) -> None:
    for question in ("q2", "q3"):
        assert_fails(results_of(question, seed=seed), set())
