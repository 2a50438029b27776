"""Answers to questions 4, 5, 13 and 14 as students write them: right in many ways, wrong in one."""

from collections.abc import Iterable
from typing import Any

import keras
import pytest
from support import failed, results_of

from lab.judging import CheckResult

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


def case(code: str, name: str, *expected: Any) -> Any:
    """A parameter: source, and what is expected of it."""
    return pytest.param(PRELUDE + code, *expected, id=name)


def judge(question: str, code: str, **options: Any) -> dict[str, CheckResult]:
    """Results for one question, none of them a fault of the grader."""
    results = results_of(question, code, **options)
    assert not [r.traceback for r in results.values() if r.outcome == "error"]
    return results


def messages(results: dict[str, CheckResult]) -> str:
    """All that the student may read, and nothing that gives the solution away."""
    text = "\n".join(result.message for result in results.values())
    assert "def build_" not in text
    assert "Traceback" not in text
    return text


RIGHT_Q4 = [
    case(vgg(), "sequential"),
    case(vgg(conv=CONV[:-1] + ", input_shape=SHAPE)", start=()), "input_shape in every convolution"),
    case(vgg(start=("layers.InputLayer(shape=SHAPE)",)), "InputLayer"),
    case(vgg(conv=f"{BARE}, {RELU}"), "ReLU layer"),
    case(vgg(conv=f"{BARE}, layers.Activation(tf.nn.relu)"), "Activation of tf.nn.relu"),
    case(vgg(conv=f"{BARE}, layers.Activation(lambda t: ops.maximum(t, 0))"), "Activation of a lambda"),
    case(vgg(conv=f"{BARE}, layers.Lambda(lambda t: tf.nn.relu(t))"), "Lambda of tf.nn.relu"),
    case(
        vgg(conv=f"{BARE}, layers.Lambda(lambda t, low: ops.maximum(t, low), arguments=dict(low=0.))"),
        "Lambda with arguments",
    ),
    case(vgg(conv=CONV.replace("'relu'", "keras.activations.relu")), "activation as a function"),
    case(vgg(conv=CONV.replace("'relu'", "layers.ReLU()")), "activation as a layer"),
    case(vgg(conv=f"{CONV}, {RELU}"), "ReLU twice changes nothing"),
    case(vgg(conv=CONV.replace("KERNEL", "[KERNEL, KERNEL]")), "kernel size as a list"),
    case(vgg(conv=CONV.replace("Conv2D", "Convolution2D")), "Convolution2D"),
    case(vgg(pool="layers.MaxPooling2D()"), "pooling by default"),
    case(
        vgg(pool="layers.MaxPooling2D((POOL, POOL), strides=POOL, padding='same')"), "pooling with strides and padding"
    ),
    case(vgg(pool="layers.MaxPooling2D([POOL, POOL], strides=None)"), "strides None"),
    case(vgg(start=(INPUT, "layers.Rescaling(1 / 255)")), "rescaling"),
    case(vgg(start=(INPUT, "layers.Lambda(lambda t: t / 255.)")), "rescaling by a Lambda"),
    case(
        vgg(start=(INPUT, "layers.Normalization(mean=[.5, .4, .3], variance=[.1, .2, .3])")),
        "normalisation by given numbers",
    ),
    case(vgg(head=("layers.Flatten()", "layers.Flatten()", DENSE)), "Flatten twice changes nothing"),
    case(vgg(head=("layers.Flatten()", "layers.Dense(CLASSES)", "layers.Activation('softmax')")), "Activation softmax"),
    case(vgg(head=("layers.Flatten()", "layers.Dense(CLASSES, activation='linear', name='scores')")), "logits, linear"),
    case(vgg(head=(*HEAD, "layers.Identity()")), "identity at the end"),
    case(
        sequential([INPUT, *(CONV, BARE, POOL, RELU) * 2, *HEAD]),
        "ReLU after the max pooling, which is the same",
    ),
    case(vgg().replace("keras.Sequential([", "keras.Sequential(name='my_vgg', layers=["), "named"),
    case(vgg().replace("return", "model =") + "    return keras.models.clone_model(model)", "clone_model"),
    case(
        vgg().replace("return", "model =") + "    model.compile('adam', 'mse')\n    return model",
        "compiled already",
    ),
    case(
        vgg().replace("build_tiny_vgg", "make") + "kept = make()\nbuild_tiny_vgg = lambda: kept",
        "the same object each time",
    ),
    case(
        vgg().replace("return", "model =")
        + "    y = model(np.zeros((1, *SHAPE), 'float32'))\n    return keras.Model(model.inputs, model.outputs)",
        "model of a model's ends",
    ),
    case(
        f"def build_tiny_vgg():\n    inputs = keras.Input(SHAPE)\n"
        f"    core = keras.Sequential([{', '.join(BLOCK * 2)}])\n"
        "    x = layers.Flatten()(core(inputs, training=False))\n"
        "    return keras.Model(inputs, layers.Dense(CLASSES, 'softmax')(x))",
        "nested model called with training=False",
    ),
    case(functional(f"x = keras.activations.relu({BARE}(x))"), "keras.activations.relu"),
    case(functional(f"x = ops.maximum({BARE}(x), 0.)"), "ops.maximum"),
    case(functional(f"x = {BARE}(x)\n            x = ops.where(x > 0, x, 0.)"), "ops.where"),
    case(
        functional(
            f"x = {BARE.replace('same', 'valid')}(ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]))"
            "\n            x = layers.ReLU()(x)"
        ),
        "ops.pad",
    ),
    case(
        functional(f"x = {CONV}(x)").replace("layers.MaxPooling2D(POOL)(x)", "ops.max_pool(x, POOL)"),
        "ops.max_pool",
    ),
    case(
        functional(
            f"x = {CONV}(x)",
            "x = ops.reshape(x, (-1, 8 * 8 * FILTERS))\n    outputs = ops.softmax(layers.Dense(CLASSES)(x))",
        ),
        "ops.reshape and softmax",
    ),
    case(functional(f"x = {CONV}(x)").replace("x = inputs", "x = inputs / 255."), "division of the input"),
    case(
        functional(f"x = {CONV}(x)").replace("x = inputs", "x = (ops.cast(inputs, 'float32') - 0.5) * 2"),
        "arithmetic on the input",
    ),
    case(functional(f"unused = layers.Dense(7)(x)\n            x = {CONV}(x)"), "an unused branch"),
    case(
        functional(f"x = {CONV}(x)").replace(
            "keras.Model(inputs, outputs)", "keras.Model(inputs=inputs, outputs=dict(y=outputs))"
        ),
        "a dict of one output",
    ),
    case(vgg(conv=CONV[:-1] + ", dtype='mixed_bfloat16')"), "bfloat16"),
    case(vgg(conv=CONV[:-1] + ", dtype='float64')"), "float64"),
    case(
        "class Network(keras.Model):\n    def __init__(self):\n        inputs = keras.Input(SHAPE)\n"
        f"        x = inputs\n        for layer in ({', '.join(BLOCK * 2)}):\n            x = layer(x)\n"
        "        super().__init__(inputs, layers.Dense(CLASSES, 'softmax')(layers.Flatten()(x)))\n"
        "build_tiny_vgg = lambda: Network()",
        "subclass with the functional constructor",
    ),
    case(
        subclass(LOOP + "x = self.relu(conv(x))" + POOLED + TAIL, signature="x, training=False"),
        "subclass with a training argument",
    ),
    case(
        subclass(LOOP + "x = self.relu(conv(x))" + POOLED + TAIL, signature="x, training"),
        "subclass that needs a training argument",
    ),
    case(subclass(LOOP + "x = ops.relu(conv(x))" + POOLED + TAIL), "subclass with keras.ops"),
    case(subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL), "subclass with tf.nn.relu"),
    case(
        subclass(
            LOOP + "x = tf.nn.relu(conv(x))" + POOLED + "\n        return self.dense(self.flatten(x))",
            "self.dense = layers.Dense(CLASSES); self.convs = self.convs[::-1]",
        ),
        "untraceable, logits, convolutions held in reverse order",
    ),
    case(
        subclass("return self.core(x)", f"self.core = keras.Sequential([{', '.join((*BLOCK * 2, *HEAD))}])"),
        "subclass around a Sequential",
    ),
    case(
        "class Block(layers.Layer):\n    def build(self, shape):\n"
        "        self.first = layers.Conv2D(FILTERS, KERNEL, padding='same', activation='relu')\n"
        "        self.second = layers.Conv2D(FILTERS, KERNEL, padding='same', activation='relu')\n"
        "        self.first.build(shape)\n        self.second.build((*shape[:3], FILTERS))\n"
        f"    def call(self, x):\n        return {POOL}(self.second(self.first(x)))\n"
        + sequential([INPUT, "Block()", "Block()", *HEAD]),
        "own layers that make their parts in build",
    ),
    case(
        "class Rectify(layers.Layer):\n    def call(self, x):\n        return tf.nn.relu(x)\n"
        + vgg(conv=f"{BARE}, Rectify()"),
        "own activation layer with TensorFlow",
    ),
    case(
        "class Conv(layers.Conv2D):\n    def call(self, x):\n        return ops.relu(super().call(x))\n"
        + vgg(conv="Conv(FILTERS, KERNEL, padding='same')"),
        "own convolution layer that rectifies",
    ),
    case(
        "class Conv(layers.Layer):\n    def build(self, shape):\n"
        "        self.w = self.add_weight(shape=(KERNEL, KERNEL, shape[-1], FILTERS), name='w')\n"
        "        self.b = self.add_weight(shape=(FILTERS,), initializer='zeros', name='b')\n"
        "    def call(self, x):\n        return ops.relu(ops.conv(x, self.w, padding='same') + self.b)\n"
        + vgg(conv="Conv()"),
        "own convolution by keras.ops",
    ),
    case(
        "class Conv(layers.Layer):\n    def build(self, shape):\n"
        "        self.w = self.add_weight(shape=(KERNEL, KERNEL, shape[-1], FILTERS))\n"
        "        self.b = self.add_weight(shape=(FILTERS,))\n"
        "    def call(self, x):\n        return tf.nn.relu(tf.nn.conv2d(x, self.w, 1, 'SAME') + self.b)\n"
        + vgg(conv="Conv()"),
        "own convolution by TensorFlow, weights without names",
    ),
    case(
        functional(f"x = {CONV}(x)").replace(
            "x = inputs", "x = layers.Concatenate()([inputs[..., :2], inputs[..., 2:]])"
        ),
        "input taken apart and put together again",
    ),
]


