"""Sentences that several checks share."""

import re
from typing import Any

import numpy as np

from labkit import calls
from labkit.judging import Failure
from labkit.plain_data import kind_of


def require_call(call: dict[str, Any], function: str) -> Any:
    """The value that a call gave, see `labkit.calls.require_call`."""
    return calls.require_call(call, function, _hint)


def require_no_error(call: dict[str, Any], function: str) -> None:
    """Stop where a function is missing or raised, see `labkit.calls.require_no_error`."""
    calls.require_no_error(call, function, _hint)


# (functions, types of errors, messages) -> hint; regular expressions, the first row that fits counts. In messages
# FUNCTION stands for the name of the function that was called.
_HINTS = (
    (
        r"load_data|resnet50_filters",
        r"",
        r"URL fetch failure|urlopen error|Name or service not known|Temporary failure in name resolution",
        "The download failed: is there a connection? The first call needs one, later calls find the file on the disk.",
    ),
    (
        r"resnet50_filters",
        r"IndexError|ValueError",
        r"list index out of range|not enough values to unpack",
        "The first layers of ResNet50 have no weights, `conv1_pad` among them, though its name holds “conv”. "
        '`model.get_layer("conv1_conv")` takes the layer by its whole name.',
    ),
    (
        r"plot_history",
        r"TypeError|AttributeError",
        r"'?History'? object",
        "`history.history` is the dictionary; `history` itself is the object that `fit` returns.",
    ),
    (
        r"plot_history",
        r"KeyError",
        r"",
        "`print(history.history.keys())` shows the names of the series; they follow from the metrics of Question 5.",
    ),
    (
        r"plot_history",
        r"ValueError",
        r"first dimension|same length|broadcast",
        "Is the number of epochs written into the code? A history is as long as its training was.",
    ),
    (
        r"evaluate",
        r"AttributeError",
        r"history",
        "`model.evaluate` gives numbers; only `fit` gives a History.",
    ),
    (
        r"evaluate",
        r"KeyError",
        r"",
        "The names in Keras' answer follow from the metrics of Question 5: print the dictionary.",
    ),
    (
        r"",
        r"TypeError",
        r"^(<lambda>|FUNCTION)\(\) (got an unexpected keyword|missing \d+ required|takes \d+ positional)",
        "Keep the arguments that the question gives: their names, their order, and their defaults.",
    ),
    (
        r"build_\w+",
        r"ValueError",
        r"incompatible with the layer|already been connected|object was modified|must be unique",
        "Does each call make a new model, with layers of its own?",
    ),
    (
        r"build_\w+",
        r"ValueError",
        r"zero or negative|negative dimension",
        "Follow the shape from layer to layer: every pooling divides rows and columns, and so does a convolution with "
        "strides.",
    ),
    (
        r"describe_data|plot_examples|preprocess",
        r"TypeError|ValueError|IndexError",
        r"scalar (index|arrays)|unhashable type|too deep|invalid index to scalar",
        "Labels may come in shape (n, 1), where `y[i]` is an array and no number: `np.ravel(y)` gives plain numbers.",
    ),
    (
        r"preprocess",
        r"TypeError|UFuncTypeError|_UFuncOutputCastingError",
        r"Cannot cast ufunc",
        "An array of whole numbers cannot hold fractions: make a float copy first, and leave the original as it is.",
    ),
    (
        r"describe_data|plot_examples|preprocess|train|evaluate",
        r"IndexError|ValueError|InvalidArgumentError",
        r"out of bounds|out of range|reshape|shape|broadcast|axis|axes|cardinality|sizes",
        "The arrays of this check are smaller than those of CIFAR-10: does the code rely on certain sizes?",
    ),
    (
        r"",
        r"StdinNotImplementedError",
        r"",
        "`input()` cannot be answered at grading: a function gets what it needs as its arguments.",
    ),
    (
        r"",
        r"NameError|UnboundLocalError",
        r"",
        "A function can use its arguments, and names from cells that have run.",
    ),
)


