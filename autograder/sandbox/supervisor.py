"""Start a student's kernel in a jail, and watch over it: `python supervisor.py POLICY COMMAND...`

The supervisor forks. The child locks itself in for good (what it starts is locked in too) and becomes the command, or
goes on as a kernel where a fork server has forked the supervisor too. The parent is outside: it ends everything that
the student has started as soon as its standard input is closed, which happens when the grader says so or dies, or when
the limits of the jail are exceeded. Where the system allows it, the child lives in a process namespace, whose end is
the end of all in it, however fast they multiply; other users than root have a limit on processes besides.

POLICY is a JSON file with the fields of `jail.Policy`. It runs as a script: of the grader only `syscalls.py` and
`enclosure.py` are loaded.
"""

import contextlib
import ctypes
import importlib.util
import json
import os
import re
import resource
import select
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

WATCH = 0.25  # seconds between two looks at what the jail uses
REASON = 2_000  # bytes
MAX_FILES = 20_000  # in the scratch folder
MAX_TASKS = 512  # processes and threads of the student's, where a limit of the user's can hold them
OTHER_TASKS = 4_096  # of the same user, which may start later: programs, and other kernels with some tens each

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 24, 36, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION_3 = 0x20080522
CLONE_NEWPID, CLONE_NEWUSER = 0x20000000, 0x10000000
PID_MAX_OF_NAMESPACE = (6, 14)  # Linux, from which on a process namespace has a limit of its own

Kernel = Callable[[], object]  # what the child does once it is locked in; it does not return


def main() -> int:
    """Run the command; exit code of the kernel, or 1 if it had to be ended."""
    command = sys.argv[2:]
    return guard(sys.argv[1], lambda: os.execv(command[0], command))


def guard(policy_file: str, kernel: Kernel) -> int:
    """Fork; the child locks itself in and becomes the kernel, this process watches it. The exit code as for `main`."""
    policy = json.loads(Path(policy_file).read_text())
    reason = os.open(policy["reason"], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.write(reason, b" " * REASON)  # room for it, however full the disk will be
    policy["reason"] = reason
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):  # a daemon that the student starts stays our descendant
        raise OSError(ctypes.get_errno(), "this system has no subreapers")
    if policy["namespace"]:
        enter_namespace()
    child = os.fork()
    if child == 0:
        if policy["namespace"]:
            _rule(kernel, policy, libc)
        _become(kernel, policy, libc)
    signal.signal(signal.SIGINT, lambda *_: _interrupt(child, policy["namespace"]))
    return _watch(child, policy)


def enter_namespace() -> None:
    """Children of this process live in a process namespace. Who is not root needs a user namespace for that.

    Raises:
        OSError: this system allows none.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWPID | (CLONE_NEWUSER if uid else 0)):
        raise OSError(ctypes.get_errno(), "no process namespace")
    if uid:  # in there, everyone is who he was
        Path("/proc/self/setgroups").write_text("deny")  # or the next but one is refused
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def try_enclosure() -> None:
    """Exit 0 where children of this process may have a root folder of their own, else with an error.

    Raises:
        OSError: not even a process namespace may be had.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        root = Path(folder, "root")
        root.mkdir()
        enter_namespace()
        child = os.fork()
        if child == 0:
            try:
                _beside("enclosure").enter(root, ["/usr", os.devnull], [folder])
                os._exit(0)
            finally:
                os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.chdir("/")
    sys.exit(status)