@pytest.mark.parametrize("code", RIGHT_Q4)
def test_right_tiny_vgg(code: str) -> None:
    results = judge("q4", code)
    assert failed(results) == set(), messages(results)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_right_tiny_vgg_of_another_precision(policy: str) -> None:
    """As where a notebook asks for it once, for all its models."""
    before = keras.mixed_precision.global_policy()
    try:
        for question, code in (("q4", vgg()), ("q5", vgg()), ("q13", bn_vgg()), ("bonus", "")):
            results = judge(question, f"{PRELUDE}keras.config.set_dtype_policy('{policy}')\n{code}", also=("q4",))
            assert failed(results) == set(), messages(results)
    finally:
        keras.config.set_dtype_policy(before)


WRONG_Q4 = [
    case(vgg(conv=CONV.replace("relu", "relu6")), "ReLU6", {"q4_activations"}, "activation relu6"),
    case(vgg(conv=f"{BARE}, layers.ReLU(negative_slope=.1)"), "leaky ReLU by slope", {"q4_activations"}, "leaky_relu"),
    case(vgg(conv=f"{BARE}, layers.PReLU()"), "PReLU", {"q4_activations"}, "activation prelu"),
    case(vgg(conv=CONV.replace("relu", "gelu")), "GELU", {"q4_activations"}, "activation gelu"),
    case(
        vgg(conv=CONV.replace("'relu'", "lambda t: ops.relu(t) ** 2")),
        "own activation",
        {"q4_activations"},
        "own function",
    ),
    case(functional(f"x = ops.gelu({BARE}(x))"), "GELU by keras.ops", {"q4_activations"}, "activation gelu"),
    case(vgg(conv=CONV.replace("KERNEL", "(KERNEL, 1)")), "flat kernels", {"q4_convolutions"}, "kernel_size = [3, 1]"),
    case(
        vgg(conv=f"layers.ZeroPadding2D(2), {CONV.replace('same', 'valid')}"),
        "too much zero padding",
        {"q4_convolutions", "q4_nothing_else"},
        "padding = valid",
    ),
    case(
        sequential([INPUT, CONV, *(CONV[:-1] + ", groups=2)",), POOL, CONV, CONV, POOL, *HEAD]),
        "groups",
        {"q4_convolutions"},
        "groups = 2",
    ),
    case(
        vgg(conv="layers.DepthwiseConv2D(KERNEL, padding='same', activation='relu')"),
        "depthwise convolutions",
        {"q4_convolutions"},
        "is a DepthwiseConv2D",
    ),
    case(
        vgg(conv=CONV.replace("Conv2D", "Conv2DTranspose")),
        "transposed convolutions",
        {"q4_convolutions"},
        "is a Conv2DTranspose",
    ),
    case(
        sequential([INPUT, *(CONV, CONV, CONV, POOL) * 2, *HEAD]),
        "three a block",
        {"q4_blocks"},
        "conv, conv, conv, pool",
    ),
    case(sequential([INPUT, *(CONV,) * 4, *HEAD]), "no pooling", {"q4_blocks"}, "conv, conv, conv, conv"),
    case(
        sequential([INPUT, *(CONV, CONV[:-1] + ", strides=2)") * 2, *HEAD]),
        "strides in place of pooling",
        {"q4_blocks", "q4_convolutions"},
        "strides = [2, 2]",
    ),
    case(vgg(pool="layers.MaxPooling2D(3, strides=2)"), "overlapping pooling", {"q4_pooling"}, "strides 2×2"),
    case(
        vgg(head=("layers.Flatten()", "layers.Dense(CLASSES)", "layers.Dense(CLASSES, 'softmax')")),
        "a further dense layer",
        {"q4_nothing_else"},
        "2 dense layers",
    ),
    case(
        vgg(conv=f"{BARE}, layers.SpatialDropout2D(.2), {RELU}"),
        "dropout of maps",
        {"q4_nothing_else"},
        "(SpatialDropout2D)",
    ),
    case(vgg(conv=f"{CONV}, {BN}"), "batch normalisation at the end", {"q4_nothing_else"}, "(batch normalisation)"),
    case(
        vgg(conv=f"{CONV}, layers.LayerNormalization()"),
        "layer normalisation",
        {"q4_nothing_else"},
        "LayerNormalization",
    ),
    case(vgg(start=(INPUT, "layers.GaussianNoise(.1)")), "noise", {"q4_nothing_else"}, "GaussianNoise"),
    case(
        vgg(head=("layers.Flatten()", "layers.Dense(CLASSES)", "layers.Softmax()", "layers.Softmax()")),
        "two softmax layers",
        {"q4_nothing_else"},
        "comes after activation softmax",
    ),
    case(vgg(conv=CONV[:-1] + ", kernel_constraint='max_norm')"), "constraint", {"q4_nothing_else"}, "or a constraint"),
    case(
        vgg(pool=f"{POOL}, layers.ActivityRegularization(l2=.1)"),
        "regulariser as a layer",
        {"q4_nothing_else"},
        "has a regulariser",
    ),
    case(
        vgg().replace("return", "model =") + "    model.trainable = False\n    return model",
        "frozen model",
        {"q4_nothing_else"},
        "is frozen",
    ),
    case(functional(f"y = {CONV}(x)\n            x = y + y"), "sums", {"q4_nothing_else"}, "(Add)"),
    case(
        functional(f"x = {CONV}(x)").replace("keras.Model(inputs, outputs)", "keras.Model(inputs, [outputs, x])"),
        "two outputs",
        "q4_answered",
        "It has 2 outputs",
    ),
    case("def build_tiny_vgg():\n    return 1 / 0", "raises", "q4_answered", "ZeroDivisionError"),
    case("def build_tiny_vgg():\n    return 'a model'", "returns a text", "q4_answered", "It returned a text"),
    case("def build_tiny_vgg():\n    return list(range(10 ** 6))", "returns a huge list", "q4_answered", "values"),
    case("def build_tiny_vgg():\n    return np.zeros((3, 3))", "returns an array", "q4_answered", "(3, 3)"),
    case(
        vgg().replace("return", "model =") + "    return model, 'history'", "returns a tuple", "q4_answered", "2 values"
    ),
    case(
        "class Network(keras.Model):\n    pass\ndef build_tiny_vgg():\n    return Network()",
        "a model without call",
        "q4_answered",
        "Calling it raised",
    ),
    case("def build_tiny_vgg(shape):\n    pass", "takes an argument", "q4_answered", "TypeError"),
    case(
        subclass(
            LOOP
            + "x = self.relu(conv(x))"
            + POOLED
            + "\n        return ops.convert_to_tensor(self.dense(self.flatten(x)).numpy())"
        ),
        "leaves TensorFlow",
        "q4_answered",
        "Calling it raised",
    ),
    case(
        "class Flip(layers.Layer):\n    def call(self, x, training=False):\n"
        "        if not training:\n            return x\n"
        "        coin = tf.random.uniform(()) < .5\n"
        "        return tf.cond(coin, lambda: tf.image.flip_left_right(x), lambda: x)\n" + vgg(start=(INPUT, "Flip()")),
        "own layer that tosses one coin a batch in training",
        {"q4_outputs"},
        "random",
    ),
    case(
        subclass(
            LOOP
            + "x = self.relu(conv(x))"
            + POOLED
            + "\n        return self.dense(layers.Dropout(.5)(self.flatten(x), training=training))",
            signature="x, training=None",
        ),
        "subclass with dropout",
        {"q4_nothing_else"},
        "(Dropout)",
    ),
]
ALL_Q4 = {"q4_blocks", "q4_convolutions", "q4_activations", "q4_pooling", "q4_head", "q4_nothing_else", "q4_outputs"}


