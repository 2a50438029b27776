"""Question 10: maps and figures in rarer forms; snippets."""

from answers.entries import Entry, code, right, wrong
from answers.quick import with_network, with_plots

EXTRACT = """
def feature_maps(model, image):
    wanted = [layer for layer in model.layers if len(layer.output.shape) == 4]
    extractor = keras.Model(model.inputs, [layer.output for layer in wanted])
    values = extractor(image[None])
    return {layer.name: %s for layer, v in zip(wanted, values)}
"""
SUBCLASS = """
class Tiny(keras.Model):
    def __init__(self):
        super().__init__()
        self.steps = [y(**k) for y, k in [
            (layers.Conv2D, dict(filters=10, kernel_size=3, padding="same", activation="relu")),
            (layers.Conv2D, dict(filters=10, kernel_size=3, padding="same", activation="relu")),
            (layers.MaxPooling2D, dict(pool_size=2)), (layers.Flatten, {}),
            (layers.Dense, dict(units=10, activation="softmax"))]]
    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x
def build_tiny_vgg():
    return Tiny()
"""
NESTED = """
def build_tiny_vgg():
    def block(name):
        return keras.Sequential([layers.Conv2D(10, 3, padding="same"), layers.ReLU(), layers.Conv2D(10, 3,
            padding="same"), layers.ReLU(), layers.MaxPooling2D(2)], name=name)
    return keras.Sequential([keras.Input((32, 32, 3)), block("one"), block("two"), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
"""
LARGE = """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(32, 5, activation="relu"),
        layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax")])
"""
PANELS = """
def plot_feature_maps(maps, filter_index):
    fig, axes = plt.subplots(1, len(maps))
    for ax, (name, m) in zip(axes, maps.items()):
        %s
        ax.set_title(name)
    return fig
"""

RIGHT: tuple[Entry, ...] = (
    right("q10", "squeezed", "the axis of the batch is gone", with_plots(EXTRACT % "np.squeeze(v)")),
    right("q10", "tensors without the axis of the batch", "they are arrays too", with_plots(EXTRACT % "v[0]")),
    right("q10", "double precision", "any floats do", with_plots(EXTRACT % "np.asarray(v[0], dtype=np.float64)")),
    right(
        "q10",
        "layers in reverse order",
        "they are found by their names",
        with_plots("""
def feature_maps(model, image):
    wanted = [layer for layer in model.layers[1:] if len(layer.output.shape) == 4][::-1]
    values = keras.Model(model.inputs, [layer.output for layer in wanted]).predict(image[None])
    return dict(zip([layer.name for layer in wanted], [v[0] for v in values]))
"""),
    ),
    right(
        "q10",
        "image given as a batch of its copies",
        "one of them is returned",
        with_plots("""
def feature_maps(model, image):
    wanted = [y for y in model.layers if len(y.output.shape) == 4]
    values = keras.Model(model.inputs, [y.output for y in wanted])(np.stack([image] * 3))
    return {y.name: np.asarray(v)[1] for y, v in zip(wanted, values)}
"""),
    ),
    right("q10", "question 4 is a subclass", "another network is then looked into", with_plots(SUBCLASS)),
    right("q10", "question 4 nests its blocks", "another network is then looked into", with_plots(NESTED)),
    right(
        "q10",
        "question 4 has normalisation and dropout",
        "they are layers like others",
        with_plots("""
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(10, 3), layers.BatchNormalization(),
        layers.ReLU(), layers.Dropout(0.5), layers.MaxPooling2D(), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
"""),
    ),
    right("q10", "question 4 left out", "it costs nothing here", with_plots("build_tiny_vgg = None")),
    right(
        "q10",
        "question 4 raises an error",
        "it costs nothing here",
        with_plots("def build_tiny_vgg(): raise RuntimeError('not yet')"),
    ),
    right("q10", "question 3 left out", "it costs nothing here", with_plots("preprocess = None")),
    right("q10", "question 4 has larger kernels and more filters", "it costs nothing here", with_plots(LARGE)),
    right("q10", "the solution itself", "it is the answer", code("")),
    right(
        "q10",
        "panels in grey",
        "colours are free",
        with_network(PANELS % "ax.imshow(m[..., filter_index], cmap='gray')"),
    ),
    right(
        "q10",
        "panels by pcolormesh",
        "they show the same values",
        with_network(PANELS % "ax.pcolormesh(np.ma.masked_invalid(m[:, :, filter_index]), cmap='magma')"),
    ),
    right(
        "q10",
        "each panel scaled by hand",
        "the same as by itself",
        with_network(PANELS % "p = m[..., filter_index]; ax.imshow((p - p.min()) / (p.max() - p.min()))"),
    ),
    right(
        "q10",
        "common limits and a colour bar",
        "colours are free",
        with_network(PANELS % "fig.colorbar(ax.imshow(m[..., filter_index], vmin=-3, vmax=3), ax=ax)"),
    ),
    right(
        "q10",
        "three equal channels a panel",
        "they show grey",
        with_network(
            PANELS % "p = m[..., filter_index]; p = (p - p.min()) / (p.max() - p.min());"
            " ax.imshow(np.stack([p] * 3, -1))"
        ),
    ),
    right(
        "q10",
        "maps batched and squeezed again",
        "they are the same",
        with_network(PANELS % "ax.imshow(np.squeeze(m[None, :, :, filter_index]))"),
    ),
    right(
        "q10",
        "axes returned",
        "they belong to a figure",
        with_network((PANELS % "ax.imshow(m[..., filter_index])").replace("return fig", "return axes")),
    ),
    right(
        "q10",
        "mosaic without gaps",
        "every map is found in it",
        with_network("""
def plot_feature_maps(maps, filter_index):
    wide = [np.pad(m[:, :, filter_index], ((0, 32 - len(m)), (0, 0))) for m in maps.values()]
    fig, ax = plt.subplots()
    ax.imshow(np.hstack(wide))
    fig.suptitle(" | ".join(maps))
    return fig
"""),
    ),
    right(
        "q10",
        "mosaic with frames and names as ticks",
        "every map is found in it",
        with_network("""
def plot_feature_maps(maps, filter_index):
    wide = [np.pad(m[:, :, filter_index], ((1, 33 - len(m)), (1, 1)), constant_values=0) for m in maps.values()]
    fig, ax = plt.subplots()
    ax.imshow(np.concatenate(wide, 1))
    ax.set_xticks([17 + 34 * i for i in range(len(maps))], list(maps))
    return fig
"""),
    ),
)

