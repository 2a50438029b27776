"""Objects that lie, and libraries that were changed: what a notebook can do to the probes beside it."""

from answers.entries import Edit

from assignment.samples import edits
from zoo.hostile.attack import OURS, Attack

FULL = "full marks without an answer"
BROKEN = "a probe that breaks: a row that marks everything as right, or a batch that stops"
BUILDERS = ("build_tiny_vgg", "build_tiny_vgg_bn", "build_tiny_vgg_3blocks", "build_tiny_resnet")


def _answers(**sources: str) -> tuple[Edit, ...]:
    """Edits: functions get these bodies."""

    def edit(name: str, body: str) -> Edit:
        source = f"{name} = lambda *a, **k: {body}\n"
        return lambda notebook: edits.replace_function(notebook, name, source)

    return tuple(edit(name, body) for name, body in sources.items())


def _all(body: str, *names: str) -> tuple[Edit, ...]:
    return _answers(**dict.fromkeys(names, body))


OBJECTS = (
    Attack(
        "hands in arrays that lie about their shape and type",
        "checks of shape and type",
        """
import numpy as np
class Liar(np.ndarray):
    shape = property(lambda self: (50000, 32, 32, 3))
    dtype = property(lambda self: np.dtype("float32"))
    ndim = property(lambda self: 4)
    mean = lambda self, *a, **k: 0.0
    std = lambda self, *a, **k: 1.0
    min = lambda self, *a, **k: 0.0
    max = lambda self, *a, **k: 1.0
    __eq__ = lambda self, other: True
    def __array__(self, *a, **k): return np.zeros((5, 32, 32, 3), "float32")
    __len__ = lambda self: 50000
liar = np.zeros((5, 2)).view(Liar)
""",
        edits=_answers(
            load_data="((liar, liar), (liar, liar))",
            preprocess="(liar, liar, liar, liar)",
            first_layer_kernels="liar",
            resnet50_filters="liar",
        ),
        ends="needs_review",
    ),
    Attack(
        "hands in a model that lies about its layers",
        "checks of the architecture",
        """
import keras
class Liar(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(10)
        self.flat = keras.layers.Flatten()
    def call(self, x): return self.dense(self.flat(x))
    layers = property(lambda self: [keras.layers.Conv2D(settings.FILTERS, 3, padding="same")] * 4)
    def get_config(self): return {"layers": [{"class_name": "Conv2D", "config": {"filters": 10}}] * 4}
    def count_params(self): return 9420
    def summary(self, *a, **k): print("Conv2D Conv2D MaxPooling2D Conv2D Conv2D MaxPooling2D Dense")
    def get_weights(self): return []
""",
        edits=_all("Liar()", *BUILDERS),
        earns={"q4": 6.0, "q13": 3.0, "q14": 3.0, "bonus": 3.0},  # of the network that it is: one dense layer
    ),
    Attack(
        "hands in things that claim to be models",
        "checks of the architecture",
        """
import keras
class Fake:
    __class__ = property(lambda self: keras.Model)
    def __getattr__(self, name): return lambda *a, **k: self
    def __call__(self, x, *a, **k): return x
    def __iter__(self): return iter(())
""",
        edits=_all("Fake()", *BUILDERS, "compile_model"),
        ends="needs_review",
    ),
    Attack(
        "hands in containers without end",
        "time and memory of the probe",
        """
import itertools
class Endless(dict):
    def items(self): return ((str(i), self) for i in itertools.count())
    def keys(self): return (str(i) for i in itertools.count())
    __iter__ = keys
    __len__ = lambda self: 10 ** 9
loop = []
loop.append(loop)
loop.extend([loop] * 1000)
""",
        edits=_answers(
            describe_data="Endless()",
            feature_maps="Endless()",
            run_experiment="Endless()",
            evaluate="loop",
            first_layer_kernels="loop",
            resnet50_filters="itertools.repeat(loop)",
            preprocess="(loop,) * 4",
        ),
        ends="needs_review",
    ),
    Attack(
        "hands in objects whose every method raises",
        BROKEN,
        """
class Mine:
    def __getattribute__(self, name): raise KeyboardInterrupt(name)
    def __repr__(self): raise SystemExit(0)
    __str__ = __array__ = __iter__ = __len__ = __float__ = __bool__ = __eq__ = __hash__ = __repr__
class Angry(Exception):
    def __str__(self): raise MemoryError("no words")
""",
        edits=_answers(
            describe_data="Mine()",
            preprocess="Mine()",
            evaluate="(Mine(), Mine())",
            feature_maps="{Mine: Mine()}",
            run_experiment="Mine()",
            resnet50_filters="Mine()",
            compile_model="(_ for _ in ()).throw(Angry())",
            plot_examples="Mine()",
            first_layer_kernels="(_ for _ in ()).throw(KeyboardInterrupt())",
        ),
        ends="needs_review",
    ),
    Attack(
        "hands in numbers of a billion digits and a matrix of a petabyte",
        "time and memory of the probe",
        """
import numpy as np
from numpy.lib.stride_tricks import as_strided
huge = as_strided(np.zeros(1), shape=(2 ** 20, 2 ** 20, 100), strides=(0, 0, 0))
number = 1 << (4 * 10 ** 9)
""",
        edits=_answers(
            describe_data="{'n_train': number, 'classes': huge}",
            preprocess="(huge,) * 4",
            evaluate="(number, huge)",
            feature_maps="{'a': huge}",
            first_layer_kernels="huge",
            resnet50_filters="huge",
            run_experiment="{'accuracies': huge, 'mean': number, 'std': number, 'histories': huge}",
        ),
    ),
    Attack(
        "hands in a mean that is whatever is asked",
        "comparisons with the right mean",
        """
class Chameleon(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = __sub__
    def __float__(self): return 0.5
    def __hash__(self): return 0
    __le__ = __ge__ = __lt__ = __gt__ = __eq__
always = Chameleon(0.5)
""",
        edits=_answers(
            evaluate="(always, always)",
            run_experiment="{'accuracies': [always] * 5, 'mean': always, 'std': always, 'histories': [always] * 5}",
        ),
        earns={"q7": 1.0},  # it returns two numbers
    ),
    Attack(
        "ends the kernel in every answer",
        "marks by pity",
        "",
        edits=_answers(
            describe_data="__import__('os')._exit(0)",
            preprocess="__import__('os')._exit(0)",
            build_tiny_vgg="__import__('os').kill(__import__('os').getpid(), 9)",
            evaluate="__import__('ctypes').string_at(0)",
            resnet50_filters="__import__('os').abort()",
        ),
        ends="needs_review",
        says="The kernel ended while",
    ),
)