def _rule(kernel: Kernel, policy: dict[str, Any], libc: ctypes.CDLL) -> NoReturn:
    """Be the first process of the namespace: start the kernel, bury orphans, end with the kernel."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # the supervisor may be killed: then this is all over
    if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= PID_MAX_OF_NAMESPACE:
        with contextlib.suppress(OSError):  # in a container it may be read only
            Path("/proc/sys/kernel/pid_max").write_text(
                str(OTHER_TASKS)
            )  # or a flood could be faster than the supervisor
    child = os.fork()
    if child == 0:
        _become(kernel, policy, libc)
    os.close(0)  # the lifeline is the supervisor's
    signal.signal(signal.SIGINT, lambda *_: _interrupt(child))
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


# Inside


def _become(kernel: Kernel, policy: dict[str, Any], libc: ctypes.CDLL) -> NoReturn:
    try:
        os.setsid()  # no terminal to type into, and a process group that the supervisor is no part of
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)  # the supervisor's own standard input is its lifeline
        os.closerange(3, policy["reason"])  # files that the grader has open
        os.closerange(policy["reason"] + 1, 4096)
        os.environ.pop("JPY_PARENT_PID", None)  # the kernel would miss its parent; the supervisor ends it in time
        lock_in(policy, libc)
        kernel()
    except BaseException as error:
        _note(policy, f"the jail could not be set up: {type(error).__name__}: {error}")
    os._exit(127)


def lock_in(policy: dict[str, Any], libc: ctypes.CDLL) -> None:
    """Give up, for good, all that this process does not need. What it starts later has no more than it."""
    for limit, value in (
        (resource.RLIMIT_AS, policy["address_space"]),
        (resource.RLIMIT_CPU, policy["cpu"]),
        (resource.RLIMIT_FSIZE, policy["file_size"]),
        (resource.RLIMIT_NOFILE, policy["files"]),
        (resource.RLIMIT_CORE, 0),  # a core file holds what is in memory
        (resource.RLIMIT_MEMLOCK, 64 * 2**20),
    ):
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    if os.geteuid() != 0:
        _limit_processes(_tasks_of_user() + MAX_TASKS + OTHER_TASKS)
    system_calls = _beside("syscalls")  # now: it cannot be read any more when it is needed
    if policy["seccomp"]:
        importlib.import_module("pyseccomp")  # it looks for the C library
    if policy["root"]:
        # The scratch folder as a whole: pipes in it lose their names later, here too. Landlock opens parts of it only.
        folder = str(Path(policy["root"]).parent)
        _beside("enclosure").enter(Path(policy["root"]), policy["read"], [*policy["write"], folder])
    domain = landlock(policy) if policy["landlock"] else None
    _drop_privileges(policy, libc)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):  # or a set-uid program would give them back
        raise OSError(ctypes.get_errno(), "privileges cannot be given up")
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # the supervisor may be killed; a change of user forgets this
    if domain is not None:
        domain.restrict()
        domain.close()
    if policy["seccomp"]:
        system_calls.load(policy["landlock"], policy["signals"])


def _beside(name: str) -> Any:
    """The module of that name in this folder, in no list of modules."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def landlock(policy: Mapping[str, Any], keeps_signals: bool = True) -> Any:
    """All files are closed but these; signals and sockets end at the wall, as far as the version goes.

    Args:
        policy: `landlock`, `read` and `write` of `jail.Policy`.
        keeps_signals: whether signals do; else it is a wall around the grader, which talks to kernels by sockets in the
            folders that it may write to.
    """
    from landlockpy import AccessFS, Ruleset, Scope, fs_for_abi, net_for_abi, scope_for_abi

    version = policy["landlock"]
    ruleset = Ruleset(
        handled_fs=fs_for_abi(version),
        handled_net=net_for_abi(version),
        scoped=((Scope.SIGNAL if keeps_signals else Scope(0)) | Scope.ABSTRACT_UNIX_SOCKET) & scope_for_abi(version),
    )
    look = AccessFS.READ_FILE | AccessFS.READ_DIR | AccessFS.EXECUTE
    change = (
        AccessFS.WRITE_FILE
        | AccessFS.TRUNCATE
        | AccessFS.MAKE_REG
        | AccessFS.MAKE_DIR
        | AccessFS.MAKE_SOCK
        | AccessFS.MAKE_FIFO
        | AccessFS.MAKE_SYM
        | AccessFS.REMOVE_FILE
        | AccessFS.REMOVE_DIR
        | AccessFS.REFER
    )
    if not keeps_signals:
        change |= getattr(AccessFS, "RESOLVE_UNIX", AccessFS(0)) & fs_for_abi(version)
    of_files = AccessFS.READ_FILE | AccessFS.EXECUTE | AccessFS.WRITE_FILE | AccessFS.TRUNCATE
    for names, access in ((policy["read"], look), (policy["write"], look | change)):
        for name in names:
            path = Path(name)
            if path.exists():
                ruleset.allow_path(path, access if path.is_dir() else access & of_files)
    return ruleset


def _drop_privileges(policy: dict[str, Any], libc: ctypes.CDLL) -> None:
    """As root: become another user, or at least lose root's powers; and those that a user has in his own namespace."""
    if os.geteuid() != 0 and not policy["namespace"]:
        return
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # those beyond the last one are refused
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    uid = policy["uid"]
    if uid is not None:
        os.chown(policy["connection"], uid, uid)
        _limit_processes(MAX_TASKS)  # this user has no others
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "root's powers cannot be given up")


def _limit_processes(count: int) -> None:
    """Processes and threads of the user together."""
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    count = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (count, count))


