"""Find given pictures in what was drawn, whatever the layout."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import matplotlib
import numpy as np

MAX_SIDE = 4_000  # of a drawn image that is searched for smaller ones
MAX_GAP = 8  # width of frames in a mosaic
ALIKE = 0.8  # correlation from which on an image counts as another one, altered
PATCH_ALIKE = 0.995  # and from which on a part of one counts as a patch
CLIPPED_ALIKE = 0.98  # the same for larger patches of values, of which the largest may be cut off
SAMPLED_PIXELS, SAMPLE_ALIKE = 24, 0.8  # a patch is looked for by some of its pixels first
MAX_PLACES = 3_000_000  # at which patches are looked for
MAX_SCALES = 4
CHUNK = 65_536

Box = tuple[float, float, float, float]  # left, bottom, width, height


@dataclass(frozen=True)
class Drawn:
    """One image that was drawn.

    Args:
        row: which of the given images it shows; None where it shows something else.
        exact: whether it shows it as it is, not in other colours, turned or mirrored.
        text: what names it.
    """

    row: int | None
    exact: bool
    text: str


def named_classes(text: str, names: Iterable[str]) -> set[str]:
    """The classes whose names occur in a text as words of their own ("cat_3", "CATS", not "category")."""
    low = text.lower()
    return {n for n in names if re.search(rf"(?<![^\W\d_]){re.escape(n.lower())}(e?s)?(?![^\W\d_])", low)}


def drawn_images(figures: Any, x: np.ndarray, names: Iterable[str]) -> list[Drawn]:
    """Match every drawn image against x (n, 32, 32, 3), raw values 0 to 255; mosaics are taken apart.

    What names an image is the text of its axes, or, where that names no class, the nearest text that does: in its
    row, in its column, over its part of the figure, or over a figure that holds only this image or names one class.
    """
    gallery, names = _Gallery(x), list(names)
    drawn = []
    for figure in figures:
        places = [(axes["box"], _own_text(axes)) for axes in figure["axes"]]
        places += [((t["x"], t["y"], 0.0, 0.0), t["text"]) for t in figure["placed"]]
        alone = sum(len(axes["images"]) for axes in figure["axes"]) == 1
        over = figure["title"] if alone or len(named_classes(figure["title"], names)) == 1 else ""
        for axes in figure["axes"]:
            tiles = [tile for image in axes["images"] for tile in _tiles(image, gallery)]
            own = _own_text(axes)
            fallbacks = [own, *_neighbours(axes["box"], places), axes["heading"], over]
            common = next((text for text in fallbacks if named_classes(text, names)), own)
            for row, exact, box in tiles:
                beside = _beside(axes, box) if len(tiles) > 1 else ""
                drawn.append(Drawn(row, exact, beside if named_classes(beside, names) else common))
    return drawn


def _own_text(axes: Any) -> str:
    return " ".join([axes["title"], axes["xlabel"], axes["ylabel"], *(t["text"] for t in axes["texts"])]).strip()


def texts_of(figure: Any) -> Iterator[str]:
    """Every text that can be read in a figure."""
    yield figure["title"]
    yield from (text["text"] for text in figure["placed"])
    for axes in figure["axes"]:
        yield from (_own_text(axes), axes["heading"], *axes["legend"])
        yield from (label for ticks in axes["ticks"].values() for _, label in ticks)


def _neighbours(box: Box, places: list[tuple[Box, str]]) -> Iterator[str]:
    """Texts in the same row, those to the left first, then in the same column, those above first; nearest first."""
    left, bottom, width, height = box
    for axis, start, size, across, breadth in ((0, left, width, bottom, height), (1, bottom, height, left, width)):
        ranked = []
        for other, text in places:
            middle, along = other[1 - axis] + other[3 - axis] / 2, other[axis] + other[axis + 2] / 2
            away = along - (start + size / 2)
            if text and across <= middle <= across + breadth and away:
                preferred = away < 0 if axis == 0 else away > 0
                ranked.append((not preferred, abs(away), text))
        yield from (text for _, _, text in sorted(ranked))


def _beside(axes: Any, box: Box) -> str:
    """Labels of ticks, and texts, next to one of several images in the same axes; box in data coordinates."""
    x, y, width, height = box
    near = [text for at, text in axes["ticks"]["x"] if abs(at - x) <= width / 2]
    near += [text for at, text in axes["ticks"]["y"] if abs(at - y) <= height / 2]
    near += [t["text"] for t in axes["texts"] if abs(t["x"] - x) <= width / 2 and abs(t["y"] - y) <= 0.7 * height]
    return " ".join(near)


class _Gallery:
    """The given images, ready to be compared with."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x
        self.height, self.width = x.shape[1:3]
        self._keys = x[:, 4::12, 4::12, :].reshape(len(x), -1).astype(np.float64)

    def row_of(self, tile: np.ndarray) -> int | None:
        """Which image this is, (32, 32, 3), values 0 to 255."""
        distance = np.abs(self._keys - tile[4::12, 4::12].reshape(-1)).max(axis=1)
        best = int(distance.argmin())
        return best if np.abs(self.x[best] - tile).max() <= 1.5 else None

    def altered_row_of(self, tile: np.ndarray) -> int | None:
        """Which image this is in other colours, grey, turned or mirrored."""
        if tile.ndim == 2:
            known, forms = self._grey, [tile, tile.T, tile[::-1], tile[:, ::-1]]
        else:
            known = self._colours
            forms = [tile, tile[..., ::-1], tile.transpose(1, 0, 2), tile[::-1], tile[:, ::-1]]
        alike = known @ _normalized(np.stack([form.ravel() for form in forms])).T
        return int(alike.max(axis=1).argmax()) % len(self.x) if alike.max() > ALIKE else None

    @cached_property
    def _colours(self) -> np.ndarray:
        return _normalized(self.x.reshape(len(self.x), -1).astype(np.float64))

    @cached_property
    def _grey(self) -> np.ndarray:
        """Means over the channels, then each channel: (4n, h * w)."""
        channels = np.concatenate([self.x.mean(axis=3), *np.moveaxis(self.x.astype(np.float64), 3, 0)])
        return _normalized(channels.reshape(len(channels), -1))


