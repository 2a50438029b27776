"""Kernels that a fork server forks, by jupyter_client's own extension point, a provisioner."""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from autograder.sandbox.host import MachineError

SCRIPT = Path(__file__).with_name("fork_server.py")
START = 180.0  # seconds that the imports may take
ANSWER = 20.0  # seconds that a fork may take
REPLY = 2**16  # bytes
IMPORTS = (  # of notebooks; without matplotlib_inline's backend, which looks for IPython's shell when it is imported
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.compiler", "IPython.core.completer",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "PIL.PngImagePlugin",
    "numpy", "pandas", "sklearn.model_selection", "tensorflow", "keras", "keras.datasets", "keras.applications",
    "keras.src.datasets.cifar10", "keras.src.applications.resnet", "scipy.special", "landlockpy", "pyseccomp",
)  # fmt: skip


class ForkServerError(RuntimeError):
    """The fork server gives no kernel; the message says why."""


class ForkServer:
    """The client of `fork_server.py`, for all threads of this process. Made by `open_fork_server`.

    Args:
        process: of the server; None in a process that has but the other end of `client`.
        door: a socket to it.
        spare: is asked where this one gives no kernel.
    """

    def __init__(
        self, process: subprocess.Popen[bytes] | None, door: socket.socket, spare: "ForkServer | None" = None
    ) -> None:
        self._process, self._door, self.spare = process, door, spare
        self._lock = threading.Lock()
        self._is_ready = self._is_lost = self._is_lost_at_start = False
        self.complaint = ""  # why it gave no kernel, the last time that it did not

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is another process's, which this one may ask."""
        return self._process is None and not self._is_lost_at_start

    def client(self) -> socket.socket | None:
        """A socket by which another process may ask it, as a `ForkServer` of its own; None where it is no more."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with self._lock, theirs:
            try:
                if not self._is_lost:
                    socket.send_fds(self._door, [json.dumps({"client": True}).encode()], [theirs.fileno()])
                    return ours
            except OSError as error:
                self.give_up(f"the fork server of kernels does not answer: {error}")
        ours.close()
        return None

    def fork(
        self,
        policy: str,
        command: Sequence[str],
        connection: str,
        folder: str,
        environment: Mapping[str, str],
        lifeline: int,
    ) -> "Ward":
        """A supervisor, and through it a kernel.

        Args:
            policy: file with the fields of `jail.Policy`.
            command: what starts a kernel afresh.
            connection: the kernel's connection file.
            folder: its working directory.
            environment: all of its environment variables.
            lifeline: what the supervisor reads as standard input, see `supervisor.py`.

        Raises:
            ForkServerError: it refuses, or is no more.
        """
        request = {
            "policy": policy,
            "command": list(command),
            "connection": connection,
            "folder": folder,
            "environment": dict(environment),
        }
        with self._lock:
            if self._is_lost:
                raise ForkServerError(self.complaint)
            try:
                self._wait_until_ready()
                socket.send_fds(self._door, [json.dumps(request).encode()], [lifeline])
                answer, descriptors, _, _ = socket.recv_fds(self._door, REPLY, 1)
                reply = json.loads(answer) if answer else {"refused": "it has ended"}
                if "refused" not in reply and descriptors:
                    return Ward(int(reply["pid"]), descriptors[0])
                complaint = f"the fork server gives no kernel: {reply.get('refused', 'no room for its descriptor')}"
            except OSError as error:
                complaint = f"the fork server of kernels does not answer: {error}"
            self.give_up(complaint)  # a late answer would be taken for that to the next request
            raise ForkServerError(complaint)

    def give_up(self, complaint: str) -> None:
        """End it; kernels that it has forked live on, and from now on it is of no use."""
        self._is_lost, self.complaint = True, complaint
        if self._process is not None:
            self._process.kill()

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            self._door.settimeout(START)
            self._is_ready = self._door.recv(REPLY) == b"ready"
            self._door.settimeout(ANSWER)


class Ward:
    """The supervisor of a kernel, with the methods of `subprocess.Popen` that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid, self._descriptor = pid, descriptor

    def poll(self) -> int | None:
        """None while it runs, then 0: its exit code is not known."""
        if self._descriptor >= 0:
            watched = select.poll()
            watched.register(self._descriptor, select.POLLIN)
            if not watched.poll(0):
                return None
            self._close()
        return 0

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("supervisor", timeout or 0)
            time.sleep(0.02)
        return 0

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    __del__ = _close

    def send_signal(self, number: int) -> None:
        """To the supervisor, whatever process has got its number meanwhile."""
        if self._descriptor >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)


class Provisioner(LocalProvisioner):
    """Asks a fork server for the kernel, which would otherwise be started by a command.

    Args:
        fork_server: that is asked.
        policy: file with the fields of `jail.Policy`.
    """

    def __init__(self, fork_server: ForkServer, policy: Path, **traits: Any) -> None:
        super().__init__(**traits)
        self._fork_server, self._policy = fork_server, policy

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """The connection of a new kernel: of a forked one, or else of one that the command starts."""
        manager: Any = self.parent
        policy = str(self._policy)
        asked: ForkServer | None = self._fork_server
        while asked is not None:
            try:
                ward: Any = asked.fork(
                    policy,
                    cmd[cmd.index(policy) + 1 :],
                    manager.connection_file,
                    options["cwd"],
                    options["env"],
                    options["stdin"],
                )
            except ForkServerError:  # the batch says why
                asked = asked.spare
            else:
                self.process, self.pid = ward, ward.pid
                return self.connection_info
        if self._fork_server.is_elsewhere:  # this process is confined, and a kernel of its own would be, too
            raise MachineError(f"no kernel can be had: {self._fork_server.complaint}")
        return await super().launch_kernel(cmd, **options)


@contextlib.contextmanager
def open_fork_server(environment: Mapping[str, str], imports: Sequence[str] = IMPORTS) -> Iterator[ForkServer]:
    """Start a fork server; it ends with the context, or with this process. Where it cannot be started, it is of no use.

    Args:
        environment: of the imports; folders of the user's are replaced by an empty one.
        imports: modules that it imports; none: each of its kernels starts afresh.
    """
    home = Path(tempfile.mkdtemp(prefix=f"grading-fork-server-{os.getpid()}-"))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    variables = dict(environment)
    variables |= dict.fromkeys(("HOME", "KERAS_HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR"), str(home))
    variables["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # a kernel sets it before the import
    try:
        for fonts in Path(mpl.get_cachedir()).glob("fontlist*.json"):
            shutil.copy(fonts, home)
        try:
            process = subprocess.Popen(
                [sys.executable, str(SCRIPT), *imports],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=home,
                env=variables,
                start_new_session=True,  # Ctrl-C is for the grader, which ends it
            )
        except OSError as error:
            fork_server = ForkServer(None, ours)
            fork_server._is_lost_at_start = True
            fork_server.give_up(f"the fork server of kernels cannot be started: {error}")
            yield fork_server
            return
        finally:
            theirs.close()
        try:
            yield ForkServer(process, ours)
        finally:
            process.kill()
            process.wait()
    finally:
        ours.close()
        shutil.rmtree(home, ignore_errors=True)
