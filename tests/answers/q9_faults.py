"""Question 9: wrong experiments in rarer forms; snippets."""

from answers.entries import Entry, wrong
from answers.q9_loop import RESULT, loop, small

RIGHT: tuple[Entry, ...] = ()

WRONG: tuple[Entry, ...] = (
    wrong(
        "q9",
        "left out",
        "the notebook does not define it",
        small("del run_experiment"),
        marks=0,
        fails={"q9_answered": "`run_experiment` is not defined"},
    ),
    wrong(
        "q9",
        "left as it came",
        "nothing is trained",
        small("def run_experiment(build_model, n_runs=5, epochs=100): ..."),
        marks=0,
        fails={"q9_answered": "returned nothing (None)"},
    ),
    wrong(
        "q9",
        "raises an error",
        "nothing is returned",
        small(loop(before="undefined")),
        marks=0,
        fails={"q9_answered": "raised NameError"},
    ),
    wrong(
        "q9",
        "ends the kernel",
        "nothing is returned",
        small(loop(before="raise SystemExit(1)")),
        marks=0,
        fails={"q9_answered": "raised SystemExit"},
    ),
    wrong(
        "q9",
        "text returned",
        "a dictionary is asked for",
        small(loop(result="'done'")),
        marks=5,
        fails={
            "q9_entries": "returns a dict.\nFound: It returned a text",
            "q9_accuracies": "returns a dict",
            "q9_mean_std": "There is neither.",
            "q9_histories": "returns a dict",
        },
    ),
    wrong(
        "q9",
        "class returned",
        "a dictionary is asked for",
        small(loop(result="dict")),
        marks=5,
        fails={
            "q9_entries": "returns a dict",
            "q9_accuracies": "returns a dict",
            "q9_mean_std": "There is neither.",
            "q9_histories": "returns a dict",
        },
    ),
    wrong(
        "q9",
        "huge list returned",
        "nothing is trained",
        small("def run_experiment(b, n_runs=5, epochs=100): return [0.5] * 10**6"),
        marks=0,
        fails={"q9_answered": "It trained none."},
    ),
    wrong(
        "q9",
        "another key for the accuracies",
        "the names are given",
        small(loop(result=RESULT.replace("accuracies=", "accuracy="))),
        marks=8,
        fails={"q9_entries": "There is no `accuracies`", "q9_accuracies": "There is no `accuracies`"},
    ),
    wrong(
        "q9",
        "another name for the number of runs",
        "it is called by this name",
        small(loop().replace("n_runs", "runs")),
        marks=0,
        fails={"q9_answered": "raised TypeError"},
    ),
    wrong(
        "q9",
        "list of the last history alone",
        "an entry a run is asked for",
        small(loop(after="histories = [history]")),
        marks=10,
        fails={
            "q9_entries": "`histories` holds 3 entries, one a run.\nFound: It holds 1.\n"
            "Hint: Collect what every run gives: is the list made anew in each run"
        },
    ),
    wrong(
        "q9",
        "one number for all accuracies",
        "an entry a run is asked for",
        small(loop(after="accuracies = np.array(np.mean(accuracies))")),
        marks=8,
        fails={
            "q9_entries": "It is an array of shape ().\nHint: Collect what every run gives",
            "q9_accuracies": "1 of 1 are not what the trained models reach there.",
        },
    ),
    wrong(
        "q9",
        "table for histories",
        "an entry a run is asked for",
        small(loop(after="import pandas as pd\nhistories = pd.DataFrame(history.history)")),
        marks=10,
        fails={"q9_entries": "It is a data frame"},
    ),
    wrong(
        "q9",
        "one run whatever is asked",
        "five are asked for",
        small(loop(before="n_runs = 1")),
        marks=7,
        fails={"q9_entries": "does `return` stand inside", "q9_fresh": "`fit` was called once."},
    ),
    wrong(
        "q9",
        "five epochs whatever is asked",
        "the argument is not used",
        small(loop(fit="history = train(model, x_train, y_train, epochs=5)")),
        marks=9.5,
        fails={"q9_runs": "A run trained 5"},
    ),
    wrong(
        "q9",
        "second model trained on and on",
        "a run goes on with its weights",
        small(loop(before="built = [build_model(), build_model()]", model="model = compile_model(built[run > 0])")),
        marks=8,
        fails={"q9_fresh": "went on with the weights"},
    ),
    wrong(
        "q9",
        "weights set back to the first ones",
        "the runs do not start anew",
        small(
            loop(
                before="model = compile_model(build_model())\nfirst = model.get_weights()",
                model="model.set_weights(first)",
            )
        ),
        marks=8,
        fails={"q9_fresh": "Two runs started from the same weights"},
    ),
    wrong(
        "q9",
        "builder gives one model for ever",
        "a run goes on with its weights",
        small("_m = build_tiny_vgg()\ndef build_tiny_vgg(): return _m"),
        marks=8,
        fails={"q9_fresh": "went on with the weights"},
    ),
    wrong(
        "q9",
        "numbers made up",
        "nothing is trained",
        small("""
def run_experiment(build_model, n_runs=5, epochs=100):
    curve = {k: [0.5] * epochs for k in ("loss", "accuracy", "val_loss", "val_accuracy")}
    a = [0.7 + 0.01 * i for i in range(n_runs)]
    return dict(accuracies=a, mean=np.mean(a), std=np.std(a), histories=[curve] * n_runs)
"""),
        marks=0,
        fails={"q9_answered": "It trained none."},
    ),
    wrong(
        "q9",
        "deviation of all runs but one",
        "each run counts",
        small(loop(result=RESULT.replace("np.std(accuracies)", "np.std(accuracies[:-1])"))),
        marks=9,
        fails={"q9_mean_std": "It is another number"},
    ),
    wrong(
        "q9",
        "mean of all runs but one",
        "each run counts",
        small(loop(result=RESULT.replace("np.mean(accuracies)", "np.mean(sorted(accuracies)[1:])"))),
        marks=9,
        fails={"q9_mean_std": "`mean` is the mean of the accuracies"},
    ),
    wrong(
        "q9",
        "means of the histories",
        "the mean over the runs is asked for",
        small(
            loop(result=RESULT.replace("np.mean(accuracies)", "[np.mean(h.history['accuracy']) for h in histories]"))
        ),
        marks=9,
        fails={"q9_mean_std": "are numbers"},
    ),
    wrong(
        "q9",
        "losses alone",
        "the accuracies are asked for too",
        small(loop(after="histories = [h.history['loss'] for h in histories]")),
        marks=10,
        fails={"q9_histories": "One holds: no series"},
    ),
    wrong(
        "q9",
        "models for histories",
        "they hold no curves",
        small(loop(after="histories = models")),
        marks=10,
        fails={"q9_histories": "no series"},
    ),
    wrong(
        "q9",
        "fit called twice, from an initial epoch",
        "question 6 is to be used",
        small(
            loop(
                fit="model.fit(x_train, y_train, epochs=1, validation_split=0.3, verbose=0)\n"
                "history = model.fit(x_train, y_train, initial_epoch=1, epochs=epochs, validation_split=0.3, "
                "verbose=0)\n"
                "history.history = {k: v * 2 for k, v in history.history.items()}"
            )
        ),
        marks=9.5,
        fails={"q9_runs": "A run called `fit` by itself"},
    ),
    wrong(
        "q9",
        "percent with two digits",
        "fractions are asked for",
        small(loop(after="accuracies = [round(100 * a, 2) for a in accuracies]")),
        marks=9,
        fails={"q9_accuracies": "They are given in percent"},
    ),
    wrong(
        "q9",
        "split of its own for validation",
        "question 6 is to be used",
        small(
            loop(
                fit="n = int(0.7 * len(x_train))\n"
                "history = model.fit(x_train[:n], y_train[:n], epochs=epochs, verbose=0,"
                " validation_data=(x_train[n:], y_train[n:]))"
            )
        ),
        marks=9.5,
        fails={"q9_runs": "A run called `fit` by itself"},
    ),
    wrong(
        "q9",
        "pipeline of tf.data",
        "question 6 is to be used",
        small(
            loop(
                before="import tensorflow as tf\n"
                "data = tf.data.Dataset.from_tensor_slices((x_train, y_train))"
                ".shuffle(64).batch(128)\n"
                "test = tf.data.Dataset.from_tensor_slices((x_test, y_test)).batch(100)",
                fit="history = model.fit(data, validation_data=data, epochs=epochs, verbose=0)",
                measure="accuracy = model.evaluate(test, verbose=0)[1]",
            )
        ),
        marks=9.5,
        fails={"q9_runs": "A run called `fit` by itself"},
    ),
    wrong(
        "q9",
        "result of one experiment kept for all calls",
        "the arguments are not used",
        small(
            "import functools\nrun_once = functools.cache(lambda: run_small())\n"
            + loop().replace(
                "def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS)",
                "def run_small(build_model=build_tiny_vgg, n_runs=3, epochs=2)",
            )
            + "\ndef run_experiment(build_model, n_runs=5, epochs=100): return run_once()"
        ),
        marks=8.5,
        fails={
            "q9_entries": "For n_runs=2, `accuracies` holds 2 entries, one a run.\nFound: It holds 3.",
            "q9_runs": "`build_model` was never called.",
        },
    ),
    wrong(
        "q9",
        "last layer removed after measuring",
        "nobody can measure that model any more",
        small(loop(end="model.pop()")),
        marks=9,
        fails={},
        opens={"q9_accuracies": "could not be evaluated any more"},
    ),
)
