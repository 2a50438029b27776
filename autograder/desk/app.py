"""The web application: who may come in, what every page forbids, and what is said where something goes wrong."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from flask import (
    Flask,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import StrictUndefined
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from autograder.desk import answers, common, overview, submissions
from autograder.desk.shelf import Shelf, key_of
from autograder.gradebook import pages, prose, store
from autograder.marks.decisions import DecisionError
from autograder.marks.rubric import RubricError
from autograder.sanitize import clean, cut, number, one_line

MAX_REQUEST: Final = 2 * 2**20  # bytes
MAX_NAME: Final = 80  # characters of a marker's name
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STYLE: Final = Path(pages.__file__).parent / "style.css"
_OPEN: Final = ("enter", "static", "style")  # what can be asked for without a cookie


@dataclass(frozen=True)
class Door:
    """Who may come in.

    Args:
        token: of the first link.
        hosts: names and addresses by which browsers may call this server.
        is_behind_https: cookies travel by TLS only, since a reverse proxy speaks it.
    """

    token: str
    hosts: Sequence[str] = ("127.0.0.1", "localhost")
    is_behind_https: bool = False


def make(out: Path, door: Door) -> Flask:
    """The application on one gradebook.

    Raises:
        GradebookError: there are no results, or all are damaged.
        OSError: a file cannot be read.
        RubricError: a rubric of the master notebook is not in order.
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),  # cookies of an earlier start are not taken
        SESSION_COOKIE_NAME="desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=door.is_behind_https,
        PERMANENT_SESSION_LIFETIME=timedelta(days=1),
        TRUSTED_HOSTS=list(door.hosts),
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST,
        MAX_FORM_PARTS=1_000,
        WTF_CSRF_TIME_LIMIT=None,
        SEND_FILE_MAX_AGE_DEFAULT=0,
    )
    app.extensions["shelf"] = Shelf(out)
    app.extensions["door"] = door
    _set_up_templates(app)
    app.before_request(_only_guests)
    CSRFProtect(app)
    app.after_request(_forbid)
    app.add_url_rule("/enter", "enter", enter, methods=["GET", "POST"])
    app.add_url_rule("/style.css", "style", style)
    for part in (overview.part, answers.part, submissions.part):
        app.register_blueprint(part)
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(HTTPException, _http_error)
    for kind in (OSError, store.GradebookError, DecisionError, RubricError):
        app.register_error_handler(kind, _not_done)
    return app


def _set_up_templates(app: Flask) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.finalize = _for_people
    app.jinja_env.filters.update(
        rich=prose.rich,
        rich_line=prose.inline,
        number=number,
        one_line=one_line,
        cut=cut,
        label=pages.label,
        key=key_of,
        ago=_moment,
    )
    app.jinja_env.globals.update(me=me, hides_names=common.hides_names)


def _for_people(value: Any) -> Any:
    """Runs on everything that a template prints, so that no text from a notebook is forgotten."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else clean(value)


def _moment(at: str) -> str:
    return f"{at[:10]} {at[11:16]} UTC"


def me() -> str:
    """How the person at this browser calls themselves; empty where nobody has come in."""
    return str(session.get("name", ""))


def _only_guests() -> AnyResponse | None:
    """Nobody comes in without the cookie, and nobody without a name decides anything."""
    if isinstance(request.routing_exception, SecurityError):
        raise request.routing_exception
    if request.endpoint in _OPEN:
        return None
    if not session.get("is_in"):
        sentence = "Open the link that `make review` printed: it lets this browser in."
        return _page("The desk is closed to this browser", sentence, 403)
    if not me():
        return redirect(url_for("enter"))
    return None


def _forbid(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def enter() -> AnyResponse:
    """Let a browser in by the token of the first link, and ask who is there.

    No redirect: a cookie that other sites' links never send would be missing from the page that it leads to.
    """
    door: Door = current_app.extensions["door"]
    if "token" in request.args:
        if not hmac.compare_digest(request.args["token"].encode(), door.token.encode()):
            return _page("The desk is closed to this browser", "The link is of another start of the desk.", 403)
        session.clear()
        session.permanent = True
        session["is_in"] = True
    elif not session.get("is_in"):
        return _page("The desk is closed to this browser", "Open the link that `make review` printed.", 403)
    problem = ""
    if request.method == "POST":
        name = one_line(request.form.get("name", ""), MAX_NAME + 1).strip()
        if name and len(name) <= MAX_NAME:
            session["name"] = name
            return redirect(url_for("overview.show"), 303)
        problem = f"A name has from 1 to {MAX_NAME} characters."
    return make_response(render_template("enter.html", problem=problem), 400 if problem else 200)


def style() -> AnyResponse:
    """The style sheet that the desk has in common with the feedback pages."""
    response = make_response(_STYLE.read_text("utf-8"))
    response.mimetype = "text/css"
    return response


def _wrong_host(error: SecurityError) -> AnyResponse:
    """As plain text: no page can be made for a name that is none of this server's."""
    response = make_response("The desk is not called by this name: open the link that `make review` printed.\n", 400)
    response.mimetype = "text/plain"
    return response


def _http_error(error: HTTPException) -> AnyResponse:
    sentences = {
        400: "The browser sent something that this page does not have.",
        404: "There is no such page: the submission may have gone from the gradebook.",
        405: "This page takes no such request.",
        413: f"That is more than {MAX_REQUEST >> 20} MiB.",
        500: "The desk failed here. What was said to be saved is kept; the terminal has more.",
    }
    code = error.code or 500
    is_ours = error.description != type(error).description
    sentence = (error.description if is_ours else sentences.get(code)) or ""
    if isinstance(error, CSRFError):
        sentence = "The page was open before the desk was started anew. Open the new link; your draft is kept."
    return _page("Not done", sentence, code)


def _not_done(error: Exception) -> AnyResponse:
    """What kept something from being read or saved, as a sentence; nothing was changed."""
    saved = "Nothing was saved. " if request.method == "POST" else ""
    words = f"{error.strerror} ({error.filename})" if isinstance(error, OSError) else str(error)
    return _page("Not done", f"{saved}{words}", 500)


def _page(title: str, sentence: str, code: int) -> AnyResponse:
    return make_response(render_template("message.html", title=title, sentence=sentence), code)
