"""Run records, right, wrong and forged; those that only weights can tell apart are of real trainings.

The solution's code stays as it is: what differs is the record in the notebook's output.
"""

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from answers.entries import Edit, Entry, RecordEdit, function, right, wrong
from assignment.samples.edits import RECORDS
from lab import settings
from lab.questions import QUESTIONS

Record = dict[str, Any]
FULL = {"q9": 12.0, "q13": 7.0, "q14": 7.0, "bonus": 10.0}
OF_RECORD = {"q9": 1.0, "q13": 2.0, "q14": 2.0, "bonus": 2.0}  # marks
VARIANTS = {question: variant for variant, question in QUESTIONS.variants.items()}
REACHES = "The recorded weights reach the accuracies that were recorded with them"


@cache
def _trained(variant: str) -> str:
    """JSON of the record of real trainings that the sample submissions have."""
    page = (RECORDS / f"{variant}.html").read_text()
    return zlib.decompress(base64.b64decode(page.partition(":")[2].partition('"')[0])).decode()


def _of_trained(variant: str, change: Callable[[Record], Record]) -> RecordEdit:
    return lambda record: change(json.loads(_trained(variant)))


def _runs(change: Callable[[Record, int], Record]) -> Callable[[Record], Record]:
    """Changes every run, given its number from 0."""
    return lambda record: record | {"runs": [change(run, i) for i, run in enumerate(record["runs"])]}


def _claims(change: Callable[[list[float]], list[float]]) -> Callable[[Record], Record]:
    """Changes the accuracies; mean and standard deviation follow."""

    def edit(record: Record) -> Record:
        accuracies = change([run["accuracy"] for run in record["runs"]])
        runs = [run | {"accuracy": a} for run, a in zip(record["runs"], accuracies, strict=True)]
        return record | {"runs": runs, "mean": float(np.mean(accuracies)), "std": float(np.std(accuracies, ddof=1))}

    return edit


def _curves(change: Callable[[list[float], int], list[float]], only: str = "") -> Callable[[Record], Record]:
    """Changes every series of every run, or those of one name, given the number of the run."""
    return _runs(
        lambda run, i: run | {"history": {k: change(v, i) if only in k else v for k, v in run["history"].items()}}
    )


def _first_curves(change: Callable[[Any, int], Any]) -> Callable[[Record], Record]:
    """Every run gets the curves of the first one, changed."""

    def edit(record: Record) -> Record:
        first = record["runs"][0]["history"]
        return _runs(
            lambda run, i: run | {"history": {k: [float(x) for x in change(np.array(v), i)] for k, v in first.items()}}
        )(record)

    return edit


def _values(weight: Record) -> Any:
    return np.frombuffer(base64.b64decode(weight["data"]), "<f4").reshape(weight["shape"])


def _weight(weight: Record, values: Any) -> Record:
    values = np.ascontiguousarray(values, "<f4")
    return weight | {"shape": list(values.shape), "data": base64.b64encode(values.tobytes()).decode()}


def _weights(change: Callable[[Any, np.random.Generator], Any]) -> Callable[[Record], Record]:
    """Changes every kernel of every run, each with random numbers of its own."""

    def of_run(run: Record, number: int) -> Record:
        rng = np.random.default_rng(number)
        changed = [_weight(w, change(_values(w), rng)) if len(w["shape"]) > 1 else w for w in run["weights"]]
        return run | {"weights": changed}

    return _runs(of_run)


def _copies(change: Callable[[Record, int], Record]) -> Callable[[Record], Record]:
    """Weights and accuracy of the first run in every run, with a change of the copies; the curves stay different."""

    def edit(record: Record) -> Record:
        first = record["runs"][0]
        kept = {"accuracy": first["accuracy"], "weights": first["weights"]}
        copied = _runs(lambda run, i: run | (change(kept, i) if i else kept))(record)
        return copied | {"mean": first["accuracy"], "std": 0.0}

    return edit


