"""`make data`: CIFAR-10 and ResNet50's weights, fetched by Keras, which knows their hashes, into Keras' own folder."""

import errno
import os
import shutil
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from assignment.data import synthetic
from assignment.data.dataset import keras_home

ROOM = 2**20 * 600  # bytes: both files, and CIFAR-10 unpacked


class FetchError(RuntimeError):
    """Something could not be fetched; the message says why, and what to do."""


@dataclass(frozen=True)
class Item:
    """What is fetched.

    Args:
        name: for people.
        file: as Keras' source has it.
        suffix: by which a file of another name is known.
        put: where Keras puts that file, below its folder.
        load: fetches it by Keras, if it is not there; where it is.
        find: where it is already, whole; None: it is not.
        getters: where Keras calls `get_file` for it.
    """

    name: str
    file: str
    suffix: str
    put: str
    load: Callable[[], Path]
    find: Callable[[], Path | None]
    getters: str


def fetch(source: str | None, say: Callable[[str], None]) -> None:
    """Fetch what is not there yet.

    Args:
        source: where from, instead of Keras' own addresses: a file, or a folder or mirror that holds the files under
            their own names; None: from Keras' addresses.
        say: is told what became of each.

    Raises:
        FetchError: one could not be fetched.
    """
    for item in _wanted(source):
        place = item.find()
        if place is not None:
            say(f"{item.name} is there: {place}")
            continue
        _require_place(keras_home())
        say(f"{item.name} is now there, with the hash that Keras knows: {_fetch(item, source)}")


def find_cifar10() -> Path | None:
    """Where CIFAR-10 is, whole; None where it is not."""
    try:
        return keras_home() / "datasets" if synthetic.load_real_cifar10(keras_home()) is not None else None
    except ValueError:  # incomplete or damaged: it is fetched anew
        return None


def find_resnet50() -> Path | None:
    """Where ResNet50's weights are, whole; None where they are not."""
    path = keras_home() / RESNET50.put
    if not path.is_file():
        return None
    from keras.src.applications.resnet import WEIGHTS_HASHES
    from keras.src.utils.file_utils import validate_file

    return path if validate_file(path, WEIGHTS_HASHES["resnet50"][0]) else None


def _load_cifar10() -> Path:
    from keras.datasets import cifar10

    cifar10.load_data()
    return keras_home() / "datasets"


def _load_resnet50() -> Path:
    import keras

    keras.applications.ResNet50(weights="imagenet")
    return keras_home() / RESNET50.put


CIFAR10 = Item(
    "CIFAR-10",
    "cifar-10-python.tar.gz",
    ".gz",
    "datasets/cifar-10-batches-py-target_archive",
    _load_cifar10,
    find_cifar10,
    "keras.src.datasets.cifar10.get_file",
)
RESNET50 = Item(
    "ResNet50's weights",
    "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
    ".h5",
    "models/resnet50_weights_tf_dim_ordering_tf_kernels.h5",
    _load_resnet50,
    find_resnet50,
    "keras.src.utils.file_utils.get_file",
)


def _wanted(source: str | None) -> Iterator[Item]:
    """Both, unless the source is the file of one."""
    found = [item for item in (CIFAR10, RESNET50) if source is not None and source.endswith(item.suffix)]
    yield from found or (CIFAR10, RESNET50)


def _fetch(item: Item, source: str | None) -> Path:
    address = None if source is None else _address(source, item)
    try:
        with _from(address, item):
            return item.load()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FetchError(f"the disk of {keras_home()} is full: {item.name} needs {ROOM >> 20} MiB there") from None
        raise FetchError(f"{item.name} cannot be written below {keras_home()}: {error}") from None
    except ValueError as error:
        if "hash" not in str(error):
            raise
        (keras_home() / item.put).unlink(missing_ok=True)
        raise FetchError(
            f"{address or 'what was fetched'} is not {item.name}: its hash is not the one that Keras knows"
        ) from None
    except Exception as error:  # Keras has no class of its own for this
        if "URL fetch failure" not in str(error):
            raise
        raise FetchError(
            f"{item.name} cannot be fetched ({str(error).removeprefix('URL fetch failure on ')}). Fetch {item.file} "
            f"on another machine, and say `make data FROM=path/to/{item.file}`"
        ) from None


def _address(source: str, item: Item) -> str:
    """Where one item is: an address that Keras can fetch.

    Raises:
        FetchError: there is no such file.
    """
    if urllib.parse.urlsplit(source).scheme in ("http", "https", "ftp"):
        return source if source.endswith(item.suffix) else f"{source.rstrip('/')}/{item.file}"
    path = Path(source).expanduser().resolve()
    path = path / item.file if path.is_dir() else path
    if not path.is_file():
        raise FetchError(f"there is no file {path}")
    return path.as_uri()


@contextmanager
def _from(address: str | None, item: Item) -> Iterator[None]:
    """Keras fetches from another address, and looks at the hash that it knows as ever."""
    if address is None:
        yield
        return
    from keras.utils import get_file

    def from_there(*args: Any, **options: Any) -> Any:
        names = ("fname", "origin")
        return get_file(**dict(zip(names, args, strict=False)) | options | {"origin": address})

    with mock.patch(item.getters, from_there):
        yield


def _require_place(home: Path) -> None:
    """Raise where nothing can be put; Keras would put it into /tmp, without a word.

    Raises:
        FetchError: the folder cannot be made or written, or the disk is nearly full.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"{home} cannot be made ({error.strerror}): set KERAS_HOME to another folder") from None
    if not os.access(home, os.W_OK):
        raise FetchError(f"{home} cannot be written to: change its rights, or set KERAS_HOME to another folder")
    free = shutil.disk_usage(home).free
    if free < ROOM:
        raise FetchError(f"the disk of {home} is full: {free >> 20} MiB are free, {ROOM >> 20} are needed")
