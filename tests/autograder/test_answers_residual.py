"""Answers to the bonus question in rarer forms, right and wrong; the usual ones are in the zoo."""

from typing import Any

import pytest
from support import failed, results_of

from lab.judging import CheckResult

PRELUDE = """
import tensorflow as tf
from keras import ops
FILTERS, KERNEL, POOL, CLASSES, SHAPE = (
    settings.FILTERS, settings.KERNEL_SIZE, settings.POOL_SIZE, settings.N_CLASSES, settings.IMAGE_SHAPE)
STEM, AVERAGE = settings.STEM_KERNEL_SIZE, settings.AVERAGE_POOL_SIZE

def conv(x, size=KERNEL, filters=FILTERS, **options):
    return layers.Conv2D(filters, size, padding="same", **options)(x)

def bn(x):
    return layers.BatchNormalization()(x)

def relu(x):
    return layers.ReLU()(x)

def add(*tensors):
    return layers.Add()(tensors)
"""
STEM = "layers.MaxPooling2D(POOL)(relu(bn(conv(x, STEM))))"
BLOCK = "relu(add(conv(relu(conv(x))), x))"
BN_BLOCK = "relu(add(bn(conv(relu(bn(conv(x))))), x))"
HEAD = "layers.Dense(CLASSES, activation='softmax')(layers.Flatten()(layers.AveragePooling2D(AVERAGE)(x)))"


def resnet(stem: str = STEM, block: str = BLOCK, head: str = HEAD, blocks: int = 2) -> str:
    """Source of build_tiny_resnet; each part makes x of x."""
    lines = [f"    x = {part}" for part in (stem, *(block,) * blocks)]
    return "\n".join(
        [
            PRELUDE,
            "def build_tiny_resnet():",
            "    inputs = x = keras.Input(SHAPE)",
            *lines,
            f"    return keras.Model(inputs, {head})",
        ]
    )


def subclass(block: str, shortcut: str = "x") -> str:
    """Source of a subclassed tiny ResNet; `block` adds y to the shortcut."""
    return f"""{PRELUDE}
class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.stem = layers.Conv2D(FILTERS, STEM, padding="same")
        self.convs = [layers.Conv2D(FILTERS, KERNEL, padding="same") for _ in range(4)]
        self.projections = [layers.Conv2D(FILTERS, 1) for _ in range(2)]
        self.norms = [layers.BatchNormalization() for _ in range(5)]
        self.relu, self.pool, self.average = layers.ReLU(), layers.MaxPooling2D(POOL), layers.AveragePooling2D(AVERAGE)
        self.flatten, self.dense = layers.Flatten(), layers.Dense(CLASSES, activation="softmax")

    def call(self, x, training=False):
        x = self.pool(self.relu(self.norms[0](self.stem(x), training=training)))
        for i in range(2):
            shortcut = {shortcut}
            y = self.relu(self.norms[2 * i + 1](self.convs[2 * i](x), training=training))
            y = self.norms[2 * i + 2](self.convs[2 * i + 1](y), training=training)
            x = {block}
        return self.dense(self.flatten(self.average(x)))

build_tiny_resnet = Network
"""


def case(code: str, name: str, *expected: Any) -> Any:
    """A parameter: source, and what is expected of it."""
    return pytest.param(code, *expected, id=name)


def judge(code: str, **options: Any) -> tuple[dict[str, CheckResult], str]:
    """Results, none of them a fault of the grader, and all that the student may read."""
    results = results_of("bonus", code, **options)
    assert not [r.traceback for r in results.values() if r.outcome == "error"]
    text = "\n".join(result.message for result in results.values())
    assert "def build_" not in text
    assert "Traceback" not in text
    return results, text


RIGHT = [
    case("", "reference"),
    case(resnet(block=BN_BLOCK), "blocks with normalisation"),
    case(resnet(block=BN_BLOCK, blocks=3), "three blocks with normalisation"),
    case(resnet(block="relu(ops.add(conv(relu(conv(x))), x))"), "keras.ops.add"),
    case(resnet(block="relu(layers.add([conv(relu(conv(x))), x]))"), "layers.add"),
    case(resnet(block="ops.relu(ops.add(x, conv(conv(x, activation='relu'))))"), "activation argument, keras.ops.relu"),
    case(resnet(block="relu(add(conv(relu(conv(x))), conv(x, 1, use_bias=False)))"), "1x1 convolution without bias"),
    case(resnet(block="relu(add(conv(relu(conv(x))), layers.Identity()(x)))"), "Identity layer"),
    case(resnet(stem="layers.MaxPooling2D(POOL)(relu(bn(conv(x, STEM, use_bias=False))))"), "stem without bias"),
    case(resnet(stem="relu(layers.MaxPooling2D(POOL)(bn(conv(x, STEM))))"), "stem's ReLU after its pooling, the same"),
    case(resnet(stem=STEM.replace("(x, STEM)", "(layers.Rescaling(2.)(x), STEM)")), "rescaling"),
    case(resnet(head=HEAD.replace("activation='softmax'", "")), "logits"),
    case(resnet(head=f"layers.Softmax()({HEAD})".replace("activation='softmax'", "")), "Softmax layer"),
    case(resnet(head=HEAD.replace("Flatten()", "Reshape((-1,))")), "Reshape"),
    case(resnet(head=HEAD.replace("AVERAGE)", "AVERAGE, padding='same', strides=AVERAGE)")), "pooling's arguments"),
    case(
        resnet(block="relu(Sum()([conv(relu(conv(x))), x]))")
        + "\nclass Sum(layers.Layer):\n    def call(self, tensors):\n        return tensors[0] + tensors[1]\n",
        "own layer for the sum",
    ),
    case(
        resnet(block="relu(Sum()(conv(relu(conv(x))), x))")
        + "\nclass Sum(layers.Layer):\n    def call(self, a, b):\n        return ops.add(a, b)\n",
        "own layer for the sum of two arguments",
    ),
    case(
        resnet(block="relu(layers.Lambda(lambda both: both[0] + both[1])([conv(relu(conv(x))), x]))"),
        "Lambda for the sum",
    ),
    case(subclass("tf.nn.relu(y + shortcut)"), "subclass with TensorFlow"),
    case(
        subclass("tf.nn.relu(tf.add(y, shortcut))", "self.projections[i](x)"),
        "subclass with TensorFlow and 1x1 convolution",
    ),
    case("del build_tiny_vgg, build_tiny_vgg_bn, compile_model", "earlier questions missing"),
]


