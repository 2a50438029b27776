"""Cells that only try answers: left out at grading, but not where something of the student's depends on them."""

import nbformat
import pytest

from autograder import assignment
from autograder.handout import build
from autograder.intake import skippable_cells
from autograder.sandbox import ForkServer, execute
from autograder.sandbox.jail import missing
from labkit.judging import Observations, judge

NEEDS_JAIL = pytest.mark.skipif(bool(missing()), reason="this system has no jail")
GIVEN = [cell.source for cell in build.solution().cells if cell.cell_type == "code"]
PREPARE = "x_train, y_train, x_test, y_test = preprocess("
LOAD, DEFINING = "(x_train_raw", ("import", "# Init", "def ")
EXPERIMENT, FIRST_FIT = 'with keep_runs("tiny_vgg"):', "model = compile_model(build_tiny_vgg())\nhistory"


def notebook_of(sources: list[str], with_pictures: bool) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    if with_pictures:
        notebook.cells[0].outputs = [nbformat.v4.new_output("display_data", data={"image/png": "iVBORw0KGgo="})]
    return notebook


def left_out(*own: str) -> set[str]:
    """First lines of what is not run of the solution with cells of one's own at its end."""
    cells = [*GIVEN, *own]
    return {cells[i].splitlines()[0] for i in skippable_cells.needless(cells)}


def is_left_out(start: str, *own: str) -> bool:
    (cell,) = [source for source in GIVEN if source.startswith(start)]
    cells = [*GIVEN, *own]
    return cells.index(cell) in skippable_cells.needless(cells)


def test_what_is_left_out_of_the_solution() -> None:
    found = left_out()
    assert {
        "figure = plot_examples(x_train_raw, y_train_raw, settings.CLASS_NAMES)",
        "build_tiny_vgg().summary()",
        'with keep_runs("tiny_vgg"):',
        'with keep_runs("tiny_resnet"):',
        "figure = compare(experiments)",
        "conv1_filters = resnet50_filters()",
    } <= found
    kept = {source.splitlines()[0] for source in GIVEN} - found
    assert not any(line.startswith(("def ", "import ", "# Init")) for line in found)
    assert {line for line in kept if not line.startswith(("def ", "import ", "# ", "grader"))} == {
        "(x_train_raw, y_train_raw), (x_test_raw, y_test_raw) = load_data()",
        "experiments = {}  # variant -> what run_experiment returned",
    }


@pytest.mark.parametrize(
    "own",
    [
        "print(results['mean'])",
        "def best():\n    return max(results['accuracies'])",
        "lambda: results",
        "class Table:\n    rows = results",
        "del model, results",
        "del results['models']",
        "results |= {'note': 1}",
        "experiments['tiny_vgg']",
        "def f(a=results):\n    pass",
        "%time results",
        "%%time\nprint(results)",
        "!echo {results}",
        "eval('res' + 'ults')",
        "globals()['results']",
        "import __main__\n__main__.results",
        "Out[30]",
        "_30",
        "def broken(:",
    ],
)
def test_an_experiment_is_run_where_its_results_are_used(own: str) -> None:
    assert not is_left_out(EXPERIMENT, own)


@pytest.mark.parametrize(
    "own",
    [
        "x = 1",
        "def f(results):\n    return results['mean']",
        "def f():\n    results = 3\n    return results",
        "%matplotlib inline",
        "%%time\nx = 1",
        "_, y = 1, 2",
        "# results",
        "'results'",
    ],
)
def test_an_experiment_is_not_run_for_nothing(own: str) -> None:
    assert is_left_out(EXPERIMENT, own)


def test_what_a_needed_cell_needs_is_run_too() -> None:
    assert is_left_out(FIRST_FIT)
    assert not is_left_out(FIRST_FIT, "kernels[0]")  # `kernels` come of the model
    assert is_left_out(EXPERIMENT, "kernels[0]")


