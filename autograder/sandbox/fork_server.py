"""A process from which kernels are forked: `python fork_server.py MODULE...` imports these once, for all of them.

Most of what a short notebook costs is the import of TensorFlow. Here it is paid once. Without modules it imports
nothing, and each kernel starts afresh.

On its standard input, a socket, the fork server takes requests: JSON with `policy` (see supervisor.py), `command` (what
starts a kernel afresh), `connection` (its connection file), `folder` (its working directory) and `environment`, and
with it a file descriptor that becomes the supervisor's standard input. It forks a supervisor, which forks the kernel
and locks it in as it would lock in any command, and answers with the supervisor's pid and a descriptor of that process.
The request {"client": true} brings another socket for requests instead, of a process that asks for itself. The fork
server ends when its standard input is closed.

A fork is safe only as long as TensorFlow has computed nothing and no thread is at work: it is refused otherwise.
"""

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

REQUEST = 2**17  # bytes
MAX_THREADS = 2  # TensorFlow starts one when it is imported, which waits
REAP = 0.5  # seconds between two looks for supervisors that have ended
OPTIONS = ("--HistoryManager.enabled=False",)  # as for kernels that the runner starts afresh


def main() -> None:
    """Import, then serve requests."""
    here = str(Path(__file__).parent)
    sys.path[:] = [path for path in sys.path if path != here]  # no kernel needs the modules beside this one
    for name in sys.argv[1:]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what a fork does not touch stays shared
    door = socket.socket(fileno=os.dup(0))
    _welcome(door)
    doors = [door]
    while True:
        ready, _, _ = select.select(doors, [], [], REAP)
        for asking in ready:
            request, descriptors = _receive(asking)
            if request is None and asking is door:
                return
            if request is None:
                doors.remove(asking)
                asking.close()
            elif "client" in request:
                doors.append(socket.socket(fileno=descriptors[0]))
                _welcome(doors[-1])
            else:
                _serve(asking, doors, request, descriptors[0])
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _welcome(client: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has gone
        client.send(b"ready")


def _receive(client: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """A request and its descriptor; None where nobody asks any more, or what came is no request."""
    descriptors: list[int] = []
    try:
        text, descriptors, _, _ = socket.recv_fds(client, REQUEST, 1)
        request = json.loads(text) if text and descriptors else None
    except (OSError, ValueError, RecursionError):
        request = None
    if isinstance(request, dict):
        return request, descriptors
    for descriptor in descriptors:
        os.close(descriptor)
    return None, []


def _serve(client: socket.socket, doors: list[socket.socket], request: dict[str, Any], lifeline: int) -> None:
    """Fork a supervisor and say who it is; or why not."""
    reason, answer, descriptors = _why_not(), {}, []
    if not reason:
        try:
            pid = os.fork()
            if pid == 0:
                _be_a_warden(doors, request, lifeline)
            descriptors.append(os.pidfd_open(pid))
            answer = {"pid": pid}
        except OSError as error:
            reason = f"it cannot fork: {error}"
    with contextlib.suppress(OSError):  # it has gone, or does not listen; its kernel ends with the lifeline
        said = json.dumps(answer or {"refused": reason}).encode()
        socket.send_fds(client, [said], descriptors, socket.MSG_DONTWAIT)
    for descriptor in (*descriptors, lifeline):
        os.close(descriptor)


def _why_not() -> str:
    """Why a fork would not be safe; empty where it is."""
    threads = len(os.listdir("/proc/self/task"))
    if threads > MAX_THREADS:
        return f"{threads} threads are at work"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context._context is not None and context._context._initialized:
        return "TensorFlow has begun to compute"
    return ""


def _be_a_warden(doors: list[socket.socket], request: dict[str, Any], lifeline: int) -> NoReturn:
    status = 1
    try:
        os.setsid()
        for door in doors:
            door.close()
        os.dup2(lifeline, 0)
        os.close(lifeline)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        supervisor = _supervisor()
        status = supervisor.guard(request["policy"], lambda: _be_a_kernel(request))
    finally:
        os._exit(status)


def _supervisor() -> Any:
    """The module beside this one, in no list of modules."""
    spec = importlib.util.spec_from_file_location("supervisor", Path(__file__).with_name("supervisor.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _be_a_kernel(request: dict[str, Any]) -> NoReturn:
    """In the jail: start the kernel afresh, or forget what came from this process's own surroundings and be one."""
    os.closerange(3, 4096)  # also the file in which the supervisor says why the kernel ended
    try:
        if not sys.argv[1:]:
            os.execv(request["command"][0], request["command"])
        _run_kernel(request["connection"])
    finally:
        os._exit(1)


def _run_kernel(connection: str) -> None:
    import multiprocessing

    import keras.src.backend.config as keras_config
    from ipykernel.kernelapp import IPKernelApp

    multiprocessing.current_process().authkey = os.urandom(32)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tempfile.tempdir = None
    keras_config._KERAS_DIR = os.environ["KERAS_HOME"]
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    sys.argv = ["ipykernel_launcher", "-f", connection, *OPTIONS]
    IPKernelApp.launch_instance()


if __name__ == "__main__":
    main()