def _tiles(image: Any, gallery: _Gallery) -> list[tuple[int | None, bool, Box]]:
    """(row, exact, (x, y, width, height) in data coordinates, x and y of the middle) of each image in a drawn one."""
    data = np.asarray(image["data"])
    left, right, bottom, top = image["extent"] or (-0.5, data.shape[1] - 0.5, data.shape[0] - 0.5, -0.5)

    def box(x: float, y: float, width: float, height: float) -> Box:
        across, down = (right - left) / data.shape[1], (bottom - top) / data.shape[0]
        return left + (x + width / 2) * across, top + (y + height / 2) * down, abs(width * across), abs(height * down)

    whole = box(0, 0, data.shape[1], data.shape[0])
    if data.ndim != 3 or data.shape[2] not in (3, 4) or max(data.shape[:2]) > MAX_SIDE:
        small = data.ndim == 2 and data.shape == (gallery.height, gallery.width)
        return [(gallery.altered_row_of(data.astype(np.float64)) if small else None, False, whole)]
    pixels = data[:, :, :3].astype(np.float64)
    if pixels.max(initial=0) <= 1.0:
        pixels = pixels * 255
    pixels, scale = _shrunk(pixels, gallery.height)
    if pixels.shape[:2] == (gallery.height, gallery.width):
        row = gallery.row_of(pixels)
        return [(row, True, whole)] if row is not None else [(gallery.altered_row_of(pixels), False, whole)]
    best: list[tuple[int | None, bool, Box]] = [(None, False, whole)]
    for corners in _grids(pixels.shape[0], pixels.shape[1], gallery.height, gallery.width):
        found: list[tuple[int | None, bool, Box]] = []
        for y, x in corners:
            tile = pixels[y : y + gallery.height, x : x + gallery.width]
            if np.ptp(tile) > 0:  # else an empty place
                row = gallery.row_of(tile)
                place = box(x * scale, y * scale, gallery.width * scale, gallery.height * scale)
                found.append((row, row is not None, place))
        if sum(exact for _, exact, _ in found) > sum(exact for _, exact, _ in best):
            best = found
    return best


