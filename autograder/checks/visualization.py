"""Hidden checks of questions 10 to 12."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder import forward
from autograder.checks import registry
from autograder.checks.architecture import drawn_weights
from autograder.checks.pictures import missing_patches
from autograder.dataset import resnet50_conv1
from lab import settings
from lab.checks.common import require_call, require_earlier, require_no_error
from lab.checks.visualization import first_kernel, stacked
from lab.judging import Failure, Observations, Unjudged
from lab.probes import inputs

TOLERANCE = 1e-4


def _judge_any(calls: list[dict[str, Any]], function: str, judge: Callable[[int, dict[str, Any]], None]) -> None:
    """Judge the calls on different models; one that is right is enough (a model may be odd by itself).

    Raises:
        Failure: none is right; the failure of the first that could be judged.
        Unjudged: none could be judged.
    """
    failure: Failure | None = None
    reason: Unjudged | None = None
    for number, call in enumerate(calls):
        try:
            require_call(call, function)
            if not call["spec"].get("nodes"):
                raise Unjudged(f"the model cannot be followed ({call['untraced']}).")
            judge(number, call)
            return
        except Failure as found:
            failure = failure or found
        except Unjudged as found:
            reason = reason or found
    raise failure or reason or Failure(f"`{function}` can be tried.", "There was no model to try it on.")


def _expected_maps(observations: Observations, number: int, call: dict[str, Any]) -> dict[str, np.ndarray]:
    """Layer name -> feature map (h, w, c) of every layer whose output has four axes."""
    spec = call["spec"]
    x = inputs.feature_image(observations.seed, number)[None]
    try:
        values = forward.forward(spec, drawn_weights(spec, observations.seed), x)
    except forward.UnsupportedSpec as reason:
        raise Unjudged(f"feature maps of this model cannot be computed independently ({reason}).") from None
    return {
        node["name"]: values[node["id"]][0]
        for node in spec["nodes"]
        if node["is_layer"] and values[node["id"]].ndim == 4
    }


def _close(found: np.ndarray, wanted: np.ndarray) -> bool:
    return found.shape == wanted.shape and np.allclose(found, wanted, atol=TOLERANCE, rtol=1e-3)


def _what(found: np.ndarray, wanted: np.ndarray | None) -> str:
    """What a wrong map may be, as the end of a sentence."""
    if wanted is None or found.shape != wanted.shape or not np.isfinite(found).all():
        return ""
    if _same_rows(np.moveaxis(found, -1, 0), np.moveaxis(wanted, -1, 0)):
        return ": it was scaled"
    return ": it was transposed" if _close(found.swapaxes(0, 1), wanted) else ""


def _optional(call: dict[str, Any]) -> set[str]:
    kinds = ("Input", "Rescaling", "Identity", "Dropout")
    return {node["name"] for node in call["spec"]["nodes"] if node["kind"] in kinds}


def _squeezed(array: np.ndarray) -> np.ndarray:
    return np.asarray(array[0] if array.ndim == 4 and len(array) == 1 else array)


@registry.check("q10", 2, after="q10_answered")
def q10_layers(observations: Observations) -> None:
    """There is a feature map for every layer that puts out pictures, and for no other."""

    def judge(number: int, call: dict[str, Any]) -> None:
        wanted = set(_expected_maps(observations, number, call))
        optional = _optional(call) | {"input", "input_layer", "inputs", "image"}
        found = set(call["value"])
        missing = sorted(wanted - found - optional)
        if missing:
            raise Failure(
                "The dict has the name of every convolution, activation and pooling layer.",
                f"There is no `{missing[0]}`" + (f", nor {len(missing) - 1} others." if missing[1:] else "."),
                "The keys are the layers' names: `layer.name`.",
            )
        flat = [node["name"] for node in call["spec"]["nodes"] if node["name"] in found and len(node["shape"]) != 3]
        if flat:
            raise Failure(
                "Only layers whose output still has rows and columns are in the dict.",
                f"`{flat[0]}` has none.",
            )

    _judge_any(observations["q10"]["calls"], "feature_maps", judge)


@registry.check("q10", 3, after="q10_answered")
def q10_values(observations: Observations) -> None:
    """The feature maps are what the layers put out for this image."""

    def judge(number: int, call: dict[str, Any]) -> None:
        expected = _expected_maps(observations, number, call)
        maps = {name: _squeezed(found) for name, found in call["value"].items() if found.ndim in (3, 4)}
        known = set(maps) & (set(expected) - _optional(call))
        for name, found in maps.items():
            # Under names that are no layer's (which is judged elsewhere) any layer's map is right.
            options = [expected[name]] if name in expected else [] if known else list(expected.values())
            if not options or any(_close(found, wanted) for wanted in options):
                continue
            if name in expected and found.shape != expected[name].shape:
                raise Failure(
                    f"The feature map of a layer has the shape of its output, here {expected[name].shape}.",
                    f"That of `{name}` has the shape {found.shape}.",
                )
            raise Failure(
                "Each array is the output of its layer for the given image, with its own values.",
                f"That of `{name}` is something else{_what(found, expected.get(name))}.",
                "A model from the input to the layers' outputs gives them all at once.",
            )

    _judge_any(observations["q10"]["calls"], "feature_maps", judge)


@registry.check("q10", 2)
def q10_plot(observations: Observations) -> None:
    """`plot_feature_maps` draws one filter of every feature map."""
    figures = _figures(observations["q10"], "plot_feature_maps")
    maps = inputs.made_up_maps(observations.seed)
    missing = []
    for name, array in maps.items():
        wanted = array[None, :, :, inputs.FILTER_INDEX]
        if missing_patches(figures, wanted):
            missing.append(name)
    if missing:
        others = [
            index
            for index in range(settings.FILTERS)
            if index != inputs.FILTER_INDEX and not missing_patches(figures, maps[missing[0]][None, :, :, index])
        ]
        raise Failure(
            f"For filter_index={inputs.FILTER_INDEX}, each map's picture `map[:, :, {inputs.FILTER_INDEX}]` is drawn.",
            f"That of `{missing[0]}` is not drawn"
            + (f", but that of filter {others[0]} is." if others else ".")
            + (f" ({len(missing)} of {len(maps)} are missing.)" if len(missing) > 1 else ""),
        )


@registry.check("q11", 2, after="q11_answered")
def q11_values(observations: Observations) -> None:
    """The kernels are those of the first layer: channel, filter, row, column."""

    def judge(_: int, call: dict[str, Any]) -> None:
        first = first_kernel(call["spec"])
        if first is None:
            raise Unjudged("the model has no convolution.")
        kernel = drawn_weights(call["spec"], observations.seed)[first[0]]
        wanted, found = kernel.transpose(2, 3, 0, 1), stacked(call["value"])
        if found.shape == wanted.shape and np.allclose(found, wanted, atol=1e-6):
            return
        if found.shape == wanted.shape and np.allclose(found, kernel.transpose(2, 3, 1, 0), atol=1e-6):
            raise Failure("The last two axes are row and column.", "They are the other way round.")
        panels = (-1, *wanted.shape[2:])
        if found.shape == wanted.shape and _same_rows(found.reshape(panels), wanted.reshape(panels)):
            raise Failure("The values are the raw weights.", "They are scaled.", "Scale in the plot only, if at all.")
        same = sorted(found.ravel()) if found.size == kernel.size else []
        reordered = bool(len(same)) and np.allclose(same, sorted(kernel.ravel()), atol=1e-6)
        raise Failure(
            "The result holds the raw weights of the first convolution: channel, filter, row, column.",
            "It holds those weights, but in another order."
            if reordered
            else f"It has the shape {found.shape}, but holds other values.",
            "Keras keeps a kernel as (row, column, channel, filter): `np.transpose` reorders axes, `reshape` does not.",
        )

    _judge_any(observations["q11"]["calls"], "first_layer_kernels", judge)


@registry.check("q11", 2)
def q11_plot(observations: Observations) -> None:
    """`plot_first_layer_kernels` draws every kernel, one panel a channel and filter."""
    figures = _figures(observations["q11"], "plot_first_layer_kernels")
    kernels = inputs.made_up_kernels(observations.seed)
    patches = kernels.reshape(-1, *kernels.shape[2:])
    missing = missing_patches(figures, patches)
    if missing:
        raise Failure(
            f"All {len(patches)} panels are drawn: {kernels.shape[0]} channels × {kernels.shape[1]} filters.",
            f"{len(missing)} of them are not.",
            "`kernels[channel, filter]` is one panel.",
        )


@registry.check("q12", 3, after="q12_answered")
def q12_filters(observations: Observations) -> None:
    """The pictures are the 64 filters of ResNet50's first convolution, in order, scaled."""
    found = np.asarray(stacked(observations["q12"]["filters"]["value"]), dtype=float)
    kernel, _ = resnet50_conv1()
    wanted = np.moveaxis(kernel, -1, 0).astype(float)  # (64, 7, 7, 3)
    expected = "Filter i of the result is filter i of `conv1_conv`, scaled to the range from 0 to 1."
    if any(_affine(found, order) for order in (wanted, wanted[..., ::-1])):
        return
    if _same_rows(found, wanted) or _same_rows(found, wanted[..., ::-1]):
        return
    if any(_affine(-found, order) or _same_rows(-found, order) for order in (wanted, wanted[..., ::-1])):
        raise Failure(expected, "They are inverted: large weights are dark.", "The scaling has to be increasing.")
    for order in (wanted, wanted[..., ::-1]):
        if all(_same_rows(found[..., c : c + 1], order[..., c : c + 1]) for c in range(3)):
            raise Failure(
                expected,
                "Each colour channel is scaled by itself, which changes the hues.",
                "Take minimum and maximum over the whole filter (or over all filters).",
            )
        clipped = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(found, order, strict=True) if a.std()]
        if len(clipped) == len(found) and min(clipped) > 0.5:
            raise Failure(
                expected,
                "They are not an affine image of the weights: were values clipped?",
                "Subtract the minimum, then divide by the range.",
            )
    raise Failure(
        expected,
        "They are something else: another network, another layer, or another order?",
        "The network is `ResNet50`, the layer's name is `conv1_conv`; filters are the kernel's last axis.",
    )