def judge_wrong(question: str, code: str, wrong: set[str] | str, phrase: str, **options: Any) -> None:
    """Exactly the checks of `wrong` fail; a name instead of a set fails and all others are skipped."""
    results = judge(question, code, **options)
    text = messages(results)
    if isinstance(wrong, str):
        skipped = {name for name in results if name != wrong}
        assert results[wrong].outcome == "failed", text
        assert {n for n in skipped if results[n].outcome == "skipped"} == skipped, text
    else:
        assert {n: r.outcome for n, r in results.items() if r.outcome != "passed"} == dict.fromkeys(wrong, "failed"), (
            text
        )
    assert phrase in text


@pytest.mark.parametrize(("code", "wrong", "phrase"), WRONG_Q4)
def test_wrong_tiny_vgg(code: str, wrong: set[str] | str, phrase: str) -> None:
    judge_wrong("q4", code, wrong, phrase)


UNFOLLOWED_Q4 = [
    case(subclass(LOOP + "x = tf.nn.tanh(conv(x))" + POOLED + TAIL), "tanh"),
    case(
        subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL).replace("KERNEL,", "KERNEL + 2,"), "larger kernels"
    ),
    case(
        subclass(
            LOOP + "x = tf.nn.dropout(tf.nn.relu(conv(x)), .5) if training else tf.nn.relu(conv(x))" + POOLED + TAIL,
            signature="x, training=False",
        ),
        "dropout in training",
    ),
    case(subclass(LOOP + "x = tf.nn.relu(self.convs[min(i, 1)](x))" + POOLED + TAIL), "shared convolutions"),
]