def _shrunk(pixels: np.ndarray, height: int) -> tuple[np.ndarray, int]:
    """An image of which every pixel was repeated, as it was before; and how often that was."""
    for scale in range(pixels.shape[0] // height, 1, -1):
        if pixels.shape[0] % scale == pixels.shape[1] % scale == 0:
            small = pixels[::scale, ::scale]
            if np.array_equal(small.repeat(scale, axis=0).repeat(scale, axis=1), pixels):
                return small, scale
    return pixels, 1


def _grids(rows: int, columns: int, height: int, width: int) -> Iterator[list[tuple[int, int]]]:
    """Corners of the tiles of a mosaic: side by side, or with frames of one width around or between them."""
    for gap in range(MAX_GAP + 1):
        for start in {0, gap}:
            down, across = (side - start + (gap if start == 0 else 0) for side in (rows, columns))
            if down % (height + gap) == 0 and across % (width + gap) == 0 and down > 0 and across > 0:
                yield [
                    (start + i * (height + gap), start + j * (width + gap))
                    for i in range(down // (height + gap))
                    for j in range(across // (width + gap))
                ]


# Patches: feature maps, kernels and filters


def missing_patches(figures: Any, patches: np.ndarray) -> list[int]:
    """Which of the given patches are drawn nowhere, however their values were scaled and shifted for display.

    Args:
        figures: described figures.
        patches: (n, h, w) drawn as values, in grey or in the colours of a colour map; in larger ones, some may be
            cut off at the ends. Or (n, h, w, 3) drawn as colours, of which none may be cut off.

    A patch may be an image of its own or part of a larger one, enlarged by repeating its pixels or not; scaling
    may be per patch or common.
    """
    alike = CLIPPED_ALIKE if patches.ndim == 3 and patches[0].size > 100 else PATCH_ALIKE
    missing = np.arange(len(patches))
    places = MAX_PLACES
    for drawn in (image["data"] for figure in figures for axes in figure["axes"] for image in axes["images"]):
        image = np.asarray(drawn)
        if max(image.shape[:2]) > MAX_SIDE:
            continue
        for reading in _readings(image, patches.ndim == 4):
            for scale in (1, *_repeats(reading, *patches.shape[1:3])):
                rows, columns = _corners(reading, scale, *patches.shape[1:3])
                if not missing.size:
                    return []
                if len(rows) <= places:
                    places -= len(rows)
                    missing = missing[~_are_at(reading, scale, rows, columns, patches[missing], alike)]
    return [int(i) for i in missing]


def are_in_order(figures: Any, patches: np.ndarray) -> bool:
    """Whether coloured patches that are drawn one in each axes come in their order, row by row or column by column.

    Also true where there is no such picture of each, as in a mosaic. Blue may come first.

    Args:
        figures: described figures.
        patches: (n, h, w, 3), none like another.
    """
    known = _normalized(np.concatenate([patches, patches[..., ::-1]]).reshape(2 * len(patches), -1).astype(np.float64))
    places: dict[int, tuple[int, float, float]] = {}  # patch -> figure, distance from the top and from the left
    for number, figure in enumerate(figures):
        for axes in figure["axes"]:
            for image in axes["images"]:
                drawn = np.asarray(image["data"])
                if drawn.shape[:2] == patches.shape[1:3] and drawn.shape[2:] in ((3,), (4,)):
                    alike = known @ _normalized(_finite(drawn[..., :3]).reshape(1, -1))[0]
                    if alike.max() > PATCH_ALIKE:
                        left, bottom, _, height = axes["box"]
                        place = number, round(-bottom - height, 3), round(left, 3)
                        places.setdefault(int(alike.argmax()) % len(patches), place)
    in_order = [places[i] for i in range(len(patches)) if i in places]
    by_columns = [(figure, left, top) for figure, top, left in in_order]
    return len(in_order) < len(patches) or in_order == sorted(in_order) or by_columns == sorted(by_columns)


def _readings(image: np.ndarray, colours: bool) -> Iterator[np.ndarray]:
    """What a drawn image can stand for: colours (h, w, 3), or values (h, w), either way up where a colour map
    was applied to them beforehand."""
    if image.ndim == 2 or image.shape[2] == 1:
        if not colours:
            yield _finite(image.reshape(image.shape[:2]))
        return
    pixels = _finite(image[..., :3])
    if colours:
        yield pixels
        return
    changing = [channel for channel in np.moveaxis(pixels, 2, 0) if np.ptp(channel)]
    if len(changing) == 1:  # a kernel drawn in the colour of its channel
        yield changing[0]
    grey = np.ptp(pixels, axis=2).max(initial=0) == 0
    for values in [pixels[..., 0]] if grey else _colour_mapped(pixels):
        yield values
        yield -values


def _finite(image: np.ndarray) -> np.ndarray:
    image = image.astype(np.float64)
    return np.where(np.abs(image) < 1e30, image, 0)


def _colour_mapped(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """Places (h, w) in each colour map of Matplotlib that nearly all colours of an image are from."""
    scale = 1 if pixels.max(initial=0) > 1 else 255
    codes = np.clip(np.rint(pixels * scale), 0, 255).astype(np.int64) @ _CODE
    colours, where = np.unique(codes, return_inverse=True)
    if len(colours) > 300:  # a colour map has 256
        return
    for known, levels in _colour_maps():
        at = np.minimum(np.searchsorted(known, colours), len(known) - 1)
        found = known[at] == colours
        if np.count_nonzero(~found) <= max(2, len(colours) // 10):  # frames and gaps
            yield np.where(found, levels[at], 0.0)[where].reshape(pixels.shape[:2])


_CODE = np.array([65536, 256, 1])  # red, green, blue -> one number


@cache
def _colour_maps() -> list[tuple[np.ndarray, np.ndarray]]:
    """Codes of the colours of each colour map, ascending, and their places in it from 0 to 1."""
    maps = []
    for name, colour_map in matplotlib.colormaps.items():
        if colour_map.N >= 256 and not name.endswith("_r"):
            places = np.linspace(0, 1, colour_map.N)
            table = 255 * np.asarray(colour_map(places))[:, :3]
            both = np.concatenate([np.rint(table), np.floor(table)]).astype(np.int64) @ _CODE  # as bytes are made
            codes, first = np.unique(both, return_index=True)
            maps.append((codes, np.tile(places, 2)[first]))
    return list({codes.tobytes(): (codes, places) for codes, places in maps}.values())


def _repeats(image: np.ndarray, height: int, width: int) -> list[int]:
    """How often pixels of an image may have been repeated to enlarge patches of a size, the likeliest first."""
    most = min(image.shape[0] // height, image.shape[1] // width)
    if most < 2:
        return []
    runs = np.diff(np.append(np.flatnonzero(_changes(image)), image.shape[0] * image.shape[1]))
    covered = np.bincount(runs, minlength=most + 1)[: most + 1] * np.arange(most + 1)  # pixels in runs of each length
    likely = [int(length) for length in np.argsort(-covered)[:MAX_SCALES] if length > 1]
    return [length for length in likely if covered[length] > 0.01 * image.shape[0] * image.shape[1]]


def _changes(image: np.ndarray) -> np.ndarray:
    """Where a pixel differs from the one to its left (h, w); true along the left side."""
    changes = np.ones(image.shape[:2], bool)
    differs = image[:, 1:] != image[:, :-1]
    changes[:, 1:] = differs.any(axis=2) if image.ndim == 3 else differs
    return changes


def _corners(image: np.ndarray, scale: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns at which the upper left pixel of a patch can be; with repeated pixels, where blocks start."""
    down, across = image.shape[0] - height * scale + 1, image.shape[1] - width * scale + 1
    if down < 1 or across < 1:
        return np.zeros(0, int), np.zeros(0, int)
    rows, columns = np.arange(down), np.arange(across)
    if scale > 1:
        rows = np.flatnonzero(np.any(_changes(image.swapaxes(0, 1)), axis=0))
        columns = np.flatnonzero(np.any(_changes(image), axis=0))
        rows, columns = rows[rows < down], columns[columns < across]
    return np.repeat(rows, len(columns)), np.tile(columns, len(rows))


def _are_at(
    image: np.ndarray, scale: int, rows: np.ndarray, columns: np.ndarray, patches: np.ndarray, alike: float
) -> np.ndarray:
    """Which of the patches are at one of the corners: bool (n,)."""
    pixels = [axis.ravel() for axis in np.indices(patches.shape[1:])]
    flat = patches.reshape(len(patches), -1).astype(np.float64)
    some = np.unique(np.linspace(0, flat.shape[1] - 1, SAMPLED_PIXELS).astype(int))
    whole, sample = _normalized(flat), _normalized(flat[:, some])

    def windows(corners: slice | np.ndarray, which: np.ndarray | slice) -> np.ndarray:
        down, across, *colour = (axis[which] for axis in pixels)
        at = rows[corners, None] + scale * down, columns[corners, None] + scale * across
        return _normalized(image[(*at, *colour)])

    found = np.zeros(len(patches), bool)
    for start in range(0, len(rows), CHUNK):
        # First by a few pixels, then by all where those are alike.
        likely = (windows(slice(start, start + CHUNK), some) @ sample.T).max(axis=1) > SAMPLE_ALIKE
        corners = start + np.flatnonzero(likely)
        for part in range(0, len(corners), CHUNK // 64):
            near = windows(corners[part : part + CHUNK // 64], slice(None)) @ whole.T
            found |= (near > alike).any(axis=0)
    return found


def _normalized(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms < 1e-12, 1, norms))
