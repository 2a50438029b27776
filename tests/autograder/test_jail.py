"""The jail from inside: what student code may do, what it is refused, and what is left when it ends."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.sandbox import jail, syscalls
from autograder.sandbox.jail import JailError, Room

PROJECT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60 * float(os.environ.get("SLOW", "1"))  # seconds; an emulated machine is slow
pytestmark = pytest.mark.skipif(bool(jail.missing()), reason=f"no whole jail here: {'; '.join(jail.missing())}")


class Jailed:
    """A command that runs in a jail of its own."""

    def __init__(self, folder: Path, source: str, room: Room = jail.DEFAULT_ROOM, read: tuple[Path, ...] = ()) -> None:
        self.folder = folder
        (folder / "work").mkdir()
        connection = folder / "connection.json"
        connection.write_text("{}")
        command = jail.command(folder, [sys.executable, "-c", source], [folder / "work"], read, connection, room)
        held, self._lifeline = os.pipe()
        self.process = subprocess.Popen(
            command, stdin=held, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder / "work"
        )
        os.close(held)

    def let_go(self) -> None:
        os.close(self._lifeline)

    @property
    def output(self) -> str:
        return self.process.communicate(timeout=PATIENCE)[0]

    @property
    def reason(self) -> str:
        """Why it was ended."""
        file = self.folder / "reason"
        written = file.read_text().strip() if file.exists() else ""
        return str(json.loads(written)["words"]) if written else ""


def last_line(folder: Path, source: str) -> str:
    return Jailed(folder, source).output.strip().splitlines()[-1]


ALLOWED = {
    "write-and-read": ("open('a', 'w').write('x'); print(open('a').read())", "x"),
    "folders": ("import os; os.makedirs('a/b'); os.rename('a/b', 'c'); print(sorted(os.listdir()))", "['a', 'c']"),
    "packages": ("import numpy, scipy.special; print(numpy.arange(3).sum())", "3"),
    "programs": ("import subprocess; print(subprocess.run(['echo', 'hi'], capture_output=True).stdout)", r"b'hi\n'"),
    "threads": (
        "import threading; t = threading.Thread(target=print, args=('in a thread',)); t.start(); t.join()",
        "in a thread",
    ),
    "machine": ("print('processor' in open('/proc/cpuinfo').read())", "True"),
    "random": ("import os; print(len(os.urandom(8) + open('/dev/urandom', 'rb').read(8)))", "16"),
    "locks": (
        "import fcntl; f = open('a', 'w'); fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_EX); print('held')",
        "held",
    ),
    "hdf5": (
        "import h5py; f = h5py.File('a.h5', 'w'); f['x'] = 3; f.close(); print(h5py.File('a.h5')['x'][()])",
        "3",
    ),
    "terminals": ("import sys; print(sys.stdin.isatty(), sys.stdout.isatty())", "False False"),
    "pipes": (
        "import fcntl, os; r, w = os.pipe(); fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096); os.set_blocking(r, False); "
        "print(fcntl.fcntl(w, fcntl.F_GETPIPE_SZ))",
        "4096",
    ),
    "queues": ("import zmq; s = zmq.Context().socket(zmq.REP); s.bind('ipc://a'); print('bound')", "bound"),
    "pairs": ("import socket; a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))", "b'x'"),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_honest_code_works(tmp_path: Path, name: str) -> None:
    source, said = ALLOWED[name]
    assert last_line(tmp_path, source) == said


DENIED = "Permission denied|No such file or directory"  # closed, or not even there, in a root folder of its own
REFUSED = "Operation not permitted"
NO_NETWORK = "Operation not supported"
CALL = "import ctypes, os; c = ctypes.CDLL(None, use_errno=True); r = {}; print(r, os.strerror(ctypes.get_errno()))"

FORBIDDEN = {
    "shared-memory-of-nobody": (CALL.format("c.shmget(0, 4096, 0o1600)"), REFUSED),
    "hiding-open-files": (CALL.format("c.prctl(4, 0, 0, 0, 0)"), REFUSED),
    "hidden-checks": (f"open({str(PROJECT / 'assignment' / 'hidden' / 'data.py')!r})", DENIED),
    "import-of-hidden-checks": ("import assignment.hidden", f"{DENIED}|No module named 'assignment'"),
    "solution": (f"open({str(PROJECT / 'solutions' / 'reference.py')!r})", DENIED),
    "passwords": ("open('/etc/passwd')", DENIED),
    "home": (f"import os; os.listdir({str(Path.home())!r})", DENIED),
    "processes": ("import os; os.listdir('/proc')", DENIED),
    "environment-of-the-grader": ("import os; open(f'/proc/{os.getppid()}/environ')", DENIED),
    "memory-of-the-grader": ("import os; open(f'/proc/{os.getppid()}/mem', 'wb')", DENIED),
    "policy": ("open('../policy.json')", DENIED),
    "reason": ("open('../reason', 'w')", DENIED),
    "beside-the-scratch-folder": ("open('../x', 'w')", DENIED),
    "shared-folder": ("open('/tmp/x', 'w')", DENIED),
    "packages-changed": ("import numpy; open(numpy.__file__, 'a')", f"{DENIED}|Read-only"),
    "link-out": ("import os; os.symlink('/etc/passwd', 'a'); open('a')", DENIED),
    "hard-link-in": ("import os; os.link('/etc/hostname', 'a')", f"not permitted|cross-device|{DENIED}"),
    "way-up": ("open('../../../../../../../../etc/passwd')", DENIED),
    "signal-to-the-supervisor": ("import os; os.kill(os.getppid(), 9)", REFUSED),
    # A signal that nobody minds: where the jail had a hole, SIGKILL would end every program of this machine.
    "signal-to-all": ("import os, signal; print(os.kill(-1, signal.SIGURG))", f"^None$|No such process|{REFUSED}"),
    "stop-by-thread": (CALL.format("c.syscall(234, os.getppid(), os.getppid(), 19)"), REFUSED),
    "stop-the-supervisor": ("import os, signal; os.kill(os.getppid(), signal.SIGSTOP)", REFUSED),
    "limits-of-the-supervisor": (
        "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        REFUSED,
    ),
    "limits-raised": ("import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "not allowed to raise"),
    "tcp": ("import socket; socket.socket()", NO_NETWORK),
    "udp": ("import socket; socket.socket(type=socket.SOCK_DGRAM)", NO_NETWORK),
    "ipv6": ("import socket; socket.socket(socket.AF_INET6)", NO_NETWORK),
    "raw": ("import socket; socket.socket(socket.AF_PACKET)", NO_NETWORK),
    "netlink": ("import socket; socket.socket(socket.AF_NETLINK)", NO_NETWORK),
    "unix-service": ("import socket; socket.socket(socket.AF_UNIX).connect('/run/docker.sock')", REFUSED),
    "abstract-service": ("import socket; socket.socket(socket.AF_UNIX).connect('\\0service')", REFUSED),
    "unix-message": ("import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)", NO_NETWORK),
    "unix-message-by-another-name": ("import socket; socket.socket(socket.AF_UNIX, socket.SOCK_RAW)", NO_NETWORK),
    "pair-that-sends-anywhere": ("import socket; socket.socketpair(type=socket.SOCK_RAW)", NO_NETWORK),
    "download": ("import urllib.request; urllib.request.urlopen('http://127.0.0.1')", NO_NETWORK + "|resolution"),
    "trace": (CALL.format("c.ptrace(16, os.getppid(), 0, 0)"), REFUSED),
    "namespace": (CALL.format("c.unshare(0x10000000)"), REFUSED),
    "namespace-by-clone": (CALL.format("c.syscall(56, 0x10000011, 0, 0, 0, 0)"), REFUSED),
    "mount": (CALL.format("c.mount(b'none', b'.', b'tmpfs', 0, 0)"), REFUSED),
    "chroot": ("import os; os.chroot('.')", REFUSED),
    "io-uring": (CALL.format("c.syscall(425, 8, 0)"), REFUSED),
    "ebpf": (CALL.format("c.syscall(321, 0, 0, 0)"), REFUSED),
    "keys": (CALL.format("c.syscall(250, 0, -3, 0, 0, 0)"), REFUSED),
    "another-user": ("import os; os.setuid(1 if os.getuid() == 0 else 0)", f"{REFUSED}|Invalid argument"),
    "powers": ("print(open('/proc/self/status').read().split('CapEff:')[1].split()[0])", "^0000000000000000$"),
    "powers-by-program": ("print(open('/proc/self/status').read().split('NoNewPrivs:')[1].split()[0])", "^1$"),
    "terminal": ("open('/dev/tty', 'w')", DENIED),
    "names-of-files": (CALL.format("c.inotify_init1(0)"), REFUSED),
    "lease": ("import fcntl, numpy; fcntl.fcntl(open(numpy.__file__), fcntl.F_SETLEASE, fcntl.F_RDLCK)", REFUSED),
    "notice": ("import fcntl, os; fcntl.fcntl(os.open('.', os.O_RDONLY), fcntl.F_NOTIFY, 4)", REFUSED),
    "signals-to-others": ("import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, 1)", REFUSED),
    "attributes": (  # FS_IOC_SETFLAGS: immutable, append only
        "import fcntl, numpy; fcntl.ioctl(open(numpy.__file__), 0x40086602, b'\\x10' + bytes(7))",
        "Inappropriate ioctl",
    ),
    "attributes-by-other-bits": (
        CALL.format("c.syscall(16, os.open('.', 0), ctypes.c_ulong(1 << 32 | 0x80086601), (ctypes.c_char * 8)())"),
        "Inappropriate ioctl",
    ),
    "keys-typed": ("import fcntl; fcntl.ioctl(0, 0x5412, b'x')", "Inappropriate ioctl"),
    "disk": ("open('/dev/sda', 'rb')", f"{DENIED}|No such"),
    "memory": ("x = bytearray(17 * 2**30)", "MemoryError"),
    "files": ("f = [open('/dev/null') for _ in range(2000)]", "Too many open files"),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_nobody_needs_is_refused(tmp_path: Path, name: str) -> None:
    source, said = FORBIDDEN[name]
    line = last_line(tmp_path, source)
    assert re.search(said, line), line


WAITING = """
import os, signal, time
signal.signal(signal.SIGURG, lambda *_: os._exit(1))
print("up", flush=True)
time.sleep(600)
"""


class Outside:
    """What is no part of the jail: a file that it may only read, a program of the same user that ends at any signal."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "given"
        self.file.write_text("content")
        self.program = subprocess.Popen(
            [sys.executable, "-I", "-c", WAITING], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.program.stdout is not None
        assert self.program.stdout.readline() == "up\n"

    @property
    def is_untouched(self) -> bool:
        if self.program.poll() is not None or os.sched_getaffinity(self.program.pid) != os.sched_getaffinity(0):
            return False
        return os.sched_getscheduler(self.program.pid) == os.SCHED_OTHER and self.file.read_text() == "content"

    @property
    def attacks(self) -> dict[str, tuple[str, str]]:
        file, pid = str(self.file), self.program.pid
        signalled = f"{REFUSED}|No such process"  # the second where it cannot even be named
        return {
            "emptied-by-path": (f"import os; os.truncate({file!r}, 0)", f"{DENIED}|{REFUSED}"),
            "emptied-while-read": (f"import os; os.open({file!r}, os.O_RDONLY | os.O_TRUNC)", f"{DENIED}|{REFUSED}"),
            "emptied-by-neither": (f"import os; os.open({file!r}, 3 | os.O_TRUNC)", f"{DENIED}|{REFUSED}"),
            "emptied-by-open": (CALL.format(f"c.syscall(2, {file.encode()!r}, 512, 0)"), f"{DENIED}|{REFUSED}"),
            "emptied-by-creat": (CALL.format(f"c.creat({file.encode()!r}, 0o600)"), DENIED),
            "emptied-by-openat2": (
                CALL.format(f"c.syscall(437, -100, {file.encode()!r}, (ctypes.c_uint64 * 3)(512, 0, 0), 24)"),
                f"{DENIED}|Function not implemented",
            ),
            "written": (f"open({file!r}, 'r+')", DENIED),
            "renamed-over": (f"import os; open('x', 'w'); os.rename('x', {file!r})", f"{DENIED}|cross-device"),
            "moved-in": (f"import os; os.rename({file!r}, 'y')", f"{DENIED}|cross-device"),
            "kill": (f"import os; os.kill({pid}, 9)", signalled),
            "kill-by-other-bits": (CALL.format(f"c.syscall(62, ctypes.c_ulong(1 << 32 | {pid}), 9)"), signalled),
            "kill-of-a-group": (f"import os; os.killpg({pid}, 9)", signalled),
            "tkill": (CALL.format(f"c.syscall(200, {pid}, 9)"), signalled),
            "tgkill": (CALL.format(f"c.syscall(234, {pid}, {pid}, 9)"), signalled),
            "core": (f"import os; print(os.sched_setaffinity({pid}, [0]))", "^None$|No such process"),
            "scheduler": (
                f"import os; print(os.sched_setscheduler({pid}, os.SCHED_IDLE, os.sched_param(0)))",
                "^None$|No such process",
            ),
            "sigqueue": (CALL.format(f"c.sigqueue({pid}, 9, 0)"), signalled),
            "sigqueue-by-thread": (CALL.format(f"c.syscall(297, {pid}, {pid}, 9, bytes(128))"), signalled),
            "pidfd": (f"import os, signal; signal.pidfd_send_signal(os.pidfd_open({pid}), 9)", signalled),
        }


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    outside = Outside(tmp_path)
    yield outside
    outside.program.kill()
    outside.program.communicate()


EACH = """
import contextlib, io, json, pathlib, shutil
said = {}
for name, source in json.loads(SOURCES).items():
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            exec(source, {})
    except BaseException as error:
        print(type(error).__name__, error, file=output)
    said[name] = output.getvalue().strip()
    for left in pathlib.Path.cwd().iterdir():
        shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
print(json.dumps(said))
"""


def answers(folder: Path, sources: dict[str, str], outside: Outside) -> dict[str, str]:
    """What each source says in one jail."""
    jailed = Jailed(folder, f"SOURCES = {json.dumps(sources)!r}\n{EACH}", read=(outside.file,))
    output = jailed.output.strip()
    assert output.startswith("{"), (output, jailed.reason)
    found: dict[str, str] = json.loads(output.splitlines()[-1])
    return found


NEWEST = jail._landlock_abi()
OLDER = sorted({1, 2, 3, 5, 6, NEWEST} & set(range(1, NEWEST + 1)))


@pytest.mark.parametrize("has_namespaces", [True, False])
@pytest.mark.parametrize("abi", OLDER)
def test_older_systems_refuse_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: Outside, abi: int, has_namespaces: bool
) -> None:
    """Landlock is asked for no more than an older kernel has; with and without namespaces."""
    monkeypatch.setattr(jail, "_landlock_abi", lambda: abi)
    if not has_namespaces:
        monkeypatch.setattr(jail, "_may_make_namespaces", lambda: False)
    assert all(way.by for way in jail.ways() if way.is_required and way.thing != "a flood of processes")
    attacks = {**FORBIDDEN, **outside.attacks}
    said = answers(tmp_path, {name: source for name, (source, _) in attacks.items()}, outside)
    wrong = {name: said[name] for name, (_, wanted) in attacks.items() if not re.search(wanted, said[name])}
    assert wrong == {}
    assert outside.is_untouched


