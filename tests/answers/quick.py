"""Short answers to what a snippet of questions 10 to 12 is not about."""

from answers.entries import Edit, code

QUICK = """
def build_tiny_vgg():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(10, 3), layers.MaxPooling2D(4), layers.Flatten(),
        layers.Dense(10, activation="softmax")])
"""

QUICK_PLOTS = """
def plot_feature_maps(maps, filter_index):
    fig, ax = plt.subplots()
    for m in maps.values():
        ax.imshow(m[:, :, filter_index])
    ax.set_title(", ".join(maps))
    return fig
def plot_first_layer_kernels(kernels):
    fig, ax = plt.subplots()
    ax.imshow(np.vstack([np.hstack(channel) for channel in kernels]))
    return fig
def plot_resnet50_filters(filters):
    fig, ax = plt.subplots()
    ax.imshow(np.hstack(filters))
    return fig
"""


def with_network(source: str) -> Edit:
    """A snippet that does not depend on the network of question 4."""
    return code(QUICK + source)


def with_plots(source: str) -> Edit:
    """A snippet that is about no figure."""
    return code(QUICK_PLOTS + source)