def _noisy(run: Record, number: int) -> Record:
    rng = np.random.default_rng(number)
    return run | {"weights": [_weight(w, _values(w) * rng.normal(1, 0.01, w["shape"])) for w in run["weights"]]}


def _reordered(run: Record, number: int) -> Record:
    """The same network, the filters of its first layer in another order: it answers the same to every image."""
    first, bias, second, *others = run["weights"]
    order = np.random.default_rng(number).permutation(first["shape"][-1])
    changed = [
        _weight(first, _values(first)[..., order]),
        _weight(bias, _values(bias)[order]),
        _weight(second, _values(second)[:, :, order]),
    ]
    return run | {"weights": [*changed, *others]}


def _rescaled(run: Record, number: int) -> Record:
    """The same network, filters of its first layer in another order and stronger, which the next layer takes back: it
    answers the same to every image."""
    first, bias, second, *others = _reordered(run, number)["weights"]
    factors = np.random.default_rng(number).uniform(0.5, 2, first["shape"][-1])
    changed = [
        _weight(first, _values(first) * factors),
        _weight(bias, _values(bias) * factors),
        _weight(second, _values(second) / factors[:, None]),
    ]
    return run | {"weights": [*changed, *others]}


def _seed_state(run: Record, number: int) -> Record:
    state = {"path": "random_flip/seed_generator/seed_generator_state", "shape": [2], "data": "AAAAAAAAgD8="}
    return run | {"weights": [*run["weights"], state]}


def _renamed(run: Record, number: int) -> Record:
    names = {"accuracy": "sparse_categorical_accuracy", "val_accuracy": "val_sparse_categorical_accuracy"}
    return run | {"history": {names.get(name, name): series for name, series in run["history"].items()}}


def _other_variant(variant: str, other: str) -> RecordEdit:
    return lambda record: json.loads(_trained(other)) | {"variant": variant}


def _good(question: str, did: str, why: str, change: RecordEdit) -> Entry:
    return right(question, f"record: {did}", why, record=change)


def _real(
    question: str,
    did: str,
    why: str,
    change: Callable[[Record], Record],
    *edits: Edit,
    elsewhere: Mapping[str, float] | None = None,
) -> Entry:
    changed = _of_trained(VARIANTS[question], change)
    return right(question, f"record: {did}", why, *edits, elsewhere=elsewhere, record=changed, real=True)


def _bad(question: str, did: str, why: str, words: str, change: RecordEdit, *, real: bool = False) -> Entry:
    return wrong(
        question,
        f"record: {did}",
        why,
        record=change,
        marks=FULL[question] - OF_RECORD[question],
        fails={f"{question}_record": words},
        real=real,
    )


def _false(question: str, did: str, why: str, words: str, change: Callable[[Record], Record]) -> Entry:
    """Only the weights on the real test set show it."""
    return _bad(question, did, why, words, _of_trained(VARIANTS[question], change), real=True)


