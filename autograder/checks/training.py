"""Hidden checks of questions 6 to 8."""

from typing import Any

import numpy as np

from autograder.checks import registry
from lab import settings
from lab.checks.common import numbers
from lab.checks.training import loss_and_accuracy
from lab.judging import Failure, Observations
from lab.probes import inputs

SHARE_TOLERANCE = 0.005
ACCURACY_TOLERANCE = 1e-4
LOSS_TOLERANCE = 0.01


def _fits(observations: Observations, call: int = 0) -> list[dict[str, Any]]:
    return list(observations["q6"]["calls"][call]["fits"])


def _epochs(fits: list[dict[str, Any]]) -> int:
    return sum(max(fit["epochs"] - fit["initial_epoch"], 0) for fit in fits)


@registry.check("q6", 2, after="q6_answered")
def q6_epochs(observations: Observations) -> None:
    """`train` trains for {EPOCHS} epochs, unless told otherwise."""
    fits = _fits(observations)
    if _epochs(fits) != settings.EPOCHS:
        raise Failure(f"By default, training takes {settings.EPOCHS} epochs.", f"`fit` was asked for {_epochs(fits)}.")
    for fit in fits:
        for callback in fit["callbacks"]:
            if callback["stops_at"]:
                raise Failure(
                    f"All {settings.EPOCHS} epochs are run.",
                    f"The callback {callback['class']} can end training after {callback['stops_at']}.",
                    "Curves of different lengths cannot be compared; keep the best weights instead if you like.",
                )


@registry.check("q6", 1, after="q6_answered")
def q6_batch_size(observations: Observations) -> None:
    """`train` uses batches of {BATCH_SIZE}, unless told otherwise."""
    for fit in _fits(observations):
        if fit["batch_size"] != settings.BATCH_SIZE:
            raise Failure(
                f"By default, a batch has {settings.BATCH_SIZE} images.",
                f"It has {fit['batch_size']}.",
                "Keras takes 32 where nothing is said.",
            )


@registry.check("q6", 1, after="q6_answered")
def q6_validation_share(observations: Observations) -> None:
    """{VALIDATION_SPLIT:.0%} of the training images are held out for validation."""
    n = observations["q6"]["n"]
    for fit in _fits(observations):
        share = fit["n_validation"] / n
        if abs(share - settings.VALIDATION_SPLIT) > SHARE_TOLERANCE:
            raise Failure(
                f"{settings.VALIDATION_SPLIT:.0%} of the images that `train` gets are held out.",
                f"Of {n} images, {fit['n_validation']} were held out ({share:.1%}).",
            )


@registry.check("q6", 1, after="q6_answered")
def q6_held_out(observations: Observations) -> None:
    """What is held out comes from the training images, and is not trained on."""
    n = observations["q6"]["n"]
    for fit in _fits(observations):
        rows, held_out = np.asarray(fit["rows"]), np.asarray(fit["validation_rows"])
        if fit["test_rows"] or (held_out < 0).any():
            raise Failure(
                "Validation uses images from the arrays that `train` gets.",
                "It uses others: the test set?",
                "What the test set has influenced, it cannot judge any more.",
            )
        if (rows < 0).any():
            raise Failure("Training uses the images that `train` gets, as they are.", "It uses others.")
        both = np.intersect1d(rows, held_out)
        if len(both):
            raise Failure(
                "Images that are held out are not trained on.",
                f"{len(both)} images are used for both.",
            )
        used = len(np.unique(np.concatenate([rows, held_out])))
        if used < n * (1 - SHARE_TOLERANCE):
            raise Failure("All images are used, for one or the other.", f"{n - used} of {n} are not used.")
        if not fit["labels_kept"]:
            raise Failure("Every image keeps its label.", "`fit` was given images with labels of other images.")


