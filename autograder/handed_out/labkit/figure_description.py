"""What is drawn in a Matplotlib figure, as plain data."""

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure, FigureBase, SubFigure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedFormatter, FuncFormatter

from labkit.plain_data import Plain, describes_figures, plain

MAX_AXES = 400
MAX_ARTISTS = 400


@describes_figures
def describe_figure(figure: Any) -> dict[str, Plain]:
    """Axes, lines, images and texts of a figure or a part of one; what cannot be seen in it is left out.

    Returns:
        {"kind": "Figure", "title": str, "placed": [{"text", "x", "y"}], "axes": [{"title", "xlabel", "ylabel",
        "heading": title of the part of the figure that holds it, "texts": [{"text", "x", "y"}],
        "ticks": {"x": [[position, text]], "y": ...}, "legend": [str], "box": [left, bottom, width, height],
        "lines": [{"label", "name": what legends call it, "x", "y"}],
        "images": [{"data": array (h, w) or (h, w, c), "extent": [left, right, bottom, top] or None}]}]}.
        "box" and "placed" are in parts of the figure, all else in data coordinates. Points count as lines.
    """
    every: list[Axes] = figure.axes
    shown = [axes for axes in every[:MAX_AXES] if axes.get_visible()]
    speaking = [axes for axes in shown if _own_legends(axes)]
    described = [_describe_axes(axes, _Legends.of(axes, speaking, figure)) for axes in shown]
    titles = _titles(figure)
    to_parts = figure.transFigure.inverted()
    placed = []
    for text in figure.texts:
        if text.get_text() not in titles:
            x, y = to_parts.transform(text.get_transform().transform(text.get_position()))
            placed.append({"text": text.get_text(), "x": float(x), "y": float(y)})
    return {
        "kind": "Figure",
        "title": " ".join(dict.fromkeys([*titles, *(t.get_text() for t in figure.texts)])),
        "placed": plain(placed),
        "axes": plain(described),
    }


def _titles(figure: Any) -> list[str]:
    parts = (getattr(figure, name, None) for name in ("_suptitle", "_supxlabel", "_supylabel"))
    return [part.get_text() for part in parts if part is not None]


def _describe_axes(axes: Axes, legends: "_Legends") -> dict[str, Any]:
    own = axes.get_legend()
    holder = axes.get_figure(root=False)
    texts = [t for t in axes.texts[:MAX_ARTISTS] if t.get_visible()]
    points = [c for c in axes.collections[:MAX_ARTISTS] if isinstance(c, PathCollection)]
    images = [_describe_image(image) for image in axes.images[:MAX_ARTISTS] if image.get_visible()]
    if axes.get_label() != "<colorbar>":
        images += [_describe_image(c) for c in axes.collections[:MAX_ARTISTS] if isinstance(c, QuadMesh)]
    return {
        "title": " ".join(t for t in (axes.get_title(where) for where in ("left", "center", "right")) if t),
        "xlabel": axes.get_xlabel() if _is_seen(axes, axes.xaxis) else "",
        "ylabel": axes.get_ylabel() if _is_seen(axes, axes.yaxis) else "",
        "heading": " ".join(_titles(holder)) if isinstance(holder, SubFigure) else "",
        "texts": [_describe_text(axes, text) for text in texts],
        "ticks": {"x": _tick_labels(axes, axes.xaxis), "y": _tick_labels(axes, axes.yaxis)},
        "legend": [t.get_text() for t in own.get_texts()] if own is not None else [],
        "box": _box(axes),
        "lines": [_describe_line(a, legends) for a in [*axes.lines[:MAX_ARTISTS], *points] if a.get_visible()],
        "images": [image for image in images if image is not None],
    }


def _box(axes: Axes) -> list[float]:
    """Left, bottom, width and height in the figure. Axes of a grid from `mpl_toolkits` find their place when drawn."""
    locator = axes.get_axes_locator()
    if locator is not None:
        figure: Any = axes.get_figure(root=True)
        with contextlib.suppress(Exception):  # a locator of the student's own
            return list(locator(axes, figure.canvas.get_renderer()).bounds)
    return list(axes.get_position().bounds)


def _is_seen(axes: Axes, axis: Axis) -> bool:
    """Whether an axis with its label is drawn: `axis("off")` hides it."""
    return bool(axes.axison and axis.get_visible() and axis.label.get_visible())


def _describe_text(axes: Axes, text: Text) -> dict[str, Any]:
    if isinstance(text, Annotation) and text.xycoords == "data":
        both: list[Any] = [axes.xaxis, axes.yaxis]
        x, y = (axis.convert_units(at) for axis, at in zip(both, text.xy, strict=True))
    else:
        x, y = axes.transData.inverted().transform(text.get_transform().transform(text.get_unitless_position()))
    return {"text": text.get_text(), "x": float(x), "y": float(y)}