@pytest.mark.parametrize("code", UNFOLLOWED_Q4)
def test_what_cannot_be_followed_is_left_to_a_person(code: str) -> None:
    results = judge("q4", code)
    assert {n: r.outcome for n, r in results.items()} == {"q4_answered": "passed"} | dict.fromkeys(ALL_Q4, "unjudged")
    assert "cannot be followed" in messages(results)


def test_what_cannot_be_followed_may_still_be_seen_to_be_frozen() -> None:
    code = subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL, "self.convs[2].trainable = False")
    judge_wrong("q4", PRELUDE + code, {"q4_nothing_else"}, "is frozen")


# Question 5

ONE_HOT = """
def preprocess(x_train, y_train, x_test, y_test):
    one_hot = keras.utils.to_categorical
    return x_train / np.float32(255), one_hot(y_train, CLASSES), x_test / np.float32(255), one_hot(y_test, CLASSES)
"""
LOGITS = vgg(head=("layers.Flatten()", "layers.Dense(CLASSES)"))
SPARSE = "'sparse_categorical_crossentropy'"
ACCURACY = "['accuracy']"


def compiled(optimizer: str = "'adam'", loss: str = SPARSE, metrics: str = ACCURACY, more: str = "") -> str:
    """Source of compile_model."""
    return (
        "def compile_model(model):\n"
        f"    model.compile(optimizer={optimizer}, loss={loss}, metrics={metrics}{more})\n    return model\n"
    )


def adam(options: str) -> str:
    """Source of compile_model with options for Adam."""
    return compiled(f"keras.optimizers.Adam({options})")


