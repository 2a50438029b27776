"""Public checks of questions 10 to 12."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lab import settings
from lab.checks._registry import registry
from lab.checks.common import require_array, require_call
from lab.probes.inputs import RESNET50_SHAPE, has_channels_first
from labkit.calls import require_earlier
from labkit.judging import Failure, Observations, Skipped, Unjudged
from labkit.plain_data import kind_of

REORDERED = "Keras keeps kernels as (row, column, channel, filter): `np.transpose` puts the axes in another order."


def judge_calls(calls: list[dict[str, Any]], function: str, judge: Callable[[dict[str, Any]], None]) -> None:
    """Judge calls of a function on several models.

    Those on usual models of the student's own decide, all of them. Where these cannot be judged, or there are none,
    one that is right is enough: a model may be odd by itself.

    Raises:
        Failure, Skipped: the first one found.
        Unjudged: none could be judged.
    """
    failure: Failure | Skipped | None = None
    reason: Unjudged | None = None
    usual = [call for call in calls if call["usual"]]
    for group in ([usual] if usual else []) + [[call] for call in calls if not call["usual"]]:
        try:
            for call in group:
                judge(call)
            return
        except (Failure, Skipped) as found:
            failure = failure or found
            if group is usual:
                break
        except Unjudged as found:
            reason = reason or found
    raise failure or reason or Failure(f"`{function}` can be tried.", "There was no model to try it on.")


@registry.check("q10", 1)
def q10_answered(observations: Observations) -> None:
    """`feature_maps` returns a dict: layer name -> array of shape (rows, columns, filters)."""

    def judge(call: dict[str, Any]) -> None:
        value = require_call(call, "feature_maps")
        if not isinstance(value, dict) or "kind" in value:
            raise Failure("`feature_maps` returns a dict.", f"It returned {kind_of(value)}.")
        if not value:
            raise Failure("The dict holds an array for each layer.", "It is empty.")
        wrong = [name for name, array in value.items() if not isinstance(array, np.ndarray)]
        if not wrong and all(array.ndim not in (3, 4) for array in value.values()):
            wrong = list(value)
        if wrong:
            raise Failure(
                "Every value is an array of shape (rows, columns, filters).",
                f"That of `{wrong[0]}` is {kind_of(value[wrong[0]])}.",
            )
        turned = [name for name, array in value.items() if has_channels_first(array.shape)]
        if turned:
            raise Failure(
                "Every value is an array of shape (rows, columns, filters).",
                f"That of `{turned[0]}` has the shape {value[turned[0]].shape}: the filters come first.",
                "Leave the axes as Keras has them. The map of filter i is `map[:, :, i]`.",
            )

    seen = observations["q10"]
    require_earlier(seen)
    judge_calls(seen.get("calls", []), "feature_maps", judge)


@registry.check("q11", 1)
def q11_answered(observations: Observations) -> None:
    """`first_layer_kernels` returns an array: channel, filter, row, column."""

    def judge(call: dict[str, Any]) -> None:
        value = require_call(call, "first_layer_kernels")
        kernel = first_kernel(call["spec"])
        if kernel is None:
            shape: tuple[int | None, ...] = (settings.IMAGE_SHAPE[2], None, None, None)
        else:
            rows, columns, channels, filters = kernel[1]
            shape = (channels, filters, rows, columns)
        require_array(stacked(value), shape, "For this model, the result (channel, filter, row, column)", REORDERED)

    seen = observations["q11"]
    require_earlier(seen)
    judge_calls(seen.get("calls", []), "first_layer_kernels", judge)


def first_kernel(spec: dict[str, Any]) -> tuple[str, list[int]] | None:
    """Key and shape (row, column, channel, filter) of the kernel of a model's first convolution; None if the spec
    has none."""
    for node in spec.get("nodes") or []:
        if node["kind"] == "Conv2D":
            return f"{node['layer']}/kernel", node["weight_shapes"][node["weights"].index("kernel")]
    return None


def stacked(value: Any) -> Any:
    """An array from a list of arrays or of numbers; anything else as it is."""
    if not isinstance(value, list):
        return value
    try:
        array = np.asarray(value)
    except ValueError:
        return value
    return array if array.dtype.kind in "biuf" else value


@registry.check("q12", 1)
def q12_answered(observations: Observations) -> None:
    """`resnet50_filters` returns 64 RGB pictures with values between 0 and 1."""
    value = require_call(observations["q12"].get("filters", {}), "resnet50_filters")
    array = require_array(stacked(value), RESNET50_SHAPE, "The result (filter, row, column, RGB)", REORDERED)
    if array.dtype.kind != "f" or array.min() < -1e-6 or array.max() > 1 + 1e-6 or not np.isfinite(array).all():
        raise Failure(
            "The values are floats between 0 and 1.",
            f"They are of type {array.dtype}, between {array.min():.3g} and {array.max():.3g}.",
            "Matplotlib shows float RGB pictures only in that range.",
        )
