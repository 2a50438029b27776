"""Serve the desk: find a port, print the link, wait for Ctrl-C."""

import contextlib
import os
import secrets
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import waitress

from autograder.desk import app
from autograder.gradebook.store import GradebookError

THREADS = 8
LOOPBACK = ("127.0.0.1", "::1", "localhost")
EVERYWHERE = ("0.0.0.0", "::")
PUBLISHED = "DESK_PUBLISHED"  # set in a container: address and port by which browsers outside of it come


class ServerError(RuntimeError):
    """The desk cannot be opened. The message says why, and what to do."""


def open_server(out: Path, host: str, port: int, behind_https: str = "", token: str = "") -> tuple[Any, str]:
    """A server that listens, and does not serve yet.

    Args:
        out: the gradebook's folder.
        host: address to listen on.
        port: 0: one that is free.
        behind_https: name of a reverse proxy by which browsers come, with TLS; empty: they come directly.
        token: of the first link; empty: drawn.

    Returns:
        The server, whose `run` serves until it is interrupted, and the first link.

    Raises:
        GradebookError: there are no results, or all are damaged.
        OSError: a file cannot be read.
        RubricError: a rubric of the master notebook is not in order.
        ServerError: it cannot listen there, or nothing could be saved.
    """
    if not (out / "results").is_dir():
        raise GradebookError(f"{out} holds no results: `make grade OUT={out}` makes a gradebook.")
    _require_writable(out)
    token = token or secrets.token_urlsafe(24)
    published = os.environ.get(PUBLISHED, "")
    hosts = [*LOOPBACK, *([] if published else _names(host)), *([behind_https] if behind_https else [])]
    made = app.make(out, app.Door(token, hosts, bool(behind_https)))
    listening = _listen(host, port)
    server = waitress.create_server(
        made,
        sockets=[listening],
        threads=THREADS,
        ident=None,
        max_request_body_size=app.MAX_REQUEST,
        max_request_header_size=2**15,
        channel_timeout=60,
    )
    shown = behind_https or (socket.gethostname() if host in EVERYWHERE else host)
    here = published or f"{f'[{shown}]' if ':' in shown else shown}:{listening.getsockname()[1]}"
    address = f"https://{shown}" if behind_https else f"http://{here}"
    return server, f"{address}/enter?token={token}"


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ServerError: it cannot.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        sentence = f"the desk cannot listen on {host}, port {port} ({why}): choose another one with --port"
        raise ServerError(sentence) from None


def _names(host: str) -> Sequence[str]:
    """By which names and addresses browsers may call a host that listens there."""
    if host not in EVERYWHERE:
        return [host]
    name = socket.gethostname()
    addresses = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    return [name, socket.getfqdn(), *addresses]


def _require_writable(out: Path) -> None:
    """Whether decisions could be kept.

    Raises:
        ServerError: they could not.
    """
    probe = out / f".{secrets.token_hex(16)}.tmp"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ServerError(
            f"nothing can be saved in {out} ({error.strerror}): give it back the right to be written"
        ) from None


def serve(out: Path, host: str, port: int, behind_https: str = "") -> None:
    """Serve until Ctrl-C, or until the terminal closes; arguments and errors as for `open_server`."""
    server, link = open_server(out, host, port, behind_https)
    _end_like_ctrl_c()
    with contextlib.suppress(KeyboardInterrupt), contextlib.closing(server):
        _greet(out, host, link, behind_https)
        server.run()


def _greet(out: Path, host: str, link: str, behind_https: str) -> None:
    is_published = PUBLISHED in os.environ
    where = out.name if is_published else out  # a container's own path says nothing outside of it
    print(
        f"The marking desk on {where}: open this link, once in each browser. Ctrl-C closes the desk.\n\n  {link}\n",
        flush=True,
    )
    if host not in LOOPBACK and not behind_https and not is_published:
        print(
            "Everybody on the network can read what is sent: use a reverse proxy with TLS (docs/marking-by-hand.md).",
            flush=True,
        )


def _end_like_ctrl_c() -> None:
    """The first process of a container is not ended by a signal that it does not catch."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
