"""Training the reference: what is kept of a run, what is trained again, and what the runs say together."""

import contextlib
import io
import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from cluster import PATIENCE, PROJECT, scheduler, wait_for, worker
from scipy import stats

from assignment.data import dataset
from autograder import workers
from lab import settings
from lab.questions import QUESTIONS
from solutions import reference, replicate, runs, summary, train_baselines
from solutions.report import page
from solutions.trainers import fit, one_process
from solutions.trainers.checkpoint import Backup

NAMES = ("accuracy", "loss", "val_accuracy", "val_loss")


def few_images(n: int = 60) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = (n, n // 2)
    x, y = (
        [rng.integers(0, 256, (k, 32, 32, 3), np.uint8) for k in sizes],
        [np.arange(k)[:, None] % 10 for k in sizes],
    )
    return [x[0], y[0], x[1], y[1]]


def trained(
    seed: int = 0, accuracy: float = 0.7, epochs: int = 10, history: dict[str, list[float]] | None = None
) -> runs.Trained:
    curve = list(np.linspace(0.1, 0.123456789, epochs))
    return runs.Trained(
        seed,
        accuracy,
        0.9,
        dict.fromkeys(NAMES, curve) | (history or {}),
        [np.arange(6.0).reshape(2, 3), np.array([1 / 3])],
        7,
        12.34,
        5.0,
    )


def saved(folder: Path, variant: str = "tiny_vgg", **changes: Any) -> runs.Run:
    noted = {"epochs": 10, "key": "k", "trainer": "fit", "data": "CIFAR-10"}
    return runs.save(folder, trained(**changes), variant=variant, **noted)


# ---- runs ----


def test_a_run_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    run = saved(tmp_path, seed=3)
    assert runs.load(tmp_path, "tiny_vgg", 3) == run
    assert run.history["loss"][-1] == 0.123457  # six digits are kept
    kernel, bias = runs.weights(tmp_path, "tiny_vgg", 3)
    assert kernel.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert bias.tolist() == [np.float32(1 / 3)]
    assert runs.seeds(tmp_path, "tiny_vgg") == [3]
    assert runs.load(tmp_path, "tiny_vgg", 4) is None
    assert runs.seeds(tmp_path, "tiny_vgg_bn") == []


def test_damaged_files_are_named(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "tiny_vgg-0.npz").write_bytes(b"PK")
    with pytest.raises(runs.RunError, match=r"tiny_vgg-0\.npz is missing or damaged: delete that run's \.json"):
        runs.weights(tmp_path, "tiny_vgg", 0)
    (tmp_path / "tiny_vgg-0.json").write_text('{"variant": ')
    with pytest.raises(runs.RunError, match=r"tiny_vgg-0\.json is damaged: delete it, and that run is trained again"):
        runs.load(tmp_path, "tiny_vgg", 0)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Build the tiny VGG.", "Build a tiny VGG.", True),  # a docstring
        ("def compare(", "def compare_all(", True),  # a function that no run calls
        ('optimizer="adam"', "optimizer='adam'", True),
        ('optimizer="adam"', 'optimizer="sgd"', False),
        ('padding="same"', 'padding="valid"', False),
    ],
)
def test_what_a_key_depends_on(old: str, new: str, same: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def key() -> str:
        runs._functions.cache_clear()
        runs.key.cache_clear()
        return runs.key("tiny_vgg", 100, "fingerprint")

    before = key()
    source = runs.REFERENCE.read_text()
    assert old in source
    changed = tmp_path / "reference.py"
    changed.write_text(source.replace(old, new))
    with monkeypatch.context() as patch:
        patch.setattr(runs, "REFERENCE", changed)
        after = key()
    assert (after == before) is same
    assert key() == before
    assert len({before, runs.key("tiny_vgg", 99, "fingerprint"), runs.key("tiny_vgg", 100, "other")}) == 3
    assert runs.key("tiny_vgg_bn", 100, "fingerprint") != before


def test_a_key_depends_on_helpers_of_the_functions_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = []
    for activation in ("relu", "gelu"):
        changed = tmp_path / f"{activation}.py"
        helpers = f"def act(x):\n    return again(x)\n\n\ndef again(x):\n    return keras.ops.{activation}(x)\n"
        changed.write_text(
            f"{runs.REFERENCE.read_text().replace('    x = inputs', '    x = act(inputs)')}\n\n{helpers}"
        )
        with monkeypatch.context() as patch:
            patch.setattr(runs, "REFERENCE", changed)
            runs._functions.cache_clear()
            runs.key.cache_clear()
            keys.append(runs.key("tiny_vgg", 100, "fingerprint"))
    runs._functions.cache_clear()
    runs.key.cache_clear()
    assert len({*keys, runs.key("tiny_vgg", 100, "fingerprint")}) == 3


@pytest.mark.parametrize(("cores", "free", "jobs"), [(8, 64.0, 8), (8, 7.6, 3), (2, 1.0, 1), (2, None, 2)])
def test_as_many_trainings_at_a_time_as_cores_and_memory_allow(
    cores: int, free: float | None, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "cores", lambda: cores)
    monkeypatch.setattr(workers, "memory", lambda: None if free is None else int(free * 2**30))
    assert train_baselines._options([]).jobs == jobs
    assert train_baselines._options(["--jobs", "5"]).jobs == 5


def test_a_fault_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def incomplete() -> NoReturn:
        raise ValueError("CIFAR-10 in /data is incomplete")

    monkeypatch.setattr(dataset, "dataset", incomplete)
    for main in (train_baselines.main, replicate.main):
        assert main([]) == 1
        assert capsys.readouterr().err == "error: CIFAR-10 in /data is incomplete\n"


def test_a_fingerprint_tells_data_and_shape() -> None:
    a = np.arange(6, dtype=np.uint8)
    assert runs.fingerprint([a]) == runs.fingerprint([a.copy()])
    assert len({runs.fingerprint([a]), runs.fingerprint([a.reshape(2, 3)]), runs.fingerprint([a[::-1]])}) == 3


# ---- training ----


def test_fit_is_the_notebooks_own_training() -> None:
    raw = few_images()
    epochs: list[int] = []
    found = fit.train("tiny_vgg", 1, 2, raw, epochs.append)
    x_train, y_train, x_test, y_test = reference.preprocess(*raw)
    vars(reference).update(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = reference.run_experiment(reference.build_tiny_vgg, n_runs=2, epochs=2)  # its second run has seed 1
    assert found.history == pytest.approx({k: pytest.approx(v) for k, v in theirs["histories"][1].history.items()})
    assert found.accuracy == theirs["accuracies"][1]
    for weight, theirs_too in zip(found.weights, theirs["models"][1].get_weights(), strict=True):
        np.testing.assert_allclose(weight, theirs_too, atol=1e-6)
    assert epochs == [1, 2]
    assert found.parameters == theirs["models"][1].count_params()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """`train_baselines` on a few images, which processes of their own see too: arguments -> exit code, what it says."""
    raw = few_images()
    cache = tmp_path / "cache" / "tiny-vgg-practical" / "cifar-10"
    cache.mkdir(parents=True)
    for name, array in zip(("x_train", "y_train", "x_test", "y_test"), raw, strict=True):
        np.save(cache / f"{name}.npy", array.astype(np.uint8))
    (tmp_path / "sitecustomize.py").write_text(
        f"from lab import settings\nsettings.N_TRAIN, settings.N_TEST = {len(raw[0])}, {len(raw[2])}\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{PROJECT}:{PROJECT}/assignment:{PROJECT}/autograder/handed_out")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(settings, "N_TRAIN", len(raw[0]))
    monkeypatch.setattr(settings, "N_TEST", len(raw[2]))
    dataset.dataset.cache_clear()
    monkeypatch.setattr(dataset, "dataset", dataset.dataset.__wrapped__)

    def main(*arguments: str) -> tuple[int, str]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = train_baselines.main([*arguments, "--out", str(tmp_path / "out")])
        return code, " ".join(said.getvalue().split())

    return main


def test_a_second_run_trains_only_what_is_missing(few: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    arguments = ("--seeds", "2", "--epochs", "1", "--variants", "tiny_vgg", "--jobs", "1")
    code, said = few(*arguments)
    assert code == 0, said
    assert "2 runs of 1 epochs on CIFAR-10 data" in said
    assert "0 are done, 2 are left, 1 at a time." in said
    assert "tiny_vgg, seed 1: test accuracy 0." in said
    made = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").iterdir()}
    assert sorted(made) == [f"tiny_vgg-{seed}.{kind}" for seed in (0, 1) for kind in ("json", "npz")]
    (tmp_path / "out" / "runs" / "tiny_vgg-1.json").unlink()
    code, said = few(*arguments)
    assert code == 0
    assert "1 are done, 1 are left" in said
    assert (tmp_path / "out" / "runs" / "tiny_vgg-0.npz").stat().st_mtime_ns == made["tiny_vgg-0.npz"]


def test_a_run_in_a_process_of_its_own_is_that_of_fit(few: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    code, said = few("--seeds", "1", "--epochs", "2", "--variants", "tiny_vgg", "--jobs", "1")
    assert code == 0, said
    here = fit.train("tiny_vgg", 0, 2, few_images())
    run = runs.load(tmp_path / "out" / "runs", "tiny_vgg", 0)
    assert run is not None
    assert run.history["loss"] == pytest.approx(here.history["loss"], rel=1e-4)
    for found, wanted in zip(runs.weights(tmp_path / "out" / "runs", "tiny_vgg", 0), here.weights, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_run_that_fails_leaves_the_others(
    few: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = one_process.train

    def train(task: tuple[str, int], *rest: Any) -> Any:
        if task[1] == 0:
            raise MemoryError("no room")
        return honest(task, *rest)

    monkeypatch.setattr(one_process, "train", train)
    code, said = few("--seeds", "2", "--epochs", "1", "--variants", "tiny_vgg", "--jobs", "2")
    assert code == 1
    assert "tiny_vgg, seed 0 failed: MemoryError: no room" in said
    assert runs.seeds(tmp_path / "out" / "runs", "tiny_vgg") == [1], said


def test_a_process_that_is_ended_or_would_train_something_else(few: Callable[..., tuple[int, str]]) -> None:
    raw = few_images()
    key = runs.key("tiny_vgg", 1000, runs.fingerprint([array.astype(np.uint8) for array in raw]))
    told: list[int] = []

    def end(message: tuple[one_process.Task, int]) -> None:
        told.append(message[1])
        one_process.end_all()

    with pytest.raises(RuntimeError, match=r"its process was ended by SIGKILL \(too little memory\?\)"):
        one_process.train(("tiny_vgg", 0), 1000, key, "CIFAR-10", 1, end)
    assert told[0] == 1
    with pytest.raises(workers.WorkersError, match="this machine has another reference solution, other settings or"):
        one_process.train(("tiny_vgg", 0), 999, key, "CIFAR-10", 1, end)


@pytest.mark.slow
def test_runs_on_other_machines_one_of_which_is_lost(few: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    folder = tmp_path / "dask"
    folder.mkdir()
    path = os.environ["PYTHONPATH"]  # its sitecustomize makes workers see few images, too
    with scheduler(folder) as address, worker(folder, address, "--no-nanny", PYTHONPATH=path) as first:

        def lose() -> None:
            wait_for(first.children, "a training")
            [training] = first.children()
            first.kill()
            training.wait(PATIENCE)  # it ends with its worker

        losing = threading.Thread(target=lose)
        losing.start()
        with worker(folder, address, "--no-nanny", PYTHONPATH=path):
            code, said = few("--seeds", "2", "--epochs", "1", "--variants", "tiny_vgg", "--scheduler", address)
            losing.join()
    assert code == 0, said
    assert "0 are done, 2 are left." in said
    assert all(said.count(f"tiny_vgg, seed {seed}: test accuracy 0.") == 1 for seed in (0, 1))
    assert runs.seeds(tmp_path / "out" / "runs", "tiny_vgg") == [0, 1]


@pytest.mark.parametrize("arguments", [["--seeds", "0"], ["--epochs", "-1"], ["--variants", "vgg16"], ["--jobs", "x"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        train_baselines.main(arguments)
    assert stopped.value.code == 2
    said = "invalid choice: 'vgg16'" if arguments[1] == "vgg16" else f"'{arguments[1]}' is not a whole number from 1 on"
    assert f"argument {arguments[0]}: {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scheduler", "a"], "'a' is no address such as tcp://10.0.0.1:8786"),
        (["--scheduler", "tcp://a:1", "--jobs", "2"], "not allowed with argument --scheduler"),
        (["--scheduler", "tcp://a:1", "--trainer", "ensemble"], "trains in one program; --scheduler is for `fit`"),
    ],
)
def test_wrong_usage_of_a_scheduler(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        train_baselines.main(arguments)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_a_run_that_was_stopped_goes_on(few: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    raw = [array.astype(np.uint8) for array in few_images()]
    kept = tmp_path / "out" / "unfinished" / "tiny_vgg-0"
    backup = Backup(kept, runs.key("tiny_vgg", 2, runs.fingerprint(raw)), every=1)
    fit.train("tiny_vgg", 0, 1, raw, backup=backup)
    code, said = few("--seeds", "1", "--epochs", "2", "--variants", "tiny_vgg")
    assert code == 0, said
    run = runs.load(tmp_path / "out" / "runs", "tiny_vgg", 0)
    assert run is not None
    assert run.resumed_at == [1]
    assert run.history["loss"][0] == pytest.approx(backup.history["loss"][0], rel=1e-5)
    assert len(run.history["loss"]) == 2
    assert not kept.exists()


def test_a_damaged_run_is_named(few: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    damaged = tmp_path / "out" / "runs" / "tiny_vgg-0.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text('{"variant": "tiny_v')
    code, said = few("--seeds", "1", "--epochs", "1", "--variants", "tiny_vgg")
    assert code == 1
    assert said == f"error: {damaged} is damaged: delete it, and that run is trained again"


# ---- without the trainer ----


def test_a_replication_is_held_against_the_baselines(
    few: Callable[..., tuple[int, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--epochs", "1", "--variants", "tiny_vgg", "--out", str(tmp_path / "out")]
    assert replicate.main(arguments) == 1
    assert "there is no baseline, make baselines trains it" in capsys.readouterr().out
    one = summary.replications(tmp_path / "out")["tiny_vgg"]
    data = [array.astype(np.uint8) for array in few_images()]
    theirs = fit.train("tiny_vgg", replicate.SEED, 1, data)
    assert (one.seed, one.epochs, one.accuracy) == (replicate.SEED, 1, pytest.approx(theirs.accuracy))

    for seed, accuracy in enumerate((one.accuracy - 0.01, one.accuracy, one.accuracy + 0.02)):
        noted = {"epochs": 1, "key": one.reference, "trainer": "fit", "data": "CIFAR-10"}
        run = replace(trained(seed, epochs=1), accuracy=accuracy)
        runs.save(tmp_path / "out" / "runs", run, variant="tiny_vgg", **noted)
    assert replicate.main(arguments) == 0
    assert "inside of" in capsys.readouterr().out  # and not trained again, see below

    path = tmp_path / "out" / "replication.json"
    path.write_text(path.read_text().replace(f'"accuracy": {one.accuracy}', '"accuracy": 0.999'))
    for seed in (3, 4):
        run = replace(trained(seed, epochs=1), accuracy=one.accuracy)
        runs.save(tmp_path / "out" / "runs", run, variant="tiny_vgg", **noted)
    assert replicate.main(arguments) == 1
    assert "tiny_vgg: 0.9990, OUTSIDE of" in capsys.readouterr().out

    path.write_text('{"variants": {"tiny_vgg": {}}}')
    assert replicate.main(arguments) == 1
    assert capsys.readouterr().err == f"error: {path} is damaged: delete it, and make replicate makes it again\n"


# ---- what the runs say together ----


def test_the_interval_holds_what_it_says() -> None:
    """Of many experiments of five students' runs, as many means lie inside as the level says."""
    rng = np.random.default_rng(0)
    n, further, level, inside = 6, 5, 0.9, 0
    for _ in range(4000):
        accuracies = rng.normal(0.7, 0.01, n)
        found = summary.Spread(n, float(accuracies.mean()), float(accuracies.std(ddof=1)))
        low, high = found.interval(further, level)
        inside += low < rng.normal(0.7, 0.01, further).mean() < high
    assert inside / 4000 == pytest.approx(level, abs=0.015)


def test_an_interval_holds_accuracies_only() -> None:
    assert summary.Spread(2, 0.7, 0.01).interval(5) == (0, 1)


def test_a_difference_is_that_of_welchs_test() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(0.72, 0.004, 5), rng.normal(0.7, 0.01, 7)
    spreads = [summary.Spread(len(a), float(a.mean()), float(a.std(ddof=1))) for a in (one, other)]
    theirs = stats.ttest_ind(one, other, equal_var=False).confidence_interval(summary.CONFIDENCE)
    assert summary.difference(*spreads) == pytest.approx((one.mean() - other.mean(), theirs.low, theirs.high))
    wider = stats.ttest_ind(one, other, equal_var=False).confidence_interval(1 - (1 - summary.CONFIDENCE) / 3)
    assert summary.difference(*spreads, 3)[1:] == pytest.approx((wider.low, wider.high))


def test_summary_and_page(tmp_path: Path) -> None:
    accuracies = {
        "tiny_vgg": (0.70, 0.72, 0.71),
        "tiny_vgg_bn": (0.74, 0.75, 0.76),
        "tiny_vgg_3blocks": (0.70, 0.73, 0.71),
    }
    finished = {
        variant: [saved(tmp_path, variant, seed=seed, accuracy=a) for seed, a in enumerate(some)]
        for variant, some in accuracies.items()
    }
    path = tmp_path / "docs" / "baselines.md"
    path.parent.mkdir()
    out = tmp_path / "solutions" / "baselines"
    summary.write(finished, out, "abc", path)
    assert "without the trainer" not in path.read_text()
    once = summary.Replication("k", 1_000_000, 10, 0.7612, 0.9, 5.0, "h", {})
    (out / "replication.json").write_text(json.dumps({"variants": {"tiny_vgg_bn": asdict(once)}}))
    summary.write(finished, out, "abc", path)
    made = json.loads((tmp_path / "solutions" / "baselines" / "baselines.json").read_text())
    vgg = made["variants"]["tiny_vgg"]
    assert (vgg["n"], vgg["mean"], vgg["std"], vgg["parameters"]) == (3, 0.71, 0.01, 7)
    half = 31.599 * 0.01 * (1 / 3 + 1 / settings.RUNS) ** 0.5  # from a table of Student's t, 2 degrees of freedom
    assert vgg["interval"] == pytest.approx([0.71 - half, 0.71 + half], abs=1e-4)
    assert vgg["curve_epochs"] == [5, 10]
    assert len(vgg["runs"][0]["val_accuracy"]) == 2
    text = path.read_text()
    assert "| tiny_vgg | 7 | 3 | 0.7100 ± 0.0100 | 0.7000 to 0.7200 |" in text
    # Two comparisons: 97.5 % each, so t(4 degrees of freedom) = 3.495, times an error of 0.816 points
    assert "- **tiny_vgg_bn**: +4.00 points (+1.15 to +6.85): better." in text
    assert "hold together at 95% (Welch, Bonferroni)" in text
    assert 'Made by `make baselines SEEDS=3 EPOCHS=10 VARIANTS="tiny_vgg tiny_vgg_bn tiny_vgg_3blocks"`' in text
    assert "another architecture" not in text
    assert "- **tiny_vgg_3blocks**: +0.33 points" in text
    assert "no difference can be told with so few runs" in text
    half = 31.599 * 0.01 * (1 / 3 + 1) ** 0.5
    interval = f"{0.75 - half:.3f} to {min(0.75 + half, 1):.3f}"
    assert f"| tiny_vgg_bn | 1000000 | 0.7612 | +1.1 | {interval} | inside |" in text
    (out / "replication.json").write_text(
        json.dumps({"variants": {"tiny_vgg_bn": asdict(replace(once, reference=""))}})
    )
    summary.write(finished, out, "abc", path)
    assert "without the trainer" not in path.read_text()  # it is of another reference solution
    for name in ("accuracies", "curves", "cost"):
        assert f"](../solutions/baselines/{name}.png)" in text
        assert (tmp_path / "solutions" / "baselines" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_costs_are_compared_on_one_machine(tmp_path: Path) -> None:
    def run(variant: str, hardware: str, seconds: float) -> runs.Run:
        return replace(saved(tmp_path, variant), hardware=hardware, cpu_seconds=seconds)

    slow = [run("tiny_vgg", "a", seconds) for seconds in (10, 30, 20)]
    mixed = [run("tiny_vgg_bn", "b", 1), run("tiny_vgg_bn", "a", 50), run("tiny_vgg_bn", "b", 2)]
    assert summary.cpu_seconds({"tiny_vgg": slow, "tiny_vgg_bn": mixed}) == {"tiny_vgg": 10, "tiny_vgg_bn": 50}
    text = page.page({"tiny_vgg": slow, "tiny_vgg_bn": mixed}, {}, "figures")
    assert "CPU seconds are the least of each variant's runs on a: what else the machine did adds" in text
    apart = {"tiny_vgg": slow, "tiny_vgg_bn": [mixed[0], mixed[0], mixed[2]]}
    assert summary.cpu_seconds(apart) == {"tiny_vgg": 10, "tiny_vgg_bn": 1}
    assert "runs, on different hardware; compare them roughly." in page.page(apart, {}, "figures")


def test_the_page_tells_the_way_to_the_last_epoch(tmp_path: Path) -> None:
    def run(variant: str, seed: int, training: float, validation: list[float], **changes: Any) -> runs.Run:
        history = {"accuracy": [0.5] * 3 + [training], "val_accuracy": validation}
        return replace(saved(tmp_path, variant, seed=seed, epochs=4, history=history), **changes)

    slow = [run("tiny_vgg", seed, 0.7, [0.4, 0.5, 0.55, 0.6 + seed / 100]) for seed in range(3)]
    fast = [run("tiny_vgg_bn", seed, 0.8 + seed / 100, [0.5, 0.6, 0.66, 0.63]) for seed in range(3)]
    never = [run("tiny_vgg_3blocks", seed, 0.7, [0.1, 0.1, 0.59, 0.59 + seed / 100]) for seed in range(3)]
    finished = {"tiny_vgg": slow, "tiny_vgg_bn": fast, "tiny_vgg_3blocks": never}
    text = page.page(finished, {}, "figures")
    # the best epochs differ by 5 points, with an error of 0.58: t = 8.7, and 4.3 is enough with 2 degrees of freedom
    assert "| tiny_vgg | 4.0 ± 0.0 | 61.0 ± 1.0 % | 0.0 ± 0.0 points | 70.0 ± 0.0 % |" in text
    assert "| tiny_vgg_bn | **2.0 ± 0.0** | **66.0 ± 0.0 %** | **3.0 ± 0.0 points** | **81.0 ± 1.0 %** |" in text
    assert "| tiny_vgg_3blocks | not reached in 1 of 3 runs | 60.0 ± 1.0 % | 0.0 ± 0.0 points | 70.0 ± 0.0 % |" in text
    assert "None of the runs was interrupted." in text
    assert "so of these 8 cells one or the other may be bold by chance" in text
    fast[0] = replace(fast[0], resumed_at=[2])
    assert "1 of the 9 runs was interrupted and went on" in page.page(finished, {}, "figures")
    del finished["tiny_vgg"]
    text = page.page(finished, {}, "figures")
    assert "(not to be told without runs of tiny_vgg)" in text
    assert "| tiny_vgg_bn | 2.0 ± 0.0 | 66.0 ± 0.0 % | 3.0 ± 0.0 points | 81.0 ± 1.0 % |" in text


def test_what_is_published_follows_from_the_runs_of_this_reference() -> None:
    folder = runs.PUBLISHED
    made = json.loads((folder / "baselines.json").read_text())
    fingerprint = made["dataset"]["sha256"]
    finished = runs.finished(folder / "runs", fingerprint, settings.EPOCHS)
    assert {variant: len(some) >= 5 for variant, some in finished.items()} == dict.fromkeys(QUESTIONS.variants, True)
    assert {run.data for some in finished.values() for run in some} == {"CIFAR-10"}
    assert (folder / "baselines.json").read_text() == summary.encode(finished, fingerprint)
    text = (PROJECT / "docs" / "baselines.md").read_text()
    assert text == page.page(finished, summary.replications(folder), "../solutions/baselines")
    for variant, one in summary.replications(folder).items():
        assert one.reference == finished[variant][0].key


def test_two_runs_are_no_baseline(tmp_path: Path) -> None:
    key = runs.key("tiny_vgg", 10, "f")
    first = saved(tmp_path / "runs")
    assert runs.finished(tmp_path / "runs", "f", 10) == {}  # of another key
    for seed in range(3):
        noted = {"epochs": 10, "key": key, "trainer": "fit", "data": "CIFAR-10"}
        runs.save(tmp_path / "runs", replace(trained(), seed=seed), variant="tiny_vgg", **noted)
        assert list(runs.finished(tmp_path / "runs", "f", 10)) == ["tiny_vgg"] * (seed == 2)
    assert first.key == "k"
