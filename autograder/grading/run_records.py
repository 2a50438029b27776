"""What students report in their run records: kept with a result, and compared with others."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from autograder import assignment
from autograder.assignment import RunRecords
from autograder.results import Reported, SubmissionResult

FEWEST: Final = 10  # numbers in a history below which two trainings may agree by chance


@dataclass(frozen=True)
class SameTraining:
    """Submissions that hold the same trained weights, the same histories, or weights that give the same answers.

    Args:
        submissions: their names.
        shared: what two or more of them have in common, such as "tiny_vgg (weights of 5 runs)".
    """

    submissions: tuple[str, ...]
    shared: tuple[str, ...]


def summarise(records: Mapping[str, Mapping[str, Any]], known: RunRecords) -> dict[str, Reported]:
    """What is kept of run records; none of those that cannot be read.

    Args:
        records: as `known.find` or `known.tried` gives them.
        known: what the practical makes of them.
    """
    return {variant: _summary(record["runs"], known) for variant, record in records.items() if not record.get("error")}


def _summary(runs: Sequence[Mapping[str, Any]], known: RunRecords) -> Reported:
    accuracies = [run["accuracy"] for run in runs]
    are_shares = bool(runs) and all(0 <= accuracy <= 1 for accuracy in accuracies)
    return Reported(
        mean=float(np.mean(accuracies)) if are_shares else None,
        std=float(np.std(accuracies, ddof=1)) if are_shares and len(runs) > 1 else None,
        n=len(runs),
        weights=tuple(_digest_of_weights(known.trained(run["weights"])) for run in runs),
        histories=tuple(_digest_of_history(run["history"]) for run in runs),
        answers=tuple(run.get("answers", "") for run in runs),
        is_evaluated=known.are_evaluated(),
    )


def _digest_of_weights(trained: Sequence[np.ndarray]) -> str:
    """Of the values alone: layers may be named otherwise."""
    if not sum(value.size for value in trained):
        return ""
    digest = hashlib.sha256()
    for value in trained:
        digest.update(f"{value.shape}\n".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def _digest_of_history(history: Mapping[str, Sequence[float]]) -> str:
    if sum(len(values) for values in history.values()) < FEWEST:
        return ""
    return hashlib.sha256(json.dumps(history, sort_keys=True).encode()).hexdigest()


def same_trainings(results: Sequence[SubmissionResult]) -> list[SameTraining]:
    """Groups of submissions with weights, histories or answers in common, in the order of `results`."""
    holders: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)  # (kind, digest) -> submission -> variant
    for result in results:
        for variant, reported in result.reported.items():
            for kind in ("weights", "histories"):
                for digest in filter(None, getattr(reported, kind)):
                    holders[kind, digest].setdefault(result.submission, variant)
    holders |= _same_answers(results)
    common = {key: whose for key, whose in holders.items() if len(whose) > 1}
    group = {result.submission: result.submission for result in results}  # submission -> the first one of its group
    for whose in common.values():
        old = {group[name] for name in whose}
        first = next(name for name in group if name in old)
        group = {name: first if of in old else of for name, of in group.items()}
    found = []
    for first in dict.fromkeys(group.values()):
        members = tuple(name for name, of in group.items() if of == first)
        if len(members) > 1:
            counts = Counter(
                (next(iter(whose.values())), kind)
                for (kind, _), whose in common.items()
                if group[next(iter(whose))] == first
            )
            found.append(SameTraining(members, _shared(counts)))
    return found


def _same_answers(results: Sequence[SubmissionResult]) -> dict[tuple[str, str], dict[str, str]]:
    """Holders of runs that are one training by their answers, and not already by their weights."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    records = assignment.current().records
    if records is None:
        return found
    pairs = records().alike
    for variant in assignment.questions().variants:
        runs = [
            (result.submission, weights, answers)
            for result in results
            if (reported := result.reported.get(variant))
            for weights, answers in zip(reported.weights, reported.answers, strict=False)
        ]
        group = list(range(len(runs)))  # run -> the first one of its group
        for one, other in pairs([answers for _, _, answers in runs]):
            old, new = group[other], group[one]
            group = [new if of == old else of for of in group] if old != new else group
        for first in set(group):
            members = [runs[number] for number, of in enumerate(group) if of == first]
            if len({weights for _, weights, _ in members}) > 1:
                found["answers", f"{variant} {first}"] = {submission: variant for submission, _, _ in members}
    return found


def _shared(counts: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    """What `SameTraining.shared` says, from how often (variant, kind) occurs."""
    texts: dict[str, list[str]] = defaultdict(list)
    for (variant, kind), count in counts.items():
        texts[variant].append(f"{kind} of {count} {'run' if count == 1 else 'runs'}")
    return tuple(f"{variant} ({', '.join(kinds)})" for variant, kinds in texts.items())