@pytest.mark.parametrize("code", RIGHT)
def test_right(code: str) -> None:
    results, text = judge(code)
    assert failed(results) == set(), text


WRONG = [
    case(
        resnet(stem=STEM.replace("Max", "Average")),
        "stem with average pooling",
        {"bonus_stem"},
        "average pooling",
    ),
    case(
        resnet(head=HEAD.replace("layers.Flatten()", "bn(layers.Flatten()") + ")"),
        "normalisation of the flat maps",
        {"bonus_nothing_else"},
        "batch normalisation",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x, trainable=False))), x))"),
        "frozen",
        {"bonus_nothing_else"},
        "is frozen",
    ),
    case(
        resnet(stem=STEM.replace("bn(", "layers.BatchNormalization(axis=1)(")),
        "normalisation along another axis",
        {"bonus_nothing_else"},
        "axis = 1",
    ),
    case(
        resnet(block="relu(add(norm(conv(relu(norm(conv(x))))), x))") + "\nnorm = layers.BatchNormalization()\n",
        "shared normalisation",
        {"bonus_nothing_else"},
        "weights are shared",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x))), x, x))"),
        "shortcut added twice",
        {"bonus_blocks"},
        "adds 3 tensors",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x))), bn(x)))"),
        "normalisation on the shortcut",
        {"bonus_blocks"},
        "On the shortcut there is",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x))), conv(x, 1, strides=1, filters=1)))"),
        "one filter on the shortcut",
        {"bonus_blocks"},
        "has filters = 1.",
    ),
    case(
        resnet(block="relu(add(conv(relu(layers.SeparableConv2D(FILTERS, KERNEL, padding='same')(x))), x))"),
        "separable convolution",
        {"bonus_blocks"},
        "Where convolution 1 of a block should be",
    ),
    case(
        resnet(block="relu(add(layers.ZeroPadding2D(2)(conv(relu(layers.Conv2D(FILTERS, 5)(x)))), x))"),
        "padding after the convolutions",
        {"bonus_blocks", "bonus_nothing_else"},
        "Where convolution 2 of a block should be",
    ),
    case("def build_tiny_resnet():\n    ...", "returns nothing", "bonus_answered", "It returned None"),
    case("def build_tiny_resnet():\n    return keras.Model", "returns a class", "bonus_answered", "itself"),
    case("def build_tiny_resnet():\n    return {'model': 1}", "returns a dict", "bonus_answered", "a dict"),
    case("def build_tiny_resnet():\n    raise RuntimeError('later')", "raises", "bonus_answered", "RuntimeError"),
    case(
        resnet(block="relu(add(conv(relu(conv(x, filters=7)), filters=7), x))"),
        "summands of different shapes",
        "bonus_answered",
        "ValueError",
    ),
]


@pytest.mark.parametrize(("code", "wrong", "phrase"), WRONG)
def test_wrong(code: str, wrong: set[str] | str, phrase: str) -> None:
    results, text = judge(code)
    outcomes = {name: result.outcome for name, result in results.items() if result.outcome != "passed"}
    if isinstance(wrong, str):
        assert outcomes == dict.fromkeys(results, "skipped") | {wrong: "failed"}, text
    else:
        assert outcomes == dict.fromkeys(wrong, "failed"), text
    assert phrase in text


UNFOLLOWED = [
    case(subclass("tf.nn.relu(y) + shortcut"), "activation before the sum"),
    case(subclass("tf.nn.relu(y)"), "no shortcut"),
    case(subclass("tf.nn.relu(y - shortcut)"), "difference"),
]


@pytest.mark.parametrize("code", UNFOLLOWED)
def test_what_cannot_be_followed_is_left_to_a_person(code: str) -> None:
    results, text = judge(code)
    assert results.pop("bonus_answered").outcome == "passed"
    assert {result.outcome for result in results.values()} == {"unjudged"}
    assert "cannot be followed" in text
