"""Questions 6 to 8 on any numbers of rows, labels and curves, against what NumPy says of them."""

from itertools import pairwise
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support import tries

from autograder import assignment
from lab.probes import inputs
from labkit.figure_description import describe_figure
from labkit.judging import Observations, judge
from labkit.short_training import recording

SEED = 7
few = settings(max_examples=tries(25), deadline=None)
many = settings(max_examples=tries(200), deadline=None)


def failed(question: str, observation: dict[str, Any]) -> set[str]:
    """Checks of a question that fail for one observation."""
    checks = [check for check in assignment.all_checks() if check.question == question]
    results = judge(checks, Observations({question: observation}, SEED))
    assert not any(r.outcome in ("error", "unjudged") for r in results), results
    return {r.name for r in results if r.outcome == "failed"}


# Question 6


@many
@given(
    n=st.integers(400, 3000),
    held_out=st.floats(0, 0.6),
    overlap=st.integers(0, 3),
    foreign=st.integers(0, 3),
    labels_kept=st.booleans(),
    epochs=st.lists(st.integers(1, 99), unique=True, max_size=4),
    seed=st.integers(0, 99),
)
def test_any_split_in_any_number_of_fits(
    n: int, held_out: float, overlap: int, foreign: int, labels_kept: bool, epochs: list[int], seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(n)
    validation, training = np.split(order, [round(held_out * n)])
    training = np.concatenate([training, validation[:overlap]])
    validation = np.concatenate([validation, np.full(foreign, -1)])

    def call(ends: list[int], batch_size: int) -> dict[str, Any]:
        fits = [
            {
                "epochs": end,
                "initial_epoch": start,
                "batch_size": batch_size,
                "n_train": len(training),
                "n_epoch": len(training),
                "n_validation": len(validation),
                "validates": len(validation) > 0,
                "rows": training,
                "validation_rows": validation,
                "labels_kept": labels_kept,
                "callbacks": [],
                "of_notebook": False,
                "validates_on_notebook": False,
            }
            for start, end in pairwise([0, *sorted(ends)])
        ]
        returned = {"kind": "History", "series": ["loss"], "epochs": max(ends)}  # of all fits, put together
        return {"error": None, "n": n, "looked_up": n, "fits": fits, "trained": True, "returned": returned}

    other = call([inputs.OTHER_EPOCHS], inputs.OTHER_BATCH_SIZE)
    found = failed("q6", {"calls": [call([*epochs, 100], 128), other]})
    share = len(validation) / n
    assert ("q6_validates" in found) == (share == 0)
    clean = share > 0 and not foreign and not np.isin(validation, training).any() and labels_kept
    assert ("q6_held_out" in found) == (not clean)
    if abs(share - 0.3) < 0.004:
        assert "q6_validation_share" not in found
    if share > 0.31 or share < 0.29 - 128 / n:  # the last batch may be dropped
        assert "q6_validation_share" in found
    assert not found & {"q6_answered", "q6_arguments", "q6_epochs", "q6_batch_size", "q6_history"}


_rng = np.random.default_rng(1)
X = _rng.random((90, 2), dtype=np.float32)
Y = _rng.integers(0, 3, 90)


@few
@given(
    n=st.integers(4, 90),
    share=st.floats(0.26, 0.74),
    ends=st.lists(st.integers(1, 40), unique=True, min_size=1, max_size=4).map(sorted),
    batch_size=st.integers(1, 100),
)
def test_the_recorder_splits_and_counts_as_numpy(n: int, share: float, ends: list[int], batch_size: int) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    drawn: list[float] = []
    with recording() as seen:
        for start, end in pairwise([0, *ends]):
            history = model.fit(
                X[:n], Y[:n], batch_size, end, validation_split=share, initial_epoch=start, verbose=0
            ).history
            drawn += history["val_accuracy"]
    last = n - int(n * (1 - share))
    for fit in seen.fits:
        np.testing.assert_array_equal(fit.x_train, X[: n - last])
        np.testing.assert_array_equal(fit.y_validation, Y[n - last : n])
        assert (fit.n_train, fit.n_validation, fit.batch_size) == (n - last, last, batch_size)
    assert len(drawn) == ends[-1] == sum(fit.epochs - fit.initial_epoch for fit in seen.fits)
    for one, other in pairwise(seen.fits):
        assert all(np.array_equal(a, b) for a, b in zip(one.weights_after, other.weights_before, strict=True))


# Question 7


@many
@given(
    n=st.integers(20, 400),
    seed=st.integers(0, 9999),
    sharpness=st.floats(0.1, 8),
    off=st.floats(-1, 1).filter(lambda d: abs(d) > 0.0002),
    loss_factor=st.floats(0.1, 10).filter(lambda f: abs(f - 1) > 0.011),
    form=st.sampled_from(("list", "array", "dict")),
)
def test_any_accuracy_and_loss(n: int, seed: int, sharpness: float, off: float, loss_factor: float, form: str) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, sharpness, (n, 10))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.where(rng.random(n) < 0.5, p.argmax(axis=1), rng.integers(0, 10, n))
    right = sum(int(max(range(10), key=row.__getitem__)) == label for row, label in zip(p, labels, strict=True)) / n
    loss = sum(-np.log(max(row[label], 1e-7)) for row, label in zip(p, labels, strict=True)) / n

    def judged(first: float, second: float, *measured: list[float]) -> set[str]:
        value: Any = {"list": [first, second], "array": np.array([first, second])}.get(form)
        value = {"accuracy": second, "test_loss": first} if value is None else value
        call = {"error": None, "value": value, "y_pred": p, "labels": labels, "loss": 123.0, "trains": 0}
        call["measured"] = list(measured)
        return failed("q7", {"calls": [call, call]})

    assert judged(loss, right) == set()
    assert judged(123.0, right) == set()  # as the model was compiled
    if abs(right + off - loss) > 0.02 * loss + 1e-3 and abs(loss - right) > 1e-3:
        assert judged(loss, right + off) == {"q7_accuracy"}
    wrong = loss * loss_factor
    if abs(wrong - right) > 1e-3 and abs(right - loss) > 0.02 * loss:
        assert judged(wrong, right) == {"q7_loss"}
        other = right + off
        if abs(wrong - other) > 0.02 * max(wrong, abs(other)) + 1e-3:  # `model.evaluate` of other data is one slip
            assert judged(wrong, other, [wrong, other]) == {"q7_accuracy"}
    if form != "dict" and abs(right - loss) > 0.02 * loss:
        assert judged(right, loss) == {"q7_order"}