WRONG: tuple[Entry, ...] = (
    wrong(
        "q10",
        "maps left out",
        "the notebook does not define the function",
        with_plots("del feature_maps"),
        marks=2,
        fails={"q10_answered": "`feature_maps` is not defined"},
    ),
    wrong(
        "q10",
        "maps left as they came",
        "nothing is returned",
        with_plots("def feature_maps(model, image): ..."),
        marks=2,
        fails={"q10_answered": "returned nothing (None)"},
    ),
    wrong(
        "q10",
        "maps raise an error",
        "nothing is returned",
        with_plots("def feature_maps(model, image): return undefined"),
        marks=2,
        fails={"q10_answered": "raised NameError"},
    ),
    wrong(
        "q10",
        "maps as a text",
        "a dictionary is asked for",
        with_plots("def feature_maps(model, image): return 'maps'"),
        marks=2,
        fails={"q10_answered": "It returned a text"},
    ),
    wrong(
        "q10",
        "class and not a dictionary",
        "a dictionary is asked for",
        with_plots("def feature_maps(model, image): return dict"),
        marks=2,
        fails={"q10_answered": "returns a dict"},
    ),
    wrong(
        "q10",
        "maps as a huge list",
        "a dictionary is asked for",
        with_plots("def feature_maps(m, i): return [0] * 10**6"),
        marks=2,
        fails={"q10_answered": "returns a dict"},
    ),
    wrong(
        "q10",
        "an empty dictionary",
        "no layer is in it",
        with_plots("def feature_maps(model, image): return {}"),
        marks=2,
        fails={"q10_answered": "It is empty"},
    ),
    wrong(
        "q10",
        "all but the pooling",
        "it makes maps too",
        with_plots(EXTRACT.replace("== 4", "== 4 and 'pool' not in layer.name") % "v[0]"),
        marks=6,
        fails={"q10_layers": "There is no `block1_pool`"},
    ),
    wrong(
        "q10",
        "figure left out",
        "the notebook does not define the function",
        with_network("del plot_feature_maps"),
        marks=6,
        fails={"q10_plot": "`plot_feature_maps` is not defined"},
    ),
    wrong(
        "q10",
        "figure left as it came",
        "nothing is drawn",
        with_network("def plot_feature_maps(maps, filter_index): ..."),
        marks=6,
        fails={"q10_plot": "returned no figure"},
    ),
    wrong(
        "q10",
        "figure raises an error",
        "nothing is drawn",
        with_network("def plot_feature_maps(maps, filter_index): 1 / 0"),
        marks=6,
        fails={"q10_plot": "ZeroDivisionError"},
    ),
    wrong(
        "q10",
        "figure as a text",
        "nothing is drawn",
        with_network("def plot_feature_maps(maps, filter_index): return 'plot'"),
        marks=6,
        fails={"q10_plot": "no figure"},
    ),
    wrong(
        "q10",
        "maps drawn upside down",
        "they are no maps any more",
        with_network(PANELS % "ax.imshow(m[::-1, :, filter_index])"),
        marks=6.5,
        fails={"q10_plot": "is not drawn"},
    ),
    wrong(
        "q10",
        "absolute values of the maps drawn",
        "signs are lost",
        with_network(PANELS % "ax.imshow(np.abs(m[..., filter_index]))"),
        marks=6.5,
        fails={"q10_plot": "is not drawn"},
    ),
    wrong(
        "q10",
        "negative maps drawn",
        "light and dark are exchanged",
        with_network(PANELS % "ax.imshow(-m[..., filter_index])"),
        marks=6.5,
        fails={"q10_plot": "is not drawn"},
    ),
    wrong(
        "q10",
        "convolutions drawn alone",
        "the other layers are asked for too",
        with_network(PANELS % "'conv' in name and ax.imshow(m[..., filter_index])"),
        marks=6.5,
        fails={"q10_plot": "`activation` is not drawn. (3 of 5 are missing.)"},
    ),
    wrong(
        "q10",
        "maps drawn as curves",
        "pictures are asked for",
        with_network(PANELS % "ax.plot(m[..., filter_index])"),
        marks=6,
        fails={"q10_plot": "is not drawn"},
    ),
    wrong(
        "q10",
        "axes left empty",
        "nothing is drawn",
        with_network(PANELS % "pass"),
        marks=6,
        fails={"q10_plot": "(5 of 5 are missing.)"},
    ),
)
