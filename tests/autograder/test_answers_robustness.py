"""Question 9: rarer experiments, right and wrong, and run records; the usual ones are in the zoo."""

import math
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import pytest

from autograder import verification
from autograder.checks import all_checks, reference_specs
from lab import settings
from lab.judging import CheckResult, Observations, judge
from tests.support import results_of

VALUES = ("q9_entries", "q9_accuracies", "q9_mean_std", "q9_histories")
ALL = (*VALUES, "q9_runs", "q9_fresh")


SMALL = """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, 5, strides=5), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
"""  # question 9 does not care what is trained, and this is built in no time


@dataclass(frozen=True)
class Wrong:
    """A wrong answer: the checks that fail, and words that the failure of the first of them says."""

    name: str
    code: str
    checks: tuple[str, ...]
    words: tuple[str, ...]


def outcomes(results: dict[str, CheckResult], outcome: str) -> set[str]:
    return {name for name, result in results.items() if result.outcome == outcome}


# An experiment in pieces: what happens before the runs, at the start of each, and what is returned.

LOOP = """
def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    accuracies, histories, models = [], [], []
    {before}
    for run in range(n_runs):
        {start}
        {model}
        {fit}
        {measure}
        accuracies.append(accuracy)
        histories.append(history)
        models.append(model)
        {end}
    {after}
    return {result}
"""
PARTS = {
    "before": "pass",
    "start": "pass",
    "model": "model = compile_model(build_model())",
    "fit": "history = train(model, x_train, y_train, epochs=epochs)",
    "measure": "_, accuracy = evaluate(model, x_test, y_test)",
    "end": "pass",
    "after": "pass",
    "result": "dict(accuracies=accuracies, mean=np.mean(accuracies), std=np.std(accuracies), histories=histories,"
    " models=models)",
}


def loop(**parts: str) -> str:
    """The experiment with some of its parts written differently; later lines of a part need no indentation."""
    text = LOOP
    for name, default in PARTS.items():
        indent = " " * (4 if name in ("before", "after", "result") else 8)
        text = text.replace("{" + name + "}", parts.get(name, default).replace("\n", "\n" + indent))
    return text


RESULT = PARTS["result"]
PREDICT = "accuracy = np.mean(model.predict(x_test, verbose=0).argmax(1) == np.ravel(y_test))"
RENAMED = """
import numpy as np
(xa, ya), (xb, yb) = load_data()
x_tr, y_tr, x_te, y_te = xa[:2000], ya[:2000].ravel(), xb.astype("float32") / 255, yb.ravel()
x_tr = x_tr.astype("float32") / 255
"""

