"""Question 9: how the runs are made."""

from answers.entries import Entry, cell_before, function, line, right, wrong

BUILT = "model = compile_model(build_model())"
TRAINED = "history = train(model, x_train, y_train, epochs=epochs)"
LISTS = "    accuracies, histories, models = [], [], []\n"
FOLDS = "    from sklearn.model_selection import KFold\n\n    folds = KFold(n_splits=n_runs).split(x_train)\n"
EARLIER_RUNS = "those of an earlier call are still there, or some are there twice.\nHint: Make the lists anew"

RIGHT: tuple[Entry, ...] = (
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
)

WRONG: tuple[Entry, ...] = (
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
        fails={"q9_runs": "Every run trains with your `train` of Question 6.\nFound: A run called `fit` by itself"},
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
)
