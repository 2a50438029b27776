"""The same attacks on plain Otter: `python -m zoo.hostile.on_plain [--only TEXT]`, as root, into on_plain.json.

Each attack is a submission to `otter run`, with the autograder that `otter assign` makes of zoo/plain/plain.ipynb.
As plain Otter holds nothing back, each runs in a box of its own: an overlay over the whole file system, which keeps
every change, new namespaces of mounts and processes, and an ordinary user to whom the grader's files belong, as they
do on an instructor's computer. What would still harm the machine is not tried, and neither is what plain Otter does
not have (`Attack.plain`).
"""

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import nbformat
from rich.console import Console
from support import PROJECT

from autograder.intake import submissions
from zoo import hostile
from zoo.hostile.attack import Attack, base_notebook
from zoo.hostile.world import FOLDER, VICTIM, World
from zoo.plain import PLAIN

RESULTS = Path(__file__).with_name("on_plain.json")
BOX = Path(__file__).with_name("box.sh")
HANGS = "grading hangs"
LIMIT = 120  # wall-clock seconds; an honest blank notebook takes some ten
AT_A_TIME = 2
REPORTS = """
def got(what):
    text = str(what)
    if WORD in text:
        open("/tmp/loot", "a").write(text[text.index(WORD):][:200])
"""


@dataclass(frozen=True)
class Found:
    """What an attack got from plain Otter.

    Args:
        key: hash of the submission and the tests.
        marks: that it got.
        possible: marks of all tests.
        ended: why there is no result; empty where there is one.
        traces: what else it got, reached, changed or left, as short phrases.
    """

    key: str
    marks: float
    possible: float
    ended: str
    traces: tuple[str, ...]

    @property
    def succeeds(self) -> bool:
        """Whether it got marks that are not its own, or what it wanted, or harmed somebody."""
        return bool(self.traces) or 0 < self.marks == self.possible or self.ended == HANGS

    @property
    def words(self) -> str:
        """For a table: "it fails", or what it got."""
        if 0 < self.marks == self.possible:
            return "; ".join(["full marks", *self.traces])
        marks = [f"{self.marks:g} of {self.possible:g} marks"] if self.marks else []
        return "; ".join([*marks, *([self.ended] if self.ended else []), *self.traces]) or "it fails"


def main() -> int:
    """Try what was not tried before; print and keep what each got. Exit code 1 if the box does not hold an honest one.

    Raises:
        SystemExit: not root.
    """
    parser = argparse.ArgumentParser(prog="python -m zoo.hostile.on_plain", description="attack plain Otter")
    parser.add_argument("--only", default="", metavar="TEXT", help="just the attacks whose name holds this text")
    only = parser.parse_args().only
    if os.geteuid() != 0:
        raise SystemExit("Only root can make the boxes that keep these attacks from this machine.")
    console = Console()
    chosen = [attack for attack in hostile.ATTACKS if not attack.plain and only in attack.name]
    known = dict(results())
    left = [a for a in chosen if a.name not in known or known[a.name].key != _key(a)]
    world = World()
    (FOLDER.parent / "hostile").mkdir(parents=True, exist_ok=True)
    (FOLDER.parent / "hostile" / f"{VICTIM}.ipynb").write_bytes(submissions.write(hostile.victim()))
    with tempfile.TemporaryDirectory() as temporary, world.planted(), ThreadPoolExecutor(AT_A_TIME) as pool:
        autograder = _autograder(Path(temporary))
        blank = _try(Attack("is blank", "nothing"), autograder)
        if blank.marks or blank.ended or blank.traces or not blank.possible:
            console.print(f"A blank notebook is not just graded with no marks: {blank}", style="bold red")
            return 1
        tries = pool.map(lambda attack: _try(attack, autograder), left)
        for number, (attack, found) in enumerate(zip(left, tries, strict=True), 1):
            heard = any(attack.name in text for text in world.heard)
            traces = (*found.traces, *(["it reaches a listener"] if heard else []))
            known[attack.name] = found = Found(**(asdict(found) | {"traces": traces}))
            console.print(f"{number} of {len(left)}: {attack.name}: {found.words}", highlight=False)
            _write(known)
    return 0


