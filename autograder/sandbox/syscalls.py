"""The filter of system calls over a student's kernel: what is refused, and the trick that each refusal stops.

Landlock closes files; this closes networks, other processes and what Landlock leaves open, more of it on older kernels.
The supervisor loads this file by its path, and so does a fork server: nothing of the grader is imported.
"""

import contextlib
import errno
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any

# System calls that no notebook needs, and what each of them is used for.
FORBIDDEN = {
    "connect": "talk to a service of this machine (Docker, D-Bus, X11) or to the network",
    "io_uring_setup": "open sockets behind this filter's back",
    "ptrace": "take over another process",
    "process_vm_readv": "read another process's memory",
    "process_vm_writev": "write another process's memory",
    "pidfd_getfd": "take another process's open files",
    "kcmp": "compare with another process",
    "mount": "cover a file with another one",
    "umount2": "uncover it",
    "move_mount": "the same",
    "open_tree": "the same",
    "fsopen": "the same",
    "fsmount": "the same",
    "pivot_root": "exchange the root folder",
    "chroot": "exchange the root folder",
    "unshare": "become root in a namespace of its own, and reach more of the kernel",
    "setns": "enter another container's namespace",
    "bpf": "load code into the kernel",
    "perf_event_open": "measure other processes",
    "userfaultfd": "stop the kernel half-way, a step of many exploits",
    "add_key": "reach the keys of the user",
    "request_key": "reach the keys of the user",
    "keyctl": "reach the keys of the user",
    "init_module": "load code into the kernel",
    "finit_module": "load code into the kernel",
    "delete_module": "take code out of the kernel",
    "kexec_load": "start another kernel",
    "kexec_file_load": "start another kernel",
    "reboot": "stop the machine",
    "swapon": "change the machine's memory",
    "swapoff": "change the machine's memory",
    "acct": "write a file as the kernel",
    "quotactl": "change quotas",
    "open_by_handle_at": "open files around the folders that are closed",
    "name_to_handle_at": "prepare that",
    "fanotify_init": "watch what others do with files",
    "inotify_init": "learn the names of others' files as they come and go",
    "inotify_init1": "the same",
    "inotify_add_watch": "the same",
    "syslog": "read the kernel's messages",
    "settimeofday": "set the clock",
    "clock_settime": "set the clock",
    "sethostname": "rename the machine",
    "setdomainname": "rename the machine",
    "iopl": "reach hardware",
    "ioperm": "reach hardware",
    "shmget": "leave memory behind that no process owns",
    "semget": "leave semaphores behind",
    "msgget": "leave messages for other submissions",
    "mq_open": "leave messages for other submissions",
    "mknod": "make a device",
    "mknodat": "make a device",
    "setpriority": "slow down the grader",
    "ioprio_set": "slow down the grader",
    "migrate_pages": "move another process's memory",
    "move_pages": "move another process's memory",
    "file_setattr": "set flags of files that may only be read",
    "open_tree_attr": "cover a file with another one",
    "mount_setattr": "the same",
}
# Open without Landlock 3: a file that may only be read is emptied. For `open` with O_TRUNC see `_keep_content`.
EMPTYING = {
    "truncate": "empty a file by its path",
    "truncate64": "the same, on machines of 32 bits",
}
# Open without Landlock 6 and without a process namespace: signals to other programs of the user. The first argument
# names a process.
SIGNALS = {
    "kill": "end or stop another program, the supervisor or the grader",
    "tkill": "the same, by a thread",
    "tgkill": "the same, by a thread",
    "rt_sigqueueinfo": "the same, with a message",
    "rt_tgsigqueueinfo": "the same, by a thread, with a message",
}
# Newer than many a libseccomp, which then does not know their names; new calls have one number on all machines.
NUMBERS = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsmount": 432,
    "clone3": 435,
    "openat2": 437,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
    "open_tree_attr": 467,
    "file_setattr": 469,
}
# Landlock does not close these, and they work on files outside, too. They do nothing, and say that all is well: whoever
# copies a file, copies its rights and times.
IDLE = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat"),
    *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "setxattrat"),
    "removexattrat",
    "flock",  # on data that may only be read it would hold up the grader; HDF5 asks for it on every file
)
# Of these two calls only some commands; others reach files that may only be read (attributes, leases, notices), or
# what a terminal's user has typed (TIOCSTI, TIOCLINUX).
FCNTL = {
    0: "F_DUPFD",
    1: "F_GETFD",
    2: "F_SETFD",
    3: "F_GETFL",
    4: "F_SETFL",
    5: "F_GETLK",
    6: "F_SETLK",
    7: "F_SETLKW",
    36: "F_OFD_GETLK",
    37: "F_OFD_SETLK",
    38: "F_OFD_SETLKW",
    1030: "F_DUPFD_CLOEXEC",
    1031: "F_SETPIPE_SZ",
    1032: "F_GETPIPE_SZ",
    1033: "F_ADD_SEALS",
    1034: "F_GET_SEALS",
}
INT = 2**32 - 1
ALL_BITS = 2**64 - 1
LOCKS = (6, 7, 37, 38)  # of these, the ones that do nothing, as `flock`
IOCTL = {
    0x5401: "TCGETS, which is how `isatty` asks",
    0x540F: "TIOCGPGRP",
    0x5413: "TIOCGWINSZ",
    0x541B: "FIONREAD",
    0x5421: "FIONBIO",
    0x5450: "FIONCLEX",
    0x5451: "FIOCLEX",
}
PR_SET_DUMPABLE = 4  # by which a process hides its open files from the supervisor
NEW_NAMESPACES = (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x4000000, 0x8000000, 0x2000000)  # CLONE_NEW*
TRUNCATION = 3  # version of Landlock from which on it closes files to truncation
AF_UNIX, SOCK_TYPE_MASK = 1, 0xF
MESSAGES = (2, 3)  # SOCK_DGRAM; SOCK_RAW, which is the same for Unix sockets
SCHEDULING = ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")


