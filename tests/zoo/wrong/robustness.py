"""Question 9: repeated runs, and their run record."""

from collections.abc import Callable
from typing import Any

from zoo.entries import Entry, RecordEdit, cell_before, function, line, wrong

Record = dict[str, Any]

BUILT = "model = compile_model(build_model())"
TRAINED = "history = train(model, x_train, y_train, epochs=epochs)"
MEASURED = "_, accuracy = evaluate(model, x_test, y_test)"
LISTS = "    accuracies, histories, models = [], [], []\n"
FOLDS = "    from sklearn.model_selection import KFold\n\n    folds = KFold(n_splits=n_runs).split(x_train)\n"
EARLIER_RUNS = "those of an earlier call are still there, or some are there twice.\nHint: Make the lists anew"


def _runs(change: Callable[[Record], Record]) -> RecordEdit:
    """Changes every run of a record."""
    return lambda record: record | {"runs": [change(run) for run in record["runs"]]}


def _few_epochs(run: Record) -> Record:
    return run | {"history": {name: series[:10] for name, series in run["history"].items()}}


def _diverged(record: Record) -> Record:
    record["runs"][2]["history"]["loss"][40:] = [float("nan")] * len(record["runs"][2]["history"]["loss"][40:])
    return record


def _cut_off(record: Record) -> Record:
    weight = record["runs"][-1]["weights"][-1]
    weight["data"] = weight["data"][:20]
    return record


def _other_network(run: Record) -> Record:
    """Weights of a network without its last bias."""
    return run | {"weights": run["weights"][:-1]}


