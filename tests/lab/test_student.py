"""What probes get from a student's kernel, and whom they blame when they get nothing."""

import re
import sys
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from keras import layers

from assignment.kernel.fallbacks import FUNCTIONS
from lab import settings
from lab.questions import QUESTIONS
from lab.student import TinyVggStudent as Student
from lab.student import integers
from labkit.agent import Agent, classifies
from labkit.student import Copied, NeedsEarlier, Raised, Tensor

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def divide(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
    return x_train / 255, y_train, x_test / 255, y_test


def build() -> Any:
    return keras.Sequential([layers.Flatten(), layers.Dense(settings.N_CLASSES, activation="softmax")])


def sparse(model: Any) -> Any:
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def categorical(model: Any) -> Any:
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def student(grading: bool = False, **names: Any) -> Student:
    agent = Agent(names, FUNCTIONS if grading else None)
    return Student(agent.answer, 7, FUNCTIONS if grading else ())


def relabelled(one_hot: bool, *, train: bool = True, test: bool = True) -> Any:
    def form(y: Any, wanted: bool) -> Any:
        return np.eye(10)[y.ravel()] if one_hot and wanted else y.ravel()

    def preprocess(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
        return x_train / 255, form(y_train, train), x_test / 255, form(y_test, test)

    return preprocess


# Calling


def test_errors_become_plain() -> None:
    def fails() -> None:
        raise ValueError("\x1b[1mno\x1b[0m")

    pupil = student(f=fails)
    answer = pupil.call("f")
    assert answer.error is not None
    assert (answer.error["kind"], answer.error["type"], answer.error["message"]) == ("raised", "ValueError", "no")
    assert pupil.told(answer) == {"error": answer.error, "value": None}
    assert student().call("f").error == {"kind": "missing", "name": "f"}
    assert student(f=3).call("f").error == {"kind": "missing", "name": "f", "now": "int"}


def test_leaving_the_program_is_an_error() -> None:
    answer = student(f=sys.exit).call("f")
    assert answer.error is not None
    assert answer.error["type"] == "SystemExit"


def test_an_error_that_cannot_be_printed() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def fails() -> None:
        raise Mute

    answer = student(f=fails).call("f")
    assert answer.error is not None
    assert (answer.error["type"], answer.error["message"]) == ("Mute", "")


def test_prints_and_warnings_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    def talks() -> int:
        import warnings

        print("hello")
        warnings.warn("careful", stacklevel=1)
        return 5

    pupil = student(f=talks)
    assert pupil.told(pupil.call("f")) == {"error": None, "value": 5}
    assert capsys.readouterr().out == ""


def test_figures_left_open_are_found_and_closed() -> None:
    def draws() -> None:
        plt.figure()
        plt.plot([1, 2])
        plt.show()
        plt.close("all")

    before = plt.get_fignums()
    seen = student(f=draws).call_plot("f")
    assert seen["error"] is None
    assert len(seen["figures"]) == 1  # type: ignore[arg-type]
    assert plt.get_fignums() == before


def test_figures_that_are_open_already_are_left_alone() -> None:
    def draws() -> None:
        plt.subplot(1, 2, 1)
        plt.plot([1, 2])

    with plt.ioff():
        figure, axes = plt.subplots()
    seen = student(f=draws).call_plot("f")["figures"]
    assert [len(drawn["axes"]) for drawn in seen] == [1]
    assert figure.axes == [axes]
    assert not axes.lines
    assert plt.gcf() is figure
    plt.close(figure)


# Data: images and labels are replaced apart


def test_own_data() -> None:
    data = student(preprocess=divide).data("test", 30, 20)
    assert (data.x_train.shape, data.x_train.dtype, data.y_test.shape) == ((30, 32, 32, 3), np.float32, (20, 1))
    assert data.fault is None
    assert data.own_labels
    assert data.x_train.max() <= 1


@pytest.mark.parametrize("one_hot", [True, False])
def test_bytes_for_images_keep_the_labels(one_hot: bool) -> None:
    def preprocess(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
        _, a, _, b = relabelled(one_hot)(x_train, y_train, x_test, y_test)
        return x_train, a, x_test, b

    data = student(preprocess=preprocess).data("test", 30, 20)
    assert data.fault == "the `x_train` that `preprocess` returns is of type uint8, not float"
    assert data.own_labels
    assert data.x_train.max() <= 1
    assert data.y_train.shape == ((30, 10) if one_hot else (30,))
    right = student(preprocess=relabelled(one_hot)).data("test", 30, 20)
    np.testing.assert_array_equal(data.y_train, right.y_train)
    np.testing.assert_allclose(data.x_train, right.x_train, rtol=1e-6)


def test_odd_labels_keep_the_images() -> None:
    def preprocess(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
        return x_train / 127.5 - 1, y_train / 255, x_test / 127.5 - 1, y_test / 255

    data = student(preprocess=preprocess).data("test", 30, 20)
    assert data.fault == "the `y_train` that `preprocess` returns holds values that are no class numbers"
    assert not data.own_labels
    assert data.x_train.min() < -0.5
    assert data.y_train.dtype == np.uint8
    assert data.y_train.shape == (30, 1)


def test_one_hot_for_training_only() -> None:
    data = student(preprocess=relabelled(True, test=False)).data("test", 30, 20)
    assert (data.y_train.shape, data.y_test.shape) == ((30, 10), (20, 10))
    np.testing.assert_array_equal(data.y_test.argmax(1), data.labels[1])


def test_validation_data_taken_away_keeps_the_form() -> None:
    def preprocess(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
        return x_train[:9] / 255, np.eye(10)[y_train.ravel()][:9], x_test / 255, np.eye(10)[y_test.ravel()]

    data = student(preprocess=preprocess).data("test", 30, 20)
    assert data.fault == "for 30 images, the `x_train` that `preprocess` returns has the shape (9, 32, 32, 3)"
    assert (len(data.x_train), data.y_train.shape) == (30, (30, 10))


def test_the_notebooks_own_labels_tell_the_form() -> None:
    data = student(y_train=np.eye(10)[[1, 2, 3]]).data("test", 30, 20)
    assert data.fault == "`preprocess` is not defined"
    assert not data.own_labels
    assert data.y_train.shape == (30, 10)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda *a: None, "does not return four arrays"),
        (lambda *a: a[:3], "does not return four arrays"),
        (lambda *a: "four", "does not return four arrays"),
        (lambda *a: 1 / 0, "raised ZeroDivisionError: division by zero"),
        (lambda a, b, c, d: (a / 255, b[:3], c / 255, d), "for 30 labels, the `y_train` .* has the shape \\(3, 1\\)"),
        (lambda a, b, c, d: (a * np.nan, b, c / 255, d), "not of order one"),
        (lambda a, b, c, d: (a / 255, c / 255, b, d), "the `x_test` .* has the shape \\(30, 1\\)"),
    ],
)
def test_what_is_wrong_is_said(function: Any, words: str) -> None:
    data = student(preprocess=function).data("test", 30, 20)
    assert data.fault is not None
    assert re.search(words, data.fault)
    assert np.isfinite(data.x_train).all()
    assert (len(data.y_train), len(data.y_test)) == (30, 20)


def test_labels_of_any_form_as_integers() -> None:
    wanted = [3, 0, 9]
    for y in (wanted, [[3], [0], [9]], np.eye(10)[wanted], np.array(wanted, "float32")):
        np.testing.assert_array_equal(integers(y), wanted)


def test_the_same_seed_gives_the_same_data() -> None:
    first, second = (student(preprocess=divide).data("test", 12, 10) for _ in range(2))
    np.testing.assert_array_equal(first.x_train, second.x_train)
    assert not np.array_equal(first.x_train, student(preprocess=divide).data("other", 12, 10).x_train)


# Whom to blame


def blamed(**names: Any) -> str:
    pupil = student(**names)
    with pytest.raises(NeedsEarlier) as caught:
        pupil.compiled(pupil.data("test", 30, 20))
    return str(caught.value)


def test_no_model_is_question_4() -> None:
    assert blamed(compile_model=sparse) == "Question 4 has to work first: `build_tiny_vgg` is not defined."
    assert "`build_tiny_vgg` raised ZeroDivisionError: division by zero." in blamed(build_tiny_vgg=lambda: 1 / 0)
    assert "`build_tiny_vgg` does not return a Keras model." in blamed(build_tiny_vgg=lambda: None)
    flat = keras.Sequential([layers.Flatten()])
    assert "does not give 10 values for an image of shape (32, 32, 3)." in blamed(build_tiny_vgg=lambda: flat)
    mean = keras.layers.Lambda(lambda x: keras.ops.tile(keras.ops.mean(x, (1, 2, 3))[:, None], (1, 10)))
    untrained = keras.Sequential([keras.Input((32, 32, 3)), mean])
    assert "has no weights that Keras could train." in blamed(build_tiny_vgg=lambda: untrained)


def test_no_compiling_is_question_5() -> None:
    good = {"preprocess": divide, "build_tiny_vgg": build}
    assert blamed(**good) == "Question 5 has to work first: `compile_model` is not defined."
    assert "Question 5 has to work first: `compile_model` raised ValueError" in blamed(
        **good, compile_model=lambda m: m.compile("adams")
    )
    assert "Question 5 has to work first: `compile_model` does not compile the model." in blamed(
        **good, compile_model=lambda m: m
    )
    text = blamed(**good, compile_model=categorical)
    assert text.startswith("Question 5 has to work first: the compiled model cannot be evaluated on your labels (")
    assert "shape" in text
    assert len(text) < 400
    assert "\n" not in text


def test_labels_that_nobody_gave_are_question_3() -> None:
    text = blamed(build_tiny_vgg=build, compile_model=categorical)
    assert text == "Question 3 has to work first: `preprocess` is not defined."
    odd = blamed(build_tiny_vgg=build, compile_model=categorical, preprocess=lambda *a: 1 / 0)
    assert odd == "Question 3 has to work first: `preprocess` raised ZeroDivisionError: division by zero."


def test_one_hot_labels_beside_bytes_fit_their_loss() -> None:
    def preprocess(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
        return x_train, np.eye(10)[y_train.ravel()], x_test, np.eye(10)[y_test.ravel()]

    pupil = student(preprocess=preprocess, build_tiny_vgg=build, compile_model=categorical)
    model, own = pupil.compiled(pupil.data("test", 30, 20))
    assert own == {"model": True, "compile": True}
    assert pupil.ask("compiled", model=model, steps=[0])["loss"]["name"] == "categorical_crossentropy"


def test_compiling_in_place_is_enough() -> None:
    pupil = student(preprocess=divide, build_tiny_vgg=build, compile_model=lambda m: sparse(m) and None)
    assert pupil.compiled(pupil.data("test", 30, 20))[1] == {"model": True, "compile": True}


@pytest.mark.parametrize("one_hot", [True, False])
def test_at_grading_neutral_functions_stand_in(one_hot: bool) -> None:
    pupil = student(grading=True, preprocess=relabelled(one_hot))
    data = pupil.data("test", 30, 20)
    model, own = pupil.compiled(data)
    assert own == {"model": False, "compile": False}
    assert np.isfinite(list(pupil.ask("evaluate", model=model, x=data.x_test, y=data.y_test).values())).all()


def test_at_grading_the_own_model_gets_a_neutral_loss() -> None:
    pupil = student(grading=True, preprocess=divide, build_tiny_vgg=build, compile_model=categorical)
    data = pupil.data("test", 30, 20)
    model, own = pupil.compiled(data)
    assert own == {"model": True, "compile": False}
    assert np.isfinite(list(pupil.ask("evaluate", model=model, x=data.x_test, y=data.y_test).values())).all()


def test_the_judge_knows_the_stand_ins_of_the_kernel() -> None:
    """It cannot import them, since they take Keras."""
    assert tuple(FUNCTIONS) == QUESTIONS.fallbacks


def test_what_classifies() -> None:
    shape = (32, 32, 3)
    assert classifies(build(), shape, 10)
    assert not classifies(keras.Sequential([layers.Dense(3)]), shape, 10)
    assert not classifies(keras.Sequential([keras.Input((9, 9, 1)), layers.Flatten(), layers.Dense(10)]), shape, 10)
    assert not classifies("model", shape, 10)


# Objects of the notebook's, from outside


class Shy:
    """An array that does not show its values."""

    shape, dtype = (3,), np.dtype("float32")

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise RuntimeError("no\n\nArguments received by Shy")


def test_one_object_has_one_handle() -> None:
    model = build()
    pupil = student(a=model, b=model, c=build())
    found = pupil.named("a", "b", "c", "d")
    assert list(found) == ["a", "b", "c"]
    assert found["a"] == found["b"]
    assert found["a"].handle != found["c"].handle
    assert found["a"].kind == "model"


def test_what_is_told_of_an_object() -> None:
    arrays = [np.zeros((2, 3), "uint8"), keras.ops.ones(4), (None, [1, 2])]
    value = student(x=arrays, f=len, k=dict, d={"a": 1}).named("x", "f", "k", "d")
    told = [(item.kind, item.shape, item.dtype, item.length) for item in value["x"].items]
    assert told == [("array", (2, 3), "uint8", None), ("tensor", (4,), "float32", None), ("sequence", None, "", 2)]
    assert [item.kind for item in value["x"].items[2].items] == ["none", "sequence"]
    assert [value[name].kind for name in ("f", "k", "d")] == ["function", "class", "dict"]
    assert value["k"].type == "dict"


def test_an_object_that_cannot_be_looked_at_raises_here() -> None:
    pupil = student(x=Shy())
    with pytest.raises(Raised) as caught:
        pupil.array(pupil.named("x")["x"])
    assert (str(caught.value), caught.value.type) == ("RuntimeError: no", "RuntimeError")


def test_arguments_are_copies() -> None:
    def spoils(x: Any) -> Any:
        x[:] = 0

    given = np.ones(3)
    pupil = student(f=spoils)
    pupil.call("f", given)
    assert given.all()
    held = pupil.value("hold", value=given)
    pupil.call("f", Copied(held))
    assert pupil.array(held).all()
    pupil.call("f", held)
    assert not pupil.array(held).any()


def test_arguments_of_all_kinds_arrive() -> None:
    seen: list[Any] = []
    pupil = student(f=lambda *given, **named: seen.extend([*given, named]))
    pupil.call("f", 3, "a", None, [1, "b"], {"m": Tensor(np.ones(2, "float32")), "n": np.zeros(1)}, k=np.int64(2))
    assert seen[:4] == [3, "a", None, [1, "b"]]
    assert keras.ops.is_tensor(seen[4]["m"])
    assert seen[4]["n"].shape == (1,)
    assert seen[5] == {"k": 2}


def test_labels_of_another_kind_keep_their_shape_in_the_message() -> None:
    def preprocess(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
        return x_train / 255, y_train.astype(str), x_test / 255, y_test

    fault = student(preprocess=preprocess).data("test", 30, 20).fault
    assert fault == "for 30 labels, the `y_train` that `preprocess` returns has the shape (30, 1)"


def test_an_unknown_request_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="there is no verb '_live'"):
        student().ask("_live", given={"handle": 1})


@pytest.mark.parametrize("kind", [KeyboardInterrupt, GeneratorExit, SystemExit, ZeroDivisionError])
def test_at_grading_whatever_an_answer_raises_is_its_error(kind: type[BaseException]) -> None:
    def leaves() -> None:
        raise kind

    agent = Agent({"f": leaves}, contained=(BaseException,))
    error = Student(agent.answer, 7).call("f").error
    assert error is not None
    assert error["type"] == kind.__name__


def test_in_the_students_own_kernel_an_interrupt_interrupts() -> None:
    def waits() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        student(f=waits).call("f")


def test_the_builder_that_experiments_get_is_a_function_like_any_other() -> None:
    def run_experiment(build_model: Any) -> list[Any]:
        models = [build_model() for _ in range(2)]
        return [build_model.__name__, build_model.__code__.co_argcount, len({id(model) for model in models})]

    pupil = student(build_tiny_vgg=build, run_experiment=run_experiment)
    counted = pupil.counted_builder(is_own=True)
    assert pupil.told(pupil.call("run_experiment", counted)) == {"error": None, "value": ["build_model", 0, 2]}
    assert pupil.ask("counted", function=counted) == 2
    small = pupil.value("small_builder", shape=[32, 32, 3], n_classes=10, pool=8)
    assert pupil.told(pupil.call("run_experiment", small)) == {"error": None, "value": ["build_model", 0, 2]}
