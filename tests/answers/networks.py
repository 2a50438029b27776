"""Sources of networks, for the snippets of questions 4, 5, 13 and 14."""

from collections.abc import Iterable

from answers.entries import Edit, code

PRELUDE = """
import tensorflow as tf
from keras import ops
FILTERS, KERNEL, POOL, CLASSES, SHAPE = (
    settings.FILTERS, settings.KERNEL_SIZE, settings.POOL_SIZE, settings.N_CLASSES, settings.IMAGE_SHAPE)
"""

CONV = "layers.Conv2D(FILTERS, KERNEL, padding='same', activation='relu')"
BARE = "layers.Conv2D(FILTERS, KERNEL, padding='same')"
RELU = "layers.ReLU()"
POOL = "layers.MaxPooling2D(POOL)"
BN = "layers.BatchNormalization()"
DENSE = "layers.Dense(CLASSES, activation='softmax')"
BLOCK = (CONV, CONV, POOL)
HEAD = ("layers.Flatten()", DENSE)
INPUT = "keras.Input(SHAPE)"
BN_BLOCK = (BARE, BN, RELU) * 2 + (POOL,)


def sequential(steps: Iterable[str], name: str = "build_tiny_vgg") -> str:
    """Source of a builder of a Sequential model."""
    return f"def {name}():\n    return keras.Sequential([{', '.join(steps)}])\n"


def vgg(conv: str = CONV, pool: str = POOL, head: Iterable[str] = HEAD, start: Iterable[str] = (INPUT,)) -> str:
    """Source of build_tiny_vgg, with some layer written otherwise everywhere."""
    return sequential([*start, *(conv, conv, pool) * 2, *head])


def functional(step: str, head: str = "", name: str = "build_tiny_vgg") -> str:
    """Source of a builder with the functional API; `step` makes x of x, indented by 12, in two nested loops."""
    head = head or "x = layers.Flatten()(x)\n    outputs = layers.Dense(CLASSES, activation='softmax')(x)"
    return f"""
def {name}():
    inputs = keras.Input(SHAPE)
    x = inputs
    for block in range(2):
        for number in range(2):
            {step}
        x = layers.MaxPooling2D(POOL)(x)
    {head}
    return keras.Model(inputs, outputs)
"""


def subclass(call: str, init: str = "", base: str = "keras.Model", bn: bool = False, signature: str = "x") -> str:
    """Source of a subclassed tiny VGG and its builder; `call` is the body, indented by 8."""
    return f"""
class Network({base}):
    def __init__(self):
        super().__init__()
        self.convs = [layers.Conv2D(FILTERS, KERNEL, padding="same") for _ in range(4)]
        self.norms = [layers.BatchNormalization() for _ in range({4 if bn else 0})]
        self.pool = layers.MaxPooling2D(POOL)
        self.relu = layers.ReLU()
        self.flatten = layers.Flatten()
        self.dense = layers.Dense(CLASSES, activation="softmax")
        {init}

    def call(self, {signature}):
        {call}

def build_tiny_vgg{"_bn" if bn else ""}():
    return Network()
"""


LOOP = "for i, conv in enumerate(self.convs):\n            "
TAIL = "\n        return self.dense(self.flatten(x))"
POOLED = "\n            x = self.pool(x) if i % 2 else x"


def bn(steps: Iterable[str]) -> str:
    """Source of build_tiny_vgg_bn."""
    return sequential(steps, "build_tiny_vgg_bn")


def bn_vgg(conv: str = f"{BARE}, {BN}, {RELU}", head: Iterable[str] = HEAD) -> str:
    """Source of build_tiny_vgg_bn, with convolution, normalisation and activation written otherwise."""
    return bn([INPUT, *(conv, conv, POOL) * 2, *head])


def three(steps: Iterable[str]) -> str:
    """Source of build_tiny_vgg_3blocks."""
    return sequential(steps, "build_tiny_vgg_3blocks")


LOGITS = vgg(head=("layers.Flatten()", "layers.Dense(CLASSES)"))


def network(source: str) -> Edit:
    """A snippet that may use short names for the settings."""
    return code(PRELUDE + source)
