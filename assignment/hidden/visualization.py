"""Hidden checks of questions 10 to 12."""

import re
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from assignment.data.dataset import resnet50_conv1
from assignment.hidden import forward_pass
from assignment.hidden._registry import registry
from assignment.hidden.architecture import TOLERANCES, drawn_weights
from assignment.hidden.drawn_images import are_in_order, missing_patches, texts_of
from lab.checks.common import require_no_error
from lab.checks.data import images_drawn
from lab.checks.visualization import first_kernel, judge_calls, stacked
from lab.probes import inputs
from lab.probes.inputs import has_channels_first
from labkit.calls import require_earlier
from labkit.judging import Failure, Observations, Skipped, Unjudged

TOLERANCE = 1e-4


def _judge(seen: dict[str, Any], function: str, judge: Callable[[dict[str, Any]], None], needed: str) -> None:
    """Judge the calls that gave something, on models that can be followed.

    Args:
        needed: the check that says so where a call gave nothing.
    """
    require_earlier(seen)

    def followed(call: dict[str, Any]) -> None:
        if call["error"] or call["value"] is None:
            raise Skipped(needed)
        if not call["spec"].get("nodes"):
            raise Unjudged(f"the model cannot be followed ({call['untraced']}).")
        judge(call)

    judge_calls(seen.get("calls", []), function, followed)


def _expected_maps(observations: Observations, call: dict[str, Any]) -> dict[str, list[np.ndarray]]:
    """Layer name -> feature maps (h, w, c) of every layer whose output has four axes, one for each time it is used."""
    spec = call["spec"]
    x = inputs.feature_image(observations.seed, call["number"])[None]
    try:
        values = forward_pass.forward(spec, drawn_weights(spec, observations.seed + call["number"]), x)
    except forward_pass.UnsupportedSpec as reason:
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


def _maps_in(call: dict[str, Any]) -> dict[str, np.ndarray]:
    """The maps that `feature_maps` returned, each (rows, columns, filters), under its key; in a list, under its number.

    Raises:
        Skipped: there are none.
    """
    value = call["value"]
    value = dict(enumerate(value)) if isinstance(value, list) else value
    arrays = value.items() if isinstance(value, dict) else ()
    found = {str(name): array for name, array in arrays if isinstance(array, np.ndarray) and array.ndim in (3, 4)}
    if not found:
        raise Skipped("q10_answered")
    maps = {name: array[0] if array.ndim == 4 and len(array) == 1 else array for name, array in found.items()}
    return {name: np.moveaxis(m, 0, -1) if has_channels_first(m.shape) else m for name, m in maps.items()}


def _is_image(found: np.ndarray, observations: Observations, call: dict[str, Any]) -> bool:
    return _close(found, inputs.feature_image(observations.seed, call["number"]), call["precision"])


@registry.check("q10", 2)
def q10_layers(observations: Observations) -> None:
    """There is a feature map for every layer that puts out pictures, and for no other."""

    def judge(call: dict[str, Any]) -> None:
        expected, optional, maps = _expected_maps(observations, call), _optional(call), _maps_in(call)
        # Under a key that is no layer's name (such as its tensor's), the values say which layer is meant.
        unknown = [m for name, m in maps.items() if name not in expected and not _is_image(m, observations, call)]
        missing = [name for name in expected if name not in optional and name not in maps]
        shown = [n for n in missing if any(_close(m, a, call["precision"]) for m in unknown for a in expected[n])]
        if len(unknown) < len(missing) and len(shown) < len(missing):
            lacking = [name for name in missing if name not in shown]
            raise Failure(
                "The dict has the name of every convolution, activation and pooling layer.",
                f"There is no `{lacking[0]}`." + (f" ({len(lacking)} layers are missing.)" if lacking[1:] else ""),
                "The keys are the layers' names: `layer.name`.",
            )
        numbered = [name for name in maps if not re.sub(r"layer|map|[\W\d_]", "", name.lower())]
        if isinstance(call["value"], dict) and numbered and missing:
            raise Failure(
                "The keys of the dict are names of layers.",
                f"They are numbers: “{numbered[0]}”, for one.",
                "The keys are the layers' names: `layer.name`.",
            )
        flat = [node["name"] for node in call["spec"]["nodes"] if len(node["shape"]) != 3]
        flat = [name for name in flat if isinstance(call["value"], dict) and name in call["value"]]
        if flat:
            raise Failure(
                "Only layers whose output still has rows and columns are in the dict.",
                f"`{flat[0]}` has none.",
            )

    _judge(observations["q10"], "feature_maps", judge, "q10_answered")