@pytest.mark.parametrize("has_namespaces", [True, False])
@pytest.mark.parametrize("abi", OLDER)
def test_honest_code_works_on_older_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: Outside, abi: int, has_namespaces: bool
) -> None:
    monkeypatch.setattr(jail, "_landlock_abi", lambda: abi)
    if not has_namespaces:
        monkeypatch.setattr(jail, "_may_make_namespaces", lambda: False)
    said = answers(tmp_path, {name: source for name, (source, _) in ALLOWED.items()}, outside)
    wanted = {name: wanted for name, (_, wanted) in ALLOWED.items()}
    if abi < 2:  # it refuses all moves from folder to folder
        assert "cross-device" in said.pop("folders")
        wanted.pop("folders")
    assert said == wanted


SEEN = f"""
import os
print(os.path.exists({str(PROJECT / "Makefile")!r}), os.path.exists("/etc/passwd"), os.path.exists("/var/log"))
print(open("/proc/self/net/unix").read().count("/run/"), len(open("/proc/self/net/route").readlines()))
print(os.path.exists(f"/proc/{{os.getppid()}}/stat"), os.stat("/usr/bin/env").st_size > 0)
"""


@pytest.mark.skipif(not jail._may_have_roots(), reason="no root folder of its own may be had here")
def test_in_a_root_folder_of_its_own_nothing_else_exists(tmp_path: Path) -> None:
    assert Jailed(tmp_path, SEEN).output.splitlines() == ["False False False", "0 0", "True True"]
    mounts = Path("/proc/mounts").read_text()
    assert str(tmp_path) not in mounts, "nothing is mounted outside"