ACCEPTED = {
    "a while loop": """
def run_experiment(build_model, n_runs=5, epochs=100):
    results, i = {"accuracies": [], "histories": []}, 0
    while i < n_runs:
        m = compile_model(build_model())
        results["histories"].append(train(m, x_train, y_train, epochs))
        results["accuracies"].append(evaluate(m, x_test, y_test)[1])
        i += 1
    results["mean"], results["std"] = np.mean(results["accuracies"]), np.std(results["accuracies"])
    return results
""",
    "a helper nested in it, with nonlocal state": """
def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    out = {}
    def one(seed):
        keras.utils.set_random_seed(seed)
        m = compile_model(build_model())
        h = train(m, x_train, y_train, epochs=epochs)
        out[seed] = (evaluate(m, x_test, y_test)[1], h)
    for seed in (s * 17 + 3 for s in range(n_runs)):
        one(seed)
    acc = [a for a, _ in out.values()]
    histories = [h for _, h in out.values()]
    return {"accuracies": acc, "mean": sum(acc) / len(acc), "std": np.std(acc), "histories": histories}
""",
    "one epoch a fit": loop(
        fit="history = {}\nfor epoch in range(epochs):\n"
        "    h = train(model, x_train, y_train, epochs=1)\n"
        "    for k, v in h.history.items():\n        history.setdefault(k, []).extend(v)"
    ),
    "seeds drawn from one generator": loop(
        before="seeds = np.random.default_rng(0).integers(0, 10**6, n_runs)",
        start="keras.utils.set_random_seed(int(seeds[run]))",
    ),
    "one seed before all runs": loop(before="keras.utils.set_random_seed(42)"),
    "models deleted": loop(
        end="import gc\ndel model\nmodels.clear()\ngc.collect()",
        result=RESULT.replace(", models=models", "").replace("models=models", ""),
    ).replace("        models.append(model)\n", ""),
    "predict and argmax": loop(measure=PREDICT),
    "a call and argmax": loop(measure="accuracy = float(np.mean(np.argmax(model(x_test), axis=1) == y_test.ravel()))"),
    "accuracies as an array": loop(after="accuracies = np.array(accuracies, dtype='float32')"),
    "accuracies by number of the run": loop(
        result=RESULT.replace("accuracies=accuracies", "accuracies=dict(enumerate(accuracies))")
    ),
    "accuracies as columns (n, 1)": loop(
        result=RESULT.replace("accuracies=accuracies", "accuracies=np.array(accuracies)[:, None]")
    ),
    "sample standard deviation": loop(result=RESULT.replace("np.std(accuracies)", "np.std(accuracies, ddof=1)")),
    "mean and std as arrays of one": loop(
        result=RESULT.replace("np.mean(accuracies)", "np.mean(accuracies, keepdims=True)").replace(
            "np.std(accuracies)", "np.array(np.std(accuracies))"
        )
    ),
    "histories as dicts of arrays": loop(
        after="histories = [{k: np.array(v) for k, v in h.history.items()} | {'run': i}"
        " for i, h in enumerate(histories)]"
    ),
    "the model saved and loaded before measuring": loop(
        fit="history = train(model, x_train, y_train, epochs=epochs)\n"
        "path = f'/tmp/q9_{id(accuracies)}.keras'\nmodel.save(path)\nmodel = keras.models.load_model(path)\n"
        "import os; os.remove(path)"
    ),
    "train under another name": loop(before="fit_model = train").replace("history = train(", "history = fit_model("),
    "train as a default argument": loop()
    .replace("epochs=settings.EPOCHS)", "epochs=settings.EPOCHS, trainer=train)")
    .replace("history = train(", "history = trainer("),
    "train in a partial": loop(before="import functools\nfit = functools.partial(train, batch_size=64)").replace(
        "history = train(", "history = fit("
    ),
    "train in a class": """
class Trainer:
    def __call__(self, model, x, y, epochs=100, batch_size=128):
        return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3, verbose=0)
train = Trainer()
""",
    "a second, smaller experiment raises": loop(before="assert n_runs > 2"),
    "arrays under other names": RENAMED
    + loop().replace("x_train, y_train", "x_tr, y_tr").replace("x_test, y_test", "x_te, y_te"),
    "arrays under other names, predict and argmax": RENAMED
    + loop(measure=PREDICT)
    .replace("x_train, y_train", "x_tr, y_tr")
    .replace("x_test", "x_te")
    .replace("y_test", "y_te"),
    "arrays bound as defaults": RENAMED
    + loop()
    .replace("epochs=settings.EPOCHS)", "epochs=settings.EPOCHS, a=x_tr, b=y_tr, c=x_te, d=y_te)")
    .replace("x_train, y_train", "a, b")
    .replace("x_test, y_test", "c, d"),
    "prints and warns": loop(start="import warnings; warnings.warn('slow'); print('run', run)"),
    # Faults of other questions cost nothing here.
    "question 3 missing": "del preprocess",
    "question 3 leaves bytes, labels one-hot, question 5 fits them": """
def preprocess(x_train, y_train, x_test, y_test):
    return x_train, keras.utils.to_categorical(y_train, 10), x_test, keras.utils.to_categorical(y_test, 10)
def compile_model(model):
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
""",
    "one-hot labels": """
def preprocess(x_train, y_train, x_test, y_test):
    return x_train / 255, np.eye(10)[y_train.ravel()], x_test / 255, np.eye(10)[y_test.ravel()]
def compile_model(model):
    model.compile("adam", "categorical_crossentropy", metrics=["acc"])
    return model
""",
    "question 4 missing": "build_tiny_vgg = None",
    "question 4 not softmax": """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)])
""",
    "question 4 never built": """
def build_tiny_vgg():
    return keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
""",
    "question 4 a subclass": """
class Tiny(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.head = layers.Conv2D(4, 5, strides=4), layers.Dense(10, activation="softmax")
    def call(self, x):
        return self.head(keras.ops.reshape(self.conv(x), (-1, 196)))
build_tiny_vgg = Tiny
""",
    "question 5 missing": "del compile_model",
    "question 5 with the wrong loss": """
def compile_model(model):
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
""",
    "question 5 without a metric": """
def compile_model(model):
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
""",
    "question 5 returns None": """
def compile_model(model):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    "question 5 returns None, used in place": "def compile_model(model):\n"
    "    model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])\n"
    + loop(model="model = build_model()\ncompile_model(model)"),
    "question 6 missing": "del train",
    "question 6 ignores the epochs": """
def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, epochs=10, validation_split=0.3, verbose=0)
""",
    "question 6 fits twice": """
