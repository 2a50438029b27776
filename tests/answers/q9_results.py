"""Question 9: what the experiment gives."""

from answers.entries import Entry, function, line, right, wrong
from answers.q9_runs import LISTS, TRAINED

MEASURED = "_, accuracy = evaluate(model, x_test, y_test)"

RIGHT: tuple[Entry, ...] = (
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
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q9",
        "percent all through",
        "the question asks for fractions; mean and standard deviation are right for these numbers",
        line("run_experiment", ("    return {", "    accuracies = [100 * a for a in accuracies]\n    return {")),
        marks=10,
        fails={"q9_accuracies": "They are given in percent."},
    ),
    wrong(
        "q9",
        "rows compared with columns",
        "labels of shape (n, 1) make a table with the predictions",
        line(
            "run_experiment",
            (
                MEASURED,
                "predicted = model.predict(x_test, verbose=0).argmax(axis=1)\n"
                "        accuracy = np.mean(predicted == np.reshape(y_test, (-1, 1)))",
            ),
        ),
        marks=10,
        fails={"q9_accuracies": "Every prediction is compared with every label.\nHint: Predictions of shape (n,)"},
    ),
    wrong(
        "q9",
        "histories begin with a zero",
        "a value for an epoch 0, so that the curves of a figure start at the origin",
        line(
            "run_experiment",
            (
                "    return {",
                "    histories = [{k: [0.0] + list(v) for k, v in h.history.items()} for h in histories]\n    return {",
            ),
        ),
        marks=11,
        fails={"q9_histories": "has a 0 in front of its first epoch"},
    ),
    # Accuracies
    wrong(
        "q9",
        "best run only",
        "reporting the luckiest of several runs",
        line("run_experiment", ('"accuracies": accuracies', '"accuracies": [max(accuracies)]')),
        marks=11,
        fails={"q9_entries": "`accuracies` holds 3 entries, one a run.\nFound: It holds 1."},
    ),
    wrong(
        "q9",
        "worst run left out",
        "a bad result is no reason to drop a run",
        line("run_experiment", ("    return {", "    accuracies = sorted(accuracies)[1:]\n    return {")),
        marks=11,
        fails={"q9_entries": "All runs count"},
    ),
    wrong(
        "q9",
        "last run repeated",
        "the list is filled with copies of one number",
        line("run_experiment", ("    return {", "    accuracies = [accuracy] * n_runs\n    return {")),
        marks=10,
        fails={"q9_accuracies": "of 3 are not what the trained models reach"},
    ),
    wrong(
        "q9",
        "accuracy on the training set",
        "how well a model knows what it was trained on",
        line("run_experiment", ("evaluate(model, x_test, y_test)", "evaluate(model, x_train, y_train)")),
        marks=10,
        fails={"q9_accuracies": "They are accuracies on the training set"},
    ),
    wrong(
        "q9",
        "training accuracy of the last epoch",
        "taken from the history instead of the test set",
        line("run_experiment", (MEASURED, 'accuracy = history.history["accuracy"][-1]')),
        marks=10,
        fails={"q9_accuracies": "on the test set"},
    ),
    wrong(
        "q9",
        "best validation accuracy",
        "the best of many epochs, and not on the test set",
        line("run_experiment", (MEASURED, 'accuracy = max(history.history["val_accuracy"])')),
        marks=10,
        fails={"q9_accuracies": "on the test set"},
    ),
    wrong(
        "q9",
        "loss in the place of the accuracy",
        "the two numbers of `evaluate` are swapped",
        line("run_experiment", (MEASURED, "accuracy, _ = evaluate(model, x_test, y_test)")),
        marks=10,
        fails={"q9_accuracies": "the accuracy is its second number"},
    ),
    wrong(
        "q9",
        "measured before training",
        "accuracies of random weights",
        line(
            "run_experiment",
            (f"{TRAINED}\n        {MEASURED}", f"{MEASURED}\n        {TRAINED}"),
        ),
        marks=10,
        fails={"q9_accuracies": "of 3 are not what the trained models reach"},
    ),
    wrong(
        "q9",
        "another model measured than trained",
        "a second call of the builder gives a second model",
        line("run_experiment", ("evaluate(model, x_test", "evaluate(compile_model(build_model()), x_test")),
        marks=10,
        fails={"q9_accuracies": "not what the trained models reach"},
    ),
    wrong(
        "q9",
        "always the first model measured",
        "an index that stays at 0",
        line(
            "run_experiment",
            (
                f"        {MEASURED}\n",
                f"        models.append(model)\n        {MEASURED.replace('model,', 'models[0],')}\n",
            ),
            (
                "        histories.append(history)\n        models.append(model)\n",
                "        histories.append(history)\n",
            ),
        ),
        marks=10,
        fails={"q9_accuracies": "of 3 are not"},
    ),
    wrong(
        "q9",
        "accuracies sorted",
        "they no longer belong to the histories and models beside them",
        line(
            "run_experiment",
            ("    return {", "    accuracies.sort(reverse=accuracies[0] < accuracies[-1])\n    return {"),
        ),
        marks=10,
        fails={"q9_accuracies": "They are in another order than the runs"},
    ),
    wrong(
        "q9",
        "accuracies as texts",
        "nobody can compute with them",
        line("run_experiment", ('"accuracies": accuracies', '"accuracies": [f"{100 * a:.2f} %" for a in accuracies]')),
        marks=10,
        fails={"q9_accuracies": "`accuracies` holds numbers"},
    ),
    wrong(
        "q9",
        "accuracies rounded to two digits",
        "coarser than the differences between the runs",
        line("run_experiment", ('"accuracies": accuracies', '"accuracies": np.round(accuracies, 2)')),
        marks=10,
        fails={"q9_accuracies": "They are rounded to two digits"},
    ),
    # Mean and standard deviation
    wrong(
        "q9",
        "mean without standard deviation",
        "the spread is what the runs are for",
        line("run_experiment", ('        "std": np.std(accuracies, ddof=1),\n', "")),
        marks=11,
        fails={"q9_entries": "There is no `std`"},
    ),
    wrong(
        "q9",
        "standard deviation of the losses",
        "of another list",
        line(
            "run_experiment",
            (LISTS, LISTS + "    losses = []\n"),
            (MEASURED, "loss, accuracy = evaluate(model, x_test, y_test)\n        losses.append(loss)"),
            ("np.std(accuracies, ddof=1)", "np.std(losses, ddof=1)"),
        ),
        marks=10,
        fails={"q9_mean_std": "`std` is the standard deviation of the accuracies"},
    ),
    wrong(
        "q9",
        "standard deviation over the epochs",
        "how much a curve rises, not how much runs differ",
        line(
            "run_experiment",
            ("np.std(accuracies, ddof=1)", 'np.std([h.history["val_accuracy"] for h in histories])'),
        ),
        marks=10,
        fails={"q9_mean_std": "It is another number"},
    ),
    wrong(
        "q9",
        "mean of the validation accuracies",
        "of another list than the one returned",
        line(
            "run_experiment",
            ("np.mean(accuracies)", 'np.mean([h.history["val_accuracy"][-1] for h in histories])'),
        ),
        marks=10,
        fails={"q9_mean_std": "`mean` is the mean of the accuracies"},
    ),
    wrong(
        "q9",
        "variance for standard deviation",
        "the root is missing",
        line("run_experiment", ("np.std(", "np.var(")),
        marks=10,
        fails={"q9_mean_std": "It is the sample variance"},
    ),
    wrong(
        "q9",
        "standard error for standard deviation",
        "divided by the root of the number of runs",
        line("run_experiment", ("np.std(accuracies, ddof=1)", "np.std(accuracies, ddof=1) / np.sqrt(n_runs)")),
        marks=10,
        fails={"q9_mean_std": "It is the standard error of their mean"},
    ),
    wrong(
        "q9",
        "range for standard deviation",
        "best minus worst",
        line("run_experiment", ("np.std(accuracies, ddof=1)", "max(accuracies) - min(accuracies)")),
        marks=10,
        fails={"q9_mean_std": "It is the distance between the best and the worst"},
    ),
    wrong(
        "q9",
        "median for mean",
        "another summary than asked for",
        line("run_experiment", ("np.mean(", "np.median(")),
        marks=10,
        fails={"q9_mean_std": "It is their median"},
    ),
    wrong(
        "q9",
        "sum for mean",
        "never divided by the number of runs",
        line("run_experiment", ("np.mean(accuracies)", "sum(accuracies)")),
        marks=10,
        fails={"q9_mean_std": "It is their sum"},
    ),
    wrong(
        "q9",
        "mean in percent beside fractions",
        "two units in one result",
        line("run_experiment", ("np.mean(accuracies)", "100 * np.mean(accuracies)")),
        marks=10,
        fails={"q9_mean_std": "all three are fractions"},
    ),
    # Histories, and what is returned
    wrong(
        "q9",
        "histories left out",
        "the curves are lost",
        line("run_experiment", ('        "histories": histories,\n', "")),
        marks=10,
        fails={"q9_entries": "There is no `histories`", "q9_histories": "There is no `histories`"},
    ),
    wrong(
        "q9",
        "history of the last run alone",
        "one curve for all runs",
        line("run_experiment", ('"histories": histories', '"histories": history')),
        marks=11,
        fails={"q9_entries": "`histories` holds 3 entries, one a run.\nFound: It is a History"},
    ),
    wrong(
        "q9",
        "curves averaged over the runs",
        "the curves of single runs are lost",
        line(
            "run_experiment",
            (
                '"histories": histories',
                '"histories": {k: np.mean([h.history[k] for h in histories], axis=0) for k in history.history}',
            ),
        ),
        marks=11,
        fails={"q9_entries": "`histories` holds 3 entries, one a run.\nFound: It is a dict"},
    ),
    wrong(
        "q9",
        "training curves only",
        "validation values are thrown away",
        line(
            "run_experiment",
            (
                "histories.append(history)",
                'histories.append({k: v for k, v in history.history.items() if "val" not in k})',
            ),
        ),
        marks=11,
        fails={"q9_histories": "One holds: accuracy, loss"},
    ),
    wrong(
        "q9",
        "last values of the curves only",
        "a curve has a value for every epoch",
        line(
            "run_experiment",
            ("histories.append(history)", "histories.append({k: v[-1] for k, v in history.history.items()})"),
        ),
        marks=11,
        fails={"q9_histories": "as many values as the run took epochs"},
    ),
    wrong(
        "q9",
        "tuple returned",
        "the question asks for a dictionary",
        function(
            "run_experiment",
            """
def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    scores, histories = list(), list()
    for r in range(n_runs):
        model = compile_model(build_model())
        histories.append(train(model, x_train, y_train, epochs=epochs))
        scores.append(evaluate(model, x_test, y_test)[1])
    print("Accuracy: %.3f (+/- %.3f)" % (np.mean(scores), np.std(scores)))
    return scores, np.mean(scores), np.std(scores), histories
""",
        ),
        marks=6,
        fails={
            "q9_entries": "`run_experiment` returns a dict",
            "q9_accuracies": "There is no `accuracies`",
            "q9_mean_std": "There is neither",
            "q9_histories": "There is no `histories`",
        },
    ),
)
