"""Hidden checks of the practical on digits."""

from lab import settings
from lab.questions import QUESTIONS, draw_images
from labkit import calls
from labkit.judging import Failure, Observations, Registry

registry = Registry(QUESTIONS.points, hidden=True, texts=vars(settings))


@registry.check("d1", 3, after="d1_answered")
def d1_scaled(observations: Observations) -> None:
    """Pixels lie between 0 and 1, and images become rows."""
    calls.compare(
        observations,
        "d1",
        "scale",
        draw_images,
        lambda images: images.reshape(len(images), -1) / settings.HIGHEST,
        hint=f"The largest value of a pixel is {settings.HIGHEST}.",
    )


@registry.check("d2", 3, after="d2_answered")
def d2_layers(observations: Observations) -> None:
    """There is one hidden layer of {UNITS} units."""
    n = settings.SIDE * settings.SIDE
    wanted = [[n, settings.UNITS], [settings.UNITS], [settings.UNITS, settings.N_CLASSES], [settings.N_CLASSES]]
    found = observations["d2"]["shapes"]
    if found != wanted:
        raise Failure(f"One hidden layer of {settings.UNITS} units.", f"The weights have the shapes {found}.")


@registry.check("d2", 2, after="d2_answered")
def d2_outputs(observations: Observations) -> None:
    """The model gives {N_CLASSES} values an image."""
    (shape,) = observations["d2"]["outputs"]
    if shape[1:] != [settings.N_CLASSES]:
        raise Failure(f"{settings.N_CLASSES} values an image.", f"It gives the shape {shape}.")
