"""Answers requests about the live objects of a notebook; knows no question, no seed, and nothing that is right.

A request is the name of a public method of `Agent` with plain arguments; the answer is plain data. Live objects
stay here: {"handle": 3} stands for one, in answers and in arguments. Who asks may be in this process
(`labkit.checking`) or in another one, as at grading.
"""

import contextlib
import functools
import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import keras
import numpy as np

from labkit import asserts
from labkit.figures_drawn import drawing
from labkit.model_description import describe_loss, describe_optimizer, is_keras_own, precision_of, spec_of
from labkit.plain_data import MAX_DEPTH, MAX_TEXT, Plain, describe_error, image_keys, plain, text_of
from labkit.quiet import quiet
from labkit.short_training import Fit, Recording, recording

MAX_OUTLINED = 8  # items of a sequence that are told at once
MAX_ARRAYS = 20  # of the notebook that are told at once


class Agent:
    """Answers requests about one notebook.

    Args:
        names: the kernel's global names.
        stand_ins: functions of ours that may take the place of the notebook's, by name.
        catch_up: runs cells that have been left out so far.
        contained: kinds of errors of the notebook's that are described; others, such as an interrupt, end the request.
    """

    def __init__(
        self,
        names: dict[str, Any],
        stand_ins: Mapping[str, Callable[..., Any]] | None = None,
        catch_up: Callable[[], None] = lambda: None,
        contained: tuple[type[BaseException], ...] = (Exception, SystemExit),
    ) -> None:
        self._names, self._stand_ins, self._catch_up = names, dict(stand_ins or {}), catch_up
        self._contained = contained
        self.forget()

    def answer(self, verb: str, arguments: Mapping[str, Any]) -> dict[str, Plain]:
        """{"value": ...}, or {"raised": error} where the student's objects did not let themselves be looked at.

        Raises:
            ValueError: there is no such verb.
        """
        if verb not in VERBS:
            raise ValueError(f"there is no verb {verb!r}")
        try:
            return {"value": getattr(self, verb)(**arguments)}
        except self._contained as error:
            return {"raised": describe_error(error) | {"text": text_of(error)}}

    def forget(self) -> None:
        """Let go of all live objects."""
        self._objects: dict[int, Any] = {}
        self._handles: dict[int, int] = {}  # id of an object -> handle
        self._counts: dict[int, int] = {}  # handle of a function -> how often it was called

    # Objects and their handles

    def _keep(self, value: Any) -> int:
        """The handle of an object; the same for the same one."""
        if id(value) not in self._handles:
            handle = len(self._objects) + 1
            self._handles[id(value)], self._objects[handle] = handle, value
        return self._handles[id(value)]

    def _live(self, given: Any) -> Any:
        """What an argument stands for: an object, a copy of one, a tensor, containers of such; else itself."""
        if isinstance(given, np.ndarray):
            return given.copy()
        if isinstance(given, list):
            return [self._live(value) for value in given]
        if not isinstance(given, dict):
            return given
        (kind, what), *_ = given.items()
        if kind == "handle":
            return self._objects[what]
        if kind == "copy":
            return np.array(self._objects[what])
        if kind == "tensor":
            return keras.ops.convert_to_tensor(self._live(what))
        return {key: self._live(value) for key, value in what.items()}  # "dict"

    def _outline(self, value: Any, depth: int = 2) -> dict[str, Plain]:
        """What an object is, from outside."""
        kind = _kind(value)
        outline: dict[str, Plain] = {"handle": self._keep(value), "kind": kind, "type": type(value).__name__[:200]}
        if kind == "class":
            outline["type"] = value.__name__[:200]
        if kind == "sequence":
            outline["length"] = len(value)
            if depth and len(value) <= MAX_OUTLINED:
                outline["items"] = [self._outline(item, depth - 1) for item in value]
        with contextlib.suppress(Exception):  # of a `shape` that is something else
            outline["shape"] = [-1 if n is None else int(n) for n in value.shape]
            dtype = value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype
            outline["dtype"] = str(dtype if isinstance(dtype, np.dtype) else getattr(dtype, "name", dtype))
        return outline

    def named(self, names: Sequence[str]) -> dict[str, Plain]:
        """Outlines of what the notebook has under some names; only of those that it has."""
        return {name: self._outline(self._names[name]) for name in names if name in self._names}

    def items(self, value: Any) -> dict[str, Plain]:
        """Outlines of the items of a dict."""
        return {str(key)[:MAX_TEXT]: self._outline(item, 0) for key, item in self._live(value).items()}

    def plain(
        self,
        value: Any,
        depth: int = MAX_DEPTH,
        frames_as_arrays: bool = False,
        keys: Sequence[str] | None = None,
    ) -> Plain:
        """A plain copy of an object; of a sequence with data frames as arrays, of a dict with some keys alone, where
        that is said."""
        live = self._live(value)
        if frames_as_arrays and isinstance(live, tuple | list):
            live = [_as_array(item) for item in live]
        if keys is not None:
            live = {key: live[key] for key in keys if key in live}
        return plain(live, depth)

    def keys(self, value: Any) -> np.ndarray:
        """Keys of images, see `labkit.plain_data.image_keys`."""
        return image_keys(self._live(value))

    def as_array(self, value: Any) -> dict[str, Plain]:
        """Outline of an object as an array."""
        return self._outline(np.asarray(self._live(value)))

    def array(self, value: Any, rows: Any = None) -> Plain:
        """The values of an object as an array, or some of its rows."""
        array = self._live(value)
        array = array if isinstance(array, np.ndarray) else np.asarray(array)
        return plain(array if rows is None else array[rows])

    def hold(self, value: Any) -> dict[str, Plain]:
        """Outline of a new object, made of an argument."""
        return self._outline(self._live(value))

    def hold_windows(self, row: np.ndarray, shape: Sequence[int]) -> dict[str, Plain]:
        """Outline of a read-only array (n, *shape) of the windows of a long row of numbers, which takes no memory."""
        windows = np.lib.stride_tricks.sliding_window_view(np.array(row), int(np.prod(shape)))
        return self._outline(windows.reshape(-1, *shape))

    # Calls

    def call(self, function: Any, arguments: Sequence[Any] = (), options: Mapping[str, Any] | None = None) -> Any:
        """Call a function, quietly.

        Args:
            function: a name of the notebook's, or a handle.
            arguments, options: see `_live`.

        Returns:
            {"error": None, "value": outline} or {"error": error, "value": None}.
        """
        error, value = self._called(function, arguments, options)
        return {"error": error, "value": None if error else self._outline(value)}

    def draw(self, function: Any, arguments: Sequence[Any] = ()) -> dict[str, Plain]:
        """Call a function and describe the figures that it showed, closed, returned or left open.

        Returns:
            {"error": ..., "figures": [described figures]}; see `labkit.figures_drawn` and `labkit.figure_description`.
        """
        with drawing() as drawn:
            error, value = self._called(function, arguments)
            if error is not None:
                return {"error": error, "figures": []}
            try:
                return {"error": None, "figures": list(drawn.figures(value))}
            except Exception as reason:
                return {"error": describe_error(reason, str(function)), "figures": []}

    def _called(
        self, function: Any, arguments: Sequence[Any] = (), options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Plain] | None, Any]:
        name = function if isinstance(function, str) else ""
        found = self._names[name] if name else self._live(function)
        given = [self._live(argument) for argument in arguments]
        named = {key: self._live(value) for key, value in (options or {}).items()}
        return self._run(lambda: found(*given, **named), name)

    def _run(self, function: Callable[..., Any], name: str) -> tuple[dict[str, Plain] | None, Any]:
        """Call a function of the student's without its prints and warnings: its error, and its value."""
        try:
            with quiet():
                return None, function()
        except self._contained as error:
            return describe_error(error, name), None

    def stand_in(self, name: str) -> dict[str, Plain] | None:
        """Outline of the function of ours under that name; None where there is none."""
        return self._outline(self._stand_ins[name]) if name in self._stand_ins else None

    def replace(self, name: str, stand_in: str | None) -> None:
        """Let the notebook have a function of ours under a name, or one that says that there is none."""

        def gone(*arguments: Any, **options: Any) -> Any:
            raise RuntimeError(f"{name} did not come to an end before")

        self._names[name] = self._stand_ins.get(stand_in or "", gone)

    def catch_up(self) -> None:
        """Run cells that have been left out so far."""
        self._catch_up()

    def swap(self, names: Mapping[str, Any]) -> dict[str, Plain]:
        """Let names of the notebook be something else; the outline of how it was before."""
        before = {name: self._names[name] for name in names if name in self._names}
        self._names.update({name: self._live(value) for name, value in names.items()})
        return self._outline(_Before(list(names), before))

    def swap_back(self, before: Any) -> None:
        """Undo `swap`."""
        state = self._live(before)
        for name in state.names:
            self._names.pop(name, None)
        self._names.update(state.values)

    # Tests in Otter's usual form

    def run_test(self, source: str) -> dict[str, Plain] | None:
        """Run a test cell on the notebook's names; its error."""
        return self._run(lambda: asserts.run(source, self._names), "the test")[0]

    # Models

    def usable_model(
        self, builder: str | None, shape: Sequence[int], n_classes: int, stand_in: str | None
    ) -> dict[str, Plain]:
        """A fresh model of a builder that gives so many values for an input of that shape and has weights; else that
        of a stand-in.

        Returns:
            "model": its outline, or None; "is_own": whether it is the builder's; "error" and "value": what came of
            calling the builder, see `call`; "classifies": whether that gives so many values.
        """
        error, value = self._run(self._names[builder], builder) if builder is not None else (None, None)
        fits = classifies(value, shape, n_classes)
        is_own = fits and value is not None and bool(value.weights)
        model = value if is_own else None
        if not is_own and stand_in in self._stand_ins:
            model = self._stand_ins[stand_in]()
        return {
            "model": None if model is None else self._outline(model),
            "is_own": is_own,
            "error": error,
            "value": self._outline(value),
            "classifies": fits,
        }

    def count(
        self, builder: str | None, shape: Sequence[int], n_classes: int, stand_in: str | None
    ) -> dict[str, Plain]:
        """Outline of a function without arguments that gives what `usable_model` does, and counts its calls."""

        def build_model() -> Any:  # a function like any other: notebooks print its name
            self._counts[handle] += 1
            return self._usable(builder, shape, n_classes, stand_in)

        handle = self._keep(build_model)
        self._counts[handle] = 0
        return self._outline(build_model)

    def _usable(self, *arguments: Any) -> Any:
        found: Any = self.usable_model(*arguments)["model"]
        if found is None:
            raise RuntimeError("there is no model to work with")
        return self._live({"handle": found["handle"]})

    def flat_model(self, shape: Sequence[int], n_classes: int) -> dict[str, Plain]:
        """Outline of an uncompiled model of one dense layer."""
        return self._outline(_flat_model(shape, n_classes))

    def small_builder(self, shape: Sequence[int], n_classes: int, pool: int) -> dict[str, Plain]:
        """Outline of a function without arguments that builds models which are trained and evaluated in no time."""

        def build_model() -> Any:
            return _flat_model(shape, n_classes, keras.layers.AveragePooling2D(pool))

        return self._outline(build_model)

    def counted(self, function: Any) -> int:
        """How often it was called."""
        return self._counts[function["handle"]]

    def output_shapes(self, model: Any, shape: Sequence[int], training: bool | None = None) -> list[Plain]:
        """Shapes of all outputs for an input of that shape, by calling the model symbolically."""
        options = {} if training is None else {"training": training}
        with quiet():
            outputs = keras.tree.flatten(self._live(model)(keras.Input(shape), **options))
        return [[None if n is None else int(n) for n in output.shape] for output in outputs]

    def outputs(self, model: Any, x: Any, training: bool) -> Plain:
        """The first output for some inputs, as float32."""
        with quiet():
            outputs = keras.tree.flatten(self._live(model)(self._live(x), training=training))[0]
        return plain(np.asarray(outputs).astype(np.float32))

    def spec(self, model: Any, shape: Sequence[int]) -> dict[str, Plain]:
        """A model as a graph.

        Returns:
            "spec" and "untraced": the graph, or why there is none, see `labkit.model_spec`; "precision": the coarsest
            number format; "layers": names of those at hand; "has_inputs"; "variables": their outline, "shapes" and
            "names" by key.
        """
        live = self._live(model)
        spec, variables, reason = spec_of(live, tuple(shape))
        return {
            "spec": spec,
            "untraced": reason,
            "precision": precision_of(live),
            "layers": [layer.name for layer in live.layers],
            "has_inputs": bool(getattr(live, "inputs", None)),
            **self._of_variables(variables),
        }

    def weights(self, model: Any) -> dict[str, Plain]:
        """All weights of a model, by their number: "variables", "shapes", "names" as in `spec`; "values", "dtypes"."""
        variables = {f"variable {number}": variable for number, variable in enumerate(self._live(model).weights)}
        return self._of_variables(variables) | {
            "values": {key: plain(np.asarray(variable)) for key, variable in variables.items()},
            "dtypes": {key: str(variable.dtype) for key, variable in variables.items()},
        }

    def _of_variables(self, variables: dict[str, Any]) -> dict[str, Plain]:
        return {
            "variables": self._outline(variables),
            "shapes": {key: [int(n) for n in variable.shape] for key, variable in variables.items()},
            "names": {key: str(variable.name) for key, variable in variables.items()},
        }

    def keep(self, model: Any, variables: Any) -> dict[str, Plain]:
        """Outline of all weights as they are now, also of layers that Keras does not track, and of counters."""
        everything = {id(v): v for v in (*self._live(model).weights, *self._live(variables).values())}
        return self._outline([(v, np.asarray(v).copy()) for v in everything.values()], depth=0)

    def assign(self, variables: Any, values: Mapping[str, np.ndarray]) -> None:
        """Set weights, by their keys."""
        live = self._live(variables)
        for key, value in values.items():
            live[key].assign(value)

    def restore(self, kept: Any) -> None:
        """Undo what happened to weights since `keep`."""
        for variable, value in self._live(kept):
            variable.assign(value)

    def is_keras_own(self, model: Any) -> bool:
        """See `models_seen.is_keras_own`."""
        return is_keras_own(self._live(model))

    # Compiled models

    def compiled(self, model: Any, steps: Sequence[int]) -> dict[str, Plain] | None:
        """What a model is compiled with: "optimizer", with its learning rates at these steps, and "loss"; None where
        it is not compiled."""
        live = self._live(model)
        if not live.compiled:
            return None
        return {"optimizer": describe_optimizer(live.optimizer, steps), "loss": describe_loss(live.loss)}

    def evaluate(self, model: Any, x: Any, y: Any, eagerly: bool = False) -> dict[str, Plain]:
        """What `model.evaluate` gives, by name; the loss under "loss"."""
        live = self._live(model)
        with quiet():
            if eagerly:
                live.run_eagerly, live.jit_compile = True, False
            logs = live.evaluate(self._live(x), self._live(y), verbose=0, return_dict=True)
        return {str(name): plain(value) for name, value in logs.items()}

    def predictions(self, model: Any, x: Any) -> dict[str, Plain]:
        """ "values": the outputs for some inputs; "outputs": outline of the same as a tensor."""
        with quiet():
            outputs = self._live(model)(self._live(x), training=False)
        return {"values": plain(np.asarray(outputs)), "outputs": self._outline(outputs)}

    def metrics(self, model: Any, x: Any, y: Any, outputs: Any) -> dict[str, Plain]:
        """What the metrics of a compiled model say of some inputs, labels and outputs."""
        live, x, y, outputs = self._live(model), self._live(x), self._live(y), self._live(outputs)
        with quiet():
            live.compute_loss(x=x, y=y, y_pred=outputs, training=False)  # which builds it
            live.reset_metrics()
            logs = live.compute_metrics(x, y, outputs)
            live.reset_metrics()
        return {str(name): float(value) for name, value in logs.items() if np.ndim(value) == 0}

    def judge_predictions(self, model: Any, y: Any, y_pred: Any) -> dict[str, Plain]:
        """What loss and metrics of a compiled model say of labels and outputs."""
        live = self._live(model)
        labels, outputs = (keras.ops.convert_to_tensor(self._live(values)) for values in (y, y_pred))
        result: dict[str, Plain] = {"loss": None, "metrics": {}, "loss_error": None, "metrics_error": None}
        with quiet():
            try:
                loss = float(np.asarray(live.compute_loss(x=None, y=labels, y_pred=outputs, training=False)))
                result |= {"loss": loss} if np.isfinite(loss) else {"loss_error": f"it is {loss}"}
            except Exception as error:
                result["loss_error"] = text_of(error)
            try:
                live.reset_metrics()
                values = live.compute_metrics(x=None, y=labels, y_pred=outputs)
                result["metrics"] = {str(k)[:100]: plain(np.asarray(v)) for k, v in dict(values).items()}
            except Exception as error:
                result["metrics_error"] = text_of(error)
            live.reset_metrics()
        return result

    def keep_loss(self, model: Any) -> dict[str, Plain]:
        """Outline of the loss that a model is compiled with now."""
        return self._outline(_Loss(self._live(model)._compile_loss))

    def computed_loss(self, model: Any, loss: Any, x: Any, y: Any) -> dict[str, Plain]:
        """ "y_pred": outputs for some inputs; "loss": what a kept loss makes of them, what layers add included."""
        live = self._live(model)
        with quiet():
            outputs = live(self._live(x), training=False)
            labels = keras.ops.convert_to_tensor(self._live(y))
            compiled = self._live(loss).function
            value = float((0 if compiled is None else compiled(labels, outputs)) + sum(live.losses))
        return {"y_pred": plain(np.asarray(outputs)), "loss": value}

    def recompile(self, model: Any, one_hot: bool, metric: str) -> None:
        """Compile again with the same loss, and the accuracy under a name."""
        live = self._live(model)
        kind = keras.metrics.CategoricalAccuracy if one_hot else keras.metrics.SparseCategoricalAccuracy
        live.compile(optimizer="sgd", loss=live.loss, metrics=[kind(name=metric)], run_eagerly=True)

    # Histories

    def hold_history(
        self, series: Mapping[str, list[float]], model: Any, params: Mapping[str, int]
    ) -> dict[str, Plain]:
        """Outline of a `History` as `fit` returns it."""
        history = keras.callbacks.History()
        history.set_model(None if model is None else self._live(model))
        history.history = {name: list(values) for name, values in series.items()}
        history.epoch = list(range(params["epochs"]))
        history.params = dict(params)
        return self._outline(history)

    def series(self, value: Any) -> dict[str, Plain]:
        """What an object holds of series as histories do: "kind", "names", "epochs"."""
        live = self._live(value)
        kind = "History" if isinstance(live, keras.callbacks.History) else type(live).__name__[:100]
        series = getattr(live, "history", live)
        kind = "dict" if isinstance(live, dict) else kind
        is_known = isinstance(series, dict) or is_data_frame(series)
        loss = series.get("loss") if isinstance(series, dict) else None
        return {
            "kind": kind,
            "names": [str(key)[:100] for key in itertools.islice(series, 50)] if is_known else [],
            "epochs": len(loss) if isinstance(loss, list) else None,
        }

    def convert(self, history: Any, like: Any) -> dict[str, Plain]:
        """Outline of a history in the form of another object: a dict or a data frame."""
        live, other = self._live(history), self._live(like)
        return self._outline(dict(live.history) if isinstance(other, dict) else type(other)(live.history))

    # Recordings of shortened training

    def begin_recording(self, keep_rows: bool = True) -> dict[str, Plain]:
        """Outline of a recording that begins now; see `labkit.short_training`."""
        block = recording(keep_rows=keep_rows)
        return self._outline(_Recorded(block, block.__enter__()))

    def end_recording(self, recorded: Any) -> None:
        """End a recording: every model has the weights that it had before."""
        self._live(recorded).block.__exit__(None, None, None)

    def fits(self, recorded: Any, rows: int, through: Sequence[Any] = ()) -> list[Plain]:
        """What each `fit` was asked for.

        Args:
            recorded: handle of the recording.
            rows: of its data that are told, as keys of images (n, values) and labels.
            through: names of functions of the notebook, or handles: was `fit` called by one of these?
        """
        functions = [self._names.get(f) if isinstance(f, str) else self._live(f) for f in through]
        codes = set[CodeType]().union(*map(codes_of, functions))
        return [self._fit(fit, rows, codes) for fit in self._live(recorded).seen.fits]

    def _fit(self, fit: Fit, rows: int, codes: set[CodeType]) -> dict[str, Plain]:
        return {
            "model": self._keep(fit.model),
            "epochs": fit.epochs,
            "initial_epoch": fit.initial_epoch,
            "batch_size": fit.batch_size,
            "n_train": fit.n_train,
            "n_epoch": fit.n_epoch,
            "n_validation": fit.n_validation,
            "validates": fit.validates,
            "train": _rows(fit.x_train, fit.y_train, rows),
            "validation": _rows(fit.x_validation, fit.y_validation, rows),
            "callbacks": plain(fit.callbacks),
            "through": not codes or bool(fit.callers & codes),
            "start": kernels_digest(fit.weights_before),
            "end": kernels_digest(fit.weights_after),
        }

    def predict_as_left(self, recorded: Any, number: int, x: Any) -> Plain:
        """Classes that a model gives to images with the weights that `fit` left it with; None where that fails, as
        after the notebook has changed the model."""
        fit = self._live(recorded).seen.fits[number]
        before = [(v, np.asarray(v).copy()) for v in fit.model.weights]
        try:
            with quiet():
                fit.model.set_weights(fit.weights_after)
                return plain(np.asarray(np.asarray(fit.model(self._live(x), training=False)).argmax(axis=1)))
        except Exception:
            return None
        finally:
            for variable, value in before:
                variable.assign(value)

    def measured(self, recorded: Any, most: int) -> list[Plain]:
        """The numbers that each `model.evaluate` gave."""
        return [list(numbers) for numbers in self._live(recorded).seen.measured[:most]]

    def evaluations(self, recorded: Any) -> list[Plain]:
        """Each large evaluation: "n", digest of the "kernels", classes "predicted", "labels"."""
        return [
            {
                "n": evaluation.n,
                "kernels": kernels_digest(evaluation.weights),
                "predicted": plain(evaluation.predicted),
                "labels": plain(evaluation.labels),
            }
            for evaluation in self._live(recorded).seen.evaluations
        ]

    def label_arrays(self, shapes: Sequence[Sequence[int]]) -> list[Plain]:
        """Arrays of numbers of some shapes among the notebook's names; equal ones once."""
        found: dict[bytes, np.ndarray] = {}
        for value in list(self._names.values()):
            if isinstance(value, np.ndarray) and list(value.shape) in shapes and value.dtype.kind in "biuf":
                found[value.tobytes()] = value
        return [plain(value) for value in list(found.values())[:MAX_ARRAYS]]

    def holds_images(self, keys: np.ndarray, shape: Sequence[int]) -> bool:
        """Whether the notebook has one of some images, given by their keys, in an array of its own."""
        wanted = {key.tobytes() for key in np.asarray(keys, np.float32)}
        return any(
            not wanted.isdisjoint(key.tobytes() for key in image_keys(value))
            for value in list(self._names.values())
            if isinstance(value, np.ndarray) and value.ndim == 4 and value.shape[1:] == tuple(shape)
        )


