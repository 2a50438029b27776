"""People at the marking desk, by requests, and the desk as a program."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from autograder.desk.shelf import key_of

PROJECT = Path(__file__).resolve().parent.parent
HOST = "http://127.0.0.1:5000"
TOKEN = "token-of-this-start"


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, client: FlaskClient, name: str) -> None:
        self.client = client
        self.get(f"/enter?token={TOKEN}")
        assert self.send("/enter", "/enter", name=name).status_code == 303

    def get(self, path: str, code: int = 200) -> BeautifulSoup:
        response = self.client.get(path, base_url=HOST)
        assert response.status_code == code, response.get_data(as_text=True)[-2000:]
        return BeautifulSoup(response.get_data(as_text=True), "html.parser")

    def send(self, page: str, to: str, **fields: Any) -> TestResponse:
        """Fill in the form of a page that goes to an address, with what it holds, and send it."""
        shown = self.get(page)
        form = next(one for one in shown.find_all("form") if one.get("action", "").partition("?")[0] == to)
        values: dict[str, Any] = {}
        for field in [*form.select("input"), *shown.select(f'input[form="{form.get("id")}"]')]:
            if field.get("type") in ("radio", "checkbox") and not field.has_attr("checked"):
                continue
            values.setdefault(field["name"], []).append(field.get("value", ""))
        values |= {field["name"]: field.text for field in form.select("textarea")}
        return self.client.post(form["action"], data=values | fields, base_url=HOST)

    def mark(self, submission: str, name: str = "w1", show: str = "all", **fields: Any) -> TestResponse:
        path = f"/written/{name}/{key_of(submission)}"
        return self.send(f"{path}?show={show}", path, **{"then": "next", "also": [], **fields})


@contextmanager
def started(out: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The desk as a process of its own, and its link; killed at the end if it still runs."""
    command = [sys.executable, "-m", "autograder", "review", "--out", str(out), *options]
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests that run in the background ignore it
    ) as process:
        assert process.stdout is not None
        try:
            yield process, next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        finally:
            process.kill()