def test_the_cell_that_prepares_the_data_waits_until_its_labels_are_looked_up() -> None:
    assert [cell.splitlines()[0] for cell in skippable_cells.late(GIVEN)] == [
        "x_train, y_train, x_test, y_test = preprocess(x_train_raw, y_train_raw, x_test_raw, y_test_raw)"
    ]
    assert skippable_cells.late([*GIVEN, "x_train.mean()"]) == []  # it is run in its place


def test_a_changed_cell_is_the_students_own() -> None:
    changed = "conv1_filters = resnet50_filters()[:8]\nplot_resnet50_filters(conv1_filters)"
    cells = [changed if source.startswith("conv1_filters = ") else source for source in GIVEN]
    assert cells.index(changed) not in skippable_cells.needless(cells)


@NEEDS_JAIL
@pytest.mark.parametrize("with_pictures", [True, False])
def test_only_a_notebook_with_its_pictures_is_cut_short(with_pictures: bool, fork_server: ForkServer) -> None:
    """One without any is run wholly: its feedback page shows what this run draws."""
    (trial,) = [source for source in GIVEN if source.startswith("figure = plot_history(history)")]
    sources = ["history = 1", "def plot_history(history):\n    print('drawn')", trial]
    executed = execute(notebook_of(sources, with_pictures), questions=(), fork_server=fork_server).notebook
    assert [len(cell.outputs) for cell in executed.cells] == [0, 0, 0 if with_pictures else 1]


@NEEDS_JAIL
@pytest.mark.parametrize("with_pictures", [True, False])
def test_labels_of_a_preprocess_that_knows_one_size_only(with_pictures: bool, fork_server: ForkServer) -> None:
    """What it does not tell of the images of the probes, the notebook's own labels do."""
    own = """
def preprocess(x_train, y_train, x_test, y_test):
    return (x_train.reshape(50000, 32, 32, 3) / 255.0, keras.utils.to_categorical(y_train), x_test / 255.0,
            keras.utils.to_categorical(y_test))
"""
    at = next(index for index, source in enumerate(GIVEN) if source.startswith(PREPARE))
    sources = [*GIVEN[:at], own, *GIVEN[at:]]
    sources = [source for source in sources if source.startswith((*DEFINING, own, PREPARE, LOAD))]
    done = execute(notebook_of(sources, with_pictures), questions=("q5",), fork_server=fork_server)
    assert done.cell_errors == []
    assert done.observations["q5"]["label_shape"] == [24, 10]


@NEEDS_JAIL
def test_what_trials_leave_behind_changes_no_mark(fork_server: ForkServer) -> None:
    """An experiment that the notebook has run before fills lists that all calls share."""
    own = """
def run_experiment(build_model, n_runs=5, epochs=100, accuracies=[], histories=[]):
    for run in range(n_runs):
        model = compile_model(build_model())
        histories.append(train(model, x_train, y_train, epochs=epochs))
        accuracies.append(evaluate(model, x_test, y_test)[1])
    return {"accuracies": accuracies, "mean": np.mean(accuracies), "std": np.std(accuracies), "histories": histories}
"""
    trial = "results = run_experiment(build_tiny_vgg)"
    kept = [source for source in GIVEN if source.startswith((*DEFINING, PREPARE, LOAD))]
    results = []
    for sources in ([*kept, own], [*kept, own, trial]):
        done = execute(notebook_of(sources, with_pictures=False), questions=("q9",), fork_server=fork_server)
        assert done.cell_errors == []
        checks = [check for check in assignment.all_checks() if check.question == "q9" and check.name != "q9_record"]
        results.append(judge(checks, Observations(done.observations, done.seed)))
    fresh, used = ([(r.name, r.outcome, r.message) for r in found] for found in results)
    assert fresh == used
    assert [name for name, outcome, _ in fresh if outcome != "passed"] == ["q9_entries"]
