"""Draw the handout's figures: one PNG a name, beside this script or in --out.

    python assignment/figures/draw_figures.py [--only NAME ...] [--resnet50-kernel FILE.npz] [--out DIR]

Every number and word comes from lab.settings, so run it again after a change there. Nothing is downloaded:
example pictures are CIFAR-10's own where Keras' cache folder holds it, otherwise stand-in data. The same
settings, data and library versions give the same bytes. The build leaves this script out of the handout.
"""

import argparse
import contextlib
import functools
import io
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
from matplotlib.ticker import MaxNLocator
from PIL import Image

from assignment import made_with
from assignment.data.dataset import dataset
from lab import settings

SEED = 7
DPI = 150
WIDTH = 8.0  # inches; the notebook shows it at 800 px, where 9 points are 12.5 px high

Kind = Literal["data", "conv", "norm", "activation", "pool", "add", "flatten", "dense"]
Padding = Literal["valid", "same"]
# Paul Tol's “light” scheme: told apart by colour-blind readers, and black text stays readable on it.
COLOURS: dict[Kind, str] = {
    "data": "#FFFFFF",
    "conv": "#77AADD",
    "norm": "#EEDD88",
    "activation": "#EE8866",
    "pool": "#44BB99",
    "add": "#BBCC33",
    "flatten": "#DDDDDD",
    "dense": "#FFAABB",
}
INK, PALE_INK, PANEL, GRID = "#222222", "#555555", "#F4F4F4", "#B9B9B9"
TRAINING, VALIDATION = "#0077BB", "#EE7733"  # Tol's “vibrant” scheme, for lines
PALE_TRAINING, PALE_VALIDATION = "#B3D6EB", "#FAD6C2"  # the same hues, for areas
STYLE: Any = {  # Matplotlib types its setting names as literals
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": PALE_INK,
    "xtick.color": PALE_INK,
    "ytick.color": PALE_INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


# --- Numbers: shapes and parameter counts -------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """One layer of a diagram: its output's shape without the batch axis, and all of its parameters."""

    kind: Kind
    name: str
    detail: str
    shape: tuple[int, ...]
    parameters: int = 0


@dataclass(frozen=True)
class Section:
    """A row of a diagram; with a `shortcut` from its entrance to its Add."""

    title: str
    stages: Sequence[Stage]
    shortcut: bool = False


Layer = Callable[[tuple[int, ...]], Stage]  # from the input's shape


def convolution(size: int) -> Layer:
    """A convolution of FILTERS kernels of `size` x `size`, “same” padding, with biases."""

    def layer(shape: tuple[int, ...]) -> Stage:
        rows, columns, channels = shape
        parameters = (size * size * channels + 1) * settings.FILTERS
        detail = f"{settings.FILTERS} filters"
        return Stage("conv", f"Conv {size}×{size}", detail, (rows, columns, settings.FILTERS), parameters)

    return layer


def batch_norm(shape: tuple[int, ...]) -> Stage:
    """Scale, offset, moving mean and moving variance for each channel; Keras counts all four."""
    return Stage("norm", "Batch norm", "", shape, 4 * shape[-1])


def activation(name: str) -> Layer:
    """An elementwise activation (or softmax): no parameters, same shape."""
    return lambda shape: Stage("activation", name, "", shape)


def add(shape: tuple[int, ...]) -> Stage:
    """The sum of a block's input and output."""
    return Stage("add", "Add", "", shape)


def pooling(name: str, size: int) -> Layer:
    """Pooling over windows of `size` x `size` that do not overlap; incomplete windows are dropped."""

    def layer(shape: tuple[int, ...]) -> Stage:
        rows, columns, channels = shape
        return Stage("pool", name, f"{size}×{size}", (rows // size, columns // size, channels))

    return layer


def flatten(shape: tuple[int, ...]) -> Stage:
    """All values in one axis."""
    return Stage("flatten", "Flatten", "", (math.prod(shape),))


def dense(shape: tuple[int, ...]) -> Stage:
    """One unit a class."""
    units = settings.N_CLASSES
    return Stage("dense", "Dense", f"{units} units", (units,), (shape[0] + 1) * units)


def chain(shape: tuple[int, ...], layers: Sequence[Layer]) -> list[Stage]:
    """The stages that `layers` make of an input of `shape`, one after another."""
    stages: list[Stage] = []
    for layer in layers:
        stages.append(layer(stages[-1].shape if stages else shape))
    return stages


def plain_block(*, norm: bool = False) -> list[Layer]:
    """Layers of a block of the tiny VGG, with batch normalisation before each activation if asked."""
    normed: list[Layer] = [batch_norm] if norm else []
    one = [convolution(settings.KERNEL_SIZE), *normed, activation("ReLU")]
    return one * settings.CONVS_PER_BLOCK + [pooling("Max pool", settings.POOL_SIZE)]


def residual_block() -> list[Layer]:
    """Layers of a block of the tiny ResNet; the last activation comes after the Add."""
    one = [convolution(settings.KERNEL_SIZE), activation("ReLU")]
    return [*(one * settings.CONVS_PER_BLOCK)[:-1], add, activation("ReLU")]


def stem() -> list[Layer]:
    """Layers of the tiny ResNet before its first block."""
    convolve = convolution(settings.STEM_KERNEL_SIZE)
    return [convolve, batch_norm, activation("ReLU"), pooling("Max pool", settings.POOL_SIZE)]


def sections(rows: Sequence[tuple[str, Sequence[Layer]]]) -> list[Section]:
    """Diagram rows (title, layers) that follow one another, from an image on."""
    shape: tuple[int, ...] = settings.IMAGE_SHAPE
    made: list[Section] = []
    for title, layers in rows:
        stages = chain(shape, layers)
        made.append(Section(title, stages, shortcut=add in layers))
        shape = stages[-1].shape
    return made


def tiny_vgg_sections() -> list[Section]:
    """The tiny VGG, one row a block and one for the classifier."""
    blocks = [(f"Block {number}", plain_block()) for number in range(1, settings.BLOCKS + 1)]
    return sections([*blocks, ("Classifier", [flatten, dense, activation("Softmax")])])


def tiny_resnet_sections() -> list[Section]:
    """The tiny ResNet: stem, residual blocks, classifier."""
    blocks = [(f"Residual block {number}", residual_block()) for number in range(1, settings.BLOCKS + 1)]
    average = pooling("Average pool", settings.AVERAGE_POOL_SIZE)
    classifier: list[Layer] = [average, flatten, dense, activation("Softmax")]
    return sections([("Stem", stem()), *blocks, ("Classifier", classifier)])


def total_parameters(rows: Sequence[Section]) -> int:
    """Parameters of all stages, as Keras' count_params counts them."""
    return sum(stage.parameters for row in rows for stage in row.stages)


def sizes_through_blocks(padding: Padding, blocks: int) -> list[int]:
    """Rows of the image after each convolution and pooling of a plain network.

    Ends early with a number below 1 where nothing is left.
    """
    lost = settings.KERNEL_SIZE - 1 if padding == "valid" else 0
    sizes = [settings.IMAGE_SHAPE[0]]
    for _ in range(blocks):
        for _ in range(settings.CONVS_PER_BLOCK):
            sizes.append(sizes[-1] - lost)
            if sizes[-1] < 1:
                return sizes
        sizes.append(sizes[-1] // settings.POOL_SIZE)
        if sizes[-1] < 1:
            return sizes
    return sizes


@dataclass(frozen=True)
class Split:
    """How many images and batches one training uses."""

    training: int  # images
    validation: int  # images
    batches: int  # of one epoch
    last_batch: int  # images in the last of them
    updates: int  # of the weights, in all epochs


def split_numbers() -> Split:
    """The arithmetic of Keras' `validation_split`, which rounds the training share down."""
    training = math.floor(settings.N_TRAIN * (1 - settings.VALIDATION_SPLIT))
    batches = math.ceil(training / settings.BATCH_SIZE)
    last = training - (batches - 1) * settings.BATCH_SIZE
    return Split(training, settings.N_TRAIN - training, batches, last, batches * settings.EPOCHS)


def shape_text(shape: Sequence[int]) -> str:
    """Like `32×32×10`."""
    return "×".join(str(n) for n in shape)


# --- Diagrams: axes measured in inches, y downwards ---------------------------------------------------


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure of `width` x `height` inches, and axes in inches over all of it."""
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return figure, axes


def write(axes: Axes, x: float, y: float, words: str, **style: Any) -> None:
    """Text centred on (x, y), in inches, unless `style` says otherwise."""
    axes.text(x, y, words, **{"ha": "center", "va": "center", **style})


def draw_box(axes: Axes, x: float, y: float, width: float, height: float, stage: Stage) -> None:
    """A layer's box with its upper left corner at (x, y), in inches."""
    look: dict[str, Any] = {"facecolor": COLOURS[stage.kind], "edgecolor": INK, "linewidth": 0.8}
    style = "round,pad=0,rounding_size=0.07"
    axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, **look))
    centre, middle = x + width / 2, y + height / 2
    if stage.detail:
        write(axes, centre, middle - 0.02, stage.name, va="bottom", weight="bold")
        write(axes, centre, middle + 0.03, stage.detail, va="top")
    else:
        write(axes, centre, middle, stage.name, weight="bold")


def wire(axes: Axes, *points: tuple[float, float]) -> None:
    """An arrow through `points`, in inches; its last piece runs along an axis."""
    (x0, y0), (x1, y1) = points[-2:]
    along, across = (float(np.sign(x1 - x0)), float(np.sign(y1 - y0))), 0.035
    foot = (x1 - 0.08 * along[0], y1 - 0.08 * along[1])
    corners = [(foot[0] + side * along[1], foot[1] + side * along[0]) for side in (across, -across)]
    line = [*points[:-1], foot]
    axes.plot([x for x, _ in line], [y for _, y in line], color=INK, linewidth=1.1, solid_joinstyle="miter")
    axes.add_patch(Polygon([(x1, y1), *corners], facecolor=INK, edgecolor="none", zorder=2))


def panel(axes: Axes, x: float, y: float, width: float, height: float) -> None:
    """The pale ground of one part of a diagram; upper left corner at (x, y), in inches."""
    look: dict[str, Any] = {
        "boxstyle": "round,pad=0,rounding_size=0.1",
        "facecolor": PANEL,
        "edgecolor": "none",
    }
    axes.add_patch(FancyBboxPatch((x, y), width, height, zorder=0, **look))


def draw_network(title: str, rows: Sequence[Section]) -> Figure:
    """A network, row by row, with every layer's output shape and number of parameters."""
    edge, gutter, first, pitch, gap, heading = 0.08, 0.44, 0.9, 1.42, 0.26, 0.86
    box_width, box_height = 1.1, 0.56
    width = first + pitch * max(len(row.stages) for row in rows)
    heights = [1.58 if row.shortcut else 1.38 for row in rows]
    figure, axes = canvas(width, heading + sum(heights) + gap * (len(rows) - 1) + edge)

    write(axes, first, 0.2, title, fontsize=13, weight="bold", ha="left")
    words = f"{total_parameters(rows):,} parameters in all. Every convolution has “same” padding."
    write(axes, first, 0.45, words, ha="left")
    words = "Below each layer: the shape of its output and, where it has any, its parameters."
    write(axes, first, 0.65, words, color=PALE_INK, ha="left")
    image = Stage("data", "Input", shape_text(settings.IMAGE_SHAPE), settings.IMAGE_SHAPE)
    draw_box(axes, edge, edge, 2 * (gutter - edge), 0.52, image)

    entrance, top = [(gutter, edge + 0.52)], heading
    for row, height in zip(rows, heights, strict=True):
        panel(axes, edge, top, width - 2 * edge, height)
        write(axes, first, top + 0.17, row.title, weight="bold", fontsize=10, ha="left")
        box_top = top + (0.54 if row.shortcut else 0.34)
        middle, below = box_top + box_height / 2, box_top + box_height
        wire(axes, *entrance, (gutter, middle), (first, middle))
        for column, stage in enumerate(row.stages):
            x = first + column * pitch
            centre = x + box_width / 2
            if column:
                wire(axes, (x - pitch + box_width, middle), (x, middle))
            draw_box(axes, x, box_top, box_width, box_height, stage)
            write(axes, centre, below + 0.15, shape_text(stage.shape))
            if stage.parameters:
                write(axes, centre, below + 0.33, f"{stage.parameters:,} parameters", color=PALE_INK)
            if row.shortcut and stage.kind == "add":
                fork, over = (first + gutter) / 2, top + 0.36
                axes.plot([fork], [middle], "o", color=INK, markersize=4)
                wire(axes, (fork, middle), (fork, over), (centre, over), (centre, box_top))
                write(axes, (fork + centre) / 2, over - 0.04, "shortcut", va="bottom", style="italic")
        end = first + (len(row.stages) - 1) * pitch + box_width
        turn, top = end + 0.14, top + height + gap
        entrance = [(end, middle), (turn, middle), (turn, top - gap / 2), (gutter, top - gap / 2)]
    wire(axes, (end, middle), (end + pitch - box_width, middle))
    words = f"{settings.N_CLASSES} class\nprobabilities"
    write(axes, end + pitch - box_width + 0.07, middle, words, weight="bold", ha="left")
    return figure


def tiny_vgg() -> Figure:
    """The tiny VGG as a data-flow diagram."""
    return draw_network("Tiny VGG", tiny_vgg_sections())


def tiny_resnet() -> Figure:
    """The tiny ResNet as a data-flow diagram."""
    return draw_network("Tiny ResNet", tiny_resnet_sections())


def blocks() -> Figure:
    """The kinds of block, side by side."""
    towers: list[tuple[str, str, list[Layer]]] = [
        ("Plain block", "tiny_vgg", plain_block()),
        ("With batch norm", "tiny_vgg_bn", plain_block(norm=True)),
        ("Residual block", "tiny_resnet", residual_block()),
        ("Stem", "tiny_resnet", stem()),
    ]
    edge, width, height, gap, top = 0.08, 1.3, 0.36, 0.22, 0.94
    pitch = (WIDTH - edge) / len(towers)
    bottom = top + max(len(layers) for _, _, layers in towers) * (height + gap) + 0.1
    figure, axes = canvas(WIDTH, bottom + 0.42)
    for number, (title, variant, layers) in enumerate(towers):
        left = edge + number * pitch
        panel(axes, left, edge, pitch - edge, bottom - edge)
        centre = left + (pitch - edge) / 2
        x = centre - width / 2
        write(axes, centre, 0.25, title, fontsize=10.5, weight="bold")
        write(axes, centre, 0.47, variant, family="DejaVu Sans Mono", color=PALE_INK)
        for level, stage in enumerate(chain((1, 1, settings.FILTERS), layers)):
            y = top + level * (height + gap)
            wire(axes, (centre, y - gap), (centre, y))
            name = f"{stage.name} {stage.detail}" if stage.kind == "pool" else stage.name
            draw_box(axes, x, y, width, height, Stage(stage.kind, name, "", stage.shape))
            if stage.kind == "add":
                fork, side, middle = top - gap * 0.7, x - 0.2, y + height / 2
                axes.plot([centre], [fork], "o", color=INK, markersize=4)
                wire(axes, (centre, fork), (side, fork), (side, middle), (x, middle))
                write(axes, side + 0.1, (fork + middle) / 2, "shortcut", rotation=90, style="italic")
        end = top + len(layers) * (height + gap)
        wire(axes, (centre, end - gap), (centre, end))
        if add in layers:
            words = "Batch norm directly after a\nconvolution is optional here."
            write(axes, centre, end + 0.33, words, fontsize=8.5, color=PALE_INK)
    words = f"Every convolution has {settings.FILTERS} filters and “same” padding."
    write(axes, WIDTH / 2, bottom + 0.22, words)
    return figure


def draw_grid(axes: Axes, x: float, y: float, cell: float, count: int, colour: str) -> None:
    """A square of `count` x `count` cells with its upper left corner at (x, y), in inches."""
    for row, column in np.ndindex(count, count):
        corner = (x + column * cell, y + row * cell)
        axes.add_patch(Rectangle(corner, cell, cell, facecolor=colour, edgecolor="white", linewidth=1.2))


def draw_window(axes: Axes, x: float, y: float, side: float) -> None:
    """The square that stands for a kernel or for what it gives; upper left corner at (x, y), in inches."""
    axes.add_patch(Rectangle((x, y), side, side, facecolor=COLOURS["conv"], alpha=0.6))
    axes.add_patch(Rectangle((x, y), side, side, fill=False, edgecolor="#114477", linewidth=2))


PADDINGS: Mapping[Padding, str] = {
    "valid": "the kernel stays inside the image",
    "same": "the image gets a rim of zeros",
}


def same_padding() -> Figure:
    """A kernel on a small image, without and with padding, and what becomes of an image in a network."""
    kernel, most = settings.KERNEL_SIZE, settings.BLOCKS + 1
    small = kernel + 3  # rows of the drawn image
    half, arrow, middle = WIDTH / 2, 0.5, 1.66  # inches
    cell = (half - 0.4 - arrow) / (2 * small + kernel - 1)
    sizes = {padding: sizes_through_blocks(padding, most) for padding in PADDINGS}
    trails = {
        padding: textwrap.wrap(" → ".join(str(n) if n > 0 else "nothing" for n in numbers), 52)
        for padding, numbers in sizes.items()
    }
    bottom = 3.72 + 0.17 * max(len(lines) for lines in trails.values())
    figure, axes = canvas(WIDTH, bottom + 0.08)
    for left, (padding, meaning) in zip((0.0, half), PADDINGS.items(), strict=True):
        panel(axes, left + 0.08, 0.08, half - 0.16, bottom - 0.08)
        centre = left + half / 2
        write(axes, centre, 0.3, f"padding=“{padding}”", fontsize=11, weight="bold")
        write(axes, centre, 0.55, meaning, color=PALE_INK)

        # Zeros to add in all, and those of them above and to the left.
        rim, before = (kernel - 1, (kernel - 1) // 2) if padding == "same" else (0, 0)
        padded, output = small + rim, small + rim - kernel + 1
        x, y = centre - ((padded + output) * cell + arrow) / 2, middle - padded * cell / 2
        draw_grid(axes, x, y, cell, padded, "#E4E4E4")
        draw_grid(axes, x + before * cell, y + before * cell, cell, small, GRID)
        for row, column in np.ndindex(padded, padded):
            if not (before <= row < before + small and before <= column < before + small):
                spot = (x + (column + 0.5) * cell, y + (row + 0.5) * cell)
                write(axes, *spot, "0", fontsize=8, color=PALE_INK)
        draw_window(axes, x, y, kernel * cell)
        end = x + padded * cell
        wire(axes, (end + 0.1, middle), (end + arrow - 0.1, middle))
        draw_grid(axes, end + arrow, middle - output * cell / 2, cell, output, GRID)
        draw_window(axes, end + arrow, middle - output * cell / 2, cell)
        words = f"{small}×{small}" + (" and zeros" if rim else "")
        write(axes, (x + end) / 2, 2.72, words)
        write(axes, end + arrow + output * cell / 2, 2.72, f"{output}×{output}")

        source, result = sizes[padding][:2]
        words = f"{kernel}×{kernel} kernel:  {source}×{source}  →  {result}×{result}"
        write(axes, centre, 3.08, words, fontsize=11, weight="bold")
        layers = ", ".join([*["conv"] * settings.CONVS_PER_BLOCK, "pool"])
        write(axes, centre, 3.42, f"rows of pixels through {most} blocks ({layers}):", color=PALE_INK)
        write(axes, centre, 3.57, "\n".join(trails[padding]), va="top")
    return figure


TRAINING_SHARE = "training share: shuffled anew every epoch,\nthen cut into batches"
VALIDATION_SHARE = "validation share:\nmeasured after every\nepoch, never trained on"
TEST_SET = "only for the\nfinal accuracy"


def split() -> Figure:
    """What each image is used for, and how many batches an epoch has."""
    numbers = split_numbers()
    figure, axes = canvas(WIDTH, 3.53)
    left, gap, top, height = 0.1, 0.3, 0.58, 0.62
    scale = (WIDTH - 2 * left - gap) / (settings.N_TRAIN + settings.N_TEST)  # inches an image
    trained = numbers.training * scale
    validation, test = left + trained, left + gap + settings.N_TRAIN * scale

    def brace(x: float, number: int, words: str) -> None:
        end = x + number * scale
        axes.plot([x, x, end, end], [0.5, 0.42, 0.42, 0.5], color=PALE_INK, linewidth=1)
        write(axes, (x + end) / 2, 0.22, words, weight="bold", fontsize=10)

    def bar(x: float, y: float, width: float, colour: str, words: str) -> None:
        axes.add_patch(Rectangle((x, y), width, height, facecolor=colour, edgecolor=INK, linewidth=0.8))
        write(axes, x + width / 2, y + height / 2, words)

    brace(left, settings.N_TRAIN, f"training set: {settings.N_TRAIN:,} images")
    brace(test, settings.N_TEST, "test set")
    share = settings.VALIDATION_SPLIT
    for x, number, colour, part, meaning in (
        (left, numbers.training, PALE_TRAINING, f"{1 - share:.0%}", TRAINING_SHARE),
        (validation, numbers.validation, PALE_VALIDATION, f"{share:.0%}", VALIDATION_SHARE),
        (test, settings.N_TEST, "#E4E4E4", "images", TEST_SET),
    ):
        bar(x, top, number * scale, colour, f"{number:,}\n{part}")
        write(axes, x + number * scale / 2, top + height + 0.07, meaning, color=PALE_INK, va="top")

    # One epoch, cut into batches: as many as fit, dots, and the last one, true to their sizes.
    row, full = 2.08, 0.92
    last = full * numbers.last_batch / settings.BATCH_SIZE
    shown = min(numbers.batches - 1, int((trained - last - full) // full))
    dotted: dict[str, Any] = {"color": PALE_INK, "linewidth": 0.8, "linestyle": ":"}
    axes.plot([left, left], [top + height, row], **dotted)
    axes.plot([validation, validation], [1.8, row], **dotted)
    for number in range(shown):
        words = f"batch {number + 1}\n{settings.BATCH_SIZE} images"
        bar(left + number * full, row, full, PALE_TRAINING, words)
    write(axes, (left + shown * full + validation - last) / 2, row + height / 2, "· · ·", fontsize=14)
    bar(validation - last, row, last, PALE_TRAINING, "")
    words = f"batch {numbers.batches:,}\n{numbers.last_batch} images"
    write(axes, validation + 0.1, row + height / 2, words, ha="left")

    words = f"1 epoch = {numbers.training:,} images = {numbers.batches:,} batches of {settings.BATCH_SIZE}" + (
        f" (the last one has {numbers.last_batch})" if numbers.last_batch < settings.BATCH_SIZE else ""
    )
    write(axes, left, 3.03, words, fontsize=11, weight="bold", ha="left")
    words = f"{settings.EPOCHS} epochs × {numbers.batches:,} batches = {numbers.updates:,} updates of the weights"
    write(axes, left, 3.33, words, fontsize=11, ha="left")
    return figure


def curves() -> Figure:
    """A sketch of loss and accuracy against the epoch: generic shapes, no results."""
    epochs = np.linspace(1, settings.EPOCHS, 400)
    t = (epochs - 1) / settings.EPOCHS
    loss = (0.35 + 1.5 * np.exp(-5 * t) - 0.1 * t, 0.75 + 1.1 * np.exp(-8 * t) + 0.25 * t**2)
    accuracy = (0.25 + 0.6 * (1 - np.exp(-5 * t)), 0.25 + 0.42 * (1 - np.exp(-8 * t)) - 0.03 * t**2)
    figure = Figure(figsize=(WIDTH, 3.1), layout="constrained")
    panels = (("loss", loss, 2, "upper right"), ("accuracy", accuracy, 1, "lower right"))
    for axes, (name, (training, validation), high, corner) in zip(figure.subplots(1, 2), panels, strict=True):
        axes.plot(epochs, training, color=TRAINING, linewidth=2, label="training")
        axes.plot(epochs, validation, color=VALIDATION, linewidth=2, linestyle="--", label="validation")
        axes.set(xlabel="epoch", ylabel=name, title=name.capitalize(), yticks=[])
        axes.set(xlim=(0, settings.EPOCHS), ylim=(0, high))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.legend(frameon=False, loc=corner)
        mark = {"fontsize": 34, "alpha": 0.08, "rotation": 20, "zorder": 0}
        write(axes, 0.5, 0.5, "sketch", transform=axes.transAxes, **mark)
    figure.supxlabel("A sketch of the form, not results.", fontsize=9, color=PALE_INK, style="italic")
    return figure


# --- Pictures: images, feature maps, kernels ----------------------------------------------------------


@functools.cache
def images() -> tuple[np.ndarray, np.ndarray]:
    """The first 10,000 training images, raw, (10000,32,32,3) uint8, and their labels (10000,)."""
    (x, y), _ = dataset().arrays
    return np.asarray(x[:10_000]), np.asarray(y[:10_000]).ravel()


def bare(axes: Axes) -> None:
    """Take ticks and spines away."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def examples() -> Figure:
    """Two images of each class, titled."""
    x, y = images()
    columns, each = 5, 2
    rows = math.ceil(settings.N_CLASSES / columns)
    figure = Figure(figsize=(WIDTH, 1.83 * rows * each), layout="constrained")
    grid = figure.subplots(rows * each, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for label, name in enumerate(settings.CLASS_NAMES):
        for copy, index in enumerate(np.flatnonzero(y == label)[:each]):
            axes = grid[label // columns * each + copy, label % columns]
            axes.imshow(x[index], interpolation="nearest")
            axes.set_title(name, fontsize=11)
    return figure


@functools.cache
def trained_tiny_vgg() -> Any:
    """A tiny VGG (keras.Model) after a few hundred steps on a few thousand images, the same every time."""
    import keras
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.Input(settings.IMAGE_SHAPE)])
    for _ in range(settings.BLOCKS):
        for _ in range(settings.CONVS_PER_BLOCK):
            model.add(keras.layers.Conv2D(settings.FILTERS, settings.KERNEL_SIZE, padding="same"))
            model.add(keras.layers.ReLU())
        model.add(keras.layers.MaxPooling2D(settings.POOL_SIZE))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(settings.N_CLASSES, activation="softmax"))
    model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="sparse_categorical_crossentropy")
    x, y = (values[:8000] for values in images())
    model.fit(x.astype("float32") / 255, y, batch_size=settings.BATCH_SIZE, epochs=10, verbose=0)
    return model


def feature_maps() -> Figure:
    """One filter's maps in every layer of a tiny VGG for one image, one row a block."""
    import keras

    model = trained_tiny_vgg()
    x, y = images()
    image = x[np.flatnonzero(y == settings.N_CLASSES - 2)[0]]
    layers = [layer for layer in model.layers if len(layer.output.shape) == 4]
    outputs = keras.Model(model.inputs[0], [layer.output for layer in layers])(image[None].astype("float32") / 255)
    maps = [np.asarray(output)[0] for output in outputs]
    # The liveliest filter: the one whose flattest map varies most, relative to its layer. The rim, where the
    # padding shows, does not count.
    inner = [values[2:-2, 2:-2] for values in maps]
    spread = np.min([values.std(axis=(0, 1)) / (values.std() + 1e-9) for values in inner], axis=0)
    chosen = int(spread.argmax())

    columns = len(maps) // settings.BLOCKS
    names = [stage.name for stage in chain(settings.IMAGE_SHAPE, plain_block())]
    figure = Figure(figsize=(WIDTH, 1.5 * settings.BLOCKS + 0.55), layout="constrained")
    grid = figure.add_gridspec(settings.BLOCKS, columns + 1, width_ratios=[1.15, *[1] * columns])
    axes = figure.add_subplot(grid[:, 0])
    axes.imshow(image, interpolation="nearest")
    axes.set_title(f"image\n{shape_text(image.shape)}")
    bare(axes)
    for number, values in enumerate(maps):
        row, column = divmod(number, columns)
        axes = figure.add_subplot(grid[row, column + 1])
        axes.imshow(values[:, :, chosen], cmap="viridis", interpolation="nearest")
        axes.set_title(f"{names[column]}\n{shape_text(values.shape[:2])}")
        bare(axes)
        if column == 0:
            axes.set_ylabel(f"block {row + 1}", fontsize=9.5)
    figure.suptitle(f"Filter {chosen} in every layer", fontsize=11, weight="bold")
    return figure


def kernels() -> Figure:
    """The first layer's kernels: a row a channel, a column a filter, in bands of at most ten."""
    weights = np.asarray(trained_tiny_vgg().layers[0].kernel)  # row, column, channel, filter
    limit = np.abs(weights).max()
    channels, filters = weights.shape[2:]
    bands = math.ceil(filters / 10)
    columns = math.ceil(filters / bands)
    height = bands * (6.9 / columns * channels + 0.2) + 0.14
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    grid = figure.subplots(bands * channels, columns, squeeze=False)
    for axes in grid.flat:
        bare(axes)
    for number, channel in np.ndindex(filters, channels):
        band, column = divmod(number, columns)
        axes = grid[band * channels + channel, column]
        drawn = axes.imshow(weights[:, :, channel, number], cmap="RdBu_r", vmin=-limit, vmax=limit)
        if channel == 0:
            axes.set_title(f"filter {number}" if column == 0 else f"{number}")
        if column == 0:
            axes.set_ylabel(("red", "green", "blue")[channel])
    bar = figure.colorbar(drawn, ax=grid, shrink=0.9 / bands, aspect=14, pad=0.02)
    bar.set_label("weight")
    bar.outline.set_visible(False)
    return figure


def resnet50_filters(file: Path | None = None) -> Figure:
    """All filters of ResNet50's first convolution as colour pictures.

    Args:
        file: npz with `kernel` (7,7,3,64), input channels blue, green, red as in Keras' ResNet50. None draws
            the stand-in for it.
    """
    if file is None:
        from assignment.data import synthetic

        kernel = np.asarray(synthetic.resnet50_conv1(SEED)[0])
    else:
        kernel = np.load(file, allow_pickle=False)["kernel"]
    pictures = kernel[:, :, ::-1].transpose(3, 0, 1, 2)
    low, high = (bound(pictures, axis=(1, 2, 3), keepdims=True) for bound in (np.min, np.max))
    pictures = (pictures - low) / (high - low)
    side = math.ceil(math.sqrt(len(pictures)))
    figure = Figure(figsize=(6, 6))
    grid = figure.subplots(side, side, gridspec_kw={"wspace": 0.08, "hspace": 0.08})
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.99)
    for axes, picture in zip(grid.flat, pictures, strict=False):
        axes.imshow(picture, interpolation="nearest")
    for axes in grid.flat:
        axes.axis("off")
    return figure


FIGURES: Mapping[str, Callable[[], Figure]] = {
    "tiny_vgg": tiny_vgg,
    "blocks": blocks,
    "tiny_resnet": tiny_resnet,
    "same_padding": same_padding,
    "split": split,
    "examples": examples,
    "curves": curves,
    "feature_maps": feature_maps,
    "kernels": kernels,
    "resnet50_filters": resnet50_filters,
}
OF_IMAGES = ("examples", "feature_maps", "kernels")  # drawn from the data set


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """The figures' style, whatever the user's own Matplotlib settings say."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def save(make: Callable[[], Figure], path: Path) -> None:
    """Draw a figure in the house style and write it as a small PNG."""
    drawn = io.BytesIO()
    with house_style():
        make().savefig(drawn, format="png", dpi=DPI, metadata={"Software": None})
    Image.open(drawn).convert("RGB").save(path, optimize=True, dpi=(DPI, DPI))


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw all figures, or those named with `--only`. Else none of real data is replaced by one of stand-in data."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", nargs="+", choices=FIGURES, metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument("--resnet50-kernel", type=Path, metavar="FILE.npz", help="kernel of ResNet50's conv1_conv")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, metavar="DIR")
    options = parser.parse_args(arguments)
    makers = {**FIGURES, "resnet50_filters": lambda: resnet50_filters(options.resnet50_kernel)}
    options.out.mkdir(parents=True, exist_ok=True)
    kept: dict[str, str] = {}
    if not options.only and not dataset().is_real:
        kept |= dict.fromkeys(OF_IMAGES, "CIFAR-10 is not in KERAS_HOME")
    if not options.only and options.resnet50_kernel is None:
        kept["resnet50_filters"] = "--resnet50-kernel gives the real ones"
    for name in options.only or makers:
        if name in kept:
            print(f"{name}: left as it is, since {kept[name]}")
            continue
        path = options.out / f"{name}.png"
        save(makers[name], path)
        print(f"{path}: {path.stat().st_size / 1000:.0f} KB")
    if not options.only and not kept and options.out == Path(__file__).parent:
        made_with.note(made_with.FIGURES, made_with.read_by(Path(__file__)))


if __name__ == "__main__":
    main()