def of(attack: Attack) -> Found | None:
    """What an attack got when it was tried; None where that was another form of it, or never."""
    found = results().get(attack.name)
    return found if found is not None and found.key == _key(attack) else None


@cache
def results() -> dict[str, Found]:
    """Name of the attack -> what it got, as far as it was tried."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return {name: Found(**(row | {"traces": tuple(row["traces"])})) for name, row in known.items()}


def _write(known: dict[str, Found]) -> None:
    names = {attack.name for attack in hostile.ATTACKS}
    rows = {name: asdict(known[name]) for name in sorted(known) if name in names}
    temporary = RESULTS.with_suffix(".tmp")
    temporary.write_text(json.dumps(rows, indent=1) + "\n")
    temporary.rename(RESULTS)


def _autograder(folder: Path) -> bytes:
    """The zip that `otter assign` makes of plain.ipynb."""
    command = [sys.executable, "-m", "otter", "assign", str(PLAIN), str(folder / "made"), "--no-run-tests", "--no-pdfs"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    (path,) = (folder / "made" / "autograder").glob("*.zip")
    return path.read_bytes()


def _key(attack: Attack) -> str:
    """Of what the attack adds to the notebook and lays beside it, and of the tests; wherever the project lies."""
    _, content = attack.file(REPORTS)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [name.encode() + _added(archive.read(name), attack) for name in archive.namelist()]
    except (zipfile.BadZipFile, RuntimeError):
        parts = [_added(content, attack)]
    text = b"".join(part.replace(str(FOLDER).encode(), b"WORLD") for part in [*parts, PLAIN.read_bytes()])
    return hashlib.sha256(text).hexdigest()[:16]


def _added(content: bytes, attack: Attack) -> bytes:
    """Cells that its base does not have; of what is no notebook, what makes it."""
    try:
        cells = nbformat.reads(content.decode(), as_version=4).cells
    except Exception:
        return content if attack.content is None else attack.did.encode()
    known = {cell.source for cell in base_notebook(attack.base).cells}
    return "\n".join(cell.source for cell in cells if cell.source not in known).encode()


def _try(attack: Attack, autograder: bytes) -> Found:
    """Grade one submission in a box."""
    with tempfile.TemporaryDirectory(prefix="plain-") as temporary:
        folder = Path(temporary)
        for name in ("box", "case", "out"):
            (folder / name).mkdir()
        name, content = attack.file(REPORTS)
        submission = folder / "case" / ("tiny_vgg" + Path(name).suffix)
        submission.write_bytes(content)
        (folder / "case" / "autograder.zip").write_bytes(autograder)
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", str(BOX)]
        command += [temporary, str(PROJECT), str(FOLDER), sys.executable, submission.name, str(LIMIT)]
        environment = os.environ | {
            "PYTHONPATH": f"{PROJECT}/assignment:{PROJECT}/autograder/handed_out",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=LIMIT + 120, check=False
        )
        if done.returncode:
            raise RuntimeError(f"the box of {attack.name} broke: {done.stderr[-2000:]}")
        return _found(_key(attack), attack.name, folder / "out")


def _found(key: str, name: str, out: Path) -> Found:
    """What the box has kept: results.json, status, loot, processes, changed."""
    marks = possible = 0.0
    ended = ""
    status = int((out / "status").read_text())
    try:
        tests = json.loads((out / "results.json").read_text())["tests"]
        marks = sum(float(test.get("score") or 0) for test in tests)
        possible = sum(float(test.get("max_score") or 0) for test in tests)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    if not possible:
        ended = HANGS if status in (124, 137) else "no result: somebody has to look"
    traces = []
    if (out / "loot").exists():
        traces.append("it gets what it wants")
    if (out / "processes").read_text().strip():
        traces.append("it leaves a process")
    if changed := [line for line in (out / "changed").read_text().splitlines() if _matters(line, name)]:
        traces.append(f"it changes files of the instructor ({len(changed)})")
    return Found(key, marks, possible, ended, tuple(traces))


def _matters(path: str, name: str) -> bool:
    """Whether a changed path is anything that an honest notebook would not have touched."""
    ours = (str(FOLDER), *(str(PROJECT / part) for part in ("autograder", "assignment", "solutions")))
    return path.startswith(ours) or name in path or "hostile-" in path or "sitecustomize" in path


if __name__ == "__main__":
    sys.exit(main())
