"""How alike trainings of their own answer, and copies of one: `python benchmarks/record_copies.py`.

Every pair of the baseline's runs of a variant, five trainings of 100 epochs each, is compared as in grading
(`hidden.same_trainings`), and each run with copies of its weights that noise was multiplied into. Needs no GPU; the
images are CIFAR-10's where it is at hand, else the stand-in's. Nothing is random but the noise, which has a fixed seed.
"""

from itertools import combinations

import numpy as np

from assignment.data.dataset import dataset
from assignment.hidden import reference_specs, same_trainings, weight_check
from autograder import assignment
from lab.questions import QUESTIONS

NOISE = (1e-5, 1e-3, 1e-2, 3e-2, 1e-1)  # standard deviation, relative to each weight


def main() -> None:
    """Measure and print."""
    alike = f"one training from {same_trainings.ALIKE} on"
    print(f"Cohen's kappa on {same_trainings.IMAGES} images of {dataset().source}; {alike}")
    rng = np.random.default_rng(0)
    for variant in QUESTIONS.variants:
        runs = baseline_runs(variant)
        own = np.array(own_kappas(variant))
        print(f"{variant}: {len(own)} pairs of trainings of their own: {own.min():.2f} to {own.max():.2f}")
        for noise in NOISE:
            told = [same_trainings.kappas(answers(variant, [run, _noisy(run, noise, rng)]))[0, 1] for run in runs]
            print(f"  {len(told)} copies with noise of {noise:g}: {min(told):.2f} to {max(told):.2f}")


def own_kappas(variant: str) -> list[float]:
    """Of every pair of the baseline's runs."""
    found = same_trainings.kappas(answers(variant, baseline_runs(variant)))
    return [float(found[i, j]) for i, j in combinations(range(len(found)), 2)]


def baseline_runs(variant: str) -> list[list[np.ndarray]]:
    """The final weights of each run of the baseline, in Keras' order."""
    runs = []
    for file in sorted((assignment.PROJECT / "solutions" / "baselines" / "runs").glob(f"{variant}-[0-9]*.npz")):
        with np.load(file) as arrays:
            runs.append([arrays[name] for name in sorted(arrays.files)])
    return runs


def answers(variant: str, runs: list[list[np.ndarray]]) -> list[str]:
    """As `verification.answers` gives them, of images divided by 255.

    Raises:
        IndexError: the weights fit no network of that variant.
    """
    spec = reference_specs.fitting(variant, [(str(i), weight.shape) for i, weight in enumerate(runs[0])])[0]
    weights = [[{"path": "", "value": value} for value in run] for run in runs]
    return weight_check.answers(spec, weights, {}, 0)


def _noisy(run: list[np.ndarray], noise: float, rng: np.random.Generator) -> list[np.ndarray]:
    return [weight * rng.normal(1, noise, weight.shape).astype(weight.dtype) for weight in run]


if __name__ == "__main__":
    main()
