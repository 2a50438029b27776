"""`make data`: Keras fetches, from a place that is given; whatever goes wrong is one sentence."""

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from assignment.data import fetching, synthetic
from assignment.data.fetching import FetchError
from autograder.__main__ import main

ARCHIVE, WEIGHTS = fetching.CIFAR10.file, fetching.RESNET50.file


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' folder, empty."""
    home = tmp_path / "keras"
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(home))
    return home


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in CIFAR-10's place, small, whose hash Keras is made to know."""
    path = tmp_path / "at-hand" / "my-copy.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
        entry.size = 7
        tar.addfile(entry, io.BytesIO(b"content"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    def load() -> Path:
        from keras.src.datasets import cifar10

        got: Path = cifar10.get_file(  # as `load_data` calls it
            fname="cifar-10-batches-py-target", origin="https://nowhere.invalid/x.gz", extract=True, file_hash=digest
        )
        return got

    monkeypatch.setattr(synthetic, "load_real_cifar10", lambda home: None)
    small = fetching.Item(
        "CIFAR-10", ARCHIVE, ".gz", fetching.CIFAR10.put, load, lambda: None, fetching.CIFAR10.getters
    )
    monkeypatch.setattr(fetching, "CIFAR10", small)
    return path


def test_a_file_at_hand_is_taken(home: Path, archive: Path) -> None:
    said: list[str] = []
    fetching.fetch(str(archive), said.append)
    assert (home / "datasets/cifar-10-batches-py-target/cifar-10-batches-py/data_batch_1").read_bytes() == b"content"
    assert said == [
        f"CIFAR-10 is now there, with the hash that Keras knows: {home}/datasets/cifar-10-batches-py-target"
    ]


def test_a_folder_holds_both_under_their_own_names(home: Path, archive: Path) -> None:
    shutil.move(archive, archive.with_name(ARCHIVE))
    with pytest.raises(FetchError, match=f"there is no file .*{WEIGHTS}$"):
        fetching.fetch(str(archive.parent), lambda _: None)
    assert (home / "datasets/cifar-10-batches-py-target").is_dir()


def test_a_mirror_is_a_folder_or_a_file() -> None:
    item = fetching.CIFAR10
    assert fetching._address("https://mirror.example/data/", item) == f"https://mirror.example/data/{ARCHIVE}"
    assert fetching._address("https://mirror.example/cifar.tar.gz", item) == "https://mirror.example/cifar.tar.gz"


def test_another_file_is_refused_and_not_kept(home: Path, archive: Path) -> None:
    archive.write_bytes(b"something else")
    words = f"^{archive.as_uri()} is not CIFAR-10: its hash is not the one that Keras knows$"
    with pytest.raises(FetchError, match=words):
        fetching.fetch(str(archive), lambda _: None)
    assert not (home / fetching.CIFAR10.put).exists()


def test_weights_are_known_by_their_hash(home: Path, tmp_path: Path) -> None:
    """Keras' own hash, of the real weights: nothing else passes, whether fetched or found."""
    (home / "models").mkdir(parents=True)
    (home / fetching.RESNET50.put).write_bytes(b"damaged")
    assert fetching.find_resnet50() is None
    other = tmp_path / "other.h5"
    other.write_bytes(b"no weights")
    # In a process of its own: other tests serve ResNet50 in this one.
    code = "import sys\nfrom assignment.data import fetching\nfetching.fetch(sys.argv[1], print)"
    done = subprocess.run([sys.executable, "-c", code, str(other)], capture_output=True, text=True, check=False)
    assert "FetchError" in done.stderr
    assert "is not ResNet50's weights" in done.stderr.splitlines()[-1]
    assert not (home / fetching.RESNET50.put).exists()


def test_without_a_network_it_says_what_to_do(home: Path, archive: Path) -> None:
    words = rf"^CIFAR-10 cannot be fetched \(.*\). Fetch {ARCHIVE} on another machine, and say `make data FROM=path/to/"
    with pytest.raises(FetchError, match=words):
        fetching.fetch("https://mirror.invalid/cifar.tar.gz", lambda _: None)


def test_a_full_disk_is_told_before_and_while_fetching(
    home: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("keras.src.utils.file_utils.urlretrieve", full)
        with pytest.raises(FetchError, match=f"^the disk of {home} is full: CIFAR-10 needs 600 MiB there$"):
            fetching.fetch(str(archive), lambda _: None)
    monkeypatch.setattr(fetching, "ROOM", 2**60)
    with pytest.raises(FetchError, match=rf"^the disk of {home} is full: \d+ MiB are free, \d+ are needed$"):
        fetching.fetch(str(archive), lambda _: None)


def test_a_place_that_cannot_be_written_is_named(
    home: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetching.os, "access", lambda path, mode: False)
    assert main(["data", "--from", str(archive)]) == 1
    words = f"error: {home} cannot be written to: change its rights, or set KERAS_HOME to another folder\n"
    assert capsys.readouterr().err == words
    monkeypatch.setenv("KERAS_HOME", str(archive / "below-a-file"))
    assert main(["data", "--from", str(archive)]) == 1
    assert "cannot be made (Not a directory): set KERAS_HOME to another folder" in capsys.readouterr().err
