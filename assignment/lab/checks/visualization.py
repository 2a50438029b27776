"""Public checks of questions 10 to 12."""

import numpy as np

from lab.checks import registry
from lab.checks.common import require_array, require_call, require_earlier
from lab.judging import Failure, Observations
from lab.observe import kind_of
from lab.probes.inputs import KERNELS_SHAPE, RESNET50_SHAPE


@registry.check("q10", 1)
def q10_answered(observations: Observations) -> None:
    """`feature_maps` returns a dict: layer name -> array of shape (height, width, channels)."""
    seen = observations["q10"]
    require_earlier(seen)
    failure: Failure | None = None
    for call in seen.get("calls", [{}]):
        try:
            value = require_call(call, "feature_maps")
            if not isinstance(value, dict) or "kind" in value:
                raise Failure("`feature_maps` returns a dict.", f"It returned {kind_of(value)}.")
            if not value:
                raise Failure("The dict holds an array for each layer.", "It is empty.")
            for name, array in value.items():
                if not isinstance(array, np.ndarray) or array.ndim not in (3, 4):
                    raise Failure(
                        "Every value is an array of shape (height, width, channels).",
                        f"That of `{name}` is {kind_of(array)}.",
                    )
            return
        except Failure as found:
            failure = failure or found
    raise failure or Failure("`feature_maps` can be tried.", "There was no model to try it on.")


@registry.check("q11", 1)
def q11_answered(observations: Observations) -> None:
    """`first_layer_kernels` returns an array: channel, filter, row, column."""
    seen = observations["q11"]
    require_earlier(seen)
    failure: Failure | None = None
    for call in seen.get("calls", [{}]):
        try:
            value = require_call(call, "first_layer_kernels")
            shape: tuple[int | None, ...] = (KERNELS_SHAPE[0], None, None, None)
            require_array(value, shape, "For a model on RGB images, the result (channel, filter, row, column)")
            return
        except Failure as found:
            failure = failure or found
    raise failure or Failure("`first_layer_kernels` can be tried.", "There was no model to try it on.")


@registry.check("q12", 1)
def q12_answered(observations: Observations) -> None:
    """`resnet50_filters` returns 64 RGB pictures with values between 0 and 1."""
    value = require_call(observations["q12"].get("filters", {}), "resnet50_filters")
    array = require_array(value, RESNET50_SHAPE, "The result (filter, row, column, RGB)")
    if array.dtype.kind != "f" or array.min() < -1e-6 or array.max() > 1 + 1e-6 or not np.isfinite(array).all():
        raise Failure(
            "The values are floats between 0 and 1.",
            f"They are of type {array.dtype}, between {array.min():.3g} and {array.max():.3g}.",
            "Matplotlib shows float RGB pictures only in that range.",
        )
