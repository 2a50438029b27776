"""Question 9: experiments in other ways, and faults of other questions; snippets."""

from answers.entries import Entry, code, right
from answers.q9_loop import PREDICT, RENAMED, RESULT, loop, small

RIGHT: tuple[Entry, ...] = (
    right(
        "q9",
        "while loop",
        "it runs as often",
        small("""
def run_experiment(build_model, n_runs=5, epochs=100):
    results, i = {"accuracies": [], "histories": []}, 0
    while i < n_runs:
        m = compile_model(build_model())
        results["histories"].append(train(m, x_train, y_train, epochs))
        results["accuracies"].append(evaluate(m, x_test, y_test)[1])
        i += 1
    results["mean"], results["std"] = np.mean(results["accuracies"]), np.std(results["accuracies"])
    return results
"""),
    ),
    right(
        "q9",
        "helper nested in it that fills a dictionary",
        "each run has a model of its own",
        small("""
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
"""),
    ),
    right(
        "q9",
        "one epoch a call of train, histories merged",
        "the epochs add up",
        small(
            loop(
                fit="history = {}\nfor epoch in range(epochs):\n"
                "    h = train(model, x_train, y_train, epochs=1)\n"
                "    for k, v in h.history.items():\n        history.setdefault(k, []).extend(v)"
            )
        ),
    ),
    right(
        "q9",
        "seeds drawn from one generator",
        "each run has another one",
        small(
            loop(
                before="seeds = np.random.default_rng(0).integers(0, 10**6, n_runs)",
                start="keras.utils.set_random_seed(int(seeds[run]))",
            )
        ),
    ),
    right(
        "q9",
        "one seed before all runs",
        "the runs go on from it and differ",
        small(loop(before="keras.utils.set_random_seed(42)")),
    ),
    right(
        "q9",
        "models deleted after each run",
        "they are not asked for",
        small(
            loop(
                end="import gc\ndel model\nmodels.clear()\ngc.collect()",
                result=RESULT.replace(", models=models", "").replace("models=models", ""),
            ).replace("        models.append(model)\n", "")
        ),
    ),
    right(
        "q9",
        "accuracy by a call and argmax",
        "the same number",
        small(loop(measure="accuracy = float(np.mean(np.argmax(model(x_test), axis=1) == y_test.ravel()))")),
    ),
    right(
        "q9",
        "accuracies as an array",
        "they stand for a list",
        small(loop(after="accuracies = np.array(accuracies, dtype='float32')")),
    ),
    right(
        "q9",
        "accuracies in a dictionary by run",
        "their order is that of the runs",
        small(loop(result=RESULT.replace("accuracies=accuracies", "accuracies=dict(enumerate(accuracies))"))),
    ),
    right(
        "q9",
        "accuracies in a column",
        "an entry a run",
        small(loop(result=RESULT.replace("accuracies=accuracies", "accuracies=np.array(accuracies)[:, None]"))),
    ),
    right(
        "q9",
        "sample standard deviation",
        "either formula will do",
        small(loop(result=RESULT.replace("np.std(accuracies)", "np.std(accuracies, ddof=1)"))),
    ),
    right(
        "q9",
        "mean and deviation as arrays of one",
        "they are read as numbers",
        small(
            loop(
                result=RESULT.replace("np.mean(accuracies)", "np.mean(accuracies, keepdims=True)").replace(
                    "np.std(accuracies)", "np.array(np.std(accuracies))"
                )
            )
        ),
    ),
    right(
        "q9",
        "histories as dictionaries of arrays, with the number of the run",
        "what else they hold is free",
        small(
            loop(
                after="histories = [{k: np.array(v) for k, v in h.history.items()} | {'run': i}"
                " for i, h in enumerate(histories)]"
            )
        ),
    ),
    right(
        "q9",
        "model saved and loaded before measuring",
        "its weights are the same",
        small(
            loop(
                fit="history = train(model, x_train, y_train, epochs=epochs)\n"
                "path = f'/tmp/q9_{id(accuracies)}.keras'\nmodel.save(path)\n"
                "model = keras.models.load_model(path)\n"
                "import os; os.remove(path)"
            )
        ),
    ),
    right(
        "q9",
        "train under another name",
        "it is called all the same",
        small(loop(before="fit_model = train").replace("history = train(", "history = fit_model(")),
    ),
    right(
        "q9",
        "train as a default argument",
        "it is called all the same",
        small(
            loop()
            .replace("epochs=settings.EPOCHS)", "epochs=settings.EPOCHS, trainer=train)")
            .replace("history = train(", "history = trainer(")
        ),
    ),
    right(
        "q9",
        "train in a partial",
        "it is called all the same",
        small(
            loop(before="import functools\nfit = functools.partial(train, batch_size=64)").replace(
                "history = train(", "history = fit("
            )
        ),
    ),
    right(
        "q9",
        "train is an object that is called",
        "it is called all the same",
        small("""
class Trainer:
    def __call__(self, model, x, y, epochs=100, batch_size=128):
        return model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=0.3, verbose=0)
train = Trainer()
"""),
    ),
    right("q9", "raises an error for two runs", "five are asked for", small(loop(before="assert n_runs > 2"))),
    right(
        "q9",
        "arrays under other names",
        "names are free",
        small(RENAMED + loop().replace("x_train, y_train", "x_tr, y_tr").replace("x_test, y_test", "x_te, y_te")),
    ),
    right(
        "q9",
        "arrays under other names, predict and argmax",
        "names are free",
        small(
            RENAMED
            + loop(measure=PREDICT)
            .replace("x_train, y_train", "x_tr, y_tr")
            .replace("x_test", "x_te")
            .replace("y_test", "y_te")
        ),
    ),
    right(
        "q9",
        "arrays bound as defaults",
        "names are free",
        small(
            RENAMED
            + loop()
            .replace("epochs=settings.EPOCHS)", "epochs=settings.EPOCHS, a=x_tr, b=y_tr, c=x_te, d=y_te)")
            .replace("x_train, y_train", "a, b")
            .replace("x_test, y_test", "c, d")
        ),
    ),
    right(
        "q9",
        "prints and warns",
        "neither changes a result",
        small(loop(start="import warnings; warnings.warn('slow'); print('run', run)")),
    ),
    right("q9", "question 3 left out", "it costs nothing here", small("del preprocess")),
    right(
        "q9",
        "question 3 leaves bytes and makes one-hot labels",
        "it costs nothing here",
        small("""
def preprocess(x_train, y_train, x_test, y_test):
    return x_train, keras.utils.to_categorical(y_train, 10), x_test, keras.utils.to_categorical(y_test, 10)
def compile_model(model):
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
"""),
    ),
    right(
        "q9",
        "one-hot labels and their loss",
        "labels have the form of the student's own question 3",
        small("""
def preprocess(x_train, y_train, x_test, y_test):
    return x_train / 255, np.eye(10)[y_train.ravel()], x_test / 255, np.eye(10)[y_test.ravel()]
def compile_model(model):
    model.compile("adam", "categorical_crossentropy", metrics=["acc"])
    return model
"""),
    ),
    right("q9", "question 4 left out", "it costs nothing here", small("build_tiny_vgg = None")),
    right(
        "q9",
        "question 4 without a softmax",
        "it costs nothing here",
        small("""
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)])
"""),
    ),
    right(
        "q9",
        "question 4 without an input",
        "it costs nothing here",
        small("""
def build_tiny_vgg():
    return keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
"""),
    ),
    right(
        "q9",
        "question 4 is a subclass",
        "what is trained is free",
        small("""
class Tiny(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.head = layers.Conv2D(4, 5, strides=4), layers.Dense(10, activation="softmax")
    def call(self, x):
        return self.head(keras.ops.reshape(self.conv(x), (-1, 196)))
build_tiny_vgg = Tiny
"""),
    ),
    right("q9", "question 5 left out", "it costs nothing here", small("del compile_model")),
    right(
        "q9",
        "question 5 with the wrong loss",
        "it costs nothing here",
        small("""
def compile_model(model):
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
"""),
    ),
    right(
        "q9",
        "question 5 without a metric",
        "it costs nothing here",
        small("""
def compile_model(model):
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
"""),
    ),
    right(
        "q9",
        "question 5 returns nothing",
        "it costs nothing here",
        small("""
def compile_model(model):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
"""),
    ),
    right(
        "q9",
        "question 5 returns nothing, and is used so",
        "it costs nothing here",
        small(
            "def compile_model(model):\n"
            "    model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])\n"
            + loop(model="model = build_model()\ncompile_model(model)")
        ),
    ),
    right("q9", "question 6 left out", "it costs nothing here", small("del train")),
    right(
        "q9",
        "question 6 ignores the epochs",
        "it costs nothing here",
        small("""
def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, epochs=10, validation_split=0.3, verbose=0)
"""),
    ),
    right(
        "q9",
        "question 6 fits twice",
        "it costs nothing here",
        small("""
def train(model, x, y, epochs=100, batch_size=128):
    model.fit(x, y, epochs=epochs, validation_split=0.3, verbose=0)
    return model.fit(x, y, epochs=epochs, validation_split=0.3, verbose=0)
"""),
    ),
    right(
        "q9",
        "question 6 without validation",
        "it costs nothing here",
        small("""
def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, epochs=epochs, verbose=0)
"""),
    ),
    right(
        "q9",
        "question 6 returns nothing",
        "it costs nothing here",
        small("""
def train(model, x, y, epochs=100, batch_size=128):
    model.fit(x, y, epochs=epochs, validation_split=0.3, verbose=0)
"""),
    ),
    right(
        "q9",
        "question 6 validates on the test images",
        "it costs nothing here",
        small("""
def train(model, x, y, epochs=100, batch_size=128):
    return model.fit(x, y, epochs=epochs, validation_data=(x_test, y_test), verbose=0)
"""),
    ),
    right(
        "q9",
        "question 6 trains on the test images too",
        "it costs nothing here",
        small("""
def train(model, x, y, epochs=100, batch_size=128):
    x, y = np.concatenate([x_test, x]), np.concatenate([y_test, y])
    return model.fit(x, y, epochs=epochs, validation_split=0.3, verbose=0)
"""),
    ),
    right("q9", "question 7 left out", "it costs nothing here", small("del evaluate")),
    right(
        "q9",
        "question 7 gives the accuracy first",
        "it costs nothing here",
        small("""
def evaluate(model, x_test, y_test):
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return accuracy, loss
"""),
    ),
    right(
        "q9",
        "question 7 gives the accuracy first, and so it is used",
        "the accuracy is the right one",
        small(
            """
def evaluate(model, x_test, y_test):
    return model.evaluate(x_test, y_test, verbose=0)[::-1]
"""
            + loop(measure="accuracy, _ = evaluate(model, x_test, y_test)")
        ),
    ),
    right(
        "q9",
        "question 7 in percent",
        "it costs nothing here",
        small("""
def evaluate(model, x_test, y_test):
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return loss, 100 * accuracy
"""),
    ),
    right(
        "q9",
        "question 7 measures on the training images",
        "it costs nothing here",
        small("""
def evaluate(model, x_test, y_test):
    return model.evaluate(x_train, y_train, verbose=0)
"""),
    ),
    right("q9", "the solution itself", "it is the answer", code("")),
)

WRONG: tuple[Entry, ...] = ()