RIGHT: tuple[Entry, ...] = (
    _real("q9", "real trainings", "as they were", lambda record: record),
    _real("q13", "real trainings with batch normalisation", "moving averages are weights too", lambda record: record),
    _real("q14", "real trainings of three blocks", "as they were", lambda record: record),
    _real("bonus", "real trainings of the residual network", "as they were", lambda record: record),
    _real("q9", "accuracies rounded to three digits", "what was measured", _claims(lambda a: [round(x, 3) for x in a])),
    _real(
        "q13",
        "measured on other hardware",
        "a GPU rounds otherwise, and a few images change sides",
        _claims(lambda a: [x + d for x, d in zip(a, (3e-4, -2e-4, 0, 4e-4, -1e-4), strict=True)]),
    ),
    _real(
        "q9",
        "real trainings, and the builder deleted since",
        "question 4 is lost; the weights are tried in the network that was asked for",
        lambda record: record,
        function("build_tiny_vgg", ""),
        elsewhere={"q4": 0},
    ),
    _real("q14", "runs in another order", "from the best to the worst", lambda r: r | {"runs": r["runs"][::-1]}),
    _real(
        "q9",
        "population standard deviation",
        "divided by n",
        lambda r: r | {"std": float(np.std([run["accuracy"] for run in r["runs"]]))},
    ),
    _good(
        "q9",
        "learning rates in the histories",
        "a callback notes them",
        _runs(lambda run, i: run | {"history": run["history"] | {"learning_rate": [1e-3] * settings.EPOCHS}}),
    ),
    _good("q13", "metric under its long name", "Keras names it after the function", _runs(_renamed)),
    _good(
        "q14",
        "state of a random generator among the weights",
        "layers that draw random numbers keep it there",
        _runs(_seed_state),
    ),
    _good("q9", "unknown device and versions", "a machine of one's own", lambda record: record | {"made_with": {}}),
    _good(
        "bonus",
        "one training that died",
        "its loss stays where it was: a pity, and true",
        lambda r: r | {"runs": [_dead(r["runs"][0]), *r["runs"][1:]]},
    ),
)


def _dead(run: Record) -> Record:
    return run | {"history": {name: [2.3026] * settings.EPOCHS for name in run["history"]}}


MISTAKEN: tuple[Entry, ...] = (
    _bad(
        "q13",
        "outputs cleared",
        "the record was in them",
        'Run the cell with `publish("tiny_vgg_bn", ...)`',
        lambda record: None,
    ),
    _bad("q13", "four runs", "one was lost", "It holds 4.", lambda r: r | {"runs": r["runs"][:4]}),
    _bad("q14", "no run at all", "the experiment had not ended", "It holds 0.", lambda r: r | {"runs": []}),
    _bad(
        "q14",
        "half the epochs in the last run",
        "it was stopped",
        "In run 5, `loss` has 50 values.",
        _runs(lambda run, i: run | {"history": {k: v[:50] if i == 4 else v for k, v in run["history"].items()}}),
    ),
    _bad(
        "q9",
        "two hundred epochs",
        "more than the comparison allows",
        "In run 1, `loss` has 200 values.",
        _curves(lambda v, i: [*v, *np.random.default_rng(i).uniform(0, 1, 100).round(4)]),
    ),
    _bad(
        "q13",
        "no validation values",
        "nothing was held out",
        "That of run 1 has no val_loss.",
        _runs(lambda run, i: run | {"history": {k: v for k, v in run["history"].items() if "val" not in k}}),
    ),
    _bad(
        "q14",
        "no accuracy in the histories",
        "no metric was compiled",
        "That of run 1 has no accuracy.",
        _runs(lambda run, i: run | {"history": {k: v for k, v in run["history"].items() if "acc" not in k}}),
    ),
    _bad(
        "bonus",
        "no weights",
        "`models` was not returned",
        "Let `run_experiment` return the list `models` too",
        _runs(lambda run, i: run | {"weights": []}),
    ),
    _bad(
        "q13",
        "weights of the network without normalisation",
        "the wrong results were published",
        "Those of run 1 belong to another one",
        _other_variant("tiny_vgg_bn", "tiny_vgg"),
    ),
    _bad(
        "q14",
        "weights of the network of two blocks",
        "the wrong results were published",
        "belong to another one: 9,420 parameters against 6,440.",
        _other_variant("tiny_vgg_3blocks", "tiny_vgg"),
    ),
    _bad(
        "bonus",
        "one model five times",
        "`models` holds the last one only",
        "Runs 1 and 2 ended in nearly the same weights.",
        lambda r: r | {"runs": [run | {"weights": r["runs"][0]["weights"]} for run in r["runs"]]},
    ),
    _bad(
        "q13",
        "the variance for the standard deviation",
        "its root was forgotten",
        "The record says 0.2500, the accuracies say 0.0000.",
        lambda r: r | {"std": 0.25},
    ),
    _bad(
        "q14",
        "the best accuracy for the mean",
        "the others count too",
        "The mean says 0.2000, the accuracies say 0.1000.",
        lambda r: r | {"mean": 0.2},
    ),
    _bad(
        "bonus",
        "a training that diverged",
        "its loss is no number any more",
        "belongs to a training that failed",
        _curves(lambda v, i: [*v[:-1], float("nan")], only="val_loss"),
    ),
    _false(
        "q9",
        "models before their training",
        "`models` was filled too early",
        REACHES,
        _weights(lambda v, rng: rng.uniform(-1, 1, v.shape) * np.sqrt(6 / (np.prod(v.shape[:-1]) + v.shape[-1]))),
    ),
    _false(
        "q13",
        "accuracies of the training set",
        "`evaluate` was given the wrong arrays",
        "Publish what `run_experiment` returned",
        lambda r: _claims(lambda a: [run["history"]["accuracy"][-1] for run in r["runs"]])(r),
    ),
)

