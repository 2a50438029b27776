"""Hidden checks of questions 10 to 12."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder import forward
from autograder.checks import registry
from autograder.checks.architecture import TOLERANCES, drawn_weights
from autograder.checks.pictures import missing_patches, texts_of
from autograder.dataset import resnet50_conv1
from lab.checks.common import require_earlier, require_no_error
from lab.checks.visualization import first_kernel, judge_calls, stacked
from lab.judging import Failure, Observations, Unjudged
from lab.probes import inputs

TOLERANCE = 1e-4


def _judge(calls: list[dict[str, Any]], function: str, judge: Callable[[dict[str, Any]], None]) -> None:
    """Judge the calls on models that can be followed."""

    def followed(call: dict[str, Any]) -> None:
        if not call["spec"].get("nodes"):
            raise Unjudged(f"the model cannot be followed ({call['untraced']}).")
        judge(call)

    judge_calls(calls, function, followed)


def _expected_maps(observations: Observations, call: dict[str, Any]) -> dict[str, list[np.ndarray]]:
    """Layer name -> feature maps (h, w, c) of every layer whose output has four axes, one for each time it is used."""
    spec = call["spec"]
    x = inputs.feature_image(observations.seed, call["number"])[None]
    try:
        values = forward.forward(spec, drawn_weights(spec, observations.seed + call["number"]), x)
    except forward.UnsupportedSpec as reason:
        raise Unjudged(f"feature maps of this model cannot be computed independently ({reason}).") from None
    expected: dict[str, list[np.ndarray]] = {}
    for node in spec["nodes"]:
        if node["is_layer"] and values[node["id"]].ndim == 4:
            expected.setdefault(node["name"], []).append(values[node["id"]][0])
    return expected


def _close(found: np.ndarray, wanted: np.ndarray, precision: str = "float32") -> bool:
    tolerance = TOLERANCE if precision == "float32" else TOLERANCES[precision]
    return found.shape == wanted.shape and np.allclose(found, wanted, atol=tolerance, rtol=1e-3)


def _what(name: str, found: np.ndarray, expected: dict[str, list[np.ndarray]]) -> tuple[str, str]:
    """What a wrong map may be, as the end of a sentence, and a hint."""
    wanted = expected[name][0] if name in expected else None
    if wanted is not None and np.isfinite(found).all():
        others = [
            other for other, arrays in expected.items() if other != name and any(_close(found, a) for a in arrays)
        ]
        if others:
            return f"is that of `{others[0]}`", "Pair each name with the output of the same layer."
        if _same_rows(np.moveaxis(found, -1, 0), np.moveaxis(wanted, -1, 0)):
            return "was scaled", "Leave the image and the values as they are, and scale in the plot only."
        if _close(found.swapaxes(0, 1), wanted):
            return "was transposed", "Take the batch axis off, and leave the others as they are."
    return "is something else", "It takes the model and the image that are passed in, the image as it is."


def _optional(call: dict[str, Any]) -> set[str]:
    kinds = ("Input", "Rescaling", "Identity", "Dropout")
    return {node["name"] for node in call["spec"]["nodes"] if node["kind"] in kinds}


def _squeezed(array: np.ndarray) -> np.ndarray:
    return np.asarray(array[0] if array.ndim == 4 and len(array) == 1 else array)


@registry.check("q10", 2, after="q10_answered")
def q10_layers(observations: Observations) -> None:
    """There is a feature map for every layer that puts out pictures, and for no other."""

    def judge(call: dict[str, Any]) -> None:
        wanted = _expected_maps(observations, call)
        optional = _optional(call) | {"input", "input_layer", "inputs", "image"}
        found = set(call["value"])
        missing = [name for name in wanted if name not in found | optional]
        if missing:
            raise Failure(
                "The dict has the name of every convolution, activation and pooling layer.",
                f"There is no `{missing[0]}`." + (f" ({len(missing)} layers are missing.)" if missing[1:] else ""),
                "The keys are the layers' names: `layer.name`.",
            )
        flat = [node["name"] for node in call["spec"]["nodes"] if node["name"] in found and len(node["shape"]) != 3]
        if flat:
            raise Failure(
                "Only layers whose output still has rows and columns are in the dict.",
                f"`{flat[0]}` has none.",
            )

    _judge(observations["q10"]["calls"], "feature_maps", judge)


@registry.check("q10", 3, after="q10_answered")
def q10_values(observations: Observations) -> None:
    """The feature maps are what the layers put out for this image."""

    def judge(call: dict[str, Any]) -> None:
        expected = _expected_maps(observations, call)
        maps = {name: _squeezed(found) for name, found in call["value"].items() if found.ndim in (3, 4)}
        known = set(maps) & (set(expected) - _optional(call))
        for name, found in maps.items():
            # Under names that are no layer's (which is judged elsewhere) any layer's map is right.
            of_any = [] if known else [array for arrays in expected.values() for array in arrays]
            options = expected.get(name, of_any)
            if not options or any(_close(found, wanted, call["precision"]) for wanted in options):
                continue
            if name in expected and found.shape not in [wanted.shape for wanted in options]:
                raise Failure(
                    f"The feature map of a layer has the shape of its output, here {options[0].shape}.",
                    f"That of `{name}` has the shape {found.shape}.",
                    "A feature map is what a layer makes of the image, not the layer's weights.",
                )
            what, hint = _what(name, found, expected)
            raise Failure(
                "Each array is the output of its layer for the given image, with its own values.",
                f"That of `{name}` {what}.",
                hint,
            )

    _judge(observations["q10"]["calls"], "feature_maps", judge)


@registry.check("q10", 1.5)
def q10_plot(observations: Observations) -> None:
    """`plot_feature_maps` draws one filter of every feature map."""
    maps = {name: np.moveaxis(array, -1, 0) for name, array in inputs.made_up_maps(observations.seed).items()}
    index = inputs.FILTER_INDEX

    def judge(figures: list[dict[str, Any]]) -> None:
        missing = [name for name, pictures in maps.items() if missing_patches(figures, pictures[index : index + 1])]
        if missing:
            pictures = maps[missing[0]]
            drawn = sorted({*range(len(pictures))} - {index, *missing_patches(figures, pictures)})
            raise Failure(
                f"For filter_index={index}, each map's picture `map[:, :, {index}]` is drawn.",
                f"That of `{missing[0]}` is not drawn"
                + (f", but that of filter {drawn[0]} is." if drawn else f".{_altered(figures, pictures[index][None])}")
                + (f" ({len(missing)} of {len(maps)} are missing.)" if len(missing) > 1 else ""),
                "The function is tried with made-up maps: how many they are, and how large, is only known from the "
                "dict.",
            )

    _judge_plots(observations["q10"], "plot_feature_maps", judge)


@registry.check("q10", 0.5, after="q10_plot", why="panels that are not there have no names")
def q10_titles(observations: Observations) -> None:
    """The panels of `plot_feature_maps` name their layers."""

    def judge(figures: list[dict[str, Any]]) -> None:
        said = " ".join(f" {_plain_words(text)} " for figure in figures for text in texts_of(figure))
        missing = [name for name in inputs.made_up_maps(observations.seed) if f" {_plain_words(name)} " not in said]
        if missing:
            raise Failure(
                "Each panel has the name of its layer as its title.",
                f"`{missing[0]}` is nowhere in the figure."
                + (f" ({len(missing)} names are missing.)" if missing[1:] else ""),
                "The names are the keys of the dict. `axis('off')` hides the labels of an axis, but not the title.",
            )

    _judge_plots(observations["q10"], "plot_feature_maps", judge)


def _plain_words(text: str) -> str:
    """Letters and digits only, with one space between words: "Conv2D_1:" -> "conv2d 1"."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


