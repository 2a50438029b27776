"""Every constant of the practical, once.

An instructor who wants 32 filters changes the line here; the handout's text, the checks, the reference
solution and the sample submissions follow (run `make docs`, `make student` and `make autograder` again; README.md says
what else).
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

# Variants: name -> the question that asks for it
VARIANTS: Final = {
    "tiny_vgg": "q9",
    "tiny_vgg_bn": "q13",
    "tiny_vgg_3blocks": "q14",
    "tiny_resnet": "bonus",
}

# Marks: q1 to q14 make 100, the bonus adds 10.
POINTS: Final = {
    "q1": 5,
    "q2": 5,
    "q3": 8,
    "q4": 12,
    "q5": 6,
    "q6": 8,
    "q7": 5,
    "q8": 6,
    "q9": 12,
    "q10": 8,
    "q11": 5,
    "q12": 6,
    "q13": 7,
    "q14": 7,
    "bonus": 10,
}
MAX_SCORE: Final = sum(points for question, points in POINTS.items() if question != "bonus")

LEANED_ON: Final = {  # question -> its function, which probes of later questions call
    "q3": "preprocess",
    "q4": "build_tiny_vgg",
    "q5": "compile_model",
    "q6": "train",
    "q7": "evaluate",
}

ASKED: Final = (  # functions that the questions ask for
    *("load_data", "describe_data", "plot_examples", "preprocess", "build_tiny_vgg", "compile_model", "train"),
    *("evaluate", "plot_history", "run_experiment", "feature_maps", "plot_feature_maps", "first_layer_kernels"),
    *("plot_first_layer_kernels", "resnet50_filters", "plot_resnet50_filters"),
    *(f"build_{variant}" for variant in VARIANTS if variant != "tiny_vgg"),
)