ENTRIES: tuple[Entry, ...] = (
    # Fresh models
    wrong(
        "q9",
        "one model trained on and on",
        "built before the loop, so each run goes on from the one before",
        line(
            "run_experiment",
            (LISTS, LISTS + f"    {BUILT}\n"),
            (f"        {BUILT}\n", ""),
        ),
        marks=9,
        fails={"q9_fresh": "Build the model inside the loop"},
    ),
    wrong(
        "q9",
        "one model compiled again for each run",
        "`compile` does not reset weights",
        line(
            "run_experiment",
            (LISTS, LISTS + "    net = build_model()\n"),
            ("compile_model(build_model())", "compile_model(net)"),
        ),
        marks=9,
        fails={"q9_fresh": "went on with the weights that another run had ended with"},
    ),
    wrong(
        "q9",
        "weights of the last run handed on",
        "each new model starts where the one before ended",
        line(
            "run_experiment",
            (BUILT, f"{BUILT}\n        if models:\n            model.set_weights(models[-1].get_weights())"),
        ),
        marks=9,
        fails={"q9_fresh": "went on with the weights"},
    ),
    wrong(
        "q9",
        "same seed before every run",
        "all runs start from the same weights",
        line("run_experiment", ("set_random_seed(run)", "set_random_seed(42)")),
        marks=9,
        fails={"q9_fresh": "Is the same seed set before every model is built"},
    ),
    wrong(
        "q9",
        "seed inside the builder",
        "every model that it gives has the same weights",
        line(
            "build_tiny_vgg",
            (
                "    inputs = keras.Input",
                "    keras.utils.set_random_seed(0)\n    inputs = keras.Input",
            ),
        ),
        marks=9,
        fails={"q9_fresh": "or inside the builder"},
    ),
    wrong(
        "q9",
        "seeded initialisers in the builder",
        "an initialiser with a seed gives the same kernel in every model",
        line(
            "build_tiny_vgg",
            (
                'padding="same", name=f"block{block}_conv{conv}"',
                'padding="same", kernel_initializer=keras.initializers.GlorotUniform(seed=10 * block + conv)',
            ),
            (
                'activation="softmax", name="classifier"',
                'activation="softmax", kernel_initializer=keras.initializers.GlorotUniform(seed=1)',
            ),
        ),
        marks=9,
        fails={"q9_fresh": "Two runs started from the same weights"},
    ),
    wrong(
        "q9",
        "weights of the first run copied to all",
        "saved before the loop to make the comparison fair, as the student thinks",
        line(
            "run_experiment",
            (LISTS, LISTS + '    build_model().save_weights("initial.weights.h5")\n'),
            (BUILT, f'{BUILT}\n        model.load_weights("initial.weights.h5")'),
        ),
        marks=9,
        fails={"q9_fresh": "Two runs started from the same weights"},
    ),
    # Runs
    wrong(
        "q9",
        "trained once and measured often",
        "one training with several equal measurements says nothing of chance",
        line(
            "run_experiment",
            (LISTS, LISTS + f"    {BUILT}\n    {TRAINED}\n"),
            (f"        {BUILT}\n        {TRAINED}\n", ""),
        ),
        marks=7.5,
        fails={"q9_runs": "`fit` was called once", "q9_fresh": "There are several runs to compare"},
    ),
    wrong(
        "q9",
        "epochs not handed on",
        "every run takes the default of `train`",
        line("run_experiment", (", epochs=epochs)\n        _", ")\n        _")),
        marks=10.5,
        fails={"q9_runs": "Hand `epochs` on to `train`"},
    ),
    wrong(
        "q9",
        "number of runs given as epochs",
        "arguments mixed up",
        line("run_experiment", ("y_train, epochs=epochs)", "y_train, n_runs)")),
        marks=10.5,
        fails={"q9_runs": "each run trains 2 epochs.\nFound: A run trained 3"},
    ),
    wrong(
        "q9",
        "always builds the tiny vgg",
        "the builder that is given is not used, so all variants are the same network",
        line("run_experiment", ("compile_model(build_model())", "compile_model(build_tiny_vgg())")),
        marks=10.5,
        fails={"q9_runs": "`build_model` was never called"},
    ),
    wrong(
        "q9",
        "trained on the test set",
        "measured on what was trained on",
        line("run_experiment", ("train(model, x_train, y_train,", "train(model, x_test, y_test,")),
        marks=10.5,
        fails={"q9_runs": "trained on images of the test set"},
    ),
    wrong(
        "q9",
        "number of runs ignored",
        "always five, whatever `n_runs` says",
        line("run_experiment", ("range(n_runs)", "range(5)")),
        marks=11,
        fails={"q9_entries": "Does the loop make as many runs as `n_runs` says?"},
    ),
    wrong(
        "q9",
        "return inside the loop",
        "the function ends after the first run",
        line(
            "run_experiment",
            (
                """    return {
        "accuracies": accuracies,
        "mean": np.mean(accuracies),
        "std": np.std(accuracies, ddof=1),
        "histories": histories,
        "models": models,
    }""",
                """        return {
            "accuracies": accuracies,
            "mean": np.mean(accuracies),
            "std": np.std(accuracies),
            "histories": histories,
            "models": models,
        }""",
            ),
        ),
        marks=8,
        fails={"q9_entries": "does `return` stand inside the loop?", "q9_fresh": "There are several runs to compare"},
    ),
    wrong(
        "q9",
        "lists made anew in each run",
        "only the last run is left",
        line("run_experiment", (LISTS, ""), ("        keras.utils", "    " + LISTS + "        keras.utils")),
        marks=11,
        fails={"q9_entries": "is the list made anew in each run?"},
    ),
    wrong(
        "q9",
        "builder not called",
        "the function is compiled instead of a model",
        line("run_experiment", ("compile_model(build_model())", "compile_model(build_model)")),
        marks=1,
        fails={"q9_answered": "raised AttributeError"},
    ),
    wrong(
        "q9",
        "counting runs from one",
        "a loop over `range(1, n_runs)` makes one run too few",
        line("run_experiment", ("range(n_runs)", "range(1, n_runs)")),
        marks=11,
        fails={"q9_entries": "It holds 2.\nHint: Does the loop make as many runs as `n_runs` says?"},
    ),
    wrong(
        "q9",
        "lists as default arguments",
        "they are made once for all calls, so the second experiment holds the runs of the first too",
        line(
            "run_experiment",
            ("epochs=settings.EPOCHS)", "epochs=settings.EPOCHS, accuracies=[], histories=[], models=[])"),
            (LISTS, ""),
        ),
        marks=11,
        fails={"q9_entries": EARLIER_RUNS},
    ),
    wrong(
        "q9",
        "lists of a cell",
        "the runs of all experiments end up in the same lists",
        cell_before("run_experiment", LISTS.strip()),
        line("run_experiment", (LISTS, "")),
        marks=11,
        fails={"q9_entries": EARLIER_RUNS},
    ),
    wrong(
        "q9",
        "folds with a fit of their own",
        "cross-validation in place of repeated runs, past `train` and what it holds out",
        line(
            "run_experiment",
            (
                LISTS,
                LISTS + FOLDS,
            ),
            (
                TRAINED,
                "fit_on, held = next(folds)\n"
                "        data = (x_train[held], y_train[held])\n"
                "        history = model.fit(x_train[fit_on], y_train[fit_on], 128, epochs, validation_data=data)",
            ),
        ),
        marks=10.5,
        fails={"q9_runs": "A run called `fit` by itself.\nHint: `train` knows the validation share"},
    ),
    wrong(
        "q9",
        "compiled and fitted in the loop itself",
        "the question asks for the functions of earlier questions, so that all runs follow one recipe",
        function(
            "run_experiment",
            """
def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    accuracies, histories, models = [], [], []
    for run in range(n_runs):
        model = build_model()
        model.compile(
            optimizer=keras.optimizers.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        history = model.fit(
            x_train, y_train, batch_size=128, epochs=epochs, validation_split=0.3, shuffle=True, verbose=0
        )
        accuracies.append(model.evaluate(x_test, y_test, verbose=0)[1])
        histories.append(history)
        models.append(model)
    mean = sum(accuracies) / len(accuracies)
    std = (sum((a - mean) ** 2 for a in accuracies) / (len(accuracies) - 1)) ** 0.5
    return {"accuracies": accuracies, "mean": mean, "std": std, "histories": histories, "models": models}
""",
        ),
        marks=10.5,
        fails={"q9_runs": "Every run trains with your `train` of Question 6"},
    ),
    wrong(
        "q9",
        "folds given to train",
        "every run trains on two thirds of the images",
        line(
            "run_experiment",
            (
                LISTS,
                LISTS + FOLDS,
            ),
            (
                TRAINED,
                "fold, _ = next(folds)\n        history = train(model, x_train[fold], y_train[fold], epochs=epochs)",
            ),
        ),
        marks=10.5,
        fails={"q9_runs": "Every run gets all images of `x_train`.\nFound: A run got 66% of them."},
    ),
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
    # The run record
    wrong(
        "q9",
        "outputs cleared before handing in",
        "the run record was in them",
        record=lambda record: None,
        marks=11,
        fails={"q9_record": "do not clear its outputs"},
    ),
    wrong(
        "q9",
        "three runs published",
        "the experiment was cut short",
        line("run_experiment", ("n_runs=settings.RUNS", "n_runs=3")),
        record=lambda record: record | {"runs": record["runs"][:3]},
        marks=11,
        fails={"q9_record": "It holds 3."},
    ),
    wrong(
        "q9",
        "ten epochs published",
        "the experiment was cut short",
        line("run_experiment", ("epochs=settings.EPOCHS", "epochs=10")),
        record=_runs(_few_epochs),
        marks=11,
        fails={"q9_record": "`loss` has 10 values"},
    ),
    wrong(
        "q9",
        "mean of an earlier experiment published",
        "it is not that of the accuracies beside it",
        record=lambda record: record | {"mean": 0.75},
        marks=11,
        fails={"q9_record": "all of it from one experiment"},
    ),
    wrong(
        "q9",
        "one run published five times",
        "copies are no runs",
        record=lambda record: (
            record | {"runs": record["runs"][:1] * 5, "mean": record["runs"][0]["accuracy"], "std": 0}
        ),
        marks=11,
        fails={"q9_record": "Two runs have the same loss in every epoch"},
    ),
    wrong(
        "q9",
        "models not returned for publishing",
        "a record without weights cannot be verified",
        line("run_experiment", ('        "models": models,\n', "")),
        record=_runs(lambda run: run | {"weights": []}),
        marks=11,
        fails={"q9_record": "Let `run_experiment` return the list `models` too"},
    ),
    wrong(
        "q9",
        "network changed after the experiment",
        "the published weights belong to another one",
        record=_runs(_other_network),
        marks=11,
        fails={"q9_record": "Those of run 1 belong to another one"},
    ),
    wrong(
        "q9",
        "training diverged in one run",
        "its loss is no number any more",
        record=_diverged,
        marks=11,
        fails={"q9_record": "belongs to a training that failed"},
    ),
    wrong(
        "q9",
        "record cut off by an editor",
        "its last weights are incomplete",
        record=_cut_off,
        marks=11,
        fails={"q9_record": "save the notebook"},
    ),
)
