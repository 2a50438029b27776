"""Run records against their weights: Keras says what each network reaches, on images whose classes are easy to tell."""

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from support import SEED, namespace, observations_of

from assignment.data.dataset import Dataset
from assignment.hidden import forward_pass, weight_check
from assignment.hidden.weight_check import CannotVerify, UnknownScaling, Verdict, scalings, verify
from lab import run_record, settings
from labkit.model_spec import trace

RUNS = 3
Reached = Callable[[str], list[float]]  # a scaling -> accuracies of its runs


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Images that are a little brighter in the one of ten places that tells their class; some labels are wrong."""
    rng = np.random.default_rng(0)

    def split(n: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(n) % 10
        images = rng.integers(0, 256, (n, 32, 32, 3))
        for i, k in enumerate(labels):
            images[i, 3 * k : 3 * k + 3] = np.minimum(images[i, 3 * k : 3 * k + 3] + 20, 255)
        wrong = rng.random(n) < 0.2
        labels[wrong] = rng.integers(0, 10, wrong.sum())
        return images.astype(np.uint8), labels[:, None].astype(np.uint8)

    return Dataset((split(600), split(settings.N_TEST)), "CIFAR-10")


@pytest.fixture(autouse=True)
def _at_hand(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_check, "dataset", lambda: data)
    weight_check._of_training_set.cache_clear()


PREPARED: dict[str, Callable[[Any, Any], Any]] = {
    "x / 255": lambda x, t: x / 255,
    "x / 127.5 - 1": lambda x, t: x / 127.5 - 1,
    "(x - 100) / 50": lambda x, t: (x - 100) / 50,
    "(x - x_train.mean()) / x_train.std()": lambda x, t: (x - t.mean()) / t.std(),
    "(x - x_train.mean((0, 1, 2))) / x_train.std((0, 1, 2))": lambda x, t: (x - t.mean((0, 1, 2))) / t.std((0, 1, 2)),
    "(x - x_train.mean(0)) / (x_train.std(0) + 1e-7)": lambda x, t: (x - t.mean(0)) / t.std(0),
    "x / 255 - x_train.mean(0) / 255": lambda x, t: (x - t.mean(0)) / 255,
    "2 * (x - x_train.min()) / (x_train.max() - x_train.min()) - 1": lambda x, t: x / 127.5 - 1,
    "(x - x.mean((1, 2, 3), keepdims=True)) / x.std((1, 2, 3), keepdims=True)": lambda x, t: (
        (x - x.mean((1, 2, 3), keepdims=True)) / x.std((1, 2, 3), keepdims=True)
    ),
}


def preprocessing(formula: str) -> dict[str, Any]:
    """The observation of question 3 of a student who scales so."""
    code = f"""
def preprocess(x_train, y_train, x_test, y_test):
    x_train = x_train.astype("float64")
    x, first = x_train, 0
    train = {formula}
    x = x_test.astype("float64")
    return train, y_train.ravel(), {formula}, y_test.ravel()
"""
    return dict(observations_of("q3", code)["q3"])


@pytest.fixture(scope="module")
def trained(data: Dataset) -> dict[str, Any]:
    """Networks of a few weights, which tell the classes more or less, for every scaling."""
    (x_train, y_train), _ = data.arrays
    networks: dict[str, Any] = {}
    for name, scale in PREPARED.items():
        images = scale(x_train.astype(float), x_train.astype(float)).astype("float32")
        networks[name] = [_fitted(images[run::RUNS], y_train[run::RUNS].ravel()) for run in range(RUNS)]
    return networks


def _fitted(images: np.ndarray, labels: np.ndarray) -> Any:
    """One layer on the mean colours of every row of an image, with the weights of a logistic regression."""
    means = images.mean(axis=2).reshape(len(images), -1)
    middle, spread = means.mean(axis=0), means.std(axis=0) + 1e-6
    fit = LogisticRegression(C=0.01).fit((means - middle) / spread, labels)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.AveragePooling2D((1, 32)), layers.Flatten(), layers.Dense(10)]
    )
    factors = fit.coef_ / spread
    model.set_weights([factors.T, fit.intercept_ - factors @ middle])
    return model


@pytest.fixture(scope="module")
def reached(data: Dataset, trained: dict[str, Any]) -> Reached:
    """The oracle: Keras' own predictions on the whole test set, of all runs of a scaling."""
    (x_train, _), (x_test, y_test) = data.arrays

    @cache
    def accuracies(formula: str) -> list[float]:
        images = PREPARED[formula](x_test.astype("float32"), x_train.astype("float32")).astype("float32")
        classes = [model.predict(images, batch_size=500, verbose=0).argmax(axis=1) for model in trained[formula]]
        return [float((guessed == y_test.ravel()).mean()) for guessed in classes]

    return accuracies