@registry.check("q6", 1, after="q6_answered")
def q6_history(observations: Observations) -> None:
    """`train` returns the `History` that `fit` returns."""
    for call in observations["q6"]["calls"]:
        returned = call["returned"]
        if returned["kind"] != "History":
            raise Failure(
                "`train` returns the `History` object.",
                f"It returned {_article(returned['kind'])}.",
                "Return what `fit` returns; its `.history` is only a part of it.",
            )
        lengths = returned["lengths"]
        validation = [key for key in lengths if key.startswith("val_")]
        if "loss" not in lengths or not validation:
            raise Failure("The history holds training and validation series.", f"It holds: {', '.join(lengths)}.")


def _article(kind: str) -> str:
    return "nothing (None)" if kind == "NoneType" else f"an object of type {kind}"


@registry.check("q6", 1, after="q6_answered")
def q6_arguments(observations: Observations) -> None:
    """`train` uses its arguments `epochs` and `batch_size`."""
    fits = _fits(observations, 1)
    wanted = (inputs.OTHER_EPOCHS, inputs.OTHER_BATCH_SIZE)
    found = (_epochs(fits), fits[0]["batch_size"])
    if found != wanted:
        raise Failure(
            f"`train(..., epochs={wanted[0]}, batch_size={wanted[1]})` does just that.",
            f"`fit` was asked for {found[0]} epochs with batches of {found[1]}.",
            "Hand the arguments on to `fit`.",
        )


def _evaluations(observations: Observations) -> list[tuple[tuple[float, float], float, dict[str, Any]]]:
    """For each call: the returned pair, the right accuracy, and what was observed."""
    result = []
    for call in observations["q7"]["calls"]:
        pair = loss_and_accuracy(call["value"])
        assert pair is not None  # q7_answered has passed
        right = float(np.mean(np.asarray(call["y_pred"]).argmax(axis=1) == call["labels"]))
        result.append((pair, right, call))
    return result


def _is_loss(value: float, call: dict[str, Any]) -> bool:
    return abs(value - call["loss"]) <= LOSS_TOLERANCE * abs(call["loss"])


@registry.check("q7", 2, after="q7_answered")
def q7_accuracy(observations: Observations) -> None:
    """The accuracy is the share of right answers on the data that `evaluate` gets."""
    for pair, right, _ in _evaluations(observations):
        if any(abs(value - right) <= ACCURACY_TOLERANCE for value in pair):
            continue
        percent = any(abs(value - 100 * right) <= 100 * ACCURACY_TOLERANCE for value in pair)
        raise Failure(
            "The accuracy is the share of images that are classified rightly, between 0 and 1.",
            "It is given in percent." if percent else "For fresh images and labels, it is another number.",
            "" if percent else "Use the model, the images and the labels that are passed in.",
        )


@registry.check("q7", 1, after="q7_answered")
def q7_loss(observations: Observations) -> None:
    """The loss is that on the data that `evaluate` gets."""
    for pair, _, call in _evaluations(observations):
        if not any(_is_loss(value, call) for value in pair):
            raise Failure(
                "The loss is the mean loss over the images that are passed in.",
                "For fresh images and labels, it is another number.",
                "`model.evaluate` computes it with the loss that the model was compiled with.",
            )


@registry.check("q7", 1, after="q7_answered")
def q7_order(observations: Observations) -> None:
    """Loss first, accuracy second."""
    swapped = []
    for pair, right, call in _evaluations(observations):
        if call["value"] is not None and isinstance(call["value"], dict):
            return
        near = abs(pair[0] - right) <= ACCURACY_TOLERANCE or abs(pair[0] - 100 * right) <= 0.01
        swapped.append(near and _is_loss(pair[1], call))
    if any(swapped):
        raise Failure("`(loss, accuracy)`, in that order.", "They are the other way round.")


def _series(observations: Observations, number: int) -> dict[str, np.ndarray]:
    metric = observations["q8"]["metric"]
    return {k: np.asarray(v) for k, v in inputs.curves(observations.seed, number, metric).items()}