@registry.check("q10", 3)
def q10_values(observations: Observations) -> None:
    """The feature maps are what the layers put out for this image."""

    def judge(call: dict[str, Any]) -> None:
        expected, maps = _expected_maps(observations, call), _maps_in(call)
        known = set(maps) & (set(expected) - _optional(call))
        for name, found in maps.items():
            # Under names that are no layer's any layer's map is right.
            of_any = [] if known else [array for arrays in expected.values() for array in arrays]
            options = expected.get(name, of_any)
            if not options or any(_close(found, wanted, call["precision"]) for wanted in options):
                continue
            if name not in expected and _is_image(found, observations, call):
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

    _judge(observations["q10"], "feature_maps", judge, "q10_answered")


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


@registry.check("q10", 0.5)
def q10_titles(observations: Observations) -> None:
    """The panels of `plot_feature_maps` name their layers."""
    maps = {name: np.moveaxis(array, -1, 0) for name, array in inputs.made_up_maps(observations.seed).items()}

    def judge(figures: list[dict[str, Any]]) -> None:
        said = " ".join(f" {_plain_words(text)} " for figure in figures for text in texts_of(figure))
        missing = [name for name in maps if f" {_plain_words(name)} " not in said]
        drawn = [name for name in missing if len(missing_patches(figures, maps[name])) < len(maps[name])]
        if missing and len(missing) < len(maps) and not drawn:  # a panel that is not there has no title either
            return
        if missing:
            raise Failure(
                "Each panel has the name of its layer as its title.",
                f"`{(drawn or missing)[0]}` is nowhere in the figure."
                + (f" ({len(missing)} names are missing.)" if missing[1:] else ""),
                "The names are the keys of the dict. `axis('off')` hides the labels of an axis, but not the title.",
            )

    _judge_plots(observations["q10"], "plot_feature_maps", judge, needed="q10_plot")


