"""Question 9: the experiment in pieces, of which a snippet writes some differently."""

from answers.entries import Edit, code

SMALL = """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, 5, strides=5), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
"""
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


def small(source: str) -> Edit:
    """A snippet with a network that is built in no time: question 9 does not care what is trained."""
    return code(SMALL + source)