# What tutorials for Keras 2 or TensorFlow 1 write, as the message of an error names it -> what Keras 3 has instead.
_OUTDATED = (
    (r"not recognized: \{.*'lr'|'\w+' object has no attribute 'lr'", "In Keras 3 it is called `learning_rate`."),
    (r"no attribute '(fit|evaluate|predict)_generator'", "In Keras 3 `{1}` itself takes generators and data sets."),
    (
        r"no attribute 'predict_(classes|proba)'",
        "In Keras 3 `predict` gives what the last layer puts out; its `argmax(axis=1)` is the class.",
    ),
    (
        r"no attribute '(input|output)_shape'",
        "In Keras 3 layers have no `{1}_shape`: a layer that was called has `layer.{1}.shape`.",
    ),
    (
        r"'keras\.(?:\w+\.)*backend' has no attribute '(function|get_session|eval|gradients|placeholder|set_session)'",
        "Keras 3 has no `K.{1}`: a further model, `keras.Model(inputs, outputs)`, computes the outputs of any layer.",
    ),
    (
        r"has never been called and thus has no defined (input|output)",
        "A Sequential model that was not called yet has no `{1}`; once it is built, `model.{1}s` is there.",
    ),
    (
        r"has no defined (inputs|outputs|input shape|output shape) yet",
        "A Sequential model knows them once it is built: give it a `keras.Input` first, or call it on an image.",
    ),
    (r"unexpected keyword argument 'nb_epoch'", "In Keras 3 it is called `epochs`."),
    (
        r"unexpected keyword argument '(workers|use_multiprocessing|max_queue_size)'",
        "In Keras 3 `{1}` belongs to the data set, a `keras.utils.PyDataset`: leave it out.",
    ),
    (r"arguments? passed to \w+: \{'(border_mode)'", "In Keras 3 it is called `padding`."),
    (
        r"No module named '(?:tensorflow\.)?keras\.(\w+)\.|'keras\.utils' has no attribute '(?:np_utils)'",
        "In Keras 3 all layers are in `keras.layers`, all optimisers in `keras.optimizers`, and `to_categorical` in "
        "`keras.utils`.",
    ),
    (
        r"module 'tensorflow' has no attribute '(Session|placeholder|global_variables_initializer)'",
        "`tf.{1}` is TensorFlow 1: in TensorFlow 2 operations are computed at once.",
    ),
)


def _outdated(message: str) -> str:
    """What has taken the place of a name that Keras no longer has; empty where the message is of something else."""
    for pattern, hint in _OUTDATED:
        match = re.search(pattern, message)
        if match:
            return hint.format(match[0], *match.groups())
    return ""


def _hint(function: str, kind: str, message: str) -> str:
    outdated = _outdated(message)
    if outdated:
        return outdated
    for functions, kinds, messages, hint in _HINTS:
        fits = (not functions or re.fullmatch(functions, function)) and (not kinds or re.fullmatch(kinds, kind))
        if fits and re.search(messages.replace("FUNCTION", re.escape(function)), message):
            return hint
    return ""


def require_array(value: Any, shape: tuple[int | None, ...], what: str, reordered: str = "") -> np.ndarray:
    """A numeric array of that shape (None: any number).

    Raises:
        Failure: it is something else; the hint is `reordered` where only the order of the axes differs.
    """
    wanted = "(" + ", ".join("n" if n is None else str(n) for n in shape) + ")"
    fits = isinstance(value, np.ndarray) and value.ndim == len(shape)
    if not fits or any(n is not None and n != m for n, m in zip(shape, value.shape, strict=True)):
        same = isinstance(value, np.ndarray) and sorted(value.shape) == sorted(n or 0 for n in shape)
        raise Failure(f"{what} is an array of shape {wanted}.", f"It is {kind_of(value)}.", reordered if same else "")
    return np.asarray(value)


def numbers(value: Any) -> list[float] | None:
    """A flat list of numbers from a number, a list, an array or a dict of numbers; None if it is not that."""
    if isinstance(value, dict):
        value = list(value.values())
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        return None
    return [float(v) for v in array.reshape(-1)] if array.dtype.kind in "biuf" else None


def shape_text(shape: Any) -> str:
    """(32, 32, 3) from [32, 32, 3]; the batch axis is n."""
    return "(" + ", ".join("n" if n is None else str(n) for n in shape) + ("," * (len(shape) == 1)) + ")"
