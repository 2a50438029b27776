"""Answers to the bonus question as students write them: right in many ways, wrong in one."""

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
    case(resnet(), "blocks without normalisation"),
    case(resnet(block=BN_BLOCK), "blocks with normalisation"),
    case(resnet(blocks=3), "three blocks"),
    case(resnet(block=BN_BLOCK, blocks=3), "three blocks with normalisation"),
    case(resnet(block="relu(add(x, conv(relu(conv(x)))))"), "shortcut first"),
    case(resnet(block="relu(conv(relu(conv(x))) + x)"), "plus"),
    case(resnet(block="relu(ops.add(conv(relu(conv(x))), x))"), "keras.ops.add"),
    case(resnet(block="relu(layers.add([conv(relu(conv(x))), x]))"), "layers.add"),
    case(resnet(block="ops.relu(ops.add(x, conv(conv(x, activation='relu'))))"), "activation argument, keras.ops.relu"),
    case(resnet(block="layers.Activation('relu')(add(conv(relu(conv(x))), x))"), "Activation layer"),
    case(resnet(block="relu(add(conv(relu(conv(x))), conv(x, 1)))"), "1x1 convolution"),
    case(resnet(block="relu(add(bn(conv(relu(bn(conv(x))))), bn(conv(x, 1))))"), "1x1 convolution with normalisation"),
    case(resnet(block="relu(add(conv(relu(conv(x))), conv(x, 1, use_bias=False)))"), "1x1 convolution without bias"),
    case(resnet(block="relu(add(conv(relu(conv(x))), layers.Identity()(x)))"), "Identity layer"),
    case(resnet(block="relu(bn(add(conv(relu(conv(x))), x)))"), "normalisation after the sum"),
    case(resnet(block="relu(add(conv(relu(bn(conv(x)))), x))"), "normalisation after the first convolution"),
    case(resnet(stem="layers.MaxPooling2D(POOL)(relu(bn(conv(x, STEM, use_bias=False))))"), "stem without bias"),
    case(resnet(stem="relu(layers.MaxPooling2D(POOL)(bn(conv(x, STEM))))"), "stem's ReLU after its pooling, the same"),
    case(resnet(stem=STEM.replace("(x, STEM)", "(layers.Rescaling(2.)(x), STEM)")), "rescaling"),
    case(
        resnet(stem=STEM.replace("conv(x, STEM)", "layers.Conv2D(FILTERS, 7)(layers.ZeroPadding2D(3)(x))")), "padding"
    ),
    case(resnet(head=HEAD.replace("activation='softmax'", "")), "logits"),
    case(resnet(head=f"layers.Softmax()({HEAD})".replace("activation='softmax'", "")), "Softmax layer"),
    case(resnet(head=HEAD.replace("Flatten()", "Reshape((-1,))")), "Reshape"),
    case(resnet(head=HEAD.replace("AVERAGE)", "AVERAGE, padding='same', strides=AVERAGE)")), "pooling's arguments"),
    case(
        resnet().replace(f"    x = {BLOCK}\n", "    x = block(x)\n")
        + "\ndef block(x):\n    start = keras.Input(x.shape[1:])\n"
        f"    return keras.Model(start, {BLOCK.replace('x', 'start')})(x)\n",
        "blocks as nested models",
    ),
    case(
        resnet(block="Block()(x)") + "\nclass Block(layers.Layer):\n    def build(self, shape):\n"
        "        self.convs = [layers.Conv2D(FILTERS, KERNEL, padding='same') for _ in range(2)]\n"
        "        for one in self.convs:\n            one.build(shape)\n"
        "    def call(self, x):\n        return ops.relu(x + self.convs[1](ops.relu(self.convs[0](x))))\n",
        "blocks as own layers",
    ),
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
    case(subclass("self.relu(y + shortcut)"), "subclass"),
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
        resnet(block="add(relu(conv(relu(conv(x)))), x)"),
        "activation before the sum",
        {"bonus_blocks"},
        "waits until after the Add",
    ),
    case(
        resnet(block="relu(add(relu(conv(relu(conv(x)))), x))"),
        "activation before and after the sum",
        {"bonus_blocks"},
        "waits until after the Add",
    ),
    case(
        resnet(block="add(conv(relu(conv(x))), x)"),
        "no activation after the sum",
        {"bonus_blocks"},
        "The block's last activation",
    ),
    case(
        resnet(block="relu(add(conv(x), x))"),
        "sum around one convolution",
        {"bonus_blocks"},
        "comes max pooling 2×2, not ReLU",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(relu(conv(x))))), x))"),
        "three convolutions a block",
        {"bonus_blocks"},
        "The shortcut",
    ),
    case(resnet(block="relu(add(conv(conv(x)), x))"), "no activation inside", {"bonus_blocks"}, "not ReLU"),
    case(
        resnet(block="conv(relu(bn(conv(relu(bn(x)))))) + x"),
        "pre-activation",
        {"bonus_blocks"},
        "Keep the block's input in a variable",
    ),
    case(resnet(block="relu(conv(relu(conv(x))))"), "no shortcut", {"bonus_blocks"}, "0 Add layers"),
    case(
        resnet(block="relu(add(conv(relu(conv(relu(conv(relu(conv(x))))))), x))", blocks=1),
        "one shortcut round two blocks",
        {"bonus_blocks"},
        "1 Add layers",
    ),
    case(resnet(blocks=1), "one block", {"bonus_blocks"}, "1 Add layers"),
    case(resnet(blocks=4), "four blocks", {"bonus_blocks"}, "4 Add layers"),
    case(
        resnet(block="(lambda y: relu(add(y, y)))(conv(relu(conv(x))))"),
        "shortcut taken after the convolutions",
        {"bonus_blocks"},
        "The shortcut comes from",
    ),
    case(
        resnet(block="(lambda y: relu(add(conv(y), y)))(relu(conv(x)))"),
        "shortcut taken after the first convolution",
        {"bonus_blocks"},
        "The shortcut comes from",
    ),
    case(
        resnet(block="relu(layers.Concatenate()([conv(relu(conv(x))), x]))"),
        "concatenated",
        {"bonus_blocks", "bonus_nothing_else"},
        "Concatenate",
    ),
    case(
        resnet(block="relu(layers.Multiply()([conv(relu(conv(x))), x]))"),
        "multiplied",
        {"bonus_blocks", "bonus_nothing_else"},
        "Multiply",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x))), conv(x, 3)))"),
        "3x3 shortcut",
        {"bonus_blocks"},
        "The shortcut comes from",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x))), relu(conv(x, 1))))"),
        "activation on the shortcut",
        {"bonus_blocks"},
        "The shortcut",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x, 5)), 5), x))"),
        "larger kernels in the blocks",
        {"bonus_blocks"},
        "3×3, same",
    ),
    case(
        resnet(block="layers.LeakyReLU()(add(conv(relu(conv(x))), x))"),
        "leaky ReLU after the sum",
        {"bonus_blocks"},
        "leaky_relu",
    ),
    case(
        resnet(block="layers.MaxPooling2D(POOL)(relu(add(conv(relu(conv(x))), x)))", head=HEAD),
        "pooling after each block",
        {"bonus_blocks"},
        "max pooling 2×2",
    ),
    case(
        resnet(block="relu(add(*map(layers.MaxPooling2D(POOL), (conv(relu(conv(x))), x))))"),
        "pooling inside the blocks",
        {"bonus_blocks"},
        "Nothing is pooled",
    ),
    case(resnet(stem=STEM.replace("x, STEM", "x")), "small stem", {"bonus_stem"}, "comes convolution 3×3"),
    case(
        resnet(stem=STEM.replace("bn(conv(x, STEM))", "conv(x, STEM)")),
        "stem without normalisation",
        {"bonus_stem"},
        "The stem is",
    ),
    case(
        resnet(stem="layers.MaxPooling2D(POOL)(bn(relu(conv(x, STEM))))"),
        "stem in another order",
        {"bonus_stem"},
        "The stem is",
    ),
    case(
        resnet(stem="layers.MaxPooling2D(POOL)(bn(conv(x, STEM)))"),
        "stem without activation",
        {"bonus_stem"},
        "The stem is",
    ),
    case(resnet(stem="relu(bn(conv(x, STEM)))"), "stem without pooling", {"bonus_stem"}, "The stem is"),
    case(
        resnet(stem=STEM.replace("Max", "Average")),
        "stem with average pooling",
        {"bonus_stem"},
        "average pooling",
    ),
    case(
        resnet(stem=STEM.replace("x, STEM", "x, STEM, strides=2")),
        "stem with strides",
        {"bonus_stem"},
        "comes convolution 7×7",
    ),
    case(
        resnet(stem=f"conv({STEM})"), "a convolution between stem and blocks", {"bonus_nothing_else"}, "convolution 3×3"
    ),
    case(
        resnet(head=HEAD.replace("AveragePooling2D(AVERAGE)", "GlobalAveragePooling2D()")),
        "global pooling, flatten",
        {"bonus_head"},
        "global",
    ),
    case(
        resnet(head="layers.Dense(CLASSES, activation='softmax')(layers.GlobalAveragePooling2D()(x))"),
        "global pooling without flatten",
        {"bonus_head"},
        "GlobalAveragePooling2D",
    ),
    case(
        resnet(head=HEAD.replace("layers.AveragePooling2D(AVERAGE)(x)", "x")),
        "no average pooling",
        {"bonus_head"},
        "Before flatten there is activation relu",
    ),
    case(resnet(head=HEAD.replace("Average", "Max")), "max pooling at the end", {"bonus_head"}, "max pooling 4×4"),
    case(
        resnet(head=HEAD.replace("AVERAGE", "2")),
        "average pooling of another size",
        {"bonus_head"},
        "average pooling 2×2",
    ),
    case(resnet(head=HEAD.replace("softmax", "sigmoid")), "sigmoid", {"bonus_head"}, "activation sigmoid"),
    case(
        resnet(head=HEAD.replace("(layers.Flatten()", "(layers.Dense(32)(layers.Flatten()") + ")"),
        "hidden dense layer",
        {"bonus_nothing_else"},
        "2 dense layers",
    ),
    case(
        resnet(head=HEAD.replace("layers.Flatten()", "bn(layers.Flatten()") + ")"),
        "normalisation of the flat maps",
        {"bonus_nothing_else"},
        "batch normalisation",
    ),
    case(
        resnet(head=HEAD.replace("(layers.Flatten()", "(layers.Dropout(.5)(layers.Flatten()") + ")"),
        "dropout",
        {"bonus_nothing_else"},
        "(Dropout)",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x, kernel_regularizer='l2'))), x))"),
        "regulariser",
        {"bonus_nothing_else"},
        "regulariser",
    ),
    case(
        resnet(block="relu(add(conv(relu(conv(x, trainable=False))), x))"),
        "frozen",
        {"bonus_nothing_else"},
        "is frozen",
    ),
    case(
        resnet(block="relu(add(shared(relu(shared(x))), x))")
        + "\nshared = layers.Conv2D(FILTERS, KERNEL, padding='same')\n",
        "shared convolutions",
        {"bonus_nothing_else"},
        "weights are shared",
    ),
    case(
        resnet(stem=STEM.replace("bn(", "layers.BatchNormalization(axis=1)(")),
        "normalisation along another axis",
        {"bonus_nothing_else"},
        "axis = 1",
    ),
    case(
        resnet(stem=STEM.replace("bn(conv(x, STEM))", "layers.BatchNormalization()(conv(x, STEM), training=True)")),
        "normalisation with a fixed mode",
        {"bonus_nothing_else"},
        "training=True",
    ),
    case(
        resnet(block="relu(add(norm(conv(relu(norm(conv(x))))), x))") + "\nnorm = layers.BatchNormalization()\n",
        "shared normalisation",
        {"bonus_nothing_else"},
        "weights are shared",
    ),
    case(
        "build_tiny_resnet = build_tiny_vgg_bn",
        "the network of question 13",
        {"bonus_stem", "bonus_blocks", "bonus_head"},
        "Add layers",
    ),
    case("del build_tiny_resnet", "missing", "bonus_answered", "`build_tiny_resnet` is not defined"),
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


def test_other_filters_are_wrong_in_stem_and_blocks_alone() -> None:
    results, text = judge(resnet().replace("settings.FILTERS", "20"))
    assert failed(results) == {"bonus_stem", "bonus_blocks"}
    assert "20 filters" in text
