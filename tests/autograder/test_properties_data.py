"""Questions 1 to 3, for any inputs: verdicts agree with plain NumPy and with plain loops."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import tries

from assignment.hidden.data import _places
from autograder import assignment
from lab.checks.data import _one_map
from lab.probes import inputs
from lab.settings import CLASS_NAMES, N_CLASSES
from labkit.judging import Observations, judge

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Preprocess = Callable[..., Arrays]

SEEDS = st.integers(0, 2**32 - 1)
FORMS = st.sampled_from(["(n, 1)", "(n,)"])
CHECKS = {q: [c for c in assignment.all_checks() if c.question == q] for q in ("q1", "q2", "q3")}


def failing(question: str, observation: dict[str, Any], seed: int) -> set[str]:
    """Checks that do not pass."""
    results = judge(CHECKS[question], Observations({question: observation}, seed))
    assert not any(r.outcome in ("error", "unjudged") for r in results), results
    return {r.name for r in results if r.outcome != "passed"}


# Question 1


def counted_by_hand(x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, y_test: np.ndarray) -> dict[str, Any]:
    counts = Counter(int(label) for label in y_train.flat)
    n_classes = 1 + max(int(label) for labels in (y_train, y_test) for label in labels.flat)
    return {
        "n_train": sum(1 for _ in x_train),
        "n_test": sum(1 for _ in x_test),
        "image_shape": [len(x_train[0]), len(x_train[0][0]), len(x_train[0][0][0])],
        "n_classes": n_classes,
        "class_counts": [counts[k] for k in range(n_classes)],
    }


def failing_description(summaries: list[dict[str, Any]], seed: int) -> set[str]:
    """Without the checks of `load_data`, which is not called here."""
    described = [{"error": None, "value": summary} for summary in summaries]
    load = {"error": {"kind": "missing"}}
    return failing("q1", {"load": load, "describe": described}, seed) - {"q1_answered", "q1_shapes", "q1_images"}


@settings(deadline=None, max_examples=tries(60))
@given(SEEDS, FORMS, st.sampled_from([list, np.array, lambda counts: {str(k): n for k, n in enumerate(counts)}]))
def test_a_true_description_passes_in_any_container(seed: int, form: str, container: Callable[..., Any]) -> None:
    summaries = [counted_by_hand(*inputs.describe_inputs(seed, n, form)) for n in range(len(inputs.DESCRIBED))]
    for summary in summaries:
        summary["class_counts"] = container(summary["class_counts"])
    assert failing_description(summaries, seed) == set()


@settings(deadline=None, max_examples=tries(60))
@given(SEEDS, st.data())
def test_any_false_number_is_seen(seed: int, data: st.DataObject) -> None:
    summaries = [counted_by_hand(*inputs.describe_inputs(seed, n)) for n in range(len(inputs.DESCRIBED))]
    summary = data.draw(st.sampled_from(summaries))
    key = data.draw(st.sampled_from(list(summary)))
    off = data.draw(st.integers(-100, 100).filter(bool))
    if isinstance(summary[key], list):
        summary[key][data.draw(st.integers(0, len(summary[key]) - 1))] += off
    else:
        summary[key] += off
    assert failing_description(summaries, seed) == {"q1_summary"}


# Question 2


@settings(deadline=None, max_examples=tries(15))
@given(SEEDS, FORMS, st.data())
def test_titles_and_classes_are_judged_as_a_set_of_pairs_would_be(seed: int, form: str, data: st.DataObject) -> None:
    calls, every_title_true, every_class_shown = [], True, True
    for number in range(len(inputs.SHOWN)):
        x, y = inputs.example_inputs(seed, number, form)
        labels = y.reshape(-1)
        rows = data.draw(st.lists(st.integers(0, len(x) - 1), min_size=1, max_size=12))
        rows += data.draw(st.sampled_from([[], [int(np.flatnonzero(labels == k)[-1]) for k in range(N_CLASSES)]]))
        titles = [int(labels[row]) for row in rows]
        if data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(rows) - 1))
            titles[at] = data.draw(st.integers(0, N_CLASSES - 1))
        before = data.draw(st.sampled_from(["", "No. 7: ", "class_", "Category: "]))
        axes = [
            drawn(x[row], before + CLASS_NAMES[k], place)
            for place, (row, k) in enumerate(zip(rows, titles, strict=True))
        ]
        calls.append({"error": None, "figures": [{"title": "", "placed": [], "axes": axes}]})
        every_title_true &= all(k == labels[row] for row, k in zip(rows, titles, strict=True))
        every_class_shown &= {int(labels[row]) for row in rows} == set(range(N_CLASSES))
    expected = ({"q2_titles"} if not every_title_true else set()) | (
        {"q2_all_classes"} if not every_class_shown else set()
    )
    assert failing("q2", {"label_shape": form, "calls": calls}, seed) == expected


def drawn(image: np.ndarray, title: str, place: int) -> dict[str, Any]:
    """Axes as `labkit.figure_description` describes them, in a row of many."""
    return {
        "title": title,
        "xlabel": "",
        "ylabel": "",
        "heading": "",
        "texts": [],
        "ticks": {"x": [], "y": []},
        "box": [place / 30, 0.1, 1 / 40, 0.8],
        "images": [{"data": image, "extent": None}],
    }


# Question 3


def preprocessed(seed: int, form: str, preprocess: Preprocess) -> set[str]:
    """Checks that a way of preprocessing fails."""
    calls = [
        {"error": None, "value": list(preprocess(*inputs.preprocess_inputs(seed, n, form))), "unchanged": True}
        for n in range(2)
    ]
    return failing("q3", {"label_shape": form, "form": "raw", "calls": calls}, seed)


PREPARED = [inputs.preprocess_inputs(0, number, "(n,)") for number in range(2)]


@settings(deadline=None, max_examples=tries(40))
@given(st.floats(-0.2, 0.2), st.floats(-12, 12))
def test_a_linear_map_is_judged_by_its_range_and_spread(slope: float, offset: float) -> None:
    calls = [
        {"error": None, "value": [x * slope + offset, y, x_test * slope + offset, y_test], "unchanged": True}
        for x, y, x_test, y_test in PREPARED
    ]
    largest = max(float(np.abs(call["value"][i]).max()) for call in calls for i in (0, 2))
    spread = float(PREPARED[0][0].std()) * abs(slope)
    assume(abs(largest - 10) > 1e-6 and abs(spread - 0.05) > 1e-6)
    public = [c for c in CHECKS["q3"] if not c.hidden]
    results = judge(public, Observations({"q3": {"calls": calls, "label_shape": "(n,)", "form": "raw"}}))
    assert [r.outcome for r in results] == ["passed", "passed" if largest <= 10 and spread >= 0.05 else "failed"]


SMALL = st.integers(0, 3)


@settings(deadline=None, max_examples=tries(150))
@given(st.integers(2, 5).flatmap(lambda n: st.tuples(*[st.lists(SMALL, min_size=n, max_size=n)] * 4)))
def test_one_map_is_a_monotone_function_at_every_place(rows: tuple[list[int], ...]) -> None:
    raw = np.array(rows[:2], dtype=float).T[:, None, :, None]  # (images, 1, 2 places, 1)
    new = np.array(rows[2:], dtype=float).T[:, None, :, None]
    places = [list(zip(before, after, strict=True)) for before, after in ((rows[0], rows[2]), (rows[1], rows[3]))]
    same = all(v == w for place in places for a, v in place for b, w in place if a == b)
    found = _one_map(new, raw, near=0.1)
    assert found[0] == same
    if same:
        signs = [{np.sign(w - v) for a, v in place for b, w in place if a < b} - {0} for place in places]
        assert found[1] == any(all(which <= {sign} for which in signs) for sign in (1, -1))


@settings(deadline=None, max_examples=tries(60))
@given(SEEDS, st.integers(2, 40), st.floats(0.003, 3), st.floats(-3, 3))
def test_images_are_found_again_wherever_they_went(seed: int, n: int, slope: float, offset: float) -> None:
    rng = np.random.default_rng(seed)
    raw, order = rng.integers(0, 256, (n, 8, 8, 3)), rng.permutation(n)
    places = _places(raw[order] * slope + offset, raw)
    assert np.array_equal(order[places], np.arange(n))


AXES = st.sampled_from([None, 0, (0, 1, 2)])
STATISTICS = st.sampled_from([(np.mean, np.std), (np.min, np.ptp)])


@settings(deadline=None, max_examples=tries(6))
@given(SEEDS, FORMS, AXES, STATISTICS, st.sampled_from(["training", "own", "joint", "test"]))
def test_statistics_may_come_from_the_training_images_only(
    seed: int, form: str, axis: Any, statistics: tuple[Callable[..., Any], Callable[..., Any]], source: str
) -> None:
    shift, scale = statistics

    def standardised(x: np.ndarray, of: np.ndarray) -> np.ndarray:
        of = of.astype(np.float64)
        return np.asarray((x - shift(of, axis=axis)) / (scale(of, axis=axis) + 1e-9))

    def preprocess(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray) -> Arrays:
        sources = {
            "training": (x, x),
            "own": (x, x_test),
            "joint": (np.concatenate([x, x_test]),) * 2,
            "test": (x_test, x_test),
        }
        of, of_test = sources[source]
        return standardised(x, of), y, standardised(x_test, of_test), y_test

    assert ("q3_same_map" in preprocessed(seed, form, preprocess)) == (source != "training")


@settings(deadline=None, max_examples=tries(6))
@given(SEEDS, FORMS, SEEDS, st.sampled_from(["both", "images", "labels"]))
def test_images_and_labels_move_together_or_not_at_all(seed: int, form: str, order_seed: int, moved: str) -> None:
    order = np.random.default_rng(order_seed).permutation(inputs.PREPROCESSED[0])

    def preprocess(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray) -> Arrays:
        x = x[order] if moved != "labels" else x
        y = y[order] if moved != "images" else y
        return x / 255, y, x_test / 255, y_test

    assert preprocessed(seed, form, preprocess) == (set() if moved == "both" else {"q3_labels"})