def _plain_words(text: str) -> str:
    """Letters and digits only, with one space between words: "Conv2D_1:" -> "conv2d 1"."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


@registry.check("q11", 2)
def q11_values(observations: Observations) -> None:
    """The kernels are those of the first layer: channel, filter, row, column."""

    def judge(call: dict[str, Any]) -> None:
        first = first_kernel(call["spec"])
        if first is None:
            raise Unjudged("the model has no convolution.")
        weights = drawn_weights(call["spec"], observations.seed + call["number"])
        kernel = weights[first[0]]
        wanted, found = kernel.transpose(2, 3, 0, 1), stacked(call["value"])
        if not isinstance(found, np.ndarray) or sorted(found.shape) != sorted(wanted.shape):
            raise Skipped("q11_answered")
        if found.shape != wanted.shape:  # which costs the marks of another check
            orders = (found.transpose(axes) for axes in permutations(range(4)))
            found = next((order for order in orders if order.shape == wanted.shape and _equal(order, wanted)), found)
        if not _equal(found, wanted):
            raise _other_kernels(found, wanted, weights.get(first[0].replace("/kernel", "/bias")))

    _judge(observations["q11"], "first_layer_kernels", judge, "q11_answered")


def _equal(found: np.ndarray, wanted: np.ndarray) -> bool:
    return found.shape == wanted.shape and bool(np.allclose(found, wanted, atol=1e-6))


def _other_kernels(found: np.ndarray, wanted: np.ndarray, bias: np.ndarray | None) -> Failure:
    """What to say of values in place of the kernels, both (channel, filter, row, column)."""
    raw = "The values are the raw weights."
    if found.shape == wanted.shape:
        if _equal(found, wanted.swapaxes(2, 3)):
            return Failure("The last two axes are row and column.", "They are the other way round.")
        added = (found - wanted).swapaxes(0, 1).reshape(wanted.shape[1], -1)
        if np.ptp(added, axis=1).max() < 1e-5:
            biases = bias is not None and np.allclose(added[:, 0], bias, atol=1e-5)
            return Failure(
                raw,
                "The biases were added to them." if biases else "To all weights of a filter a number was added.",
                "Of what `layer.get_weights()` gives, take the first array only.",
            )
        turned = _turned(found, wanted, (2, 3), _equal)
        if turned:
            return Failure("The rows and columns of each kernel are in their order.", f"The kernels are {turned}.")
        panels = (-1, *wanted.shape[2:])
        if _same_rows(found.reshape(panels), wanted.reshape(panels)):
            return Failure(raw, "They are scaled.", "Scale in the plot only, if at all.")
        if _equal(found, np.abs(wanted)):
            return Failure(raw, "Their signs are lost.")
        for axis, what in ((0, "channels"), (1, "filters")):
            if _equal(found, np.flip(wanted, axis)):
                return Failure(f"The {what} are in the order of the model.", "They are in reverse order.")
    reordered = np.allclose(sorted(found.ravel()), sorted(wanted.ravel()), atol=1e-6)
    return Failure(
        "The result holds the raw weights of the first convolution: channel, filter, row, column.",
        "It holds those weights, but in another order."
        if reordered
        else f"It has the shape {found.shape}, but holds other values.",
        _AXES if reordered else "They are those of the first convolution of the model that is passed in, as they are.",
    )


def _turned(
    found: np.ndarray, wanted: np.ndarray, axes: tuple[int, int], same: Callable[[np.ndarray, np.ndarray], bool]
) -> str | None:
    """How the pictures of an array are mirrored or turned against those of another; None where they are not.

    Args:
        axes: rows and columns.
    """
    forms = {
        "mirrored, left to right": np.flip(wanted, axes[1]),
        "upside down": np.flip(wanted, axes[0]),
        **{f"turned by {90 * k}°": np.rot90(wanted, k, axes) for k in (1, 2, 3)},
    }
    return next((how for how, form in forms.items() if same(found, form)), None)


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


@registry.check("q12", 3)
def q12_filters(observations: Observations) -> None:
    """The pictures are the 64 filters of ResNet50's first convolution, in order, scaled."""
    found = _filters(observations["q12"].get("filters", {}))
    kernel, bias = resnet50_conv1()
    as_returned = np.asarray(stacked(observations["q12"]["filters"]["value"]))
    # The order of axes is judged elsewhere. In Keras' order the first one, along which they may be scaled, is no
    # filter's, and in another order the last one, which may be turned round, is no colour's.
    forms = [as_returned] if as_returned.shape == inputs.RESNET50_SHAPE else [as_returned, as_returned[..., ::-1]]
    if as_returned.shape == kernel.shape and any(_same_rows(form, kernel) for form in forms):
        return
    wanted = np.moveaxis(kernel, -1, 0).astype(float)  # (64, 7, 7, 3)
    expected = "Filter i of the result is filter i of `conv1_conv`, scaled to the range from 0 to 1."
    orders = wanted, wanted[..., ::-1]
    pictures = [_filters({"value": form}) for form in forms]
    if any(_affine(some, order) or _same_rows(some, order) for some in pictures for order in orders):
        if any(_has_biases(found, order, bias) for order in orders):
            raise Failure(
                expected,
                "The biases of the layer were added to the filters.",
                "Of what `layer.get_weights()` gives, take the first array only.",
            )
        return
    if any(_affine(-found, order) or _same_rows(-found, order) for order in orders):
        raise Failure(expected, "They are inverted: large weights are dark.", "The scaling has to be increasing.")
    if any(_affine(found, np.abs(order)) or _same_rows(found, np.abs(order)) for order in orders):
        raise Failure(expected, "The signs of the weights are lost: these are absolute values.", "Keep the signs.")
    if any(_same_rows(found.swapaxes(1, 2), order) for order in orders):
        raise Failure(expected, "Rows and columns are exchanged.", _AXES)
    turned = next((how for order in orders if (how := _turned(found, order, (1, 2), _same_rows))), None)
    if turned:
        raise Failure(expected, f"The filters are {turned}.", "Leave rows and columns in their order.")
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
    if _are_random(found):
        raise Failure(
            expected,
            "They are random numbers, as a network has before any training.",
            'With `weights="imagenet"` `ResNet50` comes trained, with `weights=None` it does not.',
        )
    raise Failure(
        expected,
        "They are something else: another network, another layer, or with their axes mixed up?",
        f"The network is `ResNet50`, the layer's name is `conv1_conv`. {_AXES}",
    )