def _tasks_of_user() -> int:
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            if folder.stat().st_uid == os.geteuid():
                count += len(os.listdir(folder / "task"))
    return count


# Outside


def _interrupt(child: int, is_ruler: bool = False) -> None:
    with contextlib.suppress(OSError):  # it has just ended
        (os.kill if is_ruler else os.killpg)(child, signal.SIGINT)


def _watch(child: int, policy: dict[str, Any]) -> int:
    """Wait for the end of the kernel, of the lifeline, or of patience; leave nothing running."""
    try:
        while True:
            ready, _, _ = select.select([0], [], [], WATCH)
            if ready and not os.read(0, 1024):
                return 1
            ended = _reap(child)
            if ended is not None:
                return os.waitstatus_to_exitcode(ended) & 0xFF
            shortage = _shortage(policy)
            if shortage or (excess := _excess(policy)):
                _note(policy, shortage or excess, is_of_the_machine=bool(shortage))
                return 1
    finally:
        _end_all()


def _reap(child: int) -> int | None:
    """Wait for processes that have ended; the status of the kernel if it is among them."""
    status = None
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0 if status is None else status
        if pid == 0:
            return status
        if pid == child:
            status = ended


def _shortage(policy: dict[str, Any]) -> str:
    """What this machine has run out of, as a sentence; nothing: empty."""
    disk = os.fstatvfs(policy["reason"])
    if disk.f_bavail * disk.f_frsize < policy["spare_disk"] or (disk.f_files and not disk.f_favail):
        return "this machine has no disk left"
    available = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    if available and int(available[1]) * 1024 < policy["spare_memory"]:
        return "this machine has no memory left"
    return ""


def _excess(policy: dict[str, Any]) -> str:
    """Which limit all processes of the jail together exceed, as a sentence; none: empty."""
    pids = _descendants()
    if len(pids) > policy["processes"]:
        return f"it started more than {policy['processes']} processes"
    memory = sum(_resident(pid) for pid in pids)
    if memory > policy["memory"]:
        return f"it used more than {policy['memory'] / 2**30:.0f} GiB of memory"
    try:
        size, count = _usage(policy["scratch"])
    except OSError as error:  # it has closed a folder, or put it too deep
        return f"it hid files: {error.strerror}"
    size += _unnamed(pids)
    if count > MAX_FILES:
        return f"it wrote more than {MAX_FILES:,} files"
    if size > policy["quota"]:
        return f"it wrote more than {policy['quota'] / 2**30:.0f} GiB of files"
    return ""


def _descendants() -> list[int]:
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                status = Path(f"/proc/{name}/stat").read_bytes()
            except OSError:  # it has just ended
                continue
            parent = int(status.rpartition(b")")[2].split()[1])
            parents.setdefault(parent, []).append(int(name))
    found, left = [], [os.getpid()]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


def _resident(pid: int) -> int:
    """Bytes of memory that a process has for itself, or shares with others: without pages of named files."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(kib) * 1024 for kib in re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB", status, re.MULTILINE))


def _unnamed(pids: list[int]) -> int:
    """Bytes of the files that some processes hold open although their names are gone; each file once."""
    sizes: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):  # it has just ended
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                file = os.stat(f"/proc/{pid}/fd/{descriptor}")
                if stat.S_ISREG(file.st_mode) and file.st_nlink == 0:
                    sizes[(file.st_dev, file.st_ino)] = file.st_blocks * 512
    return sum(sizes.values())


def _usage(folders: list[str]) -> tuple[int, int]:
    """Bytes and number of files in some folders; links are not followed.

    Raises:
        OSError: a folder cannot be looked into.
    """
    size = count = 0
    left = list(folders)
    while left and count <= MAX_FILES:
        try:
            entries = list(os.scandir(left.pop()))
        except (FileNotFoundError, NotADirectoryError):  # removed meanwhile
            continue
        for entry in entries:
            count += 1
            with contextlib.suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                else:
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
    return size, count


def _end_all() -> None:
    """End every descendant, and those that it starts meanwhile, until none is left."""
    while True:
        for pid in _descendants():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        select.select([], [], [], 0.01)


def _note(policy: dict[str, Any], words: str, is_of_the_machine: bool = False) -> None:
    """Say why the kernel ended, and whether this machine is to blame, where the student cannot write."""
    reason = {"words": words[: REASON // 8], "is_of_the_machine": is_of_the_machine}
    os.pwrite(policy["reason"], json.dumps(reason).encode().ljust(REASON), 0)


if __name__ == "__main__":
    sys.exit(main())