@registry.check("q11", 2, after="q11_answered")
def q11_values(observations: Observations) -> None:
    """The kernels are those of the first layer: channel, filter, row, column."""

    def judge(call: dict[str, Any]) -> None:
        first = first_kernel(call["spec"])
        if first is None:
            raise Unjudged("the model has no convolution.")
        kernel = drawn_weights(call["spec"], observations.seed + call["number"])[first[0]]
        wanted, found = kernel.transpose(2, 3, 0, 1), stacked(call["value"])
        if found.shape == wanted.shape and np.allclose(found, wanted, atol=1e-6):
            return
        if found.shape == wanted.shape and np.allclose(found, kernel.transpose(2, 3, 1, 0), atol=1e-6):
            raise Failure("The last two axes are row and column.", "They are the other way round.")
        panels = (-1, *wanted.shape[2:])
        if found.shape == wanted.shape and _same_rows(found.reshape(panels), wanted.reshape(panels)):
            raise Failure("The values are the raw weights.", "They are scaled.", "Scale in the plot only, if at all.")
        if found.shape == wanted.shape and np.allclose(found, np.abs(wanted), atol=1e-6):
            raise Failure("The values are the raw weights.", "Their signs are lost.")
        same = sorted(found.ravel()) if found.size == kernel.size else []
        reordered = bool(len(same)) and np.allclose(same, sorted(kernel.ravel()), atol=1e-6)
        raise Failure(
            "The result holds the raw weights of the first convolution: channel, filter, row, column.",
            "It holds those weights, but in another order."
            if reordered
            else f"It has the shape {found.shape}, but holds other values.",
            _AXES
            if reordered
            else "They are those of the first convolution of the model that is passed in, as they are.",
        )

    _judge(observations["q11"]["calls"], "first_layer_kernels", judge)


