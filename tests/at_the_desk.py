"""People at the marking desk, by requests."""

from typing import Any

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from autograder.desk.shelf import key_of

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