FORGED: tuple[Entry, ...] = (
    _false(
        "q9",
        "every accuracy lifted by ten points",
        "the numbers were edited in the file",
        REACHES,
        _claims(lambda a: [x + 0.1 for x in a]),
    ),
    _false("q13", "the worst run lifted", "one number was edited", REACHES, _claims(lambda a: [max(*a, 0.6), *a[1:]])),
    _false(
        "q14",
        "random weights",
        "nothing was trained, and a good result claimed",
        "That is guessing",
        lambda r: _claims(lambda a: [0.66, 0.65, 0.67, 0.64, 0.65])(
            _weights(lambda v, g: g.normal(0, 0.1, v.shape))(r)
        ),
    ),
    _bad(
        "q9",
        "copies of one training with noise",
        "four runs were saved",
        "Runs 1 and 2 ended in nearly the same weights.",
        _copies(_noisy),
    ),
    _bad(
        "q14",
        "copies of one training with its filters reordered",
        "the same network, written otherwise",
        "Runs 1 and 2 ended in nearly the same weights.",
        _copies(_reordered),
    ),
    _bad(
        "q9",
        "copies of one training with its filters rescaled",
        "ReLU lets one layer undo what another one does",
        "Runs 1 and 2 ended in nearly the same network: it gives the same class for 100 of 100 images.",
        _of_trained("tiny_vgg", _copies(_rescaled)),
    ),
    _bad(
        "q9",
        "twenty epochs written five times",
        "eighty were saved",
        "the losses of the first 20 epochs come again and again.",
        _curves(lambda v, i: v[:20] * (settings.EPOCHS // 20)),
    ),
    _bad(
        "q13",
        "one curve shifted",
        "only one run has measured curves",
        "The losses of runs 1 and 2 are one curve, shifted or scaled.",
        _first_curves(lambda v, i: v + 0.01 * i),
    ),
    _bad(
        "q14",
        "one curve scaled",
        "only one run has measured curves",
        "The losses of runs 1 and 2 are one curve, shifted or scaled.",
        _first_curves(lambda v, i: (v * (1 + 0.01 * i)).round(6)),
    ),
    _bad(
        "bonus",
        "straight lines for curves",
        "they were made up",
        "In run 1, the losses lie on a straight line.",
        _curves(lambda v, i: [float(x) for x in np.linspace(2.3 - i / 10, 0.5, settings.EPOCHS)]),
    ),
    _bad(
        "bonus",
        "record of another variant renamed",
        "one experiment was saved",
        "Those of run 1 belong to another one",
        _other_variant("tiny_resnet", "tiny_vgg_bn"),
    ),
    _bad(
        "q13",
        "an accuracy above one",
        "too good",
        "One is 1.4.",
        _claims(lambda a: [1.4, *a[1:]]),
    ),
)

WRONG = (*MISTAKEN, *FORGED)
ENTRIES = (*RIGHT, *WRONG)