@registry.check("q11", 2)
def q11_plot(observations: Observations) -> None:
    """`plot_first_layer_kernels` draws every kernel, one panel a channel and filter."""
    kernels = inputs.made_up_kernels(observations.seed)
    patches = kernels.reshape(-1, *kernels.shape[2:])

    def judge(figures: list[dict[str, Any]]) -> None:
        missing = missing_patches(figures, patches)
        if missing:
            names = [f"kernels[{channel}, {number}]" for channel, number in np.ndindex(kernels.shape[:2])]
            raise Failure(
                f"All {len(patches)} panels are drawn: {kernels.shape[0]} channels × {kernels.shape[1]} filters.",
                f"{_number(missing, names)}{_altered(figures, patches)}",
                "`kernels[channel, filter]` is one panel.",
            )

    _judge_plots(observations["q11"], "plot_first_layer_kernels", judge)


_AXES = "Keras keeps a kernel as (row, column, channel, filter): `np.transpose` reorders axes, `reshape` does not."


@registry.check("q12", 3, after="q12_answered")
def q12_filters(observations: Observations) -> None:
    """The pictures are the 64 filters of ResNet50's first convolution, in order, scaled."""
    found = np.asarray(stacked(observations["q12"]["filters"]["value"]), dtype=float)
    kernel, _ = resnet50_conv1()
    wanted = np.moveaxis(kernel, -1, 0).astype(float)  # (64, 7, 7, 3)
    expected = "Filter i of the result is filter i of `conv1_conv`, scaled to the range from 0 to 1."
    orders = wanted, wanted[..., ::-1]
    if any(_affine(found, order) or _same_rows(found, order) for order in orders):
        return
    if any(_affine(-found, order) or _same_rows(-found, order) for order in orders):
        raise Failure(expected, "They are inverted: large weights are dark.", "The scaling has to be increasing.")
    if any(_affine(found, np.abs(order)) or _same_rows(found, np.abs(order)) for order in orders):
        raise Failure(expected, "The signs of the weights are lost: these are absolute values.", "Keep the signs.")
    if any(_same_rows(found.swapaxes(1, 2), order) for order in orders):
        raise Failure(expected, "Rows and columns are exchanged.", _AXES)
    for order in orders:
        if all(_same_rows(found[..., c : c + 1], order[..., c : c + 1]) for c in range(3)):
            raise Failure(
                expected,
                "Each colour channel is scaled by itself, which changes the hues.",
                "Take minimum and maximum over the whole filter (or over all filters).",
            )
        if all(any(_affine(picture, other) for picture in found) for other in order):
            raise Failure(expected, "They are these filters, but in another order.", "Leave them in their order.")
        alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(found, order, strict=True) if a.std()]
        if len(alike) == len(found) and min(alike) > 0.5:
            raise Failure(
                expected,
                "They resemble the weights, but are no linear image of them: were values clipped?",
                "Subtract the minimum, then divide by the range.",
            )
    if np.ptp(found, axis=3).max() < 1e-6:
        raise Failure(expected, "They are grey: the three channels are equal.", "Keep the three channels apart.")
    raise Failure(
        expected,
        "They are something else: another network, another layer, or with their axes mixed up?",
        f"The network is `ResNet50`, the layer's name is `conv1_conv`. {_AXES}",
    )


