"""Run a notebook's cells in a jailed kernel, then ask the agent in it.

The kernel sees `lab`, `labkit`, `inside`, what the practical serves and the data, in a scratch folder that is removed
afterwards. Probes run here, in a thread; checks, seeds and expected values are out of the kernel's reach. Inputs are
drawn from a seed that it is never told.
"""

import asyncio
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError

from autograder import assignment
from autograder.sandbox import host, jail
from autograder.sandbox.host import MachineError
from autograder.sandbox.one_pass import DEFAULT_LIMITS, Execution, Limits, Pass
from autograder.sandbox.provisioner import ForkServer
from autograder.sandbox.scratch import scratch

MAX_DEATHS = 4  # kernels that may die before the rest is given up


def execute(
    notebook: Any,
    extra_files: Mapping[str, bytes] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[str], None] = lambda step: None,
    questions: Sequence[str] | None = None,
    unsafe: bool = False,
    fork_server: ForkServer | None = None,
    entropy: bytes | None = None,
    is_settled: Callable[[str, Mapping[str, Any]], bool] = lambda question, observation: False,
) -> Execution:
    """Run a submitted notebook and observe questions.

    Args:
        notebook: an nbformat 4 notebook; it is not changed.
        extra_files: further files of the submission, relative path -> content; put beside the notebook.
        limits: of time. A cell that exceeds its limit is interrupted, and the next one is run.
        progress: called with a short text before each step.
        questions: those that are observed; None: all.
        unsafe: go on where this system cannot hold student code safely.
        fork_server: forks the kernels; without one each is started afresh.
        entropy: from which the kernel's generators and the inputs of the probes are seeded, apart from each other; the
            same gives the same observations. Drawn where not given.
        is_settled: whether an observation without neutral stand-ins earns all marks, so that none with them is needed.

    Raises:
        JailError: it cannot, and `unsafe` was not said.
        MachineError: this machine has run out of disk or memory, or is too busy.
    """
    jail.require(unsafe)
    questions = tuple(assignment.questions()) if questions is None else questions
    host.require_room(Path(tempfile.gettempdir()))
    skipped: dict[int, str] = {}
    withheld: list[str] = []
    done: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    deeds: list[str] = []
    suspect: int | str | None = None  # cell or question at which the last kernel ended
    entropy = entropy or secrets.token_bytes(32)
    end = time.monotonic() + limits.whole
    for attempt in range(MAX_DEATHS + 1):
        left = [question for question in questions if question not in done]
        with scratch(extra_files or {}) as folder:
            run = Pass(
                notebook,
                folder,
                limits,
                end,
                progress,
                skipped,
                withheld,
                left,
                entropy,
                fork_server,
                is_settled,
                suspect,
            )
            try:
                asyncio.run(run.all())
            except MachineError:
                raise
            except DeadKernelError:
                if run.pausing and suspect is not None:  # that cell had asked for it: the suspect is not to blame
                    notes.pop()
                    skipped.pop(suspect, None)  # type: ignore[arg-type]
                    done.pop(suspect, None)  # type: ignore[arg-type]
                    withheld[:] = [
                        name for name in withheld if name != assignment.questions().leaned_on.get(str(suspect))
                    ]
                notes.append(run.kernel_died())
                suspect = run.current
            except RuntimeError as error:  # it did not even start
                run.blame_the_machine()
                if run.has_started or fork_server is None:
                    raise
                fork_server.give_up(f"a kernel that the fork server had forked did not start ({error})")
                if fork_server.spare is None and fork_server.is_elsewhere:
                    raise MachineError(f"no kernel can be had: {fork_server.complaint}") from None
                fork_server = fork_server.spare
                continue
            if any(host.is_full_disk(e.error) for e in run.result.cell_errors) and host.lacks_disk(folder):
                raise MachineError("this machine has no disk left")
        done |= run.result.observations
        run.result.observations = done
        deeds += [deed for deed in run.result.deeds if deed not in deeds]
        run.result.deeds = deeds
        run.result.notes[:0] = notes
        if not run.died or not left or attempt == MAX_DEATHS:
            break
    for question in questions:
        done.setdefault(question, {"given_up": "the kernel died again and again; this was not tried."})
    return run.result
