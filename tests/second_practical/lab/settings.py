"""The constants of the practical on digits."""

from typing import Final

SIDE: Final = 8  # pixels of an image
HIGHEST: Final = 16  # value of a pixel
UNITS: Final = 32  # of the hidden layer
N_CLASSES: Final = 10