def train(model, x, y, epochs=100, batch_size=128):
    model.fit(x, y, epochs=epochs, validation_split=0.3, verbose=0)
    return model.fit(x, y, epochs=epochs, validation_split=0.3, verbose=0)
""",
    "question 6 without validation": """
def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, epochs=epochs, verbose=0)
""",
    "question 6 returns nothing": """
def train(model, x, y, epochs=100, batch_size=128):
    model.fit(x, y, epochs=epochs, validation_split=0.3, verbose=0)
""",
    "question 6 validates on the test images": """
def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, epochs=epochs, validation_data=(x_test, y_test), verbose=0)
""",
    "question 6 trains on the test images too": """
def train(model, x, y, epochs=100, batch_size=128):
    x, y = np.concatenate([x_test, x]), np.concatenate([y_test, y])
    return model.fit(x, y, epochs=epochs, validation_split=0.3, verbose=0)
""",
    "question 7 missing": "del evaluate",
    "question 7 swapped": """
def evaluate(model, x_test, y_test):
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return accuracy, loss
""",
    "question 7 swapped, and swapped back here": """
def evaluate(model, x_test, y_test):
    return model.evaluate(x_test, y_test, verbose=0)[::-1]
"""
    + loop(measure="accuracy, _ = evaluate(model, x_test, y_test)"),
    "question 7 in percent": """
def evaluate(model, x_test, y_test):
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return loss, 100 * accuracy
""",
    "question 7 on the training images": """
def evaluate(model, x_test, y_test):
    return model.evaluate(x_train, y_train, verbose=0)