SCHEDULES = "keras.optimizers.schedules"
RIGHT_Q5 = [
    case(compiled(), "strings"),
    case(compiled("'Adam'"), "upper case"),
    case(adam("1e-3, beta_1=.8, beta_2=.99, epsilon=1e-6"), "options of Adam"),
    case(adam("1e-5"), "smallest rate"),
    case(adam("1e-2"), "largest rate"),
    case(adam("learning_rate=lambda: 1e-3"), "rate as a function"),
    case(adam("clipnorm=1., amsgrad=True, use_ema=True"), "clipping, AMSGrad, averages"),
    case(adam(f"{SCHEDULES}.ExponentialDecay(1e-3, 10000, .5)"), "exponential decay"),
    case(adam(f"{SCHEDULES}.PiecewiseConstantDecay([9000, 18000], [1e-3, 5e-4, 1e-4])"), "piecewise constant rate"),
    case(
        f"class Mine({SCHEDULES}.LearningRateSchedule):\n    def __call__(self, step):\n"
        "        return 1e-3 / (1 + ops.cast(step, 'float32') / 1e4)\n" + adam("Mine()"),
        "own schedule",
    ),
    case(compiled("keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())"), "scaled loss"),
    case(compiled(loss="keras.losses.sparse_categorical_crossentropy"), "loss function"),
    case(compiled(loss=f"[{SPARSE}]"), "list of one loss"),
    case(compiled(loss="lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p)"), "lambda as loss"),
    case(compiled(loss="keras.losses.SparseCategoricalCrossentropy(reduction='sum')"), "summed loss"),
    case(
        compiled(loss="lambda y, p: -ops.log(ops.sum(p * ops.one_hot(ops.reshape(y, (-1,)), CLASSES), -1))"),
        "own crossentropy",
    ),
    case(
        compiled(
            loss="lambda y, p: keras.losses.categorical_crossentropy(ops.one_hot(ops.reshape(y, (-1,)), CLASSES), p)",
            metrics="['sparse_categorical_accuracy']",
        ),
        "one-hot within the loss",
    ),
    case(compiled(metrics="[['accuracy']]"), "nested metrics"),
    case(compiled(metrics="['sparse_categorical_accuracy']"), "sparse accuracy by name"),
    case(
        compiled(
            metrics="[keras.metrics.SparseCategoricalAccuracy('hits'), keras.metrics.SparseTopKCategoricalAccuracy(3)]"
        ),
        "named, and another",
    ),
    case(
        compiled(metrics="[lambda y, p: ops.cast(y, 'int32') == ops.argmax(p, -1)]"),
        "own accuracy",
    ),
    case(compiled(more=", run_eagerly=True, jit_compile=False, steps_per_execution=4"), "other arguments"),
    case(
        compiled().replace("model.compile", "model = keras.models.clone_model(model)\n    model.compile"),
        "compiles a copy",
    ),
    case(compiled().replace("(model):", "(model, rate=1e-3):"), "optional argument"),
    case(
        ONE_HOT
        + compiled(loss="keras.losses.CategoricalCrossentropy()", metrics="[keras.metrics.CategoricalAccuracy()]"),
        "one-hot, objects",
    ),
    case(ONE_HOT + compiled(loss="'kl_divergence'"), "KL divergence, the same for one-hot rows"),
    case(LOGITS + compiled(loss="keras.losses.SparseCategoricalCrossentropy(from_logits=True)"), "logits"),
    case(
        LOGITS + compiled(loss="lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p, from_logits=True)"),
        "logits in a lambda",
    ),
    case(
        LOGITS
        + compiled(
            loss="lambda y, p: tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(tf.cast(y, 'int32'), [-1]), p)"
        ),
        "logits by TensorFlow",
    ),
    case(
        ONE_HOT + LOGITS + compiled(loss="keras.losses.CategoricalCrossentropy(from_logits=True)"), "one-hot and logits"
    ),
    case(
        ONE_HOT.replace("one_hot(y_train, CLASSES)", "y_train.reshape(-1, 1)").replace(
            "one_hot(y_test, CLASSES)", "y_test.reshape(-1, 1)"
        )
        + compiled(),
        "labels in a column",
    ),
    case(
        vgg(conv=CONV[:-1] + ", kernel_regularizer='l2')") + compiled(), "regularised model: lost in question 4 alone"
    ),
    case(
        vgg(conv=CONV.replace("KERNEL", "5"), head=("layers.Flatten()", "layers.Dense(7)", DENSE)) + compiled(),
        "wrong model: lost in question 4 alone",
    ),
    case(
        vgg(head=("layers.Flatten()", "layers.Dense(CLASSES, 'sigmoid')")) + compiled(),
        "sigmoid: lost in question 4 alone",
    ),
    case(
        vgg(head=("layers.Flatten()", "layers.Dense(CLASSES, 'relu')"))
        + compiled(loss="keras.losses.SparseCategoricalCrossentropy(from_logits=True)"),
        "ReLU at the end: lost in question 4 alone",
    ),
    case(vgg().replace("CLASSES", "3") + compiled(), "three outputs: lost in question 4 alone"),
    case(
        "def build_tiny_vgg():\n    pass\n"
        + compiled(loss="keras.losses.SparseCategoricalCrossentropy(from_logits=True)"),
        "no model: either output form",
    ),
    case("del preprocess\n" + compiled(loss="'categorical_crossentropy'"), "no labels: either form, one-hot"),
    case("del preprocess\n" + compiled(), "no labels: either form, integers"),
    case(
        "def preprocess(*arrays):\n    return [a.astype('float32') / 255 for a in arrays]\n" + compiled(),
        "labels scaled: lost in question 3 alone",
    ),
    case(
        "del build_tiny_vgg, preprocess, load_data\n"
        + compiled(loss="keras.losses.CategoricalCrossentropy(from_logits=True)"),
        "nothing before",
    ),
]


@pytest.mark.parametrize("code", RIGHT_Q5)
def test_right_compilation(code: str) -> None:
    results = judge("q5", code)
    assert failed(results) == set(), messages(results)