def _lines(call: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """(figure, axes, line) of every line."""
    return [(f, a, line) for f in call["figures"] for a in f["axes"] for line in a["lines"]]


def _shows(line: dict[str, Any], series: np.ndarray, percent: bool) -> bool:
    y = np.asarray(line["y"], dtype=float)
    if y.shape != series.shape:
        return False
    return any(np.allclose(y, series * scale, atol=1e-6) for scale in ((1, 100) if percent else (1,)))


def _drawn(observations: Observations, number: int) -> dict[str, Any]:
    """Series name -> (figure, axes, line) that shows it; None where it is not drawn."""
    call = observations["q8"]["calls"][number]
    found: dict[str, Any] = {}
    for name, series in _series(observations, number).items():
        hits = [item for item in _lines(call) if _shows(item[2], series, name.removeprefix("val_") != "loss")]
        found[name] = hits[0] if hits else None
    return found


def _words(name: str) -> str:
    quantity = "loss" if name.removeprefix("val_") == "loss" else "accuracy"
    return f"{'validation' if name.startswith('val_') else 'training'} {quantity}"


@registry.check("q8", 3, after="q8_answered")
def q8_series(observations: Observations) -> None:
    """The four curves are drawn: loss and accuracy, in training and validation."""
    for number in range(len(inputs.CURVE_LENGTHS)):
        missing = [_words(name) for name, item in _drawn(observations, number).items() if item is None]
        if missing:
            raise Failure(
                "Training loss, validation loss, training accuracy and validation accuracy are drawn, "
                "one value an epoch.",
                f"No curve has the values of: {', '.join(missing)}.",
                "Take them from `history.history`; `print(history.history.keys())` shows their names.",
            )


@registry.check("q8", 1, after="q8_answered")
def q8_told_apart(observations: Observations) -> None:
    """Training and validation curves can be told apart."""
    for number in range(len(inputs.CURVE_LENGTHS)):
        drawn = _drawn(observations, number)
        items = [(name, item) for name, item in drawn.items() if item is not None]
        if not items:
            raise Failure("Each curve has a name.", "None of the curves is drawn.")
        for name, (figure, axes, line) in items:
            legend = [*axes["legend"], *figure["legend"], *_twin_legends(figure, axes)]
            own = line["label"] if line["label"] in legend else ""
            text = f"{own} {axes['title']} {axes['ylabel']} {' '.join(axes['texts'])}".lower()
            kinds = ("val", "test") if name.startswith("val_") else ("train", name.lower(), "fit")
            alone = not any(
                other is not None and other[1] is axes and other[2] is not line for _, other in drawn.items()
            )
            in_legend = bool(own) or (line["label"].startswith("_") and len(legend) >= 2)
            if not in_legend and not (alone and any(kind in text for kind in kinds)):
                raise Failure(
                    "A legend (or a title) says which curve is training and which is validation.",
                    f"The {_words(name)} has no name in the figure.",
                    "`ax.plot(..., label=...)`, then `ax.legend()`.",
                )


def _twin_legends(figure: dict[str, Any], axes: dict[str, Any]) -> list[str]:
    """Legend entries of axes that lie upon this one (twin axes)."""
    here = numbers(axes["box"]) or []
    twins = [a for a in figure["axes"] if np.allclose(numbers(a["box"]) or [], here, atol=1e-6)]
    return [text for a in twins for text in a["legend"]]


@registry.check("q8", 1, after="q8_answered")
def q8_labels(observations: Observations) -> None:
    """Axes or titles name loss and accuracy."""
    metric = observations["q8"]["metric"]
    for call in observations["q8"]["calls"]:
        texts = []
        for figure in call["figures"]:
            texts.append(figure["title"])
            for axes in figure["axes"]:
                texts += [axes["title"], axes["xlabel"], axes["ylabel"], *axes["texts"]]
        text = " ".join(texts).lower()
        for words, name in ((("loss", "entropy", "cost"), "loss"), (("acc", metric.lower()), "accuracy")):
            if not any(word in text for word in words):
                raise Failure(
                    "An axis label or a title says where loss and where accuracy is drawn.",
                    f"No title and no axis label speaks of the {name}.",
                    '`ax.set_ylabel("...")`',
                )