VERBS = frozenset(name for name in vars(Agent) if not name.startswith("_")) - {"answer"}


@dataclass(eq=False)
class _Before:
    names: list[str]
    values: dict[str, Any]


@dataclass(eq=False)
class _Loss:
    function: Any


@dataclass(eq=False)
class _Recorded:
    block: Any
    seen: Recording


def _flat_model(shape: Sequence[int], n_classes: int, *before: Any) -> Any:
    dense = keras.layers.Dense(n_classes, "softmax")
    return keras.Sequential([keras.Input(shape), *before, keras.layers.Flatten(), dense])


def _kind(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, keras.Model):
        return "model"
    if isinstance(value, np.ndarray):
        return "array"
    if isinstance(value, tuple | list):
        return "sequence"
    if isinstance(value, dict):
        return "dict"
    if isinstance(value, type):
        return "class"
    if is_function(value):
        return "function"
    return "tensor" if hasattr(value, "numpy") else "data frame" if is_data_frame(value) else "other"


def is_function(value: Any) -> bool:
    """Whether it can be an answer: it can be called, and is no model, which is what a builder gives."""
    return callable(value) and not isinstance(value, keras.Layer)


def is_data_frame(value: Any) -> bool:
    """Whether it is a data frame, of any package."""
    return type(value).__name__ == "DataFrame"