def _judge_plots(seen: dict[str, Any], function: str, judge: Callable[[list[dict[str, Any]]], None]) -> None:
    """Judge what a plotting function draws of made-up data: plain arrays, or, where there are such, in the form that
    the student's own data have. One that is right is enough.

    Raises:
        Failure: of plain arrays.
    """
    require_earlier(seen)
    failure: Failure | None = None
    for plot in seen.get("plots") or [seen]:
        try:
            judge(_figures(plot, function))
        except Failure as found:
            failure = failure or found
        else:
            return
    if failure is not None:
        raise failure


def _figures(plot: dict[str, Any], function: str) -> list[dict[str, Any]]:
    """The figures that a plotting function drew.

    Raises:
        Failure: there is none.
    """
    require_no_error(plot, function)
    if not plot.get("figures"):
        raise Failure(
            f"`{function}` returns a Matplotlib figure.",
            "It returned no figure and left none open.",
            "`return figure` at the end.",
        )
    figures: list[dict[str, Any]] = plot["figures"]
    return figures


def _number(missing: list[int], names: list[str]) -> str:
    """How many of all panels are missing, as a sentence that goes on from "All are drawn"."""
    if len(missing) == len(names):
        return "None of them is."
    if len(missing) == 1:
        return f"`{names[missing[0]]}` is not."
    return f"{len(missing)} of them are not, `{names[missing[0]]}` for one."


def _altered(figures: list[dict[str, Any]], patches: np.ndarray) -> str:
    """How patches are drawn that are not drawn as they are: a sentence after a blank, or nothing."""
    forms = {
        "transposed": patches.swapaxes(1, 2),
        "upside down": patches[:, ::-1],
        "mirrored": patches[:, :, ::-1],
        "inverted, with large values dark": -patches,
        "as absolute values": np.abs(patches),
    }
    if patches.ndim == 4:
        forms |= {"in grey": patches.mean(axis=3), "one colour at a time": patches[..., 0]}
    how = next((how for how, form in forms.items() if not missing_patches(figures, form)), None)
    return f" {'It is' if len(patches) == 1 else 'They are'} drawn {how}." if how else ""


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
    filters = inputs.made_up_filters(observations.seed)

    def judge(figures: list[dict[str, Any]]) -> None:
        # Blue, green, red may be turned into red, green, blue here as well as in `resnet50_filters`.
        missing = min((missing_patches(figures, order) for order in (filters, filters[..., ::-1])), key=len)
        if missing:
            names = [f"filters[{number}]" for number in range(len(filters))]
            raise Failure(
                f"All {len(filters)} filters are drawn as RGB pictures.",
                f"{_number(missing, names)}{_altered(figures, filters)}",
                "`ax.imshow(filters[i])` of shape (7, 7, 3) shows colours.",
            )

    _judge_plots(observations["q12"], "plot_resnet50_filters", judge)
