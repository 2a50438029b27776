"""Train each variant once more without the trainer, and hold what it reaches against the baselines.

usage: python -m solutions.replicate [--epochs N] [--variants NAME ...] [--out FOLDER]

Nothing is shared with `make baselines` but the functions of the solution notebook: one plain call of `train` for each
variant, with a seed that no baseline has. Each result is kept in OUT/replication.json as soon as it is there, and is
not made again; the next `make baselines` writes them into docs/baselines.md. Exit code 1 where one lies outside of the
interval of the baselines, or there is no baseline.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assignment.data import dataset
from autograder import workers
from lab import settings
from lab.questions import QUESTIONS
from solutions import runs, summary

SEED = 1_000_000
FORMAT = 1


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 all lie inside, 1 one does not or cannot be compared, 2 wrong usage, 130 Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m solutions.replicate", description="train each variant once more")
    parser.add_argument("--epochs", type=workers.positive, default=settings.EPOCHS, help="of each training")
    names = list(QUESTIONS.variants)
    parser.add_argument("--variants", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--out", type=Path, help="folder of the baselines (default: that of make baselines)")
    options = parser.parse_args(arguments)
    try:
        return _replicate(options)
    except KeyboardInterrupt:
        print("Interrupted; what was finished is kept.", file=sys.stderr)
        return 130
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _replicate(options: argparse.Namespace) -> int:
    data = dataset.dataset()
    raw = [array for split in data.arrays for array in split]
    fingerprint = runs.fingerprint(raw)
    out = options.out or runs.home(options.epochs, data.source)
    found = summary.replications(out)
    for variant in options.variants:
        key = runs.key(variant, options.epochs, fingerprint)
        if variant not in found or found[variant].reference != key:
            found[variant] = _train(variant, key, options.epochs, raw)
            _write(out, found)
    baselines = runs.finished(out / "runs", fingerprint, options.epochs)
    verdicts = [_verdict(variant, found[variant], baselines.get(variant)) for variant in options.variants]
    return 0 if all(verdicts) else 1


def _verdict(variant: str, one: summary.Replication, baseline: Sequence[runs.Run] | None) -> bool:
    """Whether it lies in the interval of one further run, and say so."""
    if baseline is None:
        print(f"{variant}: {one.accuracy:.4f}; there is no baseline, make baselines trains it")
        return False
    low, high = summary.of_accuracies(baseline).interval(1)
    inside = low <= one.accuracy <= high
    print(f"{variant}: {one.accuracy:.4f}, {'inside' if inside else 'OUTSIDE'} of {low:.4f} to {high:.4f}")
    return inside


def _train(variant: str, key: str, epochs: int, raw: list[Any]) -> summary.Replication:
    import keras

    from solutions import reference

    x_train, y_train, x_test, y_test = reference.preprocess(*raw)
    keras.utils.set_random_seed(SEED)
    model = reference.compile_model(getattr(reference, f"build_{variant}")())
    start = time.process_time()
    reference.train(model, x_train, y_train, epochs=epochs)
    seconds = time.process_time() - start
    loss, accuracy = reference.evaluate(model, x_test, y_test)
    return summary.Replication(
        key, SEED, epochs, float(accuracy), float(loss), round(seconds, 1), runs.hardware(), runs.versions()
    )


def _write(folder: Path, found: Mapping[str, summary.Replication]) -> None:
    variants = {variant: asdict(found[variant]) for variant in QUESTIONS.variants if variant in found}
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "replication.tmp"
    temporary.write_text(
        json.dumps({"format": FORMAT, "command": "make replicate", "variants": variants}, indent=1) + "\n"
    )
    temporary.rename(folder / "replication.json")


if __name__ == "__main__":
    sys.exit(main())
