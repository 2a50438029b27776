"""A gradebook of made-up submissions with written answers, for the marking desk."""

import random
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from made_up import check

from autograder.gradebook import pages, store
from autograder.marks import book
from autograder.marks.rubric import Item, Rubric
from autograder.results import Reported, SubmissionResult
from lab.questions import QUESTIONS

RUBRICS: Mapping[str, Rubric] = {
    "w1": Rubric(
        "w1",
        "what the standard deviation tells you",
        4,
        (
            Item("tells", 2, "*Tells* how far a single training lies from the mean; own numbers $\\bar a \\pm s$."),
            Item("one_run", 1, "*One run*: 0.005 is compared with $s$."),
            Item("more_runs", 1, "*More runs*: $s$ stays, $s/\\sqrt{n}$ is halved."),
        ),
        ("Each item can be given in part.",),
        ("q9",),
        "In three to six sentences, with your own numbers.",
    ),
    "w2": Rubric(
        "w2",
        "two first layers",
        3,
        (Item("own", 2, "Own filters."), Item("resnet", 1, "ResNet50.")),
        (),
        ("q10", "q11"),
    ),
    "w3": Rubric(
        "w3",
        "did batch normalisation help?",
        3,
        (Item("numbers", 1, "Numbers."), Item("verdict", 2, "Verdict.")),
        (),
        ("q9", "q13"),
    ),
    "w4": Rubric("w4", "deeper, and smaller", 0, (Item("parameters", 1, "Parameters."),), (), ("q14",)),
}


def use(known: Mapping[str, Rubric], patch: pytest.MonkeyPatch) -> dict[str, Rubric]:
    """Have desk and pages mark by these rubrics; what is put into what is returned they have from then on."""
    current = dict(known)
    for module in (book, pages):
        patch.setattr(module, "rubrics", lambda: dict(current))
    return current


_SENTENCES = (
    "Over five runs the mean is {mean:.3f} and the standard deviation $s = {std:.4f}$.",
    "It tells how far **one** training lies from the mean, by chance of initial weights and batches.",
    "It does not tell how the network does on other images, since all runs share one test set.",
    "A single run that is 0.005 better lies inside the scatter, so I would repeat it.",
    "The difference of two means has a scatter of $s\\sqrt{{2/n}}$.",
    "With four times as many runs $s$ stays about the same; $s/\\sqrt{{n}}$ is halved.",
    "The standard deviation would become smaller with more runs.",
    "A systematic error, such as a leak, would not show in it.",
)


def png(shade: int) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 32, 24, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes((shade + x + y) % 256 for x in range(32)) for y in range(24))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def answer(draw: random.Random) -> str:
    """A few sentences with numbers of its own."""
    chosen = sorted(draw.sample(range(len(_SENTENCES)), draw.randint(3, 6)))
    mean, std = draw.uniform(0.58, 0.64), draw.uniform(0.002, 0.012)
    return " ".join(_SENTENCES[place].format(mean=mean, std=std) for place in chosen)


def submission(number: int, draw: random.Random) -> SubmissionResult:
    """One that is graded; every tenth has a check that is open, every seventh wrote nothing in answer 1."""
    checks = [
        check(question, draw.choice(("passed", "passed", "failed")), points, expected="E", found=f"{question}: F")
        for question, points in QUESTIONS.points.items()
    ]
    if number % 10 == 0:
        checks[8] = check("q9", "unjudged", 12, found="Cell 3 takes the place of `train`: it cannot be told.")
    texts = {f"w{i}": answer(draw) for i in range(1, 5)}
    if number % 7 == 0:
        texts["w1"] = ""
    return SubmissionResult(
        f"submission-{number:03}",
        "needs_review" if number % 10 == 0 else "graded",
        tuple(checks),
        notes=("q9 (12 marks open): q9 needs a look: Cell 3 takes the place of `train`.",) if number % 10 == 0 else (),
        written=texts,
        images={"q10": [png(number)], "q11": [png(2 * number)]},
        reported={"tiny_vgg": Reported(draw.uniform(0.58, 0.64), 0.005, 5)},
        code="# %%\nx = 1\n",
    )


def write(out: Path, n: int, seed: int = 0) -> Path:
    """Write a gradebook of `n` submissions, of which 2 and 3 are equal in answer 1, and 4 nearly so."""
    draw = random.Random(seed)
    results = [submission(number, draw) for number in range(1, n + 1)]
    if n >= 4:
        text = results[1].written["w1"]
        results[2].written["w1"] = f"  {text}\n"
        results[3].written["w1"] = text.replace("mean is 0", "mean is about 0") + " That is all."
    for result in results:
        store.write_result(result, out)
    return out


@contextmanager
def serving(out: Path, port: int = 0, behind_https: str = "") -> Iterator[str]:
    """The desk on a gradebook, in a thread of this process; its first link."""
    from autograder.desk import server

    made, link = server.open_server(out, "127.0.0.1", port, behind_https)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            made.asyncore.loop(timeout=0.05, map=made._map, count=1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield link
    finally:
        made.task_dispatcher.shutdown()
        ended.set()
        thread.join()
        for channel in list(made.active_channels.values()):  # those that browsers keep open
            channel.handle_close()
        made.close()