WRONG_Q5 = [
    case(compiled("'adamax'"), "Adamax", {"q5_adam"}, "It is Adamax"),
    case(compiled("'rmsprop'"), "RMSprop", {"q5_adam"}, "It is RMSprop"),
    case(
        "class Adam(keras.optimizers.SGD):\n    pass\n" + compiled("Adam(1e-3)"),
        "another class of that name",
        {"q5_adam"},
        "It is Adam.",
    ),
    case(adam("1."), "large rate", {"q5_learning_rate"}, "It is 1."),
    case(adam("0."), "no rate", {"q5_learning_rate"}, "It is 0."),
    case(
        adam(f"{SCHEDULES}.PiecewiseConstantDecay([9000], [.1, 1e-3])"),
        "large at the start",
        {"q5_learning_rate"},
        "It is 0.1 at step 0",
    ),
    case(
        f"class Mine({SCHEDULES}.LearningRateSchedule):\n    def __call__(self, step):\n        return self.rate\n"
        + adam("Mine()"),
        "broken schedule",
        {"q5_learning_rate"},
        "AttributeError",
    ),
    case(ONE_HOT + compiled(loss="keras.losses.CategoricalFocalCrossentropy()"), "focal loss", {"q5_loss"}, "Focal"),
    case(ONE_HOT + compiled(loss="'categorical_hinge'"), "hinge loss", {"q5_loss"}, "hinge"),
    case(
        LOGITS + ONE_HOT + compiled(loss="'categorical_crossentropy'"),
        "logits, one-hot",
        {"q5_loss"},
        "the loss has to know",
    ),
    case(compiled(metrics="[]"), "empty metrics", {"q5_accuracy"}, "There are no metrics"),
    case(compiled(metrics="['mae']"), "another metric", {"q5_accuracy"}, "Incompatible shapes"),
    case(
        compiled(metrics="[keras.metrics.SparseTopKCategoricalAccuracy(2)]"),
        "one of the first two",
        {"q5_accuracy"},
        "top_k",
    ),
    case(
        compiled(metrics="['categorical_accuracy']"),
        "accuracy for another form",
        {"q5_accuracy"},
        "categorical_accuracy",
    ),
    case(
        ONE_HOT + compiled(loss="'categorical_crossentropy'", metrics="['binary_accuracy']"),
        "binary accuracy",
        {"q5_accuracy"},
        "binary_accuracy",
    ),
    case(
        ONE_HOT + compiled("'sgd'", "'mse'", "[]"), "three faults", {"q5_adam", "q5_loss", "q5_accuracy"}, "It is SGD"
    ),
    case("def compile_model(model):\n    ...", "returns nothing, does nothing", "q5_answered", "returned None"),
    case("def compile_model(model):\n    return 'compiled'", "returns a text", "q5_answered", "a text"),
    case("def compile_model(model):\n    return type(model)", "returns a class", "q5_answered", "itself"),
    case("def compile_model(model):\n    return list(range(10 ** 6))", "returns a huge list", "q5_answered", "values"),
    case("def compile_model(model):\n    raise ValueError('no')", "raises", "q5_answered", "ValueError"),
    case(compiled("keras.optimizers.AdamX()"), "unknown class", "q5_answered", "AttributeError"),
    case("del compile_model", "missing", "q5_answered", "`compile_model` is not defined"),
    case(
        "network = build_tiny_vgg()\n"
        + compiled().replace("model.", "network.").replace("return model", "return network"),
        "uses a variable of the notebook",
        "q5_answered",
        "Given another model",
    ),
]


@pytest.mark.parametrize(("code", "wrong", "phrase"), WRONG_Q5)
def test_wrong_compilation(code: str, wrong: set[str] | str, phrase: str) -> None:
    judge_wrong("q5", code, wrong, phrase)


MISFITS = [
    case(compiled(loss="'mse'"), "mean squared error of class numbers", "Incompatible shapes: [24] vs. [24,10]"),
    case(compiled(loss="lambda y, p: undefined(y, p)"), "broken loss", "undefined"),
    case(compiled(loss="lambda y, p: p[:, 0] * np.nan"), "not a number", "it is nan"),
]


@pytest.mark.parametrize(("code", "phrase"), MISFITS)
def test_a_loss_that_cannot_be_computed_costs_no_more_than_the_loss(code: str, phrase: str) -> None:
    results = judge("q5", code)
    text = messages(results)
    assert {n: r.outcome for n, r in results.items() if r.outcome != "passed"} == {
        "q5_loss_runs": "failed",
        "q5_loss": "skipped",
    }, text
    assert phrase in text
    assert sum(r.points for r in results.values() if r.outcome != "passed") == 2
    assert not results["q5_loss_runs"].hidden


# Questions 13 and 14


def bn(steps: Iterable[str]) -> str:
    """Source of build_tiny_vgg_bn."""
    return sequential(steps, "build_tiny_vgg_bn")


def bn_vgg(conv: str = f"{BARE}, {BN}, {RELU}", head: Iterable[str] = HEAD) -> str:
    """Source of build_tiny_vgg_bn, with convolution, normalisation and activation written otherwise."""
    return bn([INPUT, *(conv, conv, POOL) * 2, *head])


