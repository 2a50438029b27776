"""Change lines of checks and probes at random, one at a time, and see whether `make test` fails: `make mutations`.

Each mutation is made in a copy of the project, in which the tests of `make test` run until the first that fails: those
that name the question first, since they are the likeliest. A mutation that no test notices is told with its line.
Kinds, as in mutation testing (DeMillo, Lipton and Sayward 1978): a comparison turned round, `and` for `or`, a condition
negated, a number or an index off by one, `+` for `-`, `True` for `False`.
"""

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
MUTATED = ("assignment/hidden", "assignment/lab/checks", "assignment/lab/probes")
LEFT_OUT = (".git", ".venv", "dist", "build/zoo", "build/endurance", "build/bench")  # of the copy
LONGEST = 3600  # seconds of a run; a mutation may make a loop endless
COMPARISONS = {
    ast.Eq: "!=", ast.NotEq: "==", ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.In: "not in",
    ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One changed place: the piece of a line from `start` to `end` (columns) becomes `new`."""

    path: Path
    line: int
    start: int
    end: int
    new: str

    def apply(self, project: Path) -> None:
        """Change the file in a copy of the project."""
        file = project / self.path
        lines = file.read_text().splitlines(keepends=True)
        lines[self.line - 1] = self.changed(lines[self.line - 1])
        file.write_text("".join(lines))

    def changed(self, line: str) -> str:
        """The line with the mutation in it."""
        return line[: self.start] + self.new + line[self.end :]


def mutations(path: Path) -> Iterator[Mutation]:
    """All of a file; not in docstrings, types and constants that are only words."""
    text = (PROJECT / path).read_text()
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.expr) or node.lineno != node.end_lineno or not lines[node.lineno - 1].isascii():
            continue
        found = _of(node, lines[node.lineno - 1])
        if found is not None:
            start, end, new = found
            yield Mutation(path, node.lineno, start, end, new)


def _of(node: ast.expr, line: str) -> tuple[int, int, str] | None:
    """Where a node is changed, and into what; None where it is not."""
    start, end = node.col_offset, node.end_col_offset or 0
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = node.left.end_col_offset or 0, node.comparators[0].col_offset
        between = line[left:right]
        new = COMPARISONS.get(type(node.ops[0]))
        # What stands between may hold brackets, which stay.
        return (left, right, re.sub(r"[^\s()\[\]]+( in| not)?", str(new), between, count=1)) if new else None
    if isinstance(node, ast.BoolOp) and len(node.values) == 2:
        left, right = node.values[0].end_col_offset or 0, node.values[1].col_offset
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        return left, right, line[left:right].replace(*words, 1)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return start, end, line[start:end].removeprefix("not ")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = node.left.end_col_offset or 0, node.right.col_offset
        signs = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
        is_text = any(isinstance(side, ast.Constant | ast.JoinedStr) and "str" in _kind(side) for side in _sides(node))
        return None if is_text else (left, right, line[left:right].replace(*signs, 1))
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return start, end, str(not node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return start, end, str(node.value + 1)
    return None


def _sides(node: ast.BinOp) -> tuple[ast.expr, ast.expr]:
    return node.left, node.right


def _kind(node: ast.expr) -> str:
    return "str" if isinstance(node, ast.JoinedStr) else type(getattr(node, "value", None)).__name__


def copy_to(folder: Path) -> Path:
    """The project, with what tests have kept of earlier runs."""
    project = folder / "project"
    left_out = {PROJECT / name for name in LEFT_OUT}
    shutil.copytree(
        PROJECT,
        project,
        ignore=lambda folder, names: [name for name in names if Path(folder, name) in left_out],
        symlinks=True,
    )
    return project


def first_failure(project: Path, words: str) -> str:
    """The test of `make test` that fails first in a project, those that hold a word tried first; empty: none fails."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(
            map(str, (project, project / "assignment", project / "autograder" / "handed_out"))
        )
    }
    for chosen in [words, f"not ({words})"] if words else [""]:
        command = [sys.executable, "-m", "pytest", "-n", "auto", "-x", "-q", "-m", "not slow", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                [*command, *(["-k", chosen] if chosen else [])],
                cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"no end within {LONGEST} s"
        if done.returncode not in (0, 5):  # 5: no test has such a name
            failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
            return failed[0] if failed else done.stdout.strip().splitlines()[-1]
    return ""


def question_of(path: Path, line: int) -> str:
    """Words in the names of tests about a changed place: its question where it stands in a check, else its file."""
    text = (PROJECT / path).read_text().splitlines()[:line]
    names = [found[1] for row in text if (found := re.match(r"def (q\d+|bonus)_", row))]
    return (names[-1] + " or " if names else "") + path.stem


def main() -> int:
    """Exit code: 0 every mutation was noticed, 1 some were not."""
    parser = argparse.ArgumentParser(prog="python tests/mutation.py", description="test the tests")
    parser.add_argument("--n", type=int, default=10, metavar="N", help="mutations (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (default: 0)")
    options = parser.parse_args()
    files = [file.relative_to(PROJECT) for folder in MUTATED for file in sorted((PROJECT / folder).glob("*.py"))]
    every = [mutation for file in files for mutation in mutations(file)]
    chosen = random.Random(options.seed).sample(every, options.n)
    with tempfile.TemporaryDirectory(prefix="tiny-vgg-mutation-") as folder:
        failed = first_failure(copy_to(Path(folder)), "")
    if failed:
        print(f"{failed} fails without any mutation: nothing can be learnt from it")
        return 1
    noticed = 0
    for mutation in chosen:
        line = (PROJECT / mutation.path).read_text().splitlines()[mutation.line - 1]
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="tiny-vgg-mutation-") as folder:
            project = copy_to(Path(folder))
            mutation.apply(project)
            failed = first_failure(project, question_of(mutation.path, mutation.line))
        noticed += bool(failed)
        print(f"{mutation.path}:{mutation.line}: {line.strip()}\n  becomes {mutation.changed(line).strip()}")
        print(f"  {failed or 'NOTICED BY NO TEST'} ({time.monotonic() - begun:.0f} s)", flush=True)
    print(f"{noticed} of {len(chosen)} mutations noticed (of {len(every)} that there are; seed {options.seed})")
    return 0 if noticed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
