"""Questions 4, 5, 13 and 14: networks, and how they are compiled."""

from zoo.entries import Entry, line, wrong

ENTRIES: tuple[Entry, ...] = (
    wrong(
        "q4",
        "five by five kernels",
        "the question asks for 3×3",
        line("build_tiny_vgg", ("settings.KERNEL_SIZE", "5")),
        marks=10,
        fails={"q4_convolutions": "has kernel_size = [5, 5]"},
    ),
)