def _filters(call: dict[str, Any]) -> np.ndarray:
    """The filters as floats (filter, row, column, colour) from 0 to 1; other ranges, and Keras' order of axes, cost the
    marks of `q12_answered`.

    Raises:
        Failure: both the range and the order of axes are others.
        Skipped: they are no such array.
    """
    value = stacked(call.get("value"))
    n, *picture = inputs.RESNET50_SHAPE
    in_keras = isinstance(value, np.ndarray) and value.shape == (*picture, n)
    if in_keras:
        value = np.moveaxis(value, -1, 0)
    elif isinstance(value, np.ndarray) and value.shape == (n, picture[2], *picture[:2]):
        value = np.moveaxis(value, 1, -1)
    fits = isinstance(value, np.ndarray) and value.shape == inputs.RESNET50_SHAPE and value.dtype.kind in "iuf"
    if not fits or not np.isfinite(value).all() or not np.ptp(value):
        raise Skipped("q12_answered")
    value = value.astype(float)
    within = value.min() >= -1e-6 and value.max() <= 1 + 1e-6
    if in_keras and not within:
        raise Failure(
            "The filters are scaled to the range from 0 to 1.",
            f"They reach from {value.min():.3g} to {value.max():.3g}.",
            "Subtract the minimum, then divide by the range.",
        )
    return np.asarray(value if within else (value - value.min()) / np.ptp(value))


def _has_biases(found: np.ndarray, wanted: np.ndarray, bias: np.ndarray) -> bool:
    """Whether found = a * (wanted + bias of its filter) + b, with one a and one b for all, and these biases show."""
    shifted = wanted + bias.reshape(-1, 1, 1, 1)
    return _affine(found, shifted) and not _affine(found, wanted)


def _are_random(found: np.ndarray) -> bool:
    """Whether values are spread evenly, and neighbours have nothing in common: so Keras draws initial weights."""
    middle = (found - found.mean()) / max(float(found.std()), 1e-12)
    neighbours = abs(float((middle[:, 1:] * middle[:, :-1]).mean()))
    return neighbours < 0.1 and abs(float((middle**4).mean()) - 1.8) < 0.3  # 1.8: of uniformly distributed numbers


def _judge_plots(
    seen: dict[str, Any], function: str, judge: Callable[[list[dict[str, Any]]], None], needed: str = ""
) -> None:
    """Judge what a plotting function draws of made-up data: plain arrays, or, where there are such, in the form that
    the student's own data have. One that is right is enough.

    Args:
        needed: the check that says so where nothing is drawn, if it is not this one.

    Raises:
        Failure: of plain arrays.
        Skipped: nothing is drawn.
    """
    require_earlier(seen)
    failure: Failure | None = None
    plots = seen.get("plots") or [seen]
    if needed and not any(plot.get("figures") and images_drawn(plot["figures"]) for plot in plots):
        raise Skipped(needed)
    for plot in plots:
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
    return slope > 0 and float(np.abs(v - slope * u).max()) < 3e-3  # as bytes round values from 0 to 1


def _same_rows(found: np.ndarray, wanted: np.ndarray) -> bool:
    """The same with its own a and b for each filter."""
    return all(_affine(a, b) for a, b in zip(found, wanted, strict=True))


@registry.check("q12", 2)
def q12_plot(observations: Observations) -> None:
    """`plot_resnet50_filters` draws the 64 filters in colour, in order."""
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
        if not are_in_order(figures, filters):
            raise Failure(
                "The filters are drawn in order, filter 0 first.",
                "All of them are drawn, but their order is another one.",
                "`for axis, picture in zip(axes.flat, filters)` goes through both in order.",
            )

    _judge_plots(observations["q12"], "plot_resnet50_filters", judge)