""",
}

WRONG = [
    Wrong("missing", "del run_experiment", ("q9_answered",), ("`run_experiment` is not defined",)),
    Wrong("left blank", "def run_experiment(build_model, n_runs=5, epochs=100): ...", ("q9_answered",),
          ("returned nothing (None)",)),
    Wrong("raises", loop(before="undefined"), ("q9_answered",), ("raised NameError",)),
    Wrong("exits", loop(before="raise SystemExit(1)"), ("q9_answered",), ("raised SystemExit",)),
    Wrong("a text", loop(result="'done'"), VALUES, ("returns a dict", "a text")),
    Wrong("a class", loop(result="dict"), VALUES, ("returns a dict",)),
    Wrong("a huge list", "def run_experiment(b, n_runs=5, epochs=100): return [0.5] * 10**6", ("q9_answered",),
          ("It trained none.",)),
    Wrong("another key", loop(result=RESULT.replace("accuracies=", "accuracy=")), ("q9_entries", "q9_accuracies"),
          ("There is no `accuracies`",)),
    Wrong("another argument", loop().replace("n_runs", "runs"), ("q9_answered",), ("raised TypeError",)),
    Wrong("last history only", loop(after="histories = [history]"), ("q9_entries",),
          ("`histories` holds 3 entries", "It holds 1.", "made anew in each run")),
    Wrong("one number for all accuracies", loop(after="accuracies = np.array(np.mean(accuracies))"),
          ("q9_entries", "q9_accuracies"),
          ("It is an array of shape ()", "Collect what every run gives")),
    Wrong("a table for histories", loop(after="import pandas as pd\nhistories = pd.DataFrame(history.history)"),
          ("q9_entries",), ("It is a data frame",)),
    Wrong("one run only", loop(before="n_runs = 1"), ("q9_entries", "q9_fresh"), ("does `return` stand inside",)),
    Wrong("epochs fixed", loop(fit="history = train(model, x_train, y_train, epochs=5)"), ("q9_runs",),
          ("A run trained 5",)),
    Wrong("a second model twice", loop(before="built = [build_model(), build_model()]",
          model="model = compile_model(built[run > 0])"), ("q9_fresh",), ("went on with the weights",)),
    Wrong("weights set back", loop(before="model = compile_model(build_model())\nfirst = model.get_weights()",
          model="model.set_weights(first)"), ("q9_fresh",), ("Two runs started from the same weights",)),
    Wrong("builder gives one model for ever", "_m = build_tiny_vgg()\ndef build_tiny_vgg(): return _m", ("q9_fresh",),
          ("went on with the weights",)),
    Wrong("not trained", loop(fit="history = train(compile_model(build_model()), x_train, y_train, epochs=epochs)"),
          ("q9_accuracies",), ("of 3 are not what the trained models reach",)),
    Wrong("made up", """
def run_experiment(build_model, n_runs=5, epochs=100):
    curve = {k: [0.5] * epochs for k in ("loss", "accuracy", "val_loss", "val_accuracy")}
    a = [0.7 + 0.01 * i for i in range(n_runs)]
    return dict(accuracies=a, mean=np.mean(a), std=np.std(a), histories=[curve] * n_runs)
