"""What is drawn in a Matplotlib figure, as plain data."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure, FigureBase

from lab.observe import Plain, plain

MAX_AXES = 400
MAX_ARTISTS = 400


def describe_figure(figure: FigureBase) -> dict[str, Plain]:
    """Axes, lines, images and texts of a figure.

    Returns:
        {"kind": "Figure", "title": str, "axes": [{"title", "xlabel", "ylabel", "texts": [str],
        "legend": [str], "box": [left, bottom, width, height], "lines": [{"label", "x", "y"}],
        "images": [{"data": array (h, w) or (h, w, c), "rgb": bool}], "other": int}]}
    """
    texts = [t.get_text() for t in figure.texts]
    suptitle = getattr(figure, "_suptitle", None)
    if suptitle is not None:
        texts.append(suptitle.get_text())
    for name in ("_supxlabel", "_supylabel"):
        label = getattr(figure, name, None)
        if label is not None:
            texts.append(label.get_text())
    legends = [t.get_text() for legend in figure.legends for t in legend.get_texts()]
    axes = [_describe_axes(a) for a in figure.axes[:MAX_AXES] if a.get_visible()]
    return {
        "kind": "Figure",
        "title": " ".join(dict.fromkeys(texts)),
        "legend": plain(legends),
        "axes": plain(axes),
        "colorbars": sum(bool(a.get_label() == "<colorbar>") for a in figure.axes),
    }


def _describe_axes(axes: Axes) -> dict[str, Any]:
    legend = axes.get_legend()
    title = " ".join(t for t in (axes.get_title(where) for where in ("left", "center", "right")) if t)
    lines = [
        {
            "label": str(line.get_label()),
            "x": np.asarray(line.get_xdata(), dtype=float).ravel(),
            "y": np.asarray(line.get_ydata(), dtype=float).ravel(),
        }
        for line in axes.lines[:MAX_ARTISTS]
        if line.get_visible()
    ]
    images = [_describe_image(image) for image in axes.images[:MAX_ARTISTS] if image.get_visible()]
    meshes = [c for c in axes.collections[:MAX_ARTISTS] if isinstance(c, QuadMesh)]
    images += [_describe_image(mesh) for mesh in meshes if axes.get_label() != "<colorbar>"]
    return {
        "title": title,
        "xlabel": axes.get_xlabel(),
        "ylabel": axes.get_ylabel(),
        "texts": [t.get_text() for t in axes.texts[:MAX_ARTISTS]],
        "legend": [t.get_text() for t in legend.get_texts()] if legend is not None else [],
        "box": list(axes.get_position().bounds),
        "lines": lines,
        "images": [image for image in images if image is not None],
        "other": len(axes.patches) + len(axes.collections) - len(meshes),
    }


def _describe_image(image: Any) -> dict[str, Any] | None:
    data = image.get_array()
    if data is None:
        return None
    array = np.ma.filled(np.ma.asarray(data), 0)
    if array.dtype.kind not in "biuf":
        return None
    if array.ndim == 1:  # older QuadMesh
        array = array.reshape(-1, 1)
    return {"data": np.array(array), "rgb": array.ndim == 3}


def figures_of(returned: Any, opened: list[Figure]) -> list[Figure]:
    """The figures that an answer consists of: those returned, else those it opened.

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
    return list(dict.fromkeys(found)) or list(opened)