def load(landlock: int, signals: str) -> None:
    """Put the filter over this process, for good.

    Args:
        landlock: version of Landlock that this process is held by; 0: none.
        signals: what keeps others from its signals, a word of `jail.Signals`.
    """
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for error, names in ((errno.EPERM, FORBIDDEN), (0, IDLE)):
        for name in names:
            with contextlib.suppress(OSError):  # a call that this machine does not have
                _answer(rules, error, name)
    _close_networks(rules)
    _close_other_processes(rules)
    _narrow_commands(rules)
    if landlock < TRUNCATION:
        _keep_content(rules)
    if signals == "seccomp":
        _signal_only_oneself(rules, os.getpid())
    elif signals == "namespace":  # its first process is ours
        _answer(rules, errno.EPERM, "kill", seccomp.Arg(0, seccomp.MASKED_EQ, INT, 1))
    rules.load()


def close_networks() -> None:
    """Keep this process from the network, for good; it may use sockets of this machine."""
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    _close_networks(rules)
    rules.load()


def _answer(rules: Any, error: int, name: str, *conditions: Any) -> None:
    """Answer a call with an error, 0 for none, instead of making it.

    Raises:
        OSError: neither this library nor `NUMBERS` knows the call.
    """
    import pyseccomp as seccomp

    try:
        rules.add_rule(seccomp.ERRNO(error), name, *conditions)
    except OSError:
        if name not in NUMBERS:
            raise
        rules.add_rule(seccomp.ERRNO(error), NUMBERS[name], *conditions)


def _close_networks(rules: Any) -> None:
    import pyseccomp as seccomp

    for call in ("socket", "socketpair"):  # ZeroMQ aborts at other answers than this one
        _answer(rules, errno.EOPNOTSUPP, call, seccomp.Arg(0, seccomp.NE, AF_UNIX))
        # Messages without a connection could be addressed to a service of this machine.
        for kind in MESSAGES:
            _answer(rules, errno.EOPNOTSUPP, call, seccomp.Arg(1, seccomp.MASKED_EQ, SOCK_TYPE_MASK, kind))


def _close_other_processes(rules: Any) -> None:
    import pyseccomp as seccomp

    _answer(rules, errno.EPERM, "prctl", seccomp.Arg(0, seccomp.EQ, PR_SET_DUMPABLE))
    # Limits, and where and when to run, of other processes of the same user: the grader's.
    _answer(rules, errno.EPERM, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    for call in SCHEDULING:  # ZeroMQ sets what is set already, for threads of its own, and aborts at an error
        _allow_only(rules, call, (0, os.getpid()), 0)
    for flag in NEW_NAMESPACES:
        _answer(rules, errno.EPERM, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    _answer(rules, errno.ENOSYS, "clone3")  # its flags cannot be seen; everyone falls back to clone


def _narrow_commands(rules: Any) -> None:
    import pyseccomp as seccomp

    for command in LOCKS:
        _answer(rules, 0, "fcntl", seccomp.Arg(1, seccomp.EQ, command))
    for call, allowed, error in (("fcntl", FCNTL, errno.EPERM), ("ioctl", IOCTL, errno.ENOTTY)):
        # The kernel looks at 32 bits of a command, this filter at all 64: one with others set is above all these.
        _allow_only(rules, call, sorted(allowed), error, argument=1)


def _keep_content(rules: Any) -> None:
    """No way to empty a file but through a descriptor that may write, which Landlock gives to none outside."""
    import pyseccomp as seccomp

    for name in EMPTYING:
        _answer(rules, errno.EPERM, name)
    _answer(rules, errno.ENOSYS, "openat2")  # its flags cannot be seen; the C library does without
    for call, flags in (("open", 1), ("openat", 2)):
        for access in (os.O_RDONLY, os.O_ACCMODE):  # the second is neither reading nor writing, to Landlock
            condition = seccomp.Arg(flags, seccomp.MASKED_EQ, os.O_TRUNC | os.O_ACCMODE, os.O_TRUNC | access)
            _answer(rules, errno.EPERM, call, condition)


def _signal_only_oneself(rules: Any, me: int) -> None:
    """Signals to this very process, its threads and its group only: a filter cannot tell whose child another one is."""
    group = (INT + 1 - me, ALL_BITS + 1 - me)  # minus its number, in 32 bits or in 64
    for call in SIGNALS:
        _allow_only(rules, call, (0, me, *group) if call == "kill" else (me,), errno.EPERM)
    _answer(rules, errno.EPERM, "pidfd_send_signal")  # it names a process by a file


def _allow_only(rules: Any, call: str, allowed: Sequence[int], error: int, argument: int = 0) -> None:
    """Refuse a call unless an argument is one of these, in order."""
    import pyseccomp as seccomp

    _answer(rules, error, call, seccomp.Arg(argument, seccomp.GT, allowed[-1]))
    for below, above in itertools.pairwise([-1, *allowed]):
        for first, size in _blocks(below + 1, above):
            _answer(rules, error, call, seccomp.Arg(argument, seccomp.MASKED_EQ, ALL_BITS - size + 1, first))


def _blocks(first: int, end: int) -> Iterator[tuple[int, int]]:
    """The numbers from one to below another, in blocks (first, size) that a mask can tell: a rule compares but once."""
    while first < end:
        size = first & -first or 1 << end.bit_length()  # the largest at which a block may begin here
        while first + size > end:
            size >>= 1
        yield first, size
        first += size
