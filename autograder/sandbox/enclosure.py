"""A root folder of the kernel's own, in namespaces of its own: nothing is there but what it may read or write.

Landlock closes what is in files; that they are there, and how large, `stat` tells. In an empty root they are not. Needs
root, or a user namespace. The supervisor loads this file by its path: nothing of the grader is imported.
"""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWNET = 0x20000, 0x8000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x8, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
MOUNT_SETATTR, PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41}  # numbers of system calls without a C function
READ_ONLY, NO_SUID = 0x1, 0x2  # MOUNT_ATTR_*


def enter(root: Path, read: Sequence[str], write: Sequence[str]) -> None:
    """Make a folder the root of this process, with some of the files that are there now at their places.

    The process has to be in a process namespace, and to have root's powers in its user namespace.

    Args:
        root: an empty folder.
        read: files and folders that are there, read-only unless they lie in one of `write`; those that do not exist are
            left out.
        write: those that may be changed.

    Raises:
        OSError: the system refuses.
    """
    libc, here = ctypes.CDLL(None, use_errno=True), os.getcwd()
    _tried(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET), "no namespaces")
    _mount(libc, "none", "/", "", MS_REC | MS_PRIVATE)  # nothing of this is seen outside
    _mount(libc, "tmpfs", str(root), "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    names = [name for name in (*read, *write) if not within(name, "/proc") and os.path.exists(name)]
    changeable = {os.path.realpath(name) for name in write}
    placed: dict[str, bool] = {}  # what is there already, and whether it may be changed
    for target in sorted(set(map(os.path.realpath, names))):  # folders before what is in them
        may_change = target in changeable
        if not any(within(target, other) and changes >= may_change for other, changes in placed.items()):
            _bind(libc, root, target, may_change)
            placed[target] = may_change
    for name in names:
        _links(root, name)
    (root / "proc").mkdir()
    _mount(libc, "proc", str(root / "proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    os.chdir(root)
    _tried(libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b"."), "the root folder cannot be exchanged")
    _tried(libc.umount2(b".", MNT_DETACH), "the old root folder stays")
    os.chdir(here)


def within(path: str, folder: str) -> bool:
    """Whether it is that folder, or lies in it."""
    return path == folder or path.startswith(f"{folder}/")


def _links(root: Path, name: str) -> None:
    """The symbolic links on the way to a file, at their places."""
    left, place = Path(name).parts[1:], Path("/")
    for number, part in enumerate(left):
        place /= part
        if place.is_symlink():
            link = root / place.relative_to("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink() and not link.exists():
                link.symlink_to(os.readlink(place))
            _links(root, os.path.join(os.path.dirname(place), os.readlink(place), *left[number + 1 :]))
            return


def _bind(libc: ctypes.CDLL, root: Path, target: str, may_change: bool) -> None:
    place = root / target.lstrip("/")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.mkdir() if os.path.isdir(target) else place.touch()
    # What may be changed is a scratch folder: nothing is mounted in it but, just now, the root folder.
    _mount(libc, target, str(place), "", MS_BIND if may_change else MS_BIND | MS_REC)
    attributes = (ctypes.c_uint64 * 4)(NO_SUID if may_change else NO_SUID | READ_ONLY, 0, 0, 0)
    done = libc.syscall(
        MOUNT_SETATTR, AT_FDCWD, str(place).encode(), AT_RECURSIVE, attributes, ctypes.sizeof(attributes)
    )
    _tried(done, f"{target} cannot be made read-only")


def _mount(libc: ctypes.CDLL, source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    done = libc.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    _tried(done, f"{source} cannot be mounted on {target}")


def _tried(result: int, complaint: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), complaint)