RIGHT_Q13 = [
    case(bn_vgg(), "sequential"),
    case(bn_vgg(f"{BARE}, layers.BatchNormalization(center=False), {RELU}"), "no offset"),
    case(bn_vgg(f"{BARE}, layers.BatchNormalization(scale=False), {RELU}"), "no scale"),
    case(
        bn_vgg(f"{BARE}, layers.BatchNormalization(gamma_initializer='zeros', beta_regularizer='l2'), {RELU}"),
        "initialiser and regulariser of the normalisation",
    ),
    case(bn_vgg(f"{BARE}, {BN}, layers.Activation('relu')"), "Activation layer"),
    case(bn_vgg(f"{BARE}, {BN}, layers.Lambda(tf.nn.relu)"), "Lambda"),
    case(bn([INPUT, "layers.Rescaling(2.)", *BN_BLOCK * 2, *HEAD]), "rescaling"),
    case(bn([INPUT, *(f"keras.Sequential([{', '.join(BN_BLOCK)}])",) * 2, *HEAD]), "nested blocks"),
    case(
        bn([INPUT, BARE, BN, RELU, BARE, BN, POOL, RELU, *BN_BLOCK, *HEAD]),
        "ReLU after the max pooling, which is the same",
    ),
    case(functional(f"x = ops.relu({BN}({BARE}(x)))", name="build_tiny_vgg_bn"), "functional"),
    case(
        functional(f"x = keras.activations.relu({BN}({BARE}(x), training=None))", name="build_tiny_vgg_bn"),
        "training=None",
    ),
    case(subclass(LOOP + "x = self.relu(self.norms[i](conv(x)))" + POOLED + TAIL, bn=True), "subclass"),
    case(
        subclass(
            LOOP + "x = self.relu(self.norms[i](conv(x), training=training))" + POOLED + TAIL,
            bn=True,
            signature="x, training=False",
        ),
        "subclass that hands training on",
    ),
    case(
        subclass(LOOP + "x = tf.nn.relu(self.norms[i](conv(x)))" + POOLED + TAIL, bn=True), "subclass with TensorFlow"
    ),
    case(
        subclass(
            LOOP + "x = tf.nn.relu(self.norms[i](conv(x), training=training))" + POOLED + TAIL,
            bn=True,
            signature="x, training=False",
        ).replace('same")', 'same", use_bias=False)'),
        "subclass with TensorFlow, no bias",
    ),
    case(bn_vgg() + vgg(conv=CONV.replace("KERNEL", "5")), "question 4 wrong, this one right"),
    case(
        bn_vgg(f"{BARE.replace('KERNEL', '5')}, {BN}, {RELU}") + vgg(conv=CONV.replace("KERNEL", "5")),
        "larger kernels as in question 4",
    ),
    case(
        bn_vgg(f"{BARE}, {BN}, layers.LeakyReLU()") + vgg(conv=f"{BARE}, layers.LeakyReLU()"),
        "leaky ReLU as in question 4",
    ),
    case(
        bn([INPUT, *(BARE, BN, RELU, BARE, BN, POOL) * 2, *HEAD]) + sequential([INPUT, *(CONV, BARE, POOL) * 2, *HEAD]),
        "no activation before the pooling as in question 4",
    ),
    case(bn([INPUT, *BN_BLOCK * 3, *HEAD]) + sequential([INPUT, *BLOCK * 3, *HEAD]), "three blocks as in question 4"),
    case(
        bn([INPUT, *BN_BLOCK * 2, "layers.Flatten()", "layers.Dropout(.5)", DENSE])
        + vgg(head=("layers.Flatten()", "layers.Dropout(.5)", DENSE)),
        "dropout as in question 4",
    ),
    case(bn_vgg(head=("layers.Flatten()", "layers.Dense(CLASSES)")) + LOGITS, "logits as in question 4"),
    case(bn_vgg() + "del build_tiny_vgg", "question 4 missing"),
    case(bn_vgg() + "def build_tiny_vgg():\n    return 'nothing'", "question 4 returns nonsense"),
    case(bn_vgg() + subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL), "question 4 cannot be followed"),
]


@pytest.mark.parametrize("code", RIGHT_Q13)
def test_right_batch_normalization(code: str) -> None:
    results = judge("q13", code, also=("q4",))
    assert failed(results) == set(), messages(results)


WRONG_Q13 = [
    case(
        bn([INPUT, BARE, BN, RELU, CONV, POOL, *BLOCK, *HEAD]),
        "only one",
        {"q13_batch_normalization"},
        "comes activation relu",
    ),
    case(
        bn([INPUT, *(CONV, CONV, BN, POOL) * 2, *HEAD]),
        "before the pooling",
        {"q13_batch_normalization"},
        "comes activation relu",
    ),
    case(bn_vgg(f"{BARE}, {BN}, {BN}, {RELU}"), "twice", {"q13_batch_normalization"}, "comes batch normalisation"),
    case(
        subclass(LOOP + "x = self.relu(self.norms[i](conv(x), training=True))" + POOLED + TAIL, bn=True),
        "training=True in a subclass",
        {"q13_batch_normalization"},
        "training=True",
    ),
    case(
        bn_vgg(f"{BARE}, layers.LayerNormalization(), {RELU}"),
        "layer normalisation",
        {"q13_batch_normalization", "q13_rest"},
        "LayerNormalization",
    ),
    case(
        bn_vgg(f"{BARE.replace('KERNEL', '5')}, {BN}, {RELU}"), "larger kernels", {"q13_rest"}, "kernel_size = [5, 5]"
    ),
    case(bn_vgg(f"{BARE}, {BN}, layers.LeakyReLU()"), "leaky ReLU", {"q13_rest"}, "activation leaky_relu"),
    case(
        bn_vgg(f"{BARE}, {BN}"),
        "no activation",
        {"q13_batch_normalization", "q13_rest"},
        "Each convolution is followed by ReLU",
    ),
    case(bn_vgg().replace("MaxPool", "AveragePool"), "average pooling", {"q13_rest"}, "average pooling"),
    case(bn_vgg(f"{BARE[:-1]}, kernel_regularizer='l2'), {BN}, {RELU}"), "regulariser", {"q13_rest"}, "regulariser"),
    case(bn_vgg().replace("CLASSES", "CLASSES - 1"), "nine classes", {"q13_answered"}, "(n, 9)"),
    case("del build_tiny_vgg_bn", "missing", "q13_answered", "`build_tiny_vgg_bn` is not defined"),
    case("def build_tiny_vgg_bn():\n    ...", "returns nothing", "q13_answered", "It returned None"),
]


