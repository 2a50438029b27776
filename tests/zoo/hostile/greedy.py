"""Attacks on the machine's room: processes, memory, disk, time and output."""

from typing import Any

from answers.entries import function

from assignment.samples import edits
from lab.questions import QUESTIONS
from zoo import notebooks
from zoo.hostile.attack import HARMFUL, Attack

HARM = "a machine that stands still, or a batch that does not end"


def _publish(notebook: Any) -> None:
    for variant in QUESTIONS.variants:
        edits.publish(notebook, variant, notebooks.reference_record(variant))


ATTACKS = (
    Attack(
        "is a fork bomb",
        HARM,
        "while True:\n    os.fork()",
        says="ended the kernel (it ",  # had too many processes, or too much memory
        plain=HARMFUL,
    ),
    Attack(
        "starts a thousand programs",
        HARM,
        """
import subprocess
kept = [subprocess.Popen(["sleep", "300"]) for _ in range(1000)]
""",
        says="processes",
        plain=HARMFUL,
    ),
    Attack(
        "starts ten thousand threads",
        HARM,
        """
import threading, time
for _ in range(10_000):
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
""",
        ends=None,
        plain=HARMFUL,
    ),
    Attack(
        "takes all memory",
        HARM,
        """
kept = []
while True:
    kept.append(b"x" * 2**28)
""",
        ends=None,
        plain=HARMFUL,
    ),
    Attack(
        "takes all memory in many processes",
        HARM,
        """
import subprocess
code = "import time; x = b'x' * (3 * 2**30); time.sleep(100)"
kept = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(8)]
import time; time.sleep(100)
""",
        says="GiB of memory",
        plain=HARMFUL,
    ),
    Attack(
        "fills the disk",
        HARM,
        """
block = b"x" * 2**26
for i in range(1000):
    with open(f"file{i}", "wb") as file:
        for _ in range(16):
            file.write(block)
""",
        says="GiB of files",
        plain=HARMFUL,
    ),
    Attack(
        "writes files that have no name",
        HARM,
        """
import tempfile, time
kept = []
for i in range(60):
    file = tempfile.TemporaryFile(dir=".")
    file.write(b"x" * 2**27)
    file.flush()
    kept.append(file)
time.sleep(3)
got("swordfish: 7.5 GiB of disk")
""",
        says="GiB of files",
        plain=HARMFUL,
    ),
    Attack(
        "makes a million files",
        HARM,
        "for i in range(1_000_000):\n    open(f'f{i}', 'w').close()",
        says="files",
    ),
    Attack(
        "prints without end",
        "memory of the grader, or a page that no browser opens",
        "line = 'x' * 10**6\nfor _ in range(300):\n    print(line)",
        says="was cut",
    ),
    Attack(
        "prints many small things",
        "memory and time of the grader",
        "for i in range(200_000):\n    sys.stdout.write('x'); sys.stdout.flush()",
        ends="graded",
    ),
    Attack(
        "shows many large pictures",
        "memory of the grader, or a page that no browser opens",
        """
from IPython.display import Image, display
import zlib, struct
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 1, 0, 0, 0, 0))
png += chunk(b"IDAT", zlib.compress(bytes(7501 * 60000), 9)) + chunk(b"IEND", b"")
for _ in range(40):
    display(Image(data=png, format="png"))
""",
    ),
    Attack(
        "loops without end in question 3 and leaves in question 8",
        "nothing: an honest mistake, which must cost these questions only",
        edits=(
            function(
                "preprocess", "def preprocess(x_train, y_train, x_test, y_test):\n    while True:\n        pass\n"
            ),
            function("plot_history", "import os\nos._exit(1)\n"),
            _publish,
        ),
        base="solution",
        earns={question: marks for question, marks in QUESTIONS.points.items() if question not in ("q3", "q8")},
        ends="graded",
    ),
    Attack(
        "stops its own process",
        "a grader that waits for ever",
        "import signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        says="ended the kernel",
    ),
    Attack(
        "cannot be interrupted",
        "a grader that waits for ever",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nx = 7 ** (10 ** 9)",
        says="stopped after",
    ),
    Attack(
        "removes the ground that it stands on",
        "a kernel that nobody can talk to",
        """
import shutil
for path in ("../sockets/", "../connection.json", "../home", "../matplotlib", "../out", ".."):
    try:
        real = os.path.realpath(path)
        for name in os.listdir(real):
            os.remove(os.path.join(real, name))
        shutil.rmtree(real)
    except OSError as error:
        print(error)
os.closerange(3, 200)
""",
        ends=None,
    ),
)