def _as_array(value: Any) -> Any:
    """Data frames count as arrays; anything else stays as it is."""
    if not hasattr(value, "to_numpy"):
        return value
    try:
        return np.asarray(value)
    except Exception:  # only looks like a data frame
        return value


def classifies(model: Any, shape: Sequence[int], n_classes: int) -> bool:
    """Whether it is a Keras model that gives so many values for an input of that shape; it is built afterwards."""
    if not isinstance(model, keras.Model):
        return False
    try:
        with quiet():
            output = model(keras.Input(shape))
        return tuple(output.shape) == (None, n_classes)
    except Exception:
        return False


def codes_of(function: Any) -> set[CodeType]:
    """Code of a function, and of what it wraps; empty for what is not written in Python."""
    found: set[CodeType] = set()
    while function is not None:
        method = function if hasattr(function, "__code__") else type(function).__call__
        code = getattr(method, "__code__", None)
        found |= {code} if isinstance(code, CodeType) else set()
        function = getattr(function, "func" if isinstance(function, functools.partial) else "__wrapped__", None)
    return found


def kernels_digest(weights: list[np.ndarray]) -> str:
    """A short fingerprint of all kernels of a model."""
    digest = hashlib.sha256()
    for array in weights:
        if array.ndim > 1:
            digest.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
    return digest.hexdigest()[:16]


def _rows(x: Any, y: Any, rows: int) -> dict[str, Plain]:
    """What `fit` was given: "keys" of images, how many axes these have, and "labels"."""
    if x is None:
        return {"keys": None, "ndim": 0, "labels": None}
    labels = None if y is None else plain(np.asarray(y[:rows]))
    return {"keys": image_keys(x[:rows]), "ndim": int(np.ndim(x)), "labels": labels}
