"""Question 9: repeated runs, and their run record."""

import base64
from typing import Any

import numpy as np

from zoo.entries import Entry, RecordEdit, function, line, right


def _renamed(metric: str) -> RecordEdit:
    """A run record of a notebook whose metric has this name."""

    def edit(record: dict[str, Any]) -> dict[str, Any]:
        for run in record["runs"]:
            run["history"] = {name.replace("accuracy", metric): series for name, series in run["history"].items()}
        return record

    return edit


def _more_runs(record: dict[str, Any]) -> dict[str, Any]:
    """A run record of ten runs."""
    runs = record["runs"]
    more = [
        run
        | {
            "history": {k: v[::-1] for k, v in run["history"].items()},
            "weights": [_negative(weight) for weight in run["weights"]],
        }
        for run in runs
    ]
    return record | {"runs": runs + more}


def _negative(weight: dict[str, Any]) -> dict[str, Any]:
    """Other weights, with which the network still gives every image the same class."""
    values = -np.frombuffer(base64.b64decode(weight["data"]), "<f4")
    return weight | {"data": base64.b64encode(values.tobytes()).decode()}


ENTRIES: tuple[Entry, ...] = (
    right(
        "q9",
        "template cloned for every run",
        "`clone_model` copies the structure and draws new weights",
        line(
            "run_experiment",
            (
                "    accuracies, histories, models = [], [], []\n",
                "    template = build_model()\n    accuracies, histories, models = [], [], []\n",
            ),
            ("compile_model(build_model())", "compile_model(keras.models.clone_model(template))"),
        ),
    ),
    right(
        "q9",
        "statistics module for mean and std",
        "`stdev` is the sample standard deviation",
        function(
            "run_experiment",
            """
import statistics


def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    accs, hists, trained = [], [], []
    for i in range(n_runs):
        print("Run", i + 1)
        m = build_model()
        m = compile_model(m)
        h = train(m, x_train, y_train, epochs)
        loss, acc = evaluate(m, x_test, y_test)
        accs += [float(acc)]
        hists += [h]
        trained += [m]
    return dict(
        accuracies=accs, mean=statistics.mean(accs), std=statistics.stdev(accs), histories=hists, models=trained
    )
""",
        ),
    ),
    right(
        "q9",
        "table of runs in pandas",
        "a column holds the accuracies, data frames the histories",
        function(
            "run_experiment",
            """
import pandas as pd


def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    rows, histories, models = [], [], []
    for run in range(n_runs):
        model = compile_model(build_model())
        history = train(model, x_train, y_train, epochs=epochs)
        loss, accuracy = evaluate(model, x_test, y_test)
        rows.append({"run": run, "loss": loss, "accuracy": accuracy})
        histories.append(pd.DataFrame(history.history).rename_axis("epoch"))
        models.append(model)
    table = pd.DataFrame(rows).set_index("run")
    print(table.describe())
    return {
        "accuracies": table["accuracy"],
        "mean": table["accuracy"].mean(),
        "std": table["accuracy"].std(),
        "histories": histories,
        "models": models,
        "table": table,
    }
""",
        ),
    ),
    right(
        "q9",
        "one run in a helper function",
        "called in a comprehension, the results unzipped to tuples",
        function(
            "run_experiment",
            '''
def single_run(build_model, epochs):
    """One training from scratch."""
    model = compile_model(build_model())
    history = train(model, x_train, y_train, epochs=epochs)
    return evaluate(model, x_test, y_test)[1], history, model


def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    accuracies, histories, models = zip(*[single_run(build_model, epochs) for _ in range(n_runs)])
    return {
        "accuracies": accuracies,
        "mean": np.mean(accuracies),
        "std": np.std(accuracies),
        "histories": histories,
        "models": models,
    }
''',
        ),
    ),
    right(
        "q9",
        "all models trained before any is measured",
        "one comprehension for each step",
        function(
            "run_experiment",
            """
def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    models = [compile_model(build_model()) for _ in range(n_runs)]
    histories = [train(m, x_train, y_train, epochs=epochs) for m in models]
    accuracies = np.array([evaluate(m, x_test, y_test)[1] for m in models])
    return {"accuracies": accuracies, "mean": accuracies.mean(), "std": accuracies.std(),
            "histories": histories, "models": models}
""",
        ),
    ),
    right(
        "q9",
        "histories in a dictionary by run",
        "each is found under the number of its run",
        line(
            "run_experiment",
            ("accuracies, histories, models = [], [], []", "accuracies, histories, models = [], {}, []"),
            ("histories.append(history)", "histories[run] = history"),
        ),
    ),
    right(
        "q9",
        "plain dictionaries for histories",
        "`history.history` of each run",
        line("run_experiment", ("histories.append(history)", "histories.append(history.history)")),
    ),
    right(
        "q9",
        "accuracies in a tensor",
        "mean and standard deviation are computed by TensorFlow",
        line(
            "run_experiment",
            (
                "    return {\n",
                "    import tensorflow as tf\n\n    accuracies = tf.convert_to_tensor(accuracies)\n    return {\n",
            ),
            ("np.mean(accuracies)", "tf.reduce_mean(accuracies)"),
            ("np.std(accuracies, ddof=1)", "tf.math.reduce_std(accuracies)"),
        ),
    ),
    right(
        "q9",
        "accuracies stored in an array made beforehand",
        "filled run by run, population standard deviation",
        line(
            "run_experiment",
            ("accuracies, histories, models = [], [], []", "histories, models = [], []\n    acc = np.zeros(n_runs)"),
            ("_, accuracy = evaluate", "_, acc[run] = evaluate"),
            ("{accuracy:.4f}", "{acc[run]:.4f}"),
            ("        accuracies.append(accuracy)\n", ""),
            ('"accuracies": accuracies', '"accuracies": acc'),
            ("np.mean(accuracies)", "acc.mean()"),
            ("np.std(accuracies, ddof=1)", "acc.std()"),
        ),
    ),
    right(
        "q9",
        "further keys in a defaultdict",
        "losses, times and the best run are extra",
        function(
            "run_experiment",
            """
import time
from collections import defaultdict


def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    res = defaultdict(list)
    for k in range(n_runs):
        start = time.time()
        net = compile_model(build_model())
        res["histories"].append(train(net, x_train, y_train, epochs=epochs))
        loss, acc = evaluate(net, x_test, y_test)
        res["losses"].append(loss)
        res["accuracies"].append(acc)
        res["models"].append(net)
        res["seconds"].append(time.time() - start)
    res["mean"], res["std"] = np.mean(res["accuracies"]), np.std(res["accuracies"])
    res["best_run"] = int(np.argmax(res["accuracies"]))
    return res
""",
        ),
    ),
    right(
        "q9",
        "all rounded to four digits",
        "finer than a test set of 10,000 images can tell",
        line(
            "run_experiment",
            ('"accuracies": accuracies', '"accuracies": [round(a, 4) for a in accuracies]'),
            ("np.mean(accuracies)", "round(float(np.mean(accuracies)), 4)"),
            ("np.std(accuracies, ddof=1)", "round(float(np.std(accuracies)), 4)"),
        ),
    ),
    right(
        "q9",
        "accuracy by predict and argmax",
        "scikit-learn counts the hits",
        line(
            "run_experiment",
            (
                "_, accuracy = evaluate(model, x_test, y_test)",
                "accuracy = accuracy_score(y_test, np.argmax(model.predict(x_test, verbose=0), axis=1))",
            ),
            (
                "    accuracies, histories",
                "    from sklearn.metrics import accuracy_score\n\n    accuracies, histories",
            ),
        ),
    ),
    right(
        "q9",
        "memory cleared between the runs",
        "own seeds from a list, `clear_session` before every run",
        line(
            "run_experiment",
            ("    accuracies, histories", "    seeds = [42, 7, 1234, 99, 2024, 5, 6, 8]\n    accuracies, histories"),
            (
                "keras.utils.set_random_seed(run)",
                "keras.backend.clear_session()\n        keras.utils.set_random_seed(seeds[run])",
            ),
        ),
    ),
    right(
        "q9",
        "weights kept in a file before measuring",
        "they are loaded again, so the model is the same",
        line(
            "run_experiment",
            (
                "        _, accuracy = evaluate",
                '        model.save_weights("run.weights.h5")\n        model.load_weights("run.weights.h5")\n'
                "        _, accuracy = evaluate",
            ),
        ),
    ),
    right(
        "q9",
        "experiment as a class",
        "`run_experiment` makes one and runs it",
        function(
            "run_experiment",
            """
class Experiment:
    def __init__(self, build_model, n_runs, epochs):
        self.build_model, self.n_runs, self.epochs = build_model, n_runs, epochs
        self.accuracies, self.histories, self.models = [], [], []

    def run_once(self, seed):
        keras.utils.set_random_seed(seed)
        model = compile_model(self.build_model())
        self.histories.append(train(model, x_train, y_train, epochs=self.epochs))
        self.accuracies.append(evaluate(model, x_test, y_test)[1])
        self.models.append(model)

    def run(self):
        for seed in range(100, 100 + self.n_runs):
            self.run_once(seed)
        return vars(self) | {"mean": np.mean(self.accuracies), "std": np.std(self.accuracies, ddof=1)}


def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    return Experiment(build_model, n_runs, epochs).run()
""",
        ),
    ),
    right(
        "q9",
        "evaluate returns a dictionary",
        "the accuracy is taken from it by its name",
        line("evaluate", ('return scores["loss"], scores["accuracy"]', "return scores")),
        line(
            "run_experiment",
            ("_, accuracy = evaluate(model, x_test, y_test)", 'accuracy = evaluate(model, x_test, y_test)["accuracy"]'),
        ),
    ),
    right(
        "q9",
        "ten runs in the record",
        "more than asked for",
        line("run_experiment", ("n_runs=settings.RUNS", "n_runs=10")),
        record=_more_runs,
    ),
    right(
        "q9",
        "metric called acc in the record",
        "the histories name the accuracy as the student's metric does",
        line("compile_model", ('metrics=["accuracy"]', 'metrics=["acc"]')),
        line("evaluate", ('scores["accuracy"]', 'scores["acc"]')),
        line(
            "plot_history",
            ("history.history[quantity]", 'history.history[quantity.replace("accuracy", "acc")]'),
            ('history.history[f"val_{quantity}"]', 'history.history["val_" + quantity.replace("accuracy", "acc")]'),
        ),
        record=_renamed("acc"),
    ),
    right(
        "q9",
        "metric with a French name in the record",
        "the histories name the accuracy as the student's metric does",
        line("compile_model", ('"accuracy"', 'keras.metrics.SparseCategoricalAccuracy(name="justesse")')),
        line("evaluate", ('scores["accuracy"]', 'scores["justesse"]')),
        line("plot_history", ('["loss", "accuracy"]', '["loss", "justesse"]')),
        record=_renamed("justesse"),
    ),
)
