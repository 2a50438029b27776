"""Every constant of the practical, once; the questions and their marks are in `lab/questions.py`.

An instructor who wants 32 filters changes the line here; the handout's text, the checks, the reference
solution and the sample submissions follow. docs/change-the-practical.md says how, and what has to be made anew.
"""

from typing import Final

# Data (CIFAR-10)
IMAGE_SHAPE: Final = (32, 32, 3)  # rows, columns, channels
N_TRAIN: Final = 50_000
N_TEST: Final = 10_000
CLASS_NAMES: Final = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
N_CLASSES: Final = len(CLASS_NAMES)

# Architecture
FILTERS: Final = 10  # of every convolution
KERNEL_SIZE: Final = 3  # rows and columns of every kernel, but the stem's
CONVS_PER_BLOCK: Final = 2
BLOCKS: Final = 2  # of tiny_vgg, tiny_vgg_bn and tiny_resnet; tiny_vgg_3blocks has one more
POOL_SIZE: Final = 2
STEM_KERNEL_SIZE: Final = 7  # of tiny_resnet's first convolution
AVERAGE_POOL_SIZE: Final = 4  # of tiny_resnet's last pooling

# Training
EPOCHS: Final = 100
BATCH_SIZE: Final = 128
VALIDATION_SPLIT: Final = 0.3
RUNS: Final = 5  # trainings of one variant, each from fresh weights
