"""Public checks of questions 4, 5, 13, 14 and bonus."""

from lab import settings
from lab.checks._registry import registry
from lab.checks.common import require_no_error, shape_text
from labkit.calls import require_earlier
from labkit.judging import Failure, Observations


def judge_builder(observations: Observations, question: str, builder: str) -> None:
    """A builder returns a Keras model that turns images into class scores.

    Raises:
        Failure: it does not.
    """
    seen = observations[question]
    require_no_error(seen, builder)
    if not seen.get("is_model"):
        raise Failure(
            f"`{builder}` returns a Keras model.",
            f"It returned {seen.get('returned')}.",
            "Is the `...` replaced, and does the function end with `return model`?"
            if seen.get("returned") == "None"
            else "A model is what `keras.Sequential(...)`, `keras.Model(inputs, outputs)` or a class of your own gives "
            "when it is called.",
        )
    if seen.get("output_shape") is None:
        raise Failure(
            f"The model takes a batch of images of shape {shape_text((None, *settings.IMAGE_SHAPE))}.",
            f"Calling it raised {seen.get('call_error')}",
        )
    if seen["n_outputs"] != 1:
        raise Failure(
            f"The model has one output: {settings.N_CLASSES} values for each image.",
            f"It has {seen['n_outputs']} outputs.",
            "`keras.Model(inputs, outputs)` takes the last tensor as its outputs.",
        )
    if tuple(seen["output_shape"]) != (None, settings.N_CLASSES):
        raise Failure(
            f"The model gives {settings.N_CLASSES} values for each image: shape (n, {settings.N_CLASSES}).",
            f"Its output has the shape {shape_text(seen['output_shape'])}.",
            "One value a class; flatten before the last layer.",
        )
    spec = seen["spec"]
    if spec.get("made_in_call"):
        raise Failure(
            "The model keeps its layers from one call to the next: they hold what it learns.",
            "It makes new layers, with new weights, whenever it is called.",
            "Make layers in `__init__`, keep them as attributes, and only use them in `call`.",
        )
    if spec.get("untracked"):
        layers = ", ".join(f"`{name}`" for name in spec["untracked"][:4]) + (", ..." if spec["untracked"][4:] else "")
        raise Failure(
            "Keras knows every layer of the model, and trains it: `model.weights` holds the weights of all of them.",
            f"It does not know {layers}: used when the model is called, but never trained.",
            "Keras tracks layers that are assigned as attributes of the model (`self.conv = ...`), alone or in a list. "
            "It does not see those in a global variable, in an object of your own, or within a `Lambda`.",
        )


@registry.check("q4", 2)
def q4_answered(observations: Observations) -> None:
    """`build_tiny_vgg` returns a Keras model that turns an image into {N_CLASSES} values."""
    judge_builder(observations, "q4", "build_tiny_vgg")


@registry.check("q5", 1)
def q5_answered(observations: Observations) -> None:
    """`compile_model` compiles the model that it is given."""
    seen = observations["q5"]
    require_earlier(seen)
    require_no_error(seen, "compile_model")
    if not seen.get("compiled"):
        raise Failure(
            "After `compile_model(model)` the model is compiled, and it is returned.",
            f"`compile_model` returned {seen.get('returned')}, and the model is not compiled.",
            "`model.compile(...)`, then `return model`.",
        )
    if seen.get("takes_any_model") is False:
        raise Failure(
            "`compile_model` compiles its argument, whatever model that is, and returns it.",
            "Given another model than that of Question 4, it did not compile that one.",
            "Does it build a model itself, or use a variable of the notebook, instead of its argument?",
        )


@registry.check("q5", 0.5, after="q5_answered")
def q5_loss_runs(observations: Observations) -> None:
    """The loss can be computed for your labels and your model's output."""
    seen = observations["q5"]
    errors = [next((c["loss_error"] for c in trial["calls"] if c["loss_error"]), None) for trial in seen["trials"]]
    if all(errors):
        form = "one-hot rows" if seen["trials"][0]["one_hot"] else "class numbers"
        error = " ".join(str(errors[0]).split())
        raise Failure(
            "The loss can be computed: its name is known to Keras, and labels and output of the model fit it.",
            f"Labels are {form} of shape {shape_text((None, *seen['label_shape'][1:]))}, the model gives "
            f"{settings.N_CLASSES} values for each image. With these `{seen['loss']['name']}` fails: {error[:200]}",
            "One kind of cross-entropy takes class numbers (sparse), another takes one-hot rows. "
            "Are the arguments of `compile` given by their names?",
        )


@registry.check("q13", 1)
def q13_answered(observations: Observations) -> None:
    """`build_tiny_vgg_bn` returns a Keras model that turns an image into {N_CLASSES} values."""
    judge_builder(observations, "q13", "build_tiny_vgg_bn")


@registry.check("q14", 1)
def q14_answered(observations: Observations) -> None:
    """`build_tiny_vgg_3blocks` returns a Keras model that turns an image into {N_CLASSES} values."""
    judge_builder(observations, "q14", "build_tiny_vgg_3blocks")


@registry.check("bonus", 1)
def bonus_answered(observations: Observations) -> None:
    """`build_tiny_resnet` returns a Keras model that turns an image into {N_CLASSES} values."""
    judge_builder(observations, "bonus", "build_tiny_resnet")
