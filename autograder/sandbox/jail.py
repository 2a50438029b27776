"""The jail in which a student's kernel runs: what it may read, write and use, and what this system cannot keep it from.

Landlock closes files, signals and abstract sockets; seccomp closes networks and system calls that no notebook needs;
rlimits and the supervisor bound memory, time, processes and files. As root, the kernel runs as a user of its own
where the packages can be read by anyone, else as a root without powers. What an older Landlock leaves open is closed
otherwise: `ways` says what holds each promise on this system."""

import ctypes
import importlib.util
import json
import os
import secrets
import site
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from autograder.sandbox import supervisor, syscalls

SUPERVISOR = Path(__file__).with_name("supervisor.py")
UIDS = range(61_184, 65_520)  # that systemd, too, takes for users of a moment
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib64"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/ssl", "/etc/fonts", "/etc/alternatives"),
)
OF_USERS = ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf")
CHANGING_USER = (0, 1, 6, 7)  # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_SETGID, CAP_SETUID
DEVICES = ("/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
MACHINE = (  # what TensorFlow, OpenMP and psutil want to know of the machine
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/filesystems",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/vm",
    "/proc/sys/kernel/random",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup",
)


Signals = Literal["landlock", "user", "namespace", "seccomp", ""]  # what keeps the jail's signals in it; "": nothing
SIGNALS = {
    "landlock": "Landlock",
    "user": "a user of its own",
    "namespace": "a process namespace",
    "seccomp": "seccomp (a notebook cannot end the programs that it starts; the supervisor does)",
}


class JailError(RuntimeError):
    """This system cannot hold a kernel safely; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Room:
    """What one submission may use: bytes, seconds of one process's CPU time, numbers."""

    memory: int = 8 * 2**30  # of all processes together; some right answers copy the data set for every run
    address_space: int = 16 * 2**30  # of one process; TensorFlow reserves more than it uses
    file_size: int = 2 * 2**30
    quota: int = 4 * 2**30
    cpu: int = 3600
    processes: int = 64
    files: int = 1024
    spare_disk: int = 128 * 2**20  # what the machine itself must have left
    spare_memory: int = 128 * 2**20


DEFAULT_ROOM = Room()


@dataclass(frozen=True)
class Policy:
    """What the supervisor reads.

    Args:
        read: files and folders that may be read and executed.
        write: folders that may be changed too.
        scratch: folders whose size counts.
        reason: file into which the supervisor writes why it ended the kernel.
        connection: the kernel's connection file.
        uid: user that the kernel becomes, None: the one it is.
        landlock: version to ask for; 0: none.
        seccomp, namespace: whether to use them; the second is a process namespace.
        root: empty folder that becomes the root folder, see `enclosure.py`; "": the root folder stays as it is.
        signals: what keeps signals in the jail.
        memory, address_space, file_size, quota, cpu, processes, files, spare_disk, spare_memory: see `Room`.
    """

    read: list[str]
    write: list[str]
    scratch: list[str]
    reason: str
    connection: str
    uid: int | None
    landlock: int
    seccomp: bool
    namespace: bool
    root: str
    signals: Signals
    memory: int
    address_space: int
    file_size: int
    quota: int
    cpu: int
    processes: int
    files: int
    spare_disk: int
    spare_memory: int


@dataclass(frozen=True)
class Way:
    """How this system keeps student code from something.

    Args:
        thing: a phrase that follows "student code is kept from".
        by: what does it; empty where nothing does.
        needs: what would.
        is_required: whether nothing is graded where nothing does.
    """

    thing: str
    by: str
    needs: str
    is_required: bool = True


def ways() -> tuple[Way, ...]:
    """What student code is kept from, and by what on this system."""
    if not sys.platform.startswith("linux"):
        return (Way("files, network, processes and memory of this computer", "", "the jail needs Linux"),)
    landlock, seccomp = _landlock_abi(), _has_seccomp()
    emptying = "Landlock" if landlock >= 3 else "seccomp" if landlock and seccomp else ""
    signals = _signals(_may_change_user())
    return (
        Way(
            "files that you can read, the hidden checks among them",
            "Landlock" if landlock else "",
            "Landlock: Linux 5.13 or newer, with `landlock` in /sys/kernel/security/lsm",
        ),
        Way("emptying files that you can write", emptying, "Landlock 3, or Landlock and libseccomp"),
        Way("ending your other processes", SIGNALS.get(signals, ""), "Landlock 6 (Linux 6.12), or libseccomp"),
        Way("a flood of processes", _against_floods(), "grade as an ordinary user"),
        Way("the network and other programs' sockets", "seccomp" if seccomp else "", "seccomp: install libseccomp"),
        Way(
            "finding out which files there are, how large, and since when",
            "a root folder of its own" if _may_have_roots() else "",
            "user namespaces, or root outside of a container",
            is_required=False,
        ),
    )


@cache
def missing() -> tuple[str, ...]:
    """What this system does not protect from student code, as phrases; nothing where the jail is whole."""
    return tuple(f"{way.thing} ({way.needs})" for way in ways() if way.is_required and not way.by)


def require(unsafe: bool = False) -> None:
    """Raise where the jail would have a hole.

    Raises:
        JailError: something is missing and `unsafe` was not said.
    """
    if missing() and not unsafe:
        raise JailError(
            "on this system student code is not kept from " + "; from ".join(missing()) + ". "
            "Grade on another one, in a container or a virtual machine; --unsafe grades without that protection"
        )


def command(
    folder: Path,
    argv: Sequence[str],
    write: Sequence[Path],
    read: Sequence[Path],
    connection: Path,
    room: Room = DEFAULT_ROOM,
) -> list[str]:
    """The command that runs a kernel in the jail.

    Args:
        folder: of the submission; the policy is written there.
        argv: what starts the kernel.
        write: folders that it may change.
        read: further files and folders that it may read.
        connection: the kernel's connection file, which need not be there yet.
        room: what it may use.
    """
    if not sys.platform.startswith("linux"):
        return list(argv)
    uid = None
    if _may_change_user():
        folder.chmod(0o711)
        given = {path.resolve() for path in write}
        if _are_open([str(path) for path in read if path.resolve() not in given], _may_have_roots()):
            uid = UIDS.start + secrets.randbelow(len(UIDS))
    if uid is not None:
        for path in write:
            _give(path, uid)
    root = ""
    if _may_have_roots():
        root = str(folder / "root")
        Path(root).mkdir(exist_ok=True)
    signals = _signals(uid is not None)
    policy = Policy(
        read=[*_interpreter(), *SYSTEM, *DEVICES, *MACHINE, "/proc/self", *map(str, read), str(connection)],
        write=[*map(str, write), "/dev/null"],
        scratch=list(map(str, write)),
        reason=str(folder / "reason"),
        connection=str(connection),
        uid=uid,
        landlock=_landlock_abi(),
        seccomp=_has_seccomp(),
        namespace=bool(root) or signals == "namespace" or (os.geteuid() == 0 and _may_make_namespaces()),
        root=root,
        signals=signals,
        **asdict(room),
    )
    file = folder / "policy.json"
    file.write_text(json.dumps(asdict(policy)))
    return [sys.executable, "-I", str(SUPERVISOR), str(file), *argv]


def confine(read: Sequence[Path], write: Sequence[Path]) -> None:
    """Keep this process, for good, from changing any file but these, from reading others, and from the network, as far
    as this system can. It is one of the grader's: it may read what Python and the packages need.

    Args:
        read: files and folders.
        write: folders.

    Raises:
        OSError: the system refuses.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(supervisor.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "privileges cannot be given up")
    if version := _landlock_abi():
        policy = {
            "landlock": version,
            "read": [*_interpreter(), *SYSTEM, *OF_USERS, "/proc", "/sys", "/dev", *map(str, read)],
            "write": [*map(str, write), os.devnull],
        }
        with supervisor.landlock(policy, keeps_signals=False) as domain:  # it interrupts kernels
            domain.restrict()
    if _has_seccomp():
        syscalls.close_networks()


def _give(path: Path, uid: int) -> None:
    """A folder and what is in it belong to another user from now on."""
    for entry in [path, *path.rglob("*")]:
        os.chown(entry, uid, uid, follow_symlinks=False)


def _interpreter() -> list[str]:
    """Where Python and the packages live; not the grader itself, whatever way it is installed."""
    paths = {sys.prefix, sys.base_prefix, *site.getsitepackages(), *sysconfig.get_paths().values()}
    return sorted(p for p in paths if p and Path(p).exists())


def _may_change_user() -> bool:
    """Whether a kernel may be another user's: this one is root with root's rights, and anyone may read the packages."""
    return os.geteuid() == 0 and _has_roots_rights() and _packages_are_open(_may_have_roots())


@cache
def _has_roots_rights() -> bool:
    """Whether this process may give files away, look into them afterwards, and become another user."""
    status = Path("/proc/self/status").read_text()
    effective = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), 16)
    return all(effective >> right & 1 for right in CHANGING_USER)


@cache
def _packages_are_open(has_root: bool) -> bool:
    """Whether any user may read the interpreter and the packages."""
    return _are_open(_interpreter(), has_root)


def _are_open(names: Sequence[str], has_root: bool) -> bool:
    """Whether any user may read some files and folders.

    Args:
        names: their paths.
        has_root: whether they are looked for in a root folder of one's own, where all may enter what they lie in.
    """
    for path in map(Path.resolve, map(Path, names)):
        wanted = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
        if path.stat().st_mode & wanted != wanted:
            return False
        if not has_root and not all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents):
            return False
    return True


def _signals(is_other_user: bool) -> Signals:
    """What keeps the signals of a kernel, which may run as another user, in the jail here."""
    if _landlock_abi() >= 6:
        return "landlock"
    if is_other_user:
        return "user"
    if _may_make_namespaces():
        return "namespace"
    return "seccomp" if _has_seccomp() else ""


def _against_floods() -> str:
    """What bounds the number of processes here, however slow the supervisor is."""
    if os.geteuid() != 0 or _may_change_user():
        return "a limit of the user's"
    return "a process namespace" if _may_make_namespaces() else ""


@cache
def _may_make_namespaces() -> bool:
    """Whether this process may put others into a process namespace: root outside of most containers, many users."""
    trial = f"import runpy; runpy.run_path({str(SUPERVISOR)!r})['enter_namespace']()"
    return subprocess.run([sys.executable, "-I", "-c", trial], stderr=subprocess.DEVNULL, check=False).returncode == 0


def _may_have_roots() -> bool:
    """Whether kernels may have a root folder of their own: where there are namespaces, and `/proc` is whole.

    In most containers it is not.
    """
    return _may_make_namespaces() and _may_mount()


@cache
def _may_mount() -> bool:
    trial = f"import runpy; runpy.run_path({str(SUPERVISOR)!r})['try_enclosure']()"
    return subprocess.run([sys.executable, "-I", "-c", trial], stderr=subprocess.DEVNULL, check=False).returncode == 0


@cache
def _landlock_abi() -> int:
    try:
        import landlockpy
    except ImportError:
        return 0
    try:
        return int(landlockpy.abi_version())
    except OSError:
        return 0


@cache
def _has_seccomp() -> bool:
    if importlib.util.find_spec("pyseccomp") is None:
        return False
    try:
        import pyseccomp  # noqa: F401 - it looks for the C library
    except (OSError, RuntimeError):
        return False
    return True
