"""One submission: what the grader said, and what people say in its place or besides."""

from typing import Any, Final

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from autograder import assignment
from autograder.desk import common, evidence, notebooks
from autograder.desk.shelf import key_of
from autograder.gradebook import pages, sources
from autograder.grading import cache_key
from autograder.intake import submissions as files
from autograder.marks.decided import Decided
from autograder.marks.decisions import Decision
from labkit.judging import CheckResult

MAX_REASON: Final = 2_000  # characters
MAX_ADJUSTMENT: Final = 60  # characters of its name
FILTERS: Final = {"all": "all", "open": "open", "decided": "decided by hand", "review": "need review by the grader"}

part = Blueprint("submissions", __name__)


@part.get("/submissions")
def listed() -> str:
    """All submissions that a filter or a search shows."""
    everybody = common.shelf().everybody()
    numbers = common.number_of(everybody)
    shows = request.args.get("show", "all")
    words = common.query()
    rows = [
        {"key": key, "title": common.title_of(one, numbers), "one": one}
        for key, one in everybody.items()
        if _fits(one, shows) and _is_found(one, key, words, numbers[key])
    ]
    if common.hides_names():
        rows.sort(key=lambda row: numbers[str(row["key"])])
    counts = {name: sum(_fits(one, name) for one in everybody.values()) for name in FILTERS}
    return render_template("submissions.html", rows=rows, shows=shows, filters=FILTERS, counts=counts, query=words)


def _fits(one: Decided, shows: str) -> bool:
    return {
        "open": one.status == "needs_review",
        "decided": one.is_decided,
        "review": one.result.status == "needs_review",
    }.get(shows, True)


def _is_found(one: Decided, key: str, words: str, number: int) -> bool:
    if not words:
        return True
    names = [f"No. {number}"] if common.hides_names() else [one.result.submission]
    texts = [*names, *one.result.notes, *one.open, *one.result.written.values()]
    return any(words.casefold() in text.casefold() for text in texts)


@part.get("/submission/<key>")
def show(key: str) -> str:
    """What the grader said of one submission, and the forms to decide otherwise."""
    one = common.submission_or_404(key)
    numbers = common.number_of(common.shelf().everybody())
    conflicts = {target: standing.heads for target, standing in one.standings.items() if standing.is_conflict}
    return render_template(
        "submission.html",
        key=key,
        title=common.title_of(one, numbers),
        one=one,
        points=assignment.questions().points,
        waiting={check.question for check in one.result.checks if _is_open(one, check)},
        conflicts=conflicts,
        most=one.max_score + assignment.questions().bonus,
        can_run=bool(one.result.checks) and sources.path_of(one.result.submission, common.shelf().out) is not None,
        history=[d for d in reversed(common.shelf().said()) if d.submission == one.result.submission],
        outcomes=pages.OUTCOMES,
        max_reason=MAX_REASON,
    )


def _is_open(one: Decided, check: CheckResult) -> bool:
    """Whether neither the grader nor a person has decided on a check, or on its whole question."""
    return one.check_marks(check) is None and one.of(f"question:{check.question}").decision is None


@part.post("/submission/<key>/override")
def override(key: str) -> AnyResponse:
    """Keep marks in the place of what the grader said of a check, a question or everything."""
    one = common.submission_or_404(key)
    target = request.form.get("target", "")
    value = None if "withdraw" in request.form else _override(one, target)
    return _keep(one, target, value, one.digest(target), "seen")


def _override(one: Decided, target: str) -> dict[str, Any]:
    kind, _, name = target.partition(":")
    most = {
        "check": next((check.points for check in one.result.checks if check.name == name), None),
        "question": assignment.questions().points.get(name),
        "total": one.max_score + assignment.questions().bonus,
    }.get(kind)
    if most is None:
        abort(400, f"There is no {kind} of that name.")
    marks = common.number_field("marks", float(most))
    if marks is None:
        abort(400, "Say how many marks.")
    return {"marks": marks, "reason": _reason()}


