"""Student code without its prints and warnings."""

import contextlib
import warnings
from collections.abc import Iterator

from IPython.utils.capture import capture_output


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No prints and no displayed tables (`model.summary()`), and warnings are not errors."""
    with warnings.catch_warnings(), capture_output():
        warnings.simplefilter("ignore")
        yield