def weights_of(model: Any) -> list[dict[str, Any]]:
    """As `lab.run_record` reads them."""
    return [{"path": v.path, "value": np.asarray(v)} for v in model.weights]


def verdict(models: list[Any], claims: list[float], formula: str) -> Verdict:
    spec, _ = trace(models[0])
    return verify(spec, [weights_of(m) for m in models], claims, preprocessing(formula), SEED)


@pytest.mark.parametrize("formula", PREPARED)
def test_true_claims_are_believed_however_images_were_scaled(
    formula: str, trained: dict[str, Any], reached: Reached
) -> None:
    claims = reached(formula)
    assert min(claims) > 0.2
    assert len({round(claim, 2) for claim in claims}) > 1, "the runs differ, else their order would not matter"
    found = verdict(trained[formula], claims, formula)
    assert found.agrees
    assert found.images < settings.N_TEST
    assert found.measured == pytest.approx(claims, abs=0.12)  # of a few hundred images


def test_a_record_is_judged_alike_wherever_it_is_graded(trained: dict[str, Any], reached: Reached) -> None:
    """The images that are looked at follow from the weights, not from the seed of the observations."""
    spec, _ = trace(trained["x / 255"][0])
    weights = [weights_of(m) for m in trained["x / 255"]]
    claims = [claim + 0.01 for claim in reached("x / 255")]
    one, other = (verify(spec, weights, claims, {}, seed) for seed in (1, 2))
    assert one == other
    assert len(set(one.measured)) > 1


def test_doubt_looks_at_all_images(trained: dict[str, Any], monkeypatch: pytest.MonkeyPatch, reached: Reached) -> None:
    """What all images say is exact, in any order of the runs."""
    monkeypatch.setattr(weight_check, "DOUBT", 0.0)
    models = trained["x / 255"]
    claims = reached("x / 255")
    found = verdict(models, claims[::-1], "x / 255")
    if found.images < settings.N_TEST:  # the runs are so different that the order shows at once
        monkeypatch.setattr(weight_check, "CERTAIN", 100.0)
        found = verdict(models, claims[::-1], "x / 255")
    assert found.images == settings.N_TEST
    assert found.agrees
    assert found.measured == pytest.approx(claims, abs=1e-3)


@pytest.mark.parametrize("lift", [0.1, 0.2, -0.2])
def test_claims_that_the_weights_do_not_reach(lift: float, trained: dict[str, Any], reached: Reached) -> None:
    models = trained["x / 255"]
    claims = [claim + lift for claim in reached("x / 255")]
    found = verdict(models, claims, "x / 255")
    assert not found.agrees
    assert found.measured == pytest.approx([c - lift for c in claims], abs=0.12)


def test_one_false_claim_among_true_ones(trained: dict[str, Any], reached: Reached) -> None:
    models = trained["x / 255"]
    claims = reached("x / 255")
    assert not verdict(models, [*claims[:-1], claims[-1] + 0.25], "x / 255").agrees


def test_weights_of_another_scaling_do_not_pass(trained: dict[str, Any], reached: Reached) -> None:
    """Those trained on standardised images, handed in with a notebook that divides by 255."""
    other = "(x - x_train.mean()) / x_train.std()"
    claims = reached(other)
    assert not verdict(trained[other], claims, "x / 255").agrees


def test_a_faulty_preprocess_does_not_cost_the_record(trained: dict[str, Any], reached: Reached) -> None:
    """Any usual scaling may be the one of the training, where the submitted function is none."""
    claims = reached("x / 127.5 - 1")
    spec, _ = trace(trained["x / 127.5 - 1"][0])
    weights = [weights_of(m) for m in trained["x / 127.5 - 1"]]
    for broken in ({}, {"not_run": "too long"}, {"calls": [{"error": {"kind": "raised"}}]}, {"calls": [{"value": 3}]}):
        assert verify(spec, weights, claims, broken, SEED).agrees


def test_a_wrong_scaling_that_is_nearer_by_chance_is_not_the_last_word(
    trained: dict[str, Any], monkeypatch: pytest.MonkeyPatch, reached: Reached
) -> None:
    """With noise on the images the networks reach a little less: on a few of them nothing less, on all too little."""
    noise = np.random.default_rng(1).normal(0, 0.04, (32, 32, 3))
    families = {"right": lambda t: lambda x: x / 255, "nearly": lambda t: lambda x: x / 255 + noise}
    monkeypatch.setattr(weight_check, "_FAMILIES", families)
    monkeypatch.setattr(weight_check, "DOUBT", 0.0)
    models = trained["x / 255"]
    claims = reached("x / 255")
    spec, _ = trace(models[0])
    found = []
    for draw in range(4):
        monkeypatch.setattr(weight_check, "_digest", lambda network, draw=draw: bytes([draw]))
        found.append(verify(spec, [weights_of(m) for m in models], claims, {}, SEED))
    assert [(verdict.agrees, verdict.images) for verdict in found] == [(True, settings.N_TEST)] * 4