def _figures(seen: dict[str, Any], function: str) -> list[dict[str, Any]]:
    """The figures that a plotting function drew.

    Raises:
        Failure: there is none.
    """
    require_earlier(seen)
    plot = seen.get("plot") or seen
    require_no_error(plot, function)
    if not plot.get("figures"):
        raise Failure(
            f"`{function}` returns a Matplotlib figure.",
            "It returned no figure and left none open.",
            "`return figure` at the end.",
        )
    figures: list[dict[str, Any]] = plot["figures"]
    return figures


def _affine(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether found = a * wanted + b with one a > 0 and one b for all."""
    u, v = wanted.ravel() - wanted.mean(), found.ravel() - found.mean()
    norm = float(u @ u)
    if norm == 0:
        return bool(np.abs(v).max() < 1e-3)
    slope = float(u @ v / norm)
    return slope > 0 and float(np.abs(v - slope * u).max()) < 1e-3


def _same_rows(found: np.ndarray, wanted: np.ndarray) -> bool:
    """The same with its own a and b for each filter."""
    return all(_affine(a, b) for a, b in zip(found, wanted, strict=True))


@registry.check("q12", 2)
def q12_plot(observations: Observations) -> None:
    """`plot_resnet50_filters` draws the 64 filters in colour."""
    figures = _figures(observations["q12"], "plot_resnet50_filters")
    filters = inputs.made_up_filters(observations.seed)
    # Blue, green, red may be turned into red, green, blue here as well as in `resnet50_filters`.
    missing = min((missing_patches(figures, order) for order in (filters, filters[..., ::-1])), key=len)
    if missing:
        raise Failure(
            f"All {len(filters)} filters are drawn as RGB pictures.",
            f"{len(missing)} of them are not.",
            "`ax.imshow(filters[i])` of shape (7, 7, 3) shows colours.",
        )
