"""`otter grade`: the image that its containers start from, and a batch in them.

`setup.sh`, `run_autograder`, `run_otter.py` and `environment.yml` go into `autograder.zip` (`handout.build`).
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from python_on_whales import DockerException, docker

from autograder import assignment

FOLDER = Path(__file__).parent
REQUIREMENTS = FOLDER.parent.parent / "requirements.txt"
BASE = "debian:bookworm-slim"


class EngineError(RuntimeError):
    """Docker cannot be used, or an image cannot be made; the message says what to do."""


def require_engine() -> None:
    """Raise where there is no Docker to work with.

    Raises:
        EngineError: it is not installed, not running, closed to this user, or without buildx.
    """
    if shutil.which("docker") is None:
        raise EngineError("there is no `docker` command: install it (docs/instructors.md); `make grade` needs none")
    try:
        docker.system.info()
        docker.buildx.version()
    except DockerException as error:
        reason = (error.stderr or str(error)).strip().splitlines()[-1]
        raise EngineError(f"Docker cannot be used: {reason}") from None


def name(base: str = BASE) -> str:
    """Name and tag of the image of these requirements and this machine's data, on a base."""
    digest = hashlib.sha256(f"{base} {assignment.current().data().source}".encode())
    for path in (REQUIREMENTS, FOLDER / "setup.sh", FOLDER / "Dockerfile"):
        digest.update(path.read_bytes())
    return f"tiny-vgg-grader:{digest.hexdigest()[:12]}"


def build(base: str = BASE) -> str:
    """Make the image, unless it is there; its name.

    Args:
        base: image of a Debian or Ubuntu that has Python 3.11 or newer.

    Raises:
        EngineError: Docker cannot be used, or could not make it; Docker has said why.
    """
    require_engine()
    image = name(base)
    if docker.image.exists(image):
        return image
    with tempfile.TemporaryDirectory() as temporary:
        context = Path(temporary)
        for path in (REQUIREMENTS, FOLDER / "setup.sh"):
            shutil.copy(path, context)
        cache = assignment.current().data().cache
        (context / "data").mkdir()
        if cache is not None:
            shutil.copytree(cache, context / "data" / cache.name)
        try:
            docker.build(context, build_args={"BASE": base}, file=FOLDER / "Dockerfile", tags=image, load=True)
        except DockerException as error:
            raise EngineError(f"the image could not be made on {base} (exit code {error.return_code})") from None
    return image