""", ("q9_answered",), ("It trained none.",)),
    Wrong("last validation accuracy", loop(measure="accuracy = history.history['val_accuracy'][-1]"),
          ("q9_accuracies",), ("on the test set",)),
    Wrong("std of all but one", loop(result=RESULT.replace("np.std(accuracies)", "np.std(accuracies[:-1])")),
          ("q9_mean_std",), ("It is another number",)),
    Wrong("mean of all but one", loop(result=RESULT.replace("np.mean(accuracies)", "np.mean(sorted(accuracies)[1:])")),
          ("q9_mean_std",), ("`mean` is the mean of the accuracies",)),
    Wrong("mean of each history", loop(result=RESULT.replace("np.mean(accuracies)",
          "[np.mean(h.history['accuracy']) for h in histories]")), ("q9_mean_std",), ("are numbers",)),
    Wrong("losses only", loop(after="histories = [h.history['loss'] for h in histories]"), ("q9_histories",),
          ("One holds: no series",)),
    Wrong("models for histories", loop(after="histories = models"), ("q9_histories",), ("no series",)),
    Wrong("fit inlined", loop(
        fit="history = model.fit(x_train, y_train, batch_size=128, epochs=epochs, validation_split=0.3, verbose=0)"
    ),
          ("q9_runs",), ("A run called `fit` by itself",)),
    Wrong("fit goes on from initial_epoch", loop(
        fit="model.fit(x_train, y_train, epochs=1, validation_split=0.3, verbose=0)\n"
        "history = model.fit(x_train, y_train, initial_epoch=1, epochs=epochs, validation_split=0.3, verbose=0)\n"
        "history.history = {k: v * 2 for k, v in history.history.items()}"
    ),
          ("q9_runs",), ("A run called `fit` by itself",)),
    Wrong("percent with two digits", loop(after="accuracies = [round(100 * a, 2) for a in accuracies]"),
          ("q9_accuracies",), ("They are given in percent",)),
    Wrong("own split for validation", loop(
        fit="n = int(0.7 * len(x_train))\nhistory = model.fit(x_train[:n], y_train[:n], epochs=epochs, verbose=0,"
        " validation_data=(x_train[n:], y_train[n:]))"
    ),
          ("q9_runs",), ("A run called `fit` by itself",)),
    Wrong("a tf.data pipeline", loop(
        before="import tensorflow as tf\ndata = tf.data.Dataset.from_tensor_slices((x_train, y_train))"
        ".shuffle(64).batch(128)\ntest = tf.data.Dataset.from_tensor_slices((x_test, y_test)).batch(100)",
        fit="history = model.fit(data, validation_data=data, epochs=epochs, verbose=0)",
        measure="accuracy = model.evaluate(test, verbose=0)[1]",
    ),
          ("q9_runs",), ("A run called `fit` by itself",)),
    Wrong("a result kept for all calls", "import functools\nrun_once = functools.cache(lambda: run_small())\n"
          + loop().replace("def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS)",
          "def run_small(build_model=build_tiny_vgg, n_runs=3, epochs=2)")
          + "\ndef run_experiment(build_model, n_runs=5, epochs=100): return run_once()",
          ("q9_entries", "q9_runs"), ("For n_runs=2, `accuracies` holds 2 entries", "It holds 3.")),
]  # fmt: skip


@pytest.mark.parametrize("code", ACCEPTED.values(), ids=list(ACCEPTED))
def test_accepted(code: str) -> None:
    results = results_of("q9", SMALL + code)
    told = {name: (r.outcome, r.message, r.traceback) for name, r in results.items() if r.outcome != "passed"}
    assert told == {}


@pytest.mark.parametrize("case", WRONG, ids=[case.name for case in WRONG])
def test_wrong(case: Wrong) -> None:
    results = results_of("q9", SMALL + case.code)
    told = {name: (r.outcome, r.message, r.traceback) for name, r in results.items() if r.outcome != "passed"}
    assert outcomes(results, "failed") == set(case.checks), told
    assert not outcomes(results, "error") | outcomes(results, "unjudged"), told
    assert outcomes(results, "skipped") == (set(ALL) if case.checks == ("q9_answered",) else set()), told
    for words in case.words:
        assert words in results[case.checks[0]].message


def test_a_model_that_cannot_be_evaluated_any_more_is_open() -> None:
    results = results_of("q9", SMALL + loop(end="model.pop()"))
    assert outcomes(results, "unjudged") == {"q9_accuracies"}
    assert "could not be evaluated any more" in results["q9_accuracies"].message
    assert outcomes(results, "passed") == {"q9_answered", *ALL} - {"q9_accuracies"}


def test_the_reference_passes() -> None:
    assert outcomes(results_of("q9"), "passed") == {"q9_answered", *ALL}


# Run records

SHAPES = [(3, 3, 3, 10), (10,), *[(3, 3, 10, 10), (10,)] * 3, (640, 10), (10,)]  # of a tiny VGG


def record(runs: int = settings.RUNS, **other: Any) -> dict[str, Any]:
    """A record as `lab.run_record.read` gives it."""
    accuracies = [0.68 + 0.01 * i for i in range(runs)]
    rng = np.random.default_rng(0)
    series = ("loss", "accuracy", "val_loss", "val_accuracy")
    one = [
        {
            "accuracy": accuracy,
            "history": {name: [1.0 + i] * settings.EPOCHS for name in series},
            "weights": [{"path": "w", "value": rng.normal(size=shape)} for shape in SHAPES],
        }
        for i, accuracy in enumerate(accuracies)
    ]
    return {"runs": one, "mean": np.mean(accuracies), "std": np.std(accuracies, ddof=1)} | other


def changed(run: int, **other: Any) -> dict[str, Any]:
    """A record of which one run is different."""
    made = record()
    made["runs"][run] |= other
    return made


def judged(found: dict[str, Any] | None, q4: dict[str, Any] | None = None) -> CheckResult:
    """The result of `q9_record` where there is no CIFAR-10, on which weights are evaluated."""
    check = next(c for c in all_checks() if c.name == "q9_record")
    answers = {"q4": {"spec": reference_specs.tiny_vgg()} if q4 is None else q4}
    with mock.patch.object(verification, "is_possible", return_value=False):
        return judge([check], Observations(answers, 0, {} if found is None else {"tiny_vgg": found}))[0]


@pytest.mark.parametrize(
    "found",
    [
        record(),
        record(settings.RUNS + 5),
        record(std=float(np.std([0.68 + 0.01 * i for i in range(settings.RUNS)]))),
        changed(0, weights=[{"path": "w", "value": np.ones(s, "float32")} for s in reversed(SHAPES)]),
        changed(0, weights=[*record()["runs"][0]["weights"], {"path": "dropout/seed", "value": np.zeros(2)}]),
    ],
    ids=["complete", "more runs", "population std", "weights in another order", "a seed among the weights"],
)
def test_record_accepted(found: dict[str, Any]) -> None:
    assert judged(found).message == ""


@pytest.mark.parametrize("q4", [{}, {"error": {"kind": "missing"}}, {"spec": {"nodes": None, "weights": {}}}])
def test_record_without_a_network_to_compare(q4: dict[str, Any]) -> None:
    result = judged(record(), q4)
    assert result.outcome == "unjudged"
    assert result.found.startswith("The recorded weights could not be tried: `build_tiny_vgg` gave no network, and")


def test_record_of_a_network_that_cannot_be_traced() -> None:
    shapes = {str(i): list(shape) for i, shape in enumerate(SHAPES)}
    assert judged(record(), {"spec": {"nodes": None, "weights": shapes}}).outcome == "passed"
    assert judged(record(), {"spec": {"nodes": None, "weights": {"0": [5]}}}).outcome == "failed"


HISTORY = record()["runs"][0]["history"]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "the run record of tiny_vgg.\nFound: There is none."),
        ({"error": "the record is damaged"}, "Found: The record is damaged."),
        (record(2), f"holds {settings.RUNS} runs.\nFound: It holds 2."),
        (record(mean=0.9), "The mean says 0.9000, the accuracies say 0.7000."),
        (record(std=0.5), "The record says 0.5000, the accuracies say 0.0158."),
        (changed(1, accuracy=1.5), "between 0 and 1.\nFound: One is 1.5."),
        (changed(1, history={k: v for k, v in HISTORY.items() if k != "val_loss"}), "run 2 has no val_loss"),
        (changed(1, history={k: v for k, v in HISTORY.items() if "acc" not in k}), "run 2 has no accuracy"),
        (changed(1, history=HISTORY | {"loss": [1.0] * 10}), "In run 2, `loss` has 10 values."),
        (changed(1, history=HISTORY), "Two runs have the same loss in every epoch."),
        (changed(3, weights=[]), "Those of run 4 are missing."),
        (
            changed(3, weights=[w | {"value": w["value"] + 0.01} for w in record()["runs"][1]["weights"]]),
            "Runs 2 and 4 ended in nearly the same weights.",
        ),
        (
            changed(3, weights=[{"path": "w", "value": np.full(s, math.nan)} for s in SHAPES]),
            "Run 4 ended with weights that are not.",
        ),
        (
            changed(3, weights=[{"path": "w", "value": np.zeros((5, 5, 3, 10))}]),
            "Those of run 4 belong to another one: 750 parameters against 9,420.",
        ),
    ],
    ids=["none", "damaged", "two runs", "mean", "std", "impossible accuracy", "no validation", "no accuracy",
         "ten epochs", "same losses", "no weights", "copied weights", "weights not finite", "another network"],
)  # fmt: skip
def test_record_wrong(found: dict[str, Any] | None, words: str) -> None:
    result = judged(found)
    assert result.outcome == "failed"
    assert words in result.message