@pytest.mark.skipif(not jail._may_have_roots(), reason="no root folder of its own may be had here")
def test_without_one_files_can_be_asked_for_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail, "_may_make_namespaces", lambda: False)
    assert Jailed(tmp_path, SEEN).output.splitlines()[0] == "True True True"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_as_root_a_kernel_is_another_user_where_it_may_read_what_it_needs(tmp_path: Path) -> None:
    """The folder of the test is one that only root may enter."""
    given = tmp_path / "given"
    given.write_text("content")
    assert tmp_path.parent.stat().st_mode & 0o077 == 0
    whoami = "import os; print(os.getuid() in range(61184, 65520), open(SOURCE).read())"
    is_other, content = Jailed(tmp_path, f"SOURCE = {str(given)!r}\n{whoami}", read=(given,)).output.split()
    assert (is_other, content) == (str(jail._may_have_roots()), "content")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_as_root_without_them_it_stays_root_without_powers(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_text("content")
    given.chmod(0o600)
    source = f"import os; print(os.getuid(), open({str(given)!r}).read())"
    assert Jailed(tmp_path, source, read=(given,)).output.split() == ["0", "content"]


def test_nothing_of_the_graders_environment_is_open(tmp_path: Path) -> None:
    """Only standard files are open in there."""
    line = last_line(tmp_path, "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:3], end=' ')\n"
                               "print(sum(os.path.exists(f'/proc/self/fd/{n}') for n in range(3, 300)))")  # fmt: skip
    assert line == "[0, 1, 2] 0"


def test_rights_and_times_of_files_outside_stay(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o640)
    os.utime(outside, (1, 1))
    source = f"""
import os, shutil
for act in (lambda: os.chmod({str(outside)!r}, 0), lambda: os.utime({str(outside)!r}, (9, 9)),
            lambda: os.chown({str(outside)!r}, 1, 1), lambda: os.setxattr({str(outside)!r}, "user.a", b"x"),
            lambda: os.fchmod(os.open({str(outside)!r}, os.O_PATH), 0)):
    try:
        act()
    except OSError as error:
        pass
open("a", "w").write("copied")
shutil.copy("a", "b")
print(open("b").read())
"""
    assert last_line(tmp_path, source) == "copied"
    found = outside.stat()
    assert (found.st_mode & 0o777, found.st_mtime, found.st_uid) == (0o640, 1, os.geteuid())
    assert os.listxattr(outside) == []


SMALL = replace(jail.DEFAULT_ROOM, processes=10, quota=50 * 2**20, memory=2**30)
GREEDY = {
    "fork-bomb": (
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        "it started more than 10 processes",
    ),
    "processes": (
        "import os, time\nfor i in range(40):\n    if not os.fork():\n        time.sleep(60)\ntime.sleep(60)",
        "it started more than 10 processes",
    ),
    "files": (
        "import time\nfor i in range(9):\n    open(str(i), 'wb').write(bytes(10**7))\ntime.sleep(60)",
        "it wrote more than 0 GiB of files",
    ),
    "many-files": (
        "import time\nfor i in range(21_000):\n    open(str(i), 'w').close()\ntime.sleep(60)",
        "it wrote more than 20,000 files",
    ),
    "memory": (
        "import os, time\nfor i in range(3):\n    if not os.fork():\n        x = b'x' * (4 * 10**8)\n"
        "        time.sleep(60)\ntime.sleep(60)",
        "it used more than 1 GiB of memory",
    ),
    "shared-memory": (
        "import mmap, time\nx = mmap.mmap(-1, 2**31)\nfor i in range(2**11):\n    x.write(bytes(2**20))\n"
        "time.sleep(60)",
        "it used more than 1 GiB of memory",
    ),
    "files-without-a-name": (
        "import os, time\nkept = []\nfor i in range(9):\n    file = open('x', 'wb', 0)\n    file.write(bytes(10**7))\n"
        "    os.remove('x')\n    kept.append(file)\ntime.sleep(60)",
        "it wrote more than 0 GiB of files",
    ),
}


@pytest.mark.parametrize("name", GREEDY)
def test_greed_ends_the_kernel_with_a_reason(tmp_path: Path, name: str) -> None:
    source, reason = GREEDY[name]
    jailed = Jailed(tmp_path, source, SMALL)
    assert jailed.output is not None
    assert jailed.process.returncode == 1
    assert jailed.reason == reason


STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        open("alive", "w").write("yes")
        print("daemon", flush=True)
        while True:
            open("alive", "w").write(str(time.time()))
            time.sleep(0.02)
    os._exit(0)
time.sleep(60)
"""


def test_nothing_outlives_the_grader(tmp_path: Path) -> None:
    """A process that has become a daemon ends too, when the lifeline does: also where the grader was killed."""
    jailed = Jailed(tmp_path, STUBBORN)
    assert jailed.process.stdout is not None
    assert jailed.process.stdout.readline() == "daemon\n"
    jailed.let_go()
    assert jailed.output == ""
    alive = tmp_path / "work" / "alive"
    last = alive.read_text()
    time.sleep(0.2)
    assert alive.read_text() == last


def test_without_a_whole_jail_grading_stops_and_says_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail, "missing", lambda: ("files that you can read",))
    with pytest.raises(JailError) as caught:
        jail.require()
    assert str(caught.value) == (
        "on this system student code is not kept from files that you can read. Grade on another one, in a container "
        "or a virtual machine; --unsafe grades without that protection"
    )
    jail.require(unsafe=True)


READING, EMPTYING, ENDING, NETWORK = "files that you can read", "emptying files", "ending your other", "the network"


@pytest.mark.parametrize(
    ("abi", "seccomp", "namespaces", "open_"),
    [
        (0, True, True, [READING, EMPTYING]),
        (0, False, False, [READING, EMPTYING, ENDING, NETWORK]),
        (1, False, True, [EMPTYING, NETWORK]),
        (2, True, False, []),
        (5, True, True, []),
        (5, False, False, [ENDING, NETWORK]),
        (7, False, False, [NETWORK]),
        (7, True, True, []),
    ],
)
def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, abi: int, seccomp: bool, namespaces: bool, open_: list[str]
) -> None:
    monkeypatch.setattr(jail.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(jail, "_landlock_abi", lambda: abi)
    monkeypatch.setattr(jail, "_has_seccomp", lambda: seccomp)
    monkeypatch.setattr(jail, "_may_make_namespaces", lambda: namespaces)
    found = jail.missing.__wrapped__()
    assert len(found) == len(open_)
    assert all(phrase.startswith(start) for phrase, start in zip(found, open_, strict=True))


@pytest.mark.parametrize(
    ("abi", "uid", "packages_are_open", "namespaces", "by"),
    [
        (6, 1000, True, True, "landlock"),
        (5, 1000, True, True, "namespace"),
        (5, 1000, True, False, "seccomp"),
        (1, 0, True, True, "user"),
        (1, 0, False, True, "namespace"),
        (1, 0, False, False, "seccomp"),
    ],
)
def test_what_holds_signals_is_named(
    monkeypatch: pytest.MonkeyPatch, abi: int, uid: int, packages_are_open: bool, namespaces: bool, by: jail.Signals
) -> None:
    monkeypatch.setattr(jail.os, "geteuid", lambda: uid)
    monkeypatch.setattr(jail, "_landlock_abi", lambda: abi)
    monkeypatch.setattr(jail, "_has_seccomp", lambda: True)
    monkeypatch.setattr(jail, "_has_roots_rights", lambda: True)
    monkeypatch.setattr(jail, "_packages_are_open", lambda has_root: packages_are_open)
    monkeypatch.setattr(jail, "_may_make_namespaces", lambda: namespaces)
    (way,) = (way for way in jail.ways() if way.thing.startswith(ENDING))
    assert way.by == jail.SIGNALS[by]


BANNED = """
import ctypes, os
from pathlib import Path
uid = os.geteuid()
if ctypes.CDLL(None).unshare(0x10000000) == 0:
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    for kind in ("user", "pid"):
        Path(f"/proc/sys/user/max_{kind}_namespaces").write_text("0")
    from autograder.sandbox import jail
    print(jail._may_make_namespaces())
"""


def test_a_ban_on_namespaces_is_noticed() -> None:
    """In a user namespace of its own, where the limits can be set without harm to anybody."""
    done = subprocess.run([sys.executable, "-c", BANNED], cwd=PROJECT, capture_output=True, text=True, check=False)
    if not done.stdout:
        pytest.skip(f"no user namespace here: {done.stderr}")
    assert done.stdout == "False\n"


def test_nothing_outlives_the_warden(tmp_path: Path) -> None:
    """It may be killed: by the system that runs out of memory, or by whoever takes it for the kernel."""
    jailed = Jailed(tmp_path, "import time\nprint('up', flush=True)\ntime.sleep(600)")
    assert jailed.process.stdout is not None
    assert jailed.process.stdout.readline() == "up\n"
    jailed.process.kill()
    assert jailed.output == ""  # the end of the pipe: nobody holds it any more


def test_commands_are_refused_in_blocks_that_leave_out_none() -> None:
    for first, end in ((8, 36), (39, 1030), (0, 1), (0x5402, 0x540F), (5, 5)):
        found = [number for start, size in syscalls._blocks(first, end) for number in range(start, start + size)]
        assert found == list(range(first, end))
        assert all(size & (size - 1) == 0 and start % size == 0 for start, size in syscalls._blocks(first, end))