@pytest.mark.parametrize(("code", "wrong", "phrase"), WRONG_Q13)
def test_wrong_batch_normalization(code: str, wrong: set[str] | str, phrase: str) -> None:
    judge_wrong("q13", code, wrong, phrase, also=("q4",))


def three(steps: Iterable[str]) -> str:
    """Source of build_tiny_vgg_3blocks."""
    return sequential(steps, "build_tiny_vgg_3blocks")


ONE_CONV = (CONV, POOL)
RIGHT_Q14 = [
    case(three([INPUT, *BLOCK * 3, *HEAD]), "sequential"),
    case(three([INPUT, *(BARE, RELU, BARE, "layers.Activation('relu')", POOL) * 3, *HEAD]), "activation layers"),
    case(functional(f"x = {CONV}(x)", name="build_tiny_vgg_3blocks").replace("range(2)", "range(3)", 1), "functional"),
    case(
        three([INPUT, *BLOCK * 3, "layers.Reshape((-1,))", "layers.Dense(CLASSES)", "layers.Softmax()"]),
        "Reshape and Softmax",
    ),
    case(
        subclass(LOOP + "x = tf.nn.relu(conv(x))" + POOLED + TAIL)
        .replace("range(4)", "range(6)")
        .replace("build_tiny_vgg", "build_tiny_vgg_3blocks"),
        "subclass with TensorFlow",
    ),
    case(
        three([INPUT, *(CONV.replace("KERNEL", "5"), CONV.replace("KERNEL", "5"), POOL) * 3, *HEAD])
        + vgg(conv=CONV.replace("KERNEL", "5")),
        "larger kernels as in question 4",
    ),
    case(three([INPUT, *BLOCK * 3, *HEAD]) + vgg(conv=CONV.replace("KERNEL", "5")), "question 4 wrong, this one right"),
    case(
        three([INPUT, *ONE_CONV * 3, *HEAD]) + sequential([INPUT, *ONE_CONV * 2, *HEAD]),
        "one convolution a block as in question 4",
    ),
    case(
        three([INPUT, *BLOCK * 4, *HEAD]) + sequential([INPUT, *BLOCK * 3, *HEAD]), "one more than three in question 4"
    ),
    case(three([INPUT, *BLOCK * 3, *HEAD]) + sequential([INPUT, *BLOCK * 3, *HEAD]), "three, as in question 4"),
    case(
        three([INPUT, *BLOCK, *BLOCK, CONV, CONV, *HEAD]) + sequential([INPUT, *BLOCK, CONV, CONV, *HEAD]),
        "last pooling missing as in question 4",
    ),
    case(three([INPUT, *(CONV,) * 6, *HEAD]) + sequential([INPUT, *(CONV,) * 4, *HEAD]), "no pooling as in question 4"),
    case(
        three([INPUT, *BN_BLOCK * 3, *HEAD]) + sequential([INPUT, *BN_BLOCK * 2, *HEAD]),
        "batch normalisation as in question 4",
    ),
    case(three([INPUT, *BLOCK * 3, *HEAD]) + "del build_tiny_vgg", "question 4 missing"),
    case(three([INPUT, *BLOCK * 3, *HEAD]) + "del build_tiny_vgg_bn", "question 13 missing"),
]


@pytest.mark.parametrize("code", RIGHT_Q14)
def test_right_third_block(code: str) -> None:
    results = judge("q14", code, also=("q4",))
    assert failed(results) == set(), messages(results)


WRONG_Q14 = [
    case(
        three([INPUT, *BN_BLOCK * 3, *HEAD]) + vgg(head=("layers.Flatten()", "layers.Dropout(.5)", DENSE)),
        "batch normalisation kept, dropout in question 4",
        {"q14_rest"},
        "without batch normalisation",
    ),
    case(
        three([INPUT, *BLOCK * 2, *HEAD]) + sequential([INPUT, *ONE_CONV * 2, *HEAD]),
        "no block more, question 4 wrong",
        {"q14_blocks"},
        "3 blocks",
    ),
    case(
        three([INPUT, *BLOCK * 2, CONV, CONV, POOL.replace("Max", "Average"), *HEAD]),
        "average pooling",
        {"q14_rest"},
        "average pooling",
    ),
    case("del build_tiny_vgg_3blocks", "missing", "q14_answered", "`build_tiny_vgg_3blocks` is not defined"),
    case("build_tiny_vgg_3blocks = keras.Sequential", "a class in place of the function", "q14_answered", "Expected"),
]


@pytest.mark.parametrize(("code", "wrong", "phrase"), WRONG_Q14)
def test_wrong_third_block(code: str, wrong: set[str] | str, phrase: str) -> None:
    judge_wrong("q14", code, wrong, phrase, also=("q4",))
