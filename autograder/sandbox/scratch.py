"""The scratch folder of a kernel, which is removed afterwards, and the environment that it starts with."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import matplotlib as mpl

import labkit
from autograder import assignment
from autograder.sandbox import host
from autograder.sandbox.host import MachineError

OPEN = ("work", "home", "matplotlib", "elsewhere")  # folders that the kernel may write to


@contextlib.contextmanager
def scratch(extra_files: Mapping[str, bytes]) -> Iterator[Path]:
    """A scratch folder with lib/ (packages), data/, work/ (the kernel's working directory) and pipes/."""
    folder = Path(tempfile.mkdtemp(prefix=f"grading-{os.getpid()}-"))
    sockets = tempfile.mkdtemp(prefix=f"k-{os.getpid()}-", dir=host.sockets)
    try:
        for name in ("lib", "pipes", *OPEN, "elsewhere/tmp", "elsewhere/var/tmp", "elsewhere/kaggle"):
            (folder / name).mkdir(parents=True)
        (folder / "work" / "figures").mkdir()  # as in the handout
        for name in ("content", "kaggle/working"):  # where notebooks run on Colab and Kaggle
            (folder / "elsewhere" / name).symlink_to(folder / "work")
        ignore = shutil.ignore_patterns("__pycache__")
        practical = assignment.current()
        for name, source in {
            "lab": practical.lab,
            "labkit": Path(labkit.__file__).parent,
            "practical_kernel": practical.kernel,
            "inside": Path(__file__).parent / "inside",
        }.items():
            if source.is_dir():  # a practical may have nothing for the kernel
                shutil.copytree(source, folder / "lib" / name, ignore=ignore)
        assignment.current().data().write(folder / "data")
        for fonts in Path(mpl.get_cachedir()).glob("fontlist*.json"):
            shutil.copy(fonts, folder / "matplotlib")
        for name, content in extra_files.items():
            target = folder / "work" / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError as error:  # names too long, or of a file and a folder at once
                if error.errno in host.FULL:
                    raise MachineError("this machine has no disk left") from None
        (folder / "sockets").symlink_to(sockets)
        yield folder
    finally:
        host.remove(folder)
        host.remove(Path(sockets))


def environment() -> dict[str, str]:
    """What every kernel has: of the grader's own environment, nothing but what Python needs."""
    keep = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "TZ")
    return {name: os.environ[name] for name in keep if name in os.environ} | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_NO_INDEX": "1",  # there is no network to wait for
        "PYTHONHASHSEED": "0",  # the same submission gives the same observations
        "JOBLIB_MULTIPROCESSING": "0",  # scikit-learn would warn that it cannot start processes
        "OMP_NUM_THREADS": "1",  # as many submissions as cores are graded at a time
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
    }


def kernel_environment(folder: Path) -> dict[str, str]:
    """What the kernel of a scratch folder has."""
    home = str(folder / "home")
    return environment() | {
        "HOME": home,
        "TMPDIR": str(folder / "work"),
        "IPYTHONDIR": home,
        "JUPYTER_CONFIG_DIR": home,
        "JUPYTER_DATA_DIR": home,
        "JUPYTER_RUNTIME_DIR": home,
        "KERAS_HOME": home,
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "PYTHONPATH": str(folder / "lib"),
    }
