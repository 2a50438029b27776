"""The sample submissions: the master notebook's solution, the blank handout, and realistic half-done ones.

They are made from the master notebook by the edits below, so they never fall behind it. Their run records come
from real trainings of full length on a few hundred images of CIFAR-10 (`make_records.py`): the form of a record
is what the samples show; its accuracies are low.
"""

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from assignment.samples import edits
from autograder import assignment
from autograder.handout import build
from autograder.intake import submissions
from lab.questions import QUESTIONS
from labkit.judging import points_of


@dataclass(frozen=True)
class Sample:
    """One sample submission.

    Args:
        name: of the file.
        story: what this student did.
        edits: function name -> new source of the whole function; None: left as the handout has it.
        replace: (old, new) text edits of code cells; each must hit exactly one cell.
        records: variants whose run record the notebook holds.
        own_records: of these the ones that were made with its own functions; the others are of the solution's.
        lost: questions and checks of which it gets nothing; it gets all others.
    """

    name: str
    story: str
    edits: dict[str, str | None] = field(default_factory=dict)
    replace: tuple[tuple[str, str], ...] = ()
    records: tuple[str, ...] = tuple(QUESTIONS.variants)
    own_records: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def marks(self) -> dict[str, float]:
        """Question -> marks that this sample must get."""
        checks = assignment.all_checks()
        points = points_of(checks)
        earned = dict.fromkeys(QUESTIONS.points, 0.0)
        for check in checks:
            if check.name not in self.lost and check.question not in self.lost:
                earned[check.question] += points[check.name]
        return {question: round(marks, 4) for question, marks in earned.items()}


