"""Hidden checks of questions 6 to 8."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from assignment.hidden._registry import registry
from lab import settings
from lab.checks.training import epochs_asked, loss_and_accuracy, not_handed_on, trained
from lab.probes import inputs
from labkit.judging import Failure, Observations

SHARE_TOLERANCE = 0.005
ACCURACY_TOLERANCE = 1e-4
FLOAT_TOLERANCE = 1e-6
ROUNDED = 0.00501  # an accuracy of two digits is no further off
LOSS_TOLERANCE = 0.01
DRAWN_TOLERANCE = 1e-3  # nobody can see less in a figure


def _default_fits(observations: Observations) -> list[dict[str, Any]]:
    """What `train` does where it is given no epochs and no batch size.

    Raises:
        Failure: it raised.
    """
    call = observations["q6"]["calls"][0]
    if call["error"]:
        raise Failure(
            "`train(model, x, y)` works without `epochs` and `batch_size`.",
            f"It raised {call['error'].get('type')}.",
            "Both have defaults in the first line of the function.",
        )
    return list(call["fits"])


@registry.check("q6", 2, after="q6_answered")
def q6_epochs(observations: Observations) -> None:
    """`train` trains for {EPOCHS} epochs, unless told otherwise."""
    fits = _default_fits(observations)
    epochs = epochs_asked(fits)
    if "epochs" not in not_handed_on(observations) and epochs != settings.EPOCHS:
        raise Failure(
            f"By default, training takes {settings.EPOCHS} epochs.",
            f"`fit` was asked for {epochs}" + (f" in all: it was called {len(fits)} times." if len(fits) > 1 else "."),
            _why_not(fits),
        )
    for fit in fits:
        for callback in fit["callbacks"]:
            if callback["stops_at"]:
                raise Failure(
                    f"All {settings.EPOCHS} epochs are run.",
                    f"The callback {callback['class']} can end training after {callback['stops_at']}.",
                    "Curves of different lengths cannot be compared; keep the best weights instead if you like.",
                )


def _why_not(fits: list[dict[str, Any]]) -> str:
    """A step towards the right number of epochs, where the calls of `fit` show one."""
    if len(fits) > 1 and all(fit["epochs"] == settings.EPOCHS for fit in fits):
        return "One call of `fit` is a whole training. Folds are not asked for, and Question 9 repeats the training."
    if any(fit["initial_epoch"] for fit in fits):
        return "With `initial_epoch`, `fit` trains only what is left up to `epochs`."
    return ""


@registry.check("q6", 1, after="q6_answered")
def q6_batch_size(observations: Observations) -> None:
    """`train` uses batches of {BATCH_SIZE}, unless told otherwise."""
    fits = _default_fits(observations)
    for fit in [] if "batch_size" in not_handed_on(observations) else fits:
        if fit["batch_size"] != settings.BATCH_SIZE:
            raise Failure(
                f"By default, a batch has {settings.BATCH_SIZE} images.",
                f"It has {fit['batch_size']}.",
                "Keras takes 32 where nothing is said." if fit["batch_size"] == 32 else "",
            )


@registry.check("q6", 1, after="q6_answered")
def q6_validation_share(observations: Observations) -> None:
    """{VALIDATION_SPLIT:.0%} of the training images are held out for validation."""
    call = trained(observations)
    n = call["n"]
    for fit in call["fits"]:
        if not _right_share(fit, n):
            share = fit["n_validation"] / max(n, fit["n_train"] + fit["n_validation"])
            raise Failure(
                f"{settings.VALIDATION_SPLIT:.0%} of the images that `train` gets are held out.",
                f"Of {n} images, {fit['n_train']} were for training and {fit['n_validation']} for validation "
                f"({share:.1%}).",
            )


def _right_share(fit: dict[str, Any], n: int) -> bool:
    """Whether the right share of n images, or of those that are used, is held out; the last batch may be dropped."""
    held_out, size = fit["n_validation"], fit["batch_size"] or 1
    for images in (n, fit["n_train"] + held_out):
        wanted, slack = settings.VALIDATION_SPLIT * images, SHARE_TOLERANCE * images
        if abs(held_out - wanted) <= slack or held_out == (wanted + slack) // size * size > 0:
            return True
    return False


_NAMES_OF_NOTEBOOK = (
    "`x` and `y` are the arguments, already preprocessed; names of the notebook such as `x_train` are not."
)
_AS_THEY_ARE = (
    "`x` and `y` come preprocessed, and augmentation (flipped, shifted or noisy images) is not asked for: all networks "
    "are compared after the same training."
)


@registry.check("q6", 1, after="q6_answered")
def q6_held_out(observations: Observations) -> None:
    """What is held out comes from the training images, and is not trained on."""
    call = trained(observations)
    fits, n = call["fits"], call["n"]
    rows = [np.asarray(fit["rows"]) for fit in fits]
    held_out = [np.asarray(fit["validation_rows"]) for fit in fits]
    if not any(fit["n_validation"] for fit in fits):
        raise Failure("Some images are held out.", "All are trained on.")
    of_notebook = any(fit["of_notebook"] for fit in fits)
    as_they_are = _NAMES_OF_NOTEBOOK if of_notebook else _AS_THEY_ARE
    if all((r < 0).all() for r in [*rows, *held_out]):
        raise Failure(
            "Training and validation use the images that `train` gets, as they are.",
            "`fit` was given images of the notebook instead."
            if of_notebook
            else "`fit` was given none of them: other images, or these with other values.",
            as_they_are,
        )
    changed = any((r < 0).any() for r in rows) and not any(fit["validates_on_notebook"] for fit in fits)
    if any((r < 0).any() for r in held_out) and not changed:
        raise Failure(
            "Validation uses images from the arrays that `train` gets.",
            "It uses others: the test set?",
            "What the test set has influenced, it cannot judge any more.",
        )
    if any((r < 0).any() for r in rows):
        raise Failure(
            "Training uses the images that `train` gets, as they are.",
            "It uses images of the notebook too." if of_notebook else "It uses others, or these with other values.",
            as_they_are,
        )
    if all(fit["epochs"] == settings.EPOCHS for fit in fits):  # one training several times, as in folds
        together = [(r, h) for r, h in zip(rows, held_out, strict=True)]
    else:
        together = [(np.concatenate(rows), np.concatenate(held_out))]
    both = max((np.intersect1d(r, h) for r, h in together), key=len)
    if len(both):
        raise Failure(
            "Images that are held out are not trained on.",
            f"{len(both)} images are used for both.",
            "Split once, before anything is shuffled anew.",
        )
    for fit, trained_on, held in zip(fits, rows, held_out, strict=True):
        used = len(np.union1d(trained_on, held)) if n == call["looked_up"] else fit["n_train"] + fit["n_validation"]
        dropped = 2 * (fit["batch_size"] or 0)  # the last batch of each side may be incomplete
        if used < n * (1 - SHARE_TOLERANCE) - dropped:
            raise Failure("All images are used, for training or for validation.", f"{n - used} of {n} are not used.")
        if fit["n_epoch"] < fit["n_train"] - (fit["batch_size"] or 0):
            raise Failure(
                "Every epoch goes through all training images.",
                f"It goes through {fit['n_epoch']} of {fit['n_train']}.",
                "`steps_per_epoch` ends an epoch early: leave it out.",
            )
        if not fit["labels_kept"]:
            raise Failure(
                "Every image keeps its label.",
                "`fit` was given images with labels of other images.",
                "Images and labels have to be split, and shuffled, alike.",
            )


def _evaluations(observations: Observations) -> list[tuple[tuple[float, float], float, dict[str, Any]]]:
    """For each call: the returned pair, the right accuracy, and what was observed."""
    result = []
    for call in observations["q7"]["calls"]:
        pair = loss_and_accuracy(call["value"])
        assert pair is not None  # q7_answered has passed
        result.append((pair, _accuracy_of_first(len(call["labels"]), call), call))
    return result


def _of_what_was_looked_at(observations: Observations) -> list[tuple[tuple[float, float], float, dict[str, Any]]]:
    """The evaluations, of the images alone that were looked at: that these are too few, or others, is told of the
    accuracy."""
    evaluations = _evaluations(observations)
    if all(any(abs(value - right) <= ACCURACY_TOLERANCE for value in pair) for pair, right, _ in evaluations):
        return evaluations
    measured = [_as_measured(pair, call) for pair, _, call in evaluations]
    if all(measured):
        return [evaluation for evaluation in measured if evaluation]
    few = _looked_at(evaluations)
    cut = []
    for n, (pair, _, call) in zip(few, evaluations, strict=False):
        part = call | {key: np.asarray(call[key])[:n] for key in ("labels", "y_pred")}
        cut.append((pair, _accuracy_of_first(n, part), part | {"loss": _entropy(part)}))
    return cut or evaluations


def _as_measured(
    pair: tuple[float, float], call: dict[str, Any]
) -> tuple[tuple[float, float], float, dict[str, Any]] | None:
    """The evaluation as `model.evaluate` gave it, of whatever it was asked for; None where it did not."""
    for loss, *metrics in call["measured"]:
        for value, other in (pair, pair[::-1]):
            accuracy = next((m for m in metrics if abs(other - m) <= FLOAT_TOLERANCE), None)
            if accuracy is not None and abs(value - loss) <= LOSS_TOLERANCE * abs(loss):
                return pair, accuracy, call | {"loss": loss}
    return None


def _is_loss(value: float, call: dict[str, Any]) -> bool:
    """Whether it is the loss that the model was compiled with, or the mean cross-entropy."""
    return any(abs(value - right) <= LOSS_TOLERANCE * abs(right) for right in (call["loss"], _entropy(call)))


def _entropy(call: dict[str, Any]) -> float:
    """The mean cross-entropy."""
    outputs = np.asarray(call["y_pred"], dtype=np.float64)
    if not (outputs >= 0).all() or not np.allclose(outputs.sum(axis=1), 1, atol=1e-3):  # logits
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs = outputs / outputs.sum(axis=1, keepdims=True)
    hits = outputs[np.arange(len(outputs)), np.asarray(call["labels"], dtype=int)]
    return float(-np.log(np.clip(hits, 1e-7, 1)).mean())


BROADCAST = (
    "Predictions of shape (n,) and labels of shape (n, 1) make a table of n × n when they are compared: "
    "`np.ravel(y_test)` first."
)


def share_of_pairs(outputs: Any, labels: Any) -> float:
    """What comes out where the class of each image is compared with each label, as NumPy does with (n,) and (n, 1).

    Args:
        outputs: classes (n,), or class scores (n, N_CLASSES).
        labels: integers (n,).
    """
    guessed = np.asarray(outputs)
    guessed = guessed.argmax(axis=1) if guessed.ndim == 2 else guessed
    return float(np.mean(guessed[:, None] == np.asarray(labels)[None, :]))


def _looked_at(evaluations: list[tuple[tuple[float, float], float, dict[str, Any]]]) -> list[int]:
    """In each call the number of images, from the first on, whose accuracy was returned; empty where it is not so."""
    sizes = [len(call["labels"]) for _, _, call in evaluations]
    full = [[n // size * size for n in sizes] for size in (32, 64, 128, 256)]
    for numbers_looked_at in [*([n] * len(sizes) for n in range(32, min(sizes), 32)), *full]:
        if all(
            n and any(abs(value - _accuracy_of_first(n, call)) <= FLOAT_TOLERANCE for value in pair)
            for n, (pair, _, call) in zip(numbers_looked_at, evaluations, strict=True)
        ):
            return numbers_looked_at
    return []


def _accuracy_of_first(n: int, call: dict[str, Any]) -> float:
    return float(np.mean(np.asarray(call["y_pred"])[:n].argmax(axis=1) == np.asarray(call["labels"])[:n]))


@registry.check("q7", 2, after="q7_answered")
def q7_accuracy(observations: Observations) -> None:
    """The accuracy is the share of right answers on the data that `evaluate` gets."""
    evaluations = _evaluations(observations)
    for pair, right, call in evaluations:
        if any(abs(value - right) <= ACCURACY_TOLERANCE for value in pair):
            continue
        expected = "The accuracy is the share of images that are classified rightly, between 0 and 1."
        if any(abs(value - 100 * right) <= 100 * ACCURACY_TOLERANCE for value in pair):
            raise Failure(expected, "It is given in percent.")
        if call["trains"]:
            raise Failure(
                "`evaluate` measures the model as it is.",
                "It calls `fit`: what the model is measured on, it has been trained on.",
                "`model.evaluate` measures, and changes nothing.",
            )
        if any(abs(value - share_of_pairs(call["y_pred"], call["labels"])) <= ACCURACY_TOLERANCE for value in pair):
            raise Failure(expected, "Every prediction is compared with every label.", BROADCAST)
        if _looked_at(evaluations):
            raise Failure(
                expected,
                f"It is that of the first {_looked_at(evaluations)[0]} of {len(call['labels'])} images alone.",
                "`steps` ends before all batches are through: leave it out, and do not drop the last batch.",
            )
        if any(abs(value - right) <= ROUNDED for value in pair):
            raise Failure(
                expected,
                "For fresh images and labels, it is close, but not equal.",
                "Is it rounded to few digits? Do all images count, and equally?",
            )
        raise Failure(
            expected,
            "For fresh images and labels, it is another number.",
            "Use the model that is passed in, and all of the images and labels, each once.",
        )


@registry.check("q7", 1, after="q7_answered")
def q7_loss(observations: Observations) -> None:
    """The loss is that on the data that `evaluate` gets."""
    for pair, _, call in _of_what_was_looked_at(observations):
        if not any(_is_loss(value, call) for value in pair):
            raise Failure(
                "The loss is the mean loss over the images that are passed in.",
                "For fresh images and labels, it is another number.",
                "`model.evaluate` computes it with the loss that the model was compiled with.",
            )


@registry.check("q7", 1, after="q7_answered")
def q7_order(observations: Observations) -> None:
    """Loss first, accuracy second."""
    expected = "`(loss, accuracy)`, in that order."
    seen = False
    for pair, right, call in _of_what_was_looked_at(observations):
        losses = [_is_loss(value, call) for value in pair]
        accuracies = [
            any(abs(value - scale * right) <= scale * ACCURACY_TOLERANCE for scale in (1, 100)) for value in pair
        ]
        if not isinstance(call["value"], dict) and accuracies[0] and losses[1]:
            raise Failure(expected, "They are the other way round.")
        seen = seen or any(losses + accuracies)
    if not seen:
        raise Failure(expected, "Neither number is right, so that there is no order to see.")


@dataclass(frozen=True)
class _Curve:
    """A line that shows one of the four series, and where it is drawn."""

    figure: dict[str, Any]
    axes: dict[str, Any]
    line: dict[str, Any]


_Curves = dict[str, list[_Curve]]  # "loss", "accuracy", "val_loss", "val_accuracy" -> lines that show it


def _curves(observations: Observations, number: int) -> _Curves:
    """The lines that show each series, in one call."""
    seen = observations["q8"]
    metric = seen["metric"]
    lines = [_Curve(f, a, line) for f in seen["calls"][number]["figures"] for a in f["axes"] for line in a["lines"]]
    names = {"loss": "loss", "accuracy": metric, "val_loss": "val_loss", "val_accuracy": f"val_{metric}"}
    values = inputs.curves(observations.seed, number, metric)
    return {
        name: [c for c in lines if _shows(c.line, np.asarray(values[key]), percent="loss" not in name)]
        for name, key in names.items()
    }


def _shows(line: dict[str, Any], series: np.ndarray, percent: bool) -> bool:
    y = np.asarray(line["y"], dtype=float)
    y = y[np.isfinite(y)]  # some put a gap in front, so that epochs count from 1
    if y.shape != series.shape:
        return False
    return any(np.abs(y / scale - series).max() <= DRAWN_TOLERANCE for scale in ((1, 100) if percent else (1,)))


def _lines(observations: Observations, number: int) -> list[dict[str, Any]]:
    return [line for f in observations["q8"]["calls"][number]["figures"] for a in f["axes"] for line in a["lines"]]


def _is_shifted(line: dict[str, Any], observations: Observations, number: int) -> bool:
    """Whether a line shows a series with something in front."""
    values = inputs.curves(observations.seed, number, observations["q8"]["metric"])
    rest = line | {"y": np.asarray(line["y"], dtype=float)[1:]}
    return any(_shows(rest, np.asarray(series), percent="loss" not in name) for name, series in values.items())


def _every_call(observations: Observations) -> list[_Curves]:
    return [_curves(observations, number) for number in range(len(inputs.CURVE_LENGTHS))]


def _words(name: str) -> str:
    return f"{'validation' if name.startswith('val_') else 'training'} {name.removeprefix('val_')}"


@registry.check("q8", 3, after="q8_answered")
def q8_series(observations: Observations) -> None:
    """The four curves are drawn: loss and accuracy, in training and validation."""
    for number, curves in enumerate(_every_call(observations)):
        missing = [_words(name) for name, found in curves.items() if not found]
        if missing and any(_is_shifted(line, observations, number) for line in _lines(observations, number)):
            raise Failure(
                "Each curve has one value an epoch.",
                "A curve has a further value in front of its first epoch.",
                "Nothing is known of an epoch 0. To count from 1, give the epochs: `ax.plot(range(1, n + 1), values)`.",
            )
        if missing:
            raise Failure(
                "Training loss, validation loss, training accuracy and validation accuracy are drawn, "
                "one value an epoch.",
                f"No curve has the values of: {', '.join(missing)}.",
                "Take them from `history.history`; `print(history.history.keys())` shows their names.",
            )


_VALIDATION = re.compile(r"val(?!ue)|test|held|hold|unseen")
_TRAINING = re.compile(r"train|fit|learn")


def _kinds(text: str) -> set[str]:
    """What a name says: "validation", "training", both, or nothing."""
    said = {"validation": _VALIDATION, "training": _TRAINING}
    return {kind for kind, pattern in said.items() if pattern.search(text.lower())}


def _name(curve: _Curve, curves: _Curves) -> str:
    """What a curve is called: its name in a legend, and the title of axes, or of a figure, without the other kind."""
    every = [(name.startswith("val_"), other) for name, found in curves.items() for other in found]
    text = str(curve.line["name"])
    if len({kind for kind, other in every if other.axes is curve.axes}) == 1:
        text += f" {_own_text(curve.axes)}"
    if len({kind for kind, other in every if other.figure is curve.figure}) == 1:
        text += f" {curve.figure['title']}"
    return text.strip()


def _own_text(axes: dict[str, Any]) -> str:
    return " ".join([axes["title"], axes["heading"], axes["ylabel"], axes["xlabel"], *_texts(axes)])


def _texts(axes: dict[str, Any]) -> list[str]:
    return [text["text"] for text in axes["texts"]]


@registry.check("q8", 1, after="q8_answered")
def q8_told_apart(observations: Observations) -> None:
    """Training and validation curves can be told apart."""
    for number, curves in enumerate(_every_call(observations)):
        for quantity in ("loss", "accuracy"):
            train, validation = curves[quantity], curves[f"val_{quantity}"]
            if train and validation:
                _require_told_apart(quantity, train, validation, curves)
        if not any(curves.values()):  # what is drawn is something else, but may have names nevertheless
            figures = observations["q8"]["calls"][number]["figures"]
            names = [line["name"] for f in figures for axes in f["axes"] for line in axes["lines"]]
            if not any("validation" in _kinds(name) for name in names):
                raise Failure(_TOLD_APART, "No legend speaks of validation.", _LEGEND)


_TOLD_APART = "A legend (or a title) says which curve is training and which is validation."
_LEGEND = "`ax.plot(..., label=...)`, then `ax.legend()`."


def _require_told_apart(quantity: str, train: list[_Curve], validation: list[_Curve], curves: _Curves) -> None:
    right = {"training": train, "validation": validation}
    names = {kind: [_name(curve, curves) for curve in found] for kind, found in right.items()}
    for kind, other in (("training", "validation"), ("validation", "training")):
        if all(_kinds(name) == {other} for name in names[kind]):
            raise Failure(_TOLD_APART, f"The {kind} {quantity} is called “{names[kind][0][:60]}”.", _LEGEND)
    # One of the two has to be named; then the other is the other one.
    if any(_kinds(name) == {kind} for kind in right for name in names[kind]):
        return
    said = _kinds(" ".join(text for found in right.values() for curve in found for text in _texts(curve.axes)))
    if "validation" not in said:  # names written beside the lines
        called = " and ".join(f"“{name[:60]}”" for found in names.values() for name in found[:1] if name)
        found = f"are called {called}" if called else "have no such names in the figure"
        raise Failure(_TOLD_APART, f"The curves of the {quantity} {found}.", _LEGEND)


_WORDS = {  # parts of what the quantities are called, in languages that students write in
    "loss": (
        "loss",
        "entropy",
        "cost",
        "nll",
        "likelihood",
        "verlust",
        "kosten",
        "perte",
        "coût",
        "pérdida",
        "perdita",
    ),
    "accuracy": ("acc", "correct", "top-1", "genauigkeit", "exactitud", "justesse", "précision", "precisión"),
}


@registry.check("q8", 1, after="q8_answered")
def q8_labels(observations: Observations) -> None:
    """Axes or titles name loss and accuracy."""
    metric = observations["q8"]["metric"]
    words = _WORDS | {"accuracy": (*_WORDS["accuracy"], metric.lower())}
    for number, curves in enumerate(_every_call(observations)):
        figures = observations["q8"]["calls"][number]["figures"]
        for quantity, other in (("loss", "accuracy"), ("accuracy", "loss")):
            found = [*curves[quantity], *curves[f"val_{quantity}"]]
            places = [(c.figure, c.axes) for c in found] or [(f, a) for f in figures for a in f["axes"]]
            strangers = [id(c.axes) for c in [*curves[other], *curves[f"val_{other}"]]]
            if not any(
                _is_named(figure, axes, words[quantity], words[other], alone=bool(found) and id(axes) not in strangers)
                for figure, axes in places
            ):
                raise Failure(
                    "An axis label or a title says where loss and where accuracy is drawn.",
                    f"No title and no axis label of the curves in question speaks of the {quantity}.",
                    '`ax.set_ylabel("...")`',
                )


def _is_named(
    figure: dict[str, Any], axes: dict[str, Any], words: tuple[str, ...], others: tuple[str, ...], *, alone: bool
) -> bool:
    """Whether text around some axes names a quantity; a legend does where nothing else is drawn in them."""

    def says(text: str, sought: tuple[str, ...]) -> bool:
        return any(word in text.lower() for word in sought)

    own = _own_text(axes)
    if says(own, words) or says(own, others):
        return says(own, words)
    names = [line["name"] for line in axes["lines"]] if alone else []
    return says(" ".join([figure["title"], *names]), words)