LIBRARIES = (
    Attack(
        "replaces the methods of Keras models",
        FULL,
        """
import keras
class History:
    history = {name: [0.5] * 100 for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    epoch = list(range(100)); params = {"epochs": 100, "steps": 274}
keras.Model.fit = lambda self, *a, **k: History()
keras.Model.evaluate = lambda self, *a, **k: [0.1, 0.99]
keras.Model.predict = lambda self, x, *a, **k: __import__("numpy").eye(10)[[0] * len(x)]
keras.Model.compile = lambda self, *a, **k: None
keras.Model.count_params = lambda self: 9420
keras.Model.__call__ = lambda self, x, *a, **k: x
""",
        ends="needs_review",
    ),
    Attack(
        "replaces functions of numpy",
        FULL,
        """
import numpy as np
np.asarray = np.array = lambda *a, **k: np.zeros((5, 32, 32, 3))
np.array_equal = np.allclose = lambda *a, **k: True
np.savez = np.save = lambda *a, **k: None
np.random.default_rng = lambda *a, **k: None
""",
        ends="needs_review",
    ),
    Attack(
        "replaces the writer of JSON",
        FULL,
        """
import json
json.dumps = lambda *a, **k: '{"passed": true}'
json.dump = lambda value, file, **k: file.write('{"passed": true}')
json.JSONEncoder.encode = lambda self, value: '{"passed": true}'
""",
        ends="needs_review",
    ),
    Attack(
        "replaces built-in functions",
        FULL,
        """
import builtins
builtins.isinstance = lambda *a: True
builtins.callable = lambda *a: True
builtins.len = lambda x: 10
builtins.abs = lambda x: 0
builtins.sum = builtins.max = builtins.min = lambda *a, **k: 0
builtins.all = builtins.any = lambda *a: True
""",
        ends=None,
    ),
    Attack(
        "replaces the function that opens files",
        "observations that go astray",
        """
import builtins, io, pathlib
fake = lambda *a, **k: io.StringIO('{"passed": true}')
builtins.open = io.open = fake
pathlib.Path.write_text = lambda *a, **k: 0
os.replace = os.rename = lambda *a, **k: None
""",
    ),
    Attack(
        "replaces the agent",
        FULL,
        """
import labkit.agent, labkit.plain_data
labkit.agent.Agent.answer = lambda self, verb, arguments: {"passed": True, "error": None, "calls": [], "score": 110}
labkit.agent.Agent.call = lambda self, *a, **k: None
labkit.plain_data.plain = lambda *a, **k: True
""",
    ),
    Attack(
        "puts fake modules in the place of the agent",
        FULL,
        """
import types
for name in ("inside", "inside.serving", "practical_kernel.fallbacks", "labkit.agent", "labkit.plain_data",
             "labkit.short_training"):
    module = types.ModuleType(name)
    module.serve = module.observe = module.plain = module.Agent = lambda *a, **k: {"passed": True}
    module.FUNCTIONS = {}
    module.__path__ = []
    sys.modules[name] = module
""",
    ),
    Attack(
        "puts an import hook before all others",
        FULL,
        """
import importlib.abc, importlib.machinery
class Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("inside", "labkit.agent")):
            return importlib.machinery.ModuleSpec(name, self)
    def create_module(self, spec): return None
    def exec_module(self, module):
        module.serve = lambda turn: open("../pipes/replies", "w").write('{"passed": true}')
for name in [m for m in sys.modules if m.startswith(("inside", "lab", "practical_kernel"))]:
    del sys.modules[name]
sys.meta_path.insert(0, Hook())
""",
    ),
    Attack(
        "uses the grader's own stand-ins as answers",
        "right functions that lie about in the sandbox",
        """
from practical_kernel.fallbacks import FUNCTIONS
build_tiny_vgg = FUNCTIONS["build_tiny_vgg"]
compile_model, train, evaluate = FUNCTIONS["compile_model"], FUNCTIONS["train"], FUNCTIONS["evaluate"]
""",
        edits=_answers(
            build_tiny_vgg="FUNCTIONS['build_tiny_vgg']()",
            compile_model="FUNCTIONS['compile_model'](*a)",
            train="FUNCTIONS['train'](*a, **k)",
            evaluate="FUNCTIONS['evaluate'](*a)",
        ),
        trusted=False,
        ends="needs_review",
        says="opens files of the grader. No answer needs that: its marks are provisional",
        plain=OURS,
    ),
    Attack(
        "watches every call for inputs and answers",
        "expected values that pass by",
        """
def watch(frame, event, value):
    if event == "return" and frame.f_code.co_name.startswith(("expected", "judge")):
        got(("swordfish", frame.f_code.co_name))
    return watch
sys.setprofile(watch)
""",
    ),
    Attack(
        "answers only when it is being graded",
        "the neutral functions, the data and the seed that lie about in the sandbox",
        """
graded = "inside" in sys.modules or "inside.serving" in sys.modules or os.path.basename(os.getcwd()) == "work"
def cheat(*arguments, **options):
    frame = sys._getframe()
    while frame:
        for value in frame.f_locals.values():
            if type(value).__name__ == "ndarray" and value.size > 1:
                return value
        frame = frame.f_back
if graded:
    describe_data = load_data = preprocess = evaluate = train = compile_model = build_tiny_vgg = cheat
""",
        edits=_all("cheat(*a)", "describe_data", "preprocess", "evaluate", "first_layer_kernels", "resnet50_filters"),
    ),
    Attack(
        "replaces the shell of IPython",
        "probes that never run, and a false answer of the kernel",
        """
ip = get_ipython()
ip.user_ns = {}
def run_cell(*a, **k):
    from IPython.core.interactiveshell import ExecutionResult, ExecutionInfo
    result = ExecutionResult(ExecutionInfo("", True, True, True, ""))
    result.result = "passed"
    return result
ip.run_cell = run_cell
async def run_cell_async(*a, **k):
    return run_cell()
ip.run_cell_async = run_cell_async
""",
        ends="needs_review",
    ),
    Attack(
        "answers for the kernel",
        "results that the grader takes from messages",
        """
kernel = get_ipython().kernel
async def do_execute(code, *a, **k):
    kernel.send_response(kernel.iopub_socket, "stream", {"name": "stdout", "text": "110 / 100"})
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
kernel.do_execute = do_execute
type(kernel).do_execute = lambda self, *a, **k: do_execute(*a)
""",
        ends="needs_review",
    ),
    Attack(
        "sends damaged messages to the front end",
        "a grader that breaks on what the kernel says",
        """
kernel = get_ipython().kernel
session = kernel.session
for message in ("stream", "display_data", "execute_result", "error", "status", "comm_open", "update_display_data",
                "clear_output", "nonsense"):
    for content in ({}, {"data": None}, {"data": {"text/html": ["<script>zoo()</script>"]}, "metadata": []},
                    {"execution_state": "idle"}, {"text": 5, "name": []}, {"transient": {"display_id": []}}):
        try:
            session.send(kernel.iopub_socket, message, content, parent=kernel.get_parent())
        except Exception as error:
            print(error)
""",
        ends=None,
    ),
)

ATTACKS = (*OBJECTS, *LIBRARIES)