def _tick_labels(axes: Axes, axis: Axis) -> list[list[Any]]:
    """Labels that were set as texts, with their positions."""
    formatter = axis.get_major_formatter()
    if not _is_seen(axes, axis) or not isinstance(formatter, FixedFormatter | FuncFormatter):
        return []
    at = [float(value) for value in axis.get_majorticklocs()[:MAX_ARTISTS]]
    return [[value, text] for value, text in zip(at, formatter.format_ticks(at), strict=True) if text]


def _describe_line(artist: Any, legends: "_Legends") -> dict[str, Any]:
    if isinstance(artist, Line2D):
        x, y = artist.get_xdata(orig=False), artist.get_ydata(orig=False)
    else:
        x, y = np.ma.filled(np.ma.asarray(artist.get_offsets()).astype(float), np.nan).T
    return {
        "label": str(artist.get_label()),
        "name": legends.name(artist),
        "x": np.asarray(x, dtype=float).ravel(),
        "y": np.asarray(y, dtype=float).ravel(),
    }


def _own_legends(axes: Axes) -> list[Legend]:
    found = [axes.get_legend(), *(a for a in axes.artists if isinstance(a, Legend))]
    return [legend for legend in found if legend is not None and legend.get_visible()]


@dataclass(frozen=True)
class _Legends:
    """Legends that can speak of what is in some axes.

    Args:
        near: its own, those of twin axes, those of the figure.
        others: where there are none, those of the other axes of the figure: equal looks mean equal things.
    """

    near: list[Legend]
    others: list[Legend]

    @classmethod
    def of(cls, axes: Axes, speaking: list[Axes], figure: Any) -> "_Legends":
        near = _own_legends(axes)
        for other in speaking:
            if other is not axes and np.allclose(other.get_position().bounds, axes.get_position().bounds):
                near += _own_legends(other)
        for part in {id(f): f for f in (axes.get_figure(root=False), figure)}.values():
            near += getattr(part, "legends", [])
        return cls(near, [] if near else [legend for other in speaking for legend in _own_legends(other)])

    def name(self, artist: Any) -> str:
        """What they call a line: the text that equals its label, or stands beside the sample that looks like it."""
        label = str(artist.get_label())
        if any(label == text.get_text() for legend in self.near for text in legend.get_texts()):
            return label
        for legend in [*self.near, *self.others]:
            samples = zip(legend.legend_handles, legend.get_texts(), strict=False)
            names = {t.get_text() for sample, t in samples if sample is not None and _look(sample) == _look(artist)}
            if len(names) == 1:
                return names.pop()
        return ""


def _look(artist: Any) -> tuple[str, ...]:
    """What tells one line from another for the eye."""
    if isinstance(artist, Line2D):
        colour: Any = artist.get_color()
        return (to_hex(colour), str(artist.get_linestyle()), str(artist.get_marker()))
    if isinstance(artist, PathCollection):
        return tuple(to_hex(c) for c in np.asarray(artist.get_facecolor())[:1])
    return ()


def _describe_image(image: Any) -> dict[str, Any] | None:
    data = image.get_array()
    if data is None:
        return None
    array = np.ma.filled(np.ma.asarray(data), 0)
    if array.dtype.kind not in "biuf":
        return None
    if array.ndim == 1:  # older QuadMesh
        array = array.reshape(-1, 1)
    extent = [float(v) for v in image.get_extent()] if hasattr(image, "get_extent") else None
    return {"data": np.array(array), "extent": extent}


def figures_of(returned: Any, opened: list[Figure]) -> list[Figure]:
    """The figures that an answer consists of: those returned, then those it opened besides.

    Axes stand for their figure; containers are searched.
    """
    found: list[Figure] = []

    def search(value: Any, depth: int) -> None:
        if isinstance(value, FigureBase):
            root = value.get_figure(root=True) if hasattr(value, "get_figure") else value
            found.append(root if isinstance(root, Figure) else value)  # type: ignore[arg-type]
        elif isinstance(value, Axes):
            search(value.figure, depth)
        elif depth and isinstance(value, list | tuple | set):
            for item in list(value)[:MAX_AXES]:
                search(item, depth - 1)
        elif depth and isinstance(value, dict):
            search(list(value.values()), depth - 1)
        elif depth and isinstance(value, np.ndarray) and value.dtype == object:
            search(value.ravel().tolist(), depth - 1)

    search(returned, 3)
    return list(dict.fromkeys([*found, *opened]))
