"""Question 3: other maps, and arrays in other forms; snippets."""

from answers.entries import Entry, code, right, wrong


def preprocess(body: str, returned: str = "a, y_train, b, y_test") -> str:
    """Source of `preprocess`, given the lines of its body."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def preprocess(x_train, y_train, x_test, y_test):\n{lines}    return {returned}\n"


FLOATS = "a, b = x_train.astype('float32'), x_test.astype('float32')\n"
SCALED_BEFORE = "x_train_raw = np.random.default_rng(0).random((20, 32, 32, 3), dtype=np.float32)\n"

RIGHT: tuple[Entry, ...] = (
    right(
        "q3",
        "divided by 255 and centred",
        "the same map for both sets",
        code(preprocess("a, b = x_train / 255 - 0.5, x_test / 255 - 0.5")),
    ),
    right(
        "q3",
        "half precision",
        "any floats do",
        code(preprocess("a, b = (x_train / 255).astype('float16'), (x_test / 255).astype('float16')")),
    ),
    right(
        "q3",
        "divided by 255, then standardised",
        "by mean and deviation of the training set",
        code(preprocess(FLOATS + "a /= 255; b /= 255\nm, s = a.mean(), a.std()\na = (a - m) / s; b = (b - m) / s")),
    ),
    right(
        "q3",
        "mean subtracted, then divided by 255",
        "the same map for both sets",
        code(preprocess("m = x_train.mean()\na, b = (x_train - m) / 255, (x_test - m) / 255")),
    ),
    right(
        "q3",
        "scaled by minimum and maximum of the training set",
        "the same map for both sets",
        code(
            preprocess(
                FLOATS + "low, high = a.min(), a.max()\na, b = (a - low) / (high - low), (b - low) / (high - low)"
            )
        ),
    ),
    right(
        "q3",
        "divided by the maximum of the training set",
        "the same map for both sets",
        code(preprocess("a, b = x_train / x_train.max(), x_test / x_train.max()")),
    ),
    right(
        "q3",
        "gamma corrected",
        "the map need not be linear",
        code(preprocess("a, b = (x_train / 255) ** 2.2, (x_test / 255) ** 2.2")),
    ),
    right(
        "q3",
        "scaled by a Rescaling layer",
        "its tensors are arrays too",
        code(preprocess("r = keras.layers.Rescaling(1 / 255)\na, b = r(x_train), r(x_test)")),
    ),
    right(
        "q3",
        "tensors throughout, one-hot labels",
        "they are arrays too",
        code(
            preprocess(
                "import tensorflow as tf\n"
                "a, b = tf.cast(x_train, tf.float32) / 255, tf.image.convert_image_dtype(x_test, tf.float32)\n"
                "y_train, y_test = tf.one_hot(np.ravel(y_train), 10), tf.one_hot(np.ravel(y_test), 10)"
            )
        ),
    ),
    right(
        "q3",
        "one-hot labels of booleans",
        "true and false stand for 1 and 0",
        code(
            preprocess(
                "a, b = x_train / 255, x_test / 255\n"
                "y_train, y_test = (y.reshape(-1, 1) == np.arange(10) for y in (y_train, y_test))"
            )
        ),
    ),
    right(
        "q3",
        "labels as whole floats",
        "they name the same classes",
        code(preprocess("a, b = x_train / 255, x_test / 255\ny_train, y_test = y_train * 1.0, y_test * 1.0")),
    ),
    right(
        "q3",
        "list in place of a tuple",
        "it holds the four arrays in their order",
        code(preprocess("a, b = x_train / 255, x_test / 255", "[a, y_train, b, y_test]")),
    ),
    right(
        "q3",
        "images that question 1 has scaled are left alone",
        "they need no scaling any more",
        code(SCALED_BEFORE + preprocess("a, b = x_train, x_test")),
    ),
    right(
        "q3",
        "images that question 1 has scaled are centred",
        "a map of floats is as good",
        code(SCALED_BEFORE + preprocess("a, b = x_train * 2 - 1, x_test * 2 - 1")),
    ),
    right(
        "q3",
        "images that question 1 has scaled are divided again",
        "it is the same map for both sets",
        code(SCALED_BEFORE),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q3",
        "images left as they are",
        "they are to be scaled",
        code(preprocess("a, b = x_train, x_test")),
        marks=6,
        fails={"q3_scaled": "Its type is uint8"},
    ),
    wrong(
        "q3",
        "test set scaled by its own extremes",
        "both sets need the same map",
        code(preprocess(FLOATS + "a, b = ((x - x.min()) / (x.max() - x.min()) for x in (a, b))")),
        marks=6,
        fails={"q3_same_map": "in both sets came out different"},
    ),
    wrong(
        "q3",
        "a Normalization layer adapted to each set",
        "both sets need the same map",
        code(
            preprocess(
                FLOATS + "def f(x):\n  n = keras.layers.Normalization()\n  n.adapt(x)\n  return n(x)\na, b = f(a), f(b)"
            )
        ),
        marks=6,
        fails={"q3_same_map": "in both sets came out different"},
    ),
    wrong(
        "q3",
        "divided by the maximum of both sets",
        "the test set must not be looked at",
        code(preprocess("m = max(x_train.max(), x_test.max())\na, b = x_train / m, x_test / m")),
        marks=6,
        fails={"q3_same_map": "With another test set"},
    ),
    wrong(
        "q3",
        "another map for the test set",
        "both sets need the same map",
        code(preprocess("a, b = x_train / 255, x_test / 127.5 - 1")),
        marks=6,
        fails={"q3_same_map": "in both sets"},
    ),
    wrong(
        "q3",
        "every image divided by its own maximum",
        "how bright it was is lost",
        code(preprocess("a, b = (x / x.max(axis=(1, 2, 3), keepdims=True) for x in (x_train, x_test))")),
        marks=6,
        fails={"q3_same_map": "not over each image"},
    ),
    wrong(
        "q3",
        "columns of pixels scaled by keras.utils.normalize",
        "every image has a map of its own",
        code(preprocess("a, b = (keras.utils.normalize(x, axis=1) for x in (x_train, x_test))")),
        marks=6,
        fails={"q3_same_map": "not over each image"},
    ),
    wrong(
        "q3",
        "argument divided in place as whole numbers",
        "the raw images are lost",
        code(preprocess("a, b = x_train / 255, x_test / 255\nx_train //= 255")),
        marks=7,
        fails={"q3_inputs_unchanged": "makes a new array"},
    ),
    wrong(
        "q3",
        "labels shuffled in place",
        "images get the labels of others",
        code(preprocess("a, b = x_train / 255, x_test / 255\nnp.random.shuffle(y_train)")),
        marks=5,
        fails={
            "q3_labels": "keeps its own label",
            "q3_inputs_unchanged": "After the call, the raw arrays had changed.",
        },
    ),
    wrong(
        "q3",
        "images returned alone",
        "the labels are asked for too",
        code(preprocess("a, b = x_train / 255, x_test / 255", "a, b")),
        marks=0,
        fails={"q3_answered": "It returned 2 values"},
    ),
    wrong(
        "q3",
        "size of CIFAR-10 typed in",
        "not every set has so many images",
        code(preprocess("a, b = x_train.reshape(50000, 32, 32, 3) / 255, x_test / 255")),
        marks=0,
        fails={"q3_answered": "does the code rely on certain sizes"},
    ),
    wrong(
        "q3",
        "returned nothing",
        "four arrays are asked for",
        code(preprocess("a, b = 0, 0", "")),
        marks=0,
        fails={"q3_answered": "end the function with `return`"},
    ),
    wrong(
        "q3",
        "divided by zero",
        "nothing is left of the images",
        code(preprocess("a, b = x_train / 0.0, x_test / 0.0")),
        marks=6,
        fails={"q3_scaled": "Some are NaN or infinite"},
    ),
    wrong(
        "q3",
        "left out",
        "the notebook does not define it",
        code("del preprocess"),
        marks=0,
        fails={"q3_answered": "`preprocess` is not defined"},
    ),
    wrong(
        "q3",
        "raises an error",
        "nothing is scaled",
        code("def preprocess(*arrays):\n    raise RuntimeError('no idea')\n"),
        marks=0,
        fails={"q3_answered": "`preprocess` raised RuntimeError: no idea"},
    ),
)