SAMPLES = (
    Sample("solution", "The master notebook's own solution."),
    Sample("blank", "The handout as it was given out.", records=(), lost=tuple(QUESTIONS.points)),
    Sample(
        "ran-out-of-time",
        "Questions 1 to 8 are right; there was no time for experiments and pictures.",
        edits=dict.fromkeys(
            (
                "run_experiment",
                "feature_maps",
                "plot_feature_maps",
                "first_layer_kernels",
                "plot_first_layer_kernels",
                "resnet50_filters",
                "plot_resnet50_filters",
                "build_tiny_vgg_bn",
                "build_tiny_vgg_3blocks",
                "build_tiny_resnet",
            )
        ),
        records=(),
        lost=("q9", "q10", "q11", "q12", "q13", "q14", "bonus"),
    ),
    Sample(
        "small-slips",
        "Everything is there, with four slips: each set of images is divided by its own maximum (3), "
        "5×5 kernels (4; the record of 9 was made with 3×3), the mean squared error (5), batches of Keras' default "
        "size (6).",
        edits={
            "preprocess": """\
def preprocess(x_train, y_train, x_test, y_test):
    x_train = x_train.astype("float32") / x_train.max()
    x_test = x_test.astype("float32") / x_test.max()
    return x_train, y_train.flatten(), x_test, y_test.flatten()
""",
            "build_tiny_vgg": """\
def build_tiny_vgg():
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        layers.Conv2D(settings.FILTERS, 5, padding="same", activation="relu"),
        layers.Conv2D(settings.FILTERS, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(settings.FILTERS, 5, padding="same", activation="relu"),
        layers.Conv2D(settings.FILTERS, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(settings.N_CLASSES, activation="softmax"),
    ])
""",
            "compile_model": """\
def compile_model(model):
    model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
    return model
""",
            "train": """\
def train(model, x, y, epochs=settings.EPOCHS, batch_size=settings.BATCH_SIZE):
    return model.fit(x, y, epochs=epochs, validation_split=settings.VALIDATION_SPLIT)
""",
        },
        lost=(
            "q3_same_map",
            "q4_convolutions",
            "q5_loss_runs",
            "q5_loss",
            "q6_arguments",
            "q9_record",
        ),
    ),
    Sample(
        "one-model-for-all-runs",
        "The model of question 9 is built once and trained on and on; feature maps are weights, the filters of "
        "ResNet50 show each channel by itself, batch normalisation comes after the activation.",
        edits={
            "run_experiment": """\
def run_experiment(build_model, n_runs=settings.RUNS, epochs=settings.EPOCHS):
    model = compile_model(build_model())
    accuracies, histories = [], []
    for run in range(n_runs):
        history = train(model, x_train, y_train, epochs=epochs)
        accuracies.append(evaluate(model, x_test, y_test)[1])
        histories.append(history.history)
    return {"accuracies": accuracies, "mean": np.mean(accuracies), "std": np.std(accuracies),
            "histories": histories}
""",
            "feature_maps": """\
def feature_maps(model, image):
    return {layer.name: layer.get_weights()[0] for layer in model.layers if layer.get_weights()}
""",
            "resnet50_filters": """\
def resnet50_filters():
    model = keras.applications.ResNet50(weights="imagenet")
    kernel = model.get_layer("conv1_conv").get_weights()[0]
    filters = np.moveaxis(kernel, -1, 0)[..., ::-1]
    low = filters.min(axis=(1, 2), keepdims=True)
    high = filters.max(axis=(1, 2), keepdims=True)
    return (filters - low) / (high - low)
""",
            "build_tiny_vgg_bn": """\
def build_tiny_vgg_bn():
    model = keras.Sequential([keras.Input((32, 32, 3))])
    for block in range(settings.BLOCKS):
        for conv in range(settings.CONVS_PER_BLOCK):
            model.add(layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same", activation="relu"))
            model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D(settings.POOL_SIZE))
    model.add(layers.Flatten())
    model.add(layers.Dense(settings.N_CLASSES, activation="softmax"))
    return model
""",
        },
        records=("tiny_vgg", "tiny_vgg_bn", "tiny_vgg_3blocks"),
        own_records=("tiny_vgg_bn",),
        lost=(
            "q9_fresh",
            "q10_layers",
            "q10_values",
            "q12_filters",
            "q13_batch_normalization",
            "bonus_record",
        ),
    ),
    Sample(
        "crashes-early",
        "Question 1 returns the training set as test set, question 2 raises an error, `preprocess` was renamed; "
        "the rest is right.",
        edits={
            "load_data": """\
def load_data():
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    return (x_test, y_test), (x_train, y_train)
""",
            "plot_examples": """\
def plot_examples(x, y, class_names):
    fig, axes = plt.subplots(2, 5)
    for i, ax in enumerate(axes):
        ax.imshow(x[i])
        ax.set_title(class_names[y[i]])
    return fig
""",
        },
        replace=(("def preprocess(", "def preprocessing("),),
        lost=("q1_shapes", "q2", "q3"),
    ),
)


def write(folder: Path) -> Path:
    """Write all sample submissions as notebooks into a folder, which is returned."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    solution, handout = build.solution(), build.handout()
    for sample in SAMPLES:
        try:
            notebook = make(sample, solution, handout)
        except edits.EditError as problem:  # of a question that a lecturer has changed
            print(f"The sample {sample.name} is left out: {problem}.", file=sys.stderr)
            continue
        (folder / f"{sample.name}.ipynb").write_bytes(submissions.write(notebook))
    return folder


def make(sample: Sample, solution: Any, handout: Any) -> Any:
    """The notebook of one sample.

    Raises:
        EditError: an edit finds no cell, or several.
    """
    base = handout if sample.name == "blank" else solution
    notebook = nbformat.reads(nbformat.writes(base), as_version=4)
    asked = assignment.current().functions  # a lecturer may have left questions out
    for function, source in sample.edits.items():
        if function not in asked:
            continue
        left_open = edits.function_in(edits.defining(handout, function), function)
        edits.replace_function(notebook, function, source or left_open)
    for old, new in sample.replace:
        edits.replace_text(notebook, old, new)
    for variant in filter(QUESTIONS.variants.__contains__, sample.records):
        file = edits.record_file(variant, sample.name if variant in sample.own_records else None)
        edits.publish(notebook, variant, file.read_text())
    return notebook
