"""What claims a run record may make without being found out: `python benchmarks/record_power.py [--n N]`.

Runs whose weights classify a known share of the test set rightly claim more than that, and are looked at as in grading
(`hidden.weight_check`): N records for each claim, each with its images in a random order. Printed are the shares
of records that are believed. Nothing is timed, and no data are needed.
"""

import argparse

import numpy as np

from assignment.hidden import weight_check
from lab import settings

TRUE = 0.65  # accuracy that the weights have
CLAIMS = {
    "every run": [(points, settings.RUNS) for points in (0, 1, 2, 3, 4, 5)],
    "one run": [(points, 1) for points in (4, 6, 8, 10, 12)],
}


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description="what claims are found out")
    parser.add_argument("--n", type=int, default=2000, metavar="N", help="records for each claim (default: 2000)")
    n = parser.parse_args().n
    rng = np.random.default_rng(0)
    print(f"{settings.RUNS} runs with an accuracy of {TRUE:.0%}; n = {n} records for each claim")
    for of, claims in CLAIMS.items():
        for points, runs in claims:
            believed = np.mean([_is_believed(points / 100, runs, rng) for _ in range(n)])
            print(f"{of:>9} claims {points:>2} points too much: {believed:6.1%} believed")


def _is_believed(above: float, runs: int, rng: np.random.Generator) -> bool:
    """Whether a record passes in which so many runs claim so much above the truth."""
    right = np.arange(settings.N_TEST) < TRUE * settings.N_TEST
    orders = np.stack([rng.permutation(right) for _ in range(settings.RUNS)])
    claims = [TRUE + above * (run < runs) for run in range(settings.RUNS)]
    look = weight_check.staged(lambda first, last: orders[:, first:last].sum(axis=1), claims, settings.N_TEST)
    return look.agrees


if __name__ == "__main__":
    main()