def test_no_more_than_the_budget(trained: dict[str, Any], monkeypatch: pytest.MonkeyPatch, reached: Reached) -> None:
    models = trained["x / 255"]
    claims = reached("x / 255")
    spec, variables = trace(models[0])
    work = RUNS * forward_pass.work(spec, {key: np.asarray(v) for key, v in variables.items()})
    monkeypatch.setattr(weight_check, "DOUBT", 0.0)
    monkeypatch.setattr(weight_check, "BUDGET", 700 * work)
    found = verdict(models, claims, "x / 255")
    assert (found.agrees, found.images) == (True, 700)
    assert not verdict(models, [claim + 0.3 for claim in claims], "x / 255").agrees
    monkeypatch.setattr(weight_check, "BUDGET", 99 * work)
    with pytest.raises(CannotVerify, match="too large to be evaluated here"):
        verdict(models, claims, "x / 255")


def test_what_cannot_be_evaluated_says_why(trained: dict[str, Any]) -> None:
    model = trained["x / 255"][0]
    spec, _ = trace(model)
    weights = weights_of(model)
    with pytest.raises(CannotVerify, match="which weight belongs to which layer"):
        verify(spec, [weights[:1]], [0.5], {}, SEED)
    with pytest.raises(CannotVerify, match="which weight belongs to which layer"):
        verify({k: v for k, v in spec.items() if k != "order"}, [weights], [0.5], {}, SEED)
    nodes = [node | ({"kind": "Fancy"} if node["kind"] == "Dense" else {}) for node in spec["nodes"]]
    with pytest.raises(CannotVerify, match="Fancy"):
        verify(spec | {"nodes": nodes}, [weights], [0.5], {}, SEED)
    wide = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    with pytest.raises(CannotVerify, match="one value a class"):
        verify(trace(wide)[0], [weights_of(wide)], [0.5], {}, SEED)


def test_the_order_of_weights_is_keras_own() -> None:
    """Also where layers are made in another order than they are called, and after a trip through a record."""
    builder = namespace()["build_tiny_vgg_bn"]
    model = builder()
    spec, variables = trace(model)
    assert [variables[key] is v for key, v in zip(spec["order"], model.weights, strict=True)] == [True] * len(
        model.weights
    )
    series = {"loss": [1.0], "val_loss": [1.0]}
    results = {"accuracies": [0.5], "mean": 0.5, "std": 0.0, "histories": [series]}
    page = run_record.to_html(run_record.make("tiny_vgg_bn", results, [model]))
    cell = {"outputs": [{"data": {"text/html": page}}]}
    (run,) = run_record.find({"cells": [cell]})["tiny_vgg_bn"]["runs"]
    named = weight_check._weights(spec, run["weights"])
    for key, variable in variables.items():
        np.testing.assert_array_equal(named[key], np.asarray(variable))


def test_a_linear_map_of_the_students_own_is_found() -> None:
    known, (first, *others) = scalings(preprocessing("(x - 100) / 50"), SEED)
    x = np.arange(256.0)
    np.testing.assert_allclose(first(x), (x - 100) / 50, atol=1e-5)
    assert not known, "it may follow from the training set: its ends, say"
    assert len(others) > 10


def test_what_fits_no_known_scaling_is_left_to_a_person(trained: dict[str, Any]) -> None:
    spec, _ = trace(trained["x / 255"][0])
    weights = [weights_of(m) for m in trained["x / 255"]]
    with pytest.raises(UnknownScaling, match="in a way that this grader does not know"):
        verify(spec, weights, [0.95] * RUNS, preprocessing("np.sqrt(x)"), SEED)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.7])
def test_a_true_claim_is_seldom_doubted(rate: float) -> None:
    """Of samples without replacement, as many lie beyond the limit of doubt as a normal distribution has there."""
    rng = np.random.default_rng(0)
    hits = rng.hypergeometric(int(rate * 10_000), int((1 - rate) * 10_000), 250, (2000, 5))
    doubts = [weight_check._doubts(row / 250, np.full(5, rate), 250, 10_000)[0] for row in hits]
    assert np.mean(np.array(doubts) > 2.0) == pytest.approx(0.0455, abs=0.02)