def _reason() -> str:
    return common.text_field("reason", MAX_REASON) or abort(400, "Give a reason: the student reads it.")


@part.post("/submission/<key>/adjust")
def adjust(key: str) -> AnyResponse:
    """Keep a bonus or a penalty."""
    one = common.submission_or_404(key)
    name = common.text_field("name", MAX_ADJUSTMENT) or abort(400, "Give the adjustment a name, such as late.")
    if "withdraw" in request.form:
        return _keep(one, f"adjustment:{name}", None, "", "seen")
    unit = request.form.get("unit", "")
    amount = common.number_field("amount", 100.0 if unit == "percent" else one.max_score)
    if not amount or unit not in ("marks", "percent"):
        abort(400, "Say how many marks, or how many per cent.")
    sign = -1 if request.form.get("sign") == "penalty" else 1
    value = {"amount": sign * amount, "unit": unit, "reason": _reason()}
    return _keep(one, f"adjustment:{name}", value, "", "seen")


@part.post("/submission/<key>/review")
def review(key: str) -> AnyResponse:
    """Keep what is to become of a submission that waits: let its marks count, or ask for another file."""
    one = common.submission_or_404(key)
    if "withdraw" in request.form:
        return _keep(one, "review", None, "", "seen")
    action = request.form.get("action", "")
    if action not in ("trust", "new_file"):
        abort(400, "Choose what is to be done.")
    path = sources.path_of(one.result.submission, common.shelf().out)
    if action == "trust" and path is None:
        abort(400, "The submission's file is not where it was graded from, so that nobody can say what would be run.")
    of = cache_key.content_of(path) if path is not None else ""
    value = {"action": action, "reason": common.text_field("reason", MAX_REASON)}
    return _keep(one, "review", value, of, "seen")


def _keep(one: Decided, target: str, value: dict[str, Any] | None, of: str, seen: str) -> AnyResponse:
    decision = Decision(
        common.my_name(), one.result.submission, target, value, of if value else "", common.seen_ids(seen)
    )
    common.save([decision], "Saved." if value else "Withdrawn.")
    return redirect(url_for(".show", key=key_of(one.result.submission), _anchor=request.form.get("back", "")), 303)


@part.get("/submission/<key>/notebook")
def notebook(key: str) -> str:
    """The whole notebook as it was handed in, as data."""
    one = common.submission_or_404(key)
    path = sources.path_of(one.result.submission, common.shelf().out)
    cells, problem = [], ""
    if path is None:
        problem = "The file is not where it was graded from; this is the code that the gradebook keeps."
        cells = notebooks.of_code(one.result.code)
    else:
        try:
            cells = notebooks.of_file(path, path.stat().st_mtime_ns)
        except files.UnreadableSubmission as reason:
            problem = str(reason)
    return render_template(
        "notebook.html",
        key=key,
        title=common.title_of(one, common.number_of(common.shelf().everybody())),
        cells=cells,
        problem=problem,
        reasons=notebooks.reasons(one.result) if path is not None else {},
        one=one,
    )


@part.get("/picture/<key>/<question>/<int:place>")
def picture(key: str, question: str, place: int) -> Response:
    """A picture of a submission."""
    found = common.shelf().pictures(common.submission_or_404(key)).get(question, [])
    if place >= len(found) or pages.picture(found[place]) is None:
        abort(404)
    return _image(found[place], "image/png")


@part.get("/curves/<key>/<variant>.svg")
def curves(key: str, variant: str) -> Response:
    """The learning curves of one variant, drawn from the run record."""
    one = common.submission_or_404(key)
    path = sources.path_of(one.result.submission, common.shelf().out)
    drawn = evidence.curves(path, variant) if path is not None and variant in assignment.questions().variants else None
    return _image(drawn or abort(404), "image/svg+xml")


def _image(content: bytes, kind: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = kind
    response.headers["Cache-Control"] = "private, max-age=60"
    return response