# Question 8

SETS = (("train", "val"), ("Training", "Validation"), ("train_%s", "val_%s"), ("%s", "val_%s"), ("fit", "unseen"))


@few
@given(
    layout=st.sampled_from(("panels", "figures", "twin", "four panels", "one axis")),
    words=st.sampled_from(SETS),
    legend=st.sampled_from(("each", "last", "by order")),
    percent=st.booleans(),
    logarithmic=st.booleans(),
    first_epoch=st.integers(0, 1),
    validation_first=st.booleans(),
    extra=st.booleans(),
    fault=st.sampled_from((None, None, "missing", "noise", "unnamed", "no words")),
    victim=st.sampled_from(("loss", "accuracy", "val_loss", "val_accuracy")),
)
def test_any_style_of_curves(
    layout: str,
    words: tuple[str, str],
    legend: str,
    percent: bool,
    logarithmic: bool,
    first_epoch: int,
    validation_first: bool,
    extra: bool,
    fault: str | None,
    victim: str,
) -> None:
    calls = []
    for number in range(len(inputs.CURVE_LENGTHS)):
        h = {name: np.array(values) for name, values in inputs.curves(SEED, number, "accuracy").items()}
        if fault == "noise":
            h[victim] = h[victim] + np.where(np.arange(len(h[victim])) == 3, 0.05, 0)
        axes = _axes(layout)
        names: dict[Any, list[Any]] = {}
        for key in sorted(h, key=lambda k: (k.startswith("val_") == validation_first, k)):
            if fault == "missing" and key == victim:
                continue
            quantity, held_out = key.removeprefix("val_"), key.startswith("val_")
            ax = axes[key]
            word = words[held_out] % quantity if "%" in words[held_out] else words[held_out]
            word = f"{word} {quantity}" if layout in ("twin", "one axis") else word
            values = 100 * h[key] if percent and quantity == "accuracy" else h[key]
            colour = ("C1" if held_out else "C0") if layout != "one axis" else f"C{len(names.get(ax, ()))}"
            marks = {"color": colour, "label": word if legend != "by order" else None}
            names.setdefault(ax, []).append(word)
            ax.plot(np.arange(len(values)) + first_epoch, values, **marks)
            if logarithmic and quantity == "loss":
                ax.set_yscale("log")
            if fault != "no words" and layout != "one axis":
                ax.set_ylabel("Accuracy (%)" if percent and quantity == "accuracy" else quantity.title())
            elif fault != "no words":
                ax.set_title("loss and accuracy")
        speaking = list(names) if legend != "last" or layout in ("figures", "four panels", "twin") else list(names)[-1:]
        for ax in speaking if fault != "unnamed" else ():
            ax.legend(*([names[ax]] if legend == "by order" else []))
        if extra:
            for ax in names:
                ax.axhline(0.5, color="grey", ls=":")
        figures = list(dict.fromkeys(ax.figure for ax in axes.values()))
        calls.append({"error": None, "figures": [describe_figure(figure) for figure in figures]})
        plt.close("all")
    found = failed("q8", {"metric": "accuracy", "calls": calls})
    if fault is None:
        assert found == set()
    if fault in ("missing", "noise"):
        assert "q8_series" in found
    if fault == "unnamed":
        assert found == {"q8_told_apart"}
    if fault == "no words" and not any("%" in word for word in words) and layout not in ("twin", "one axis"):
        assert found == {"q8_labels"}


def _axes(layout: str) -> dict[str, Any]:
    """Series -> where it is drawn."""
    keys = ("loss", "accuracy", "val_loss", "val_accuracy")
    if layout == "four panels":
        return dict(zip(keys, plt.subplots(2, 2)[1].flat, strict=True))
    if layout == "figures":
        first, second = plt.subplots()[1], plt.subplots()[1]
    elif layout == "panels":
        first, second = plt.subplots(1, 2)[1]
    else:
        first = plt.subplots()[1]
        second = first.twinx() if layout == "twin" else first
    return {key: first if "loss" in key else second for key in keys}
