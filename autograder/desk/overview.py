"""Where the class stands: progress, what waits, who marks what, late dates, and the files that have it all."""

from collections import Counter
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from autograder import tables
from autograder.desk import common
from autograder.gradebook import store
from autograder.marks import late
from autograder.marks.decided import Decided
from autograder.marks.decisions import Decision
from autograder.sanitize import one_line

MAX_MARKERS: Final = 100
MAX_DATES: Final = 500_000  # characters of a table of dates

part = Blueprint("overview", __name__)


@part.get("/")
def show() -> str:
    """The first page."""
    shelf = common.shelf()
    everybody = shelf.everybody()
    numbers = common.number_of(everybody)
    titled = [(key, common.title_of(one, numbers), one) for key, one in everybody.items()]
    if common.hides_names():  # the alphabet would tell
        titled.sort(key=lambda row: numbers[row[0]])
    return render_template(
        "overview.html",
        answers=[_progress(name) for name in shelf.rubrics],
        total=len(everybody),
        waiting=[row for row in titled if _waits(row[2])],
        conflicts=[(key, title, target) for key, title, one in titled for target in _conflicts(one)],
        markers=common.marker_names(),
        markers_seen=" ".join(shelf.markers().ids),
        problems=[*shelf.problems, *shelf.log.problems()],
        is_outdated=store.is_outdated(shelf.out),
        final=sum(one.status == "graded" for one in everybody.values()),
        out=shelf.out,
    )


def _waits(one: Decided) -> bool:
    return one.result.status == "needs_review" and one.status == "needs_review"


def _conflicts(one: Decided) -> list[str]:
    return [target for target, standing in one.standings.items() if standing.is_conflict]


def _progress(name: str) -> dict[str, Any]:
    """Of one written answer: how many are marked, and how many each marker has left."""
    shelf = common.shelf()
    everybody = shelf.everybody()
    states = Counter(one.written[name].state for one in everybody.values())
    dealt = common.dealt(common.in_order(everybody, name), common.marker_names())
    left = Counter(who for key, who in dealt.items() if everybody[key].written[name].state in ("unmarked", "changed"))
    by = Counter(
        decision.by
        for one in everybody.values()
        if (decision := one.written[name].standing.decision) and one.written[name].state == "marked"
    )
    return {
        "rubric": shelf.rubrics[name],
        "states": states,
        "left": {who: left[who] for who in common.marker_names()},
        "by": by.most_common(),
    }


@part.post("/names")
def names() -> Response:
    """Show or hide the names of submissions in this browser."""
    session["hides_names"] = not session.get("hides_names")
    return redirect(_back(), 303)


def _back() -> str:
    """The page that a form was on, as far as it is one of ours."""
    back = request.form.get("back", "/")
    return back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"


@part.post("/markers")
def markers() -> Response:
    """Keep among whom the written answers are dealt out."""
    found = [one_line(line, 81).strip() for line in common.text_field("names", 100 * 82).splitlines()]
    chosen = list(dict.fromkeys(name for name in found if name))
    if len(chosen) > MAX_MARKERS or any(len(name) > 80 for name in chosen):
        abort(400, f"There may be {MAX_MARKERS} markers, each with a name of 80 characters.")
    decision = Decision(common.my_name(), "", "markers", {"names": chosen}, replaces=common.seen_ids("seen"))
    common.save(
        [decision], f"The answers are dealt out to {len(chosen)} markers." if chosen else "Nobody is dealt answers."
    )
    return redirect(url_for(".show"), 303)


@part.post("/late")
def late_dates() -> Response:
    """Keep penalties for what was handed in late, from a table of dates."""
    text = common.text_field("dates", MAX_DATES)
    percent, most = common.number_field("percent", 100.0), common.number_field("most", 100.0)
    if not percent:
        abort(400, "Say how many per cent a day costs.")
    try:
        columns, rows = tables.parse(text, "the table of dates")
        if missing := [column for column in ("submission", "date") if column not in columns]:
            abort(400, f"The table of dates has no column {missing[0]}; its first line names the columns.")
        standings = {one.result.submission: one.standings for one in common.shelf().everybody().values()}
        deadline = late.moment(request.form.get("deadline", ""), "deadline")
        said = late.penalties(rows, standings, deadline, percent, most or 100.0, common.my_name())
    except (late.LateError, tables.TableError) as problem:
        abort(400, f"{problem}. Nothing was changed.")
    common.save(said, f"{len(said)} {'penalty' if len(said) == 1 else 'penalties'} set, changed or withdrawn.")
    return redirect(url_for(".show"), 303)


@part.post("/files")
def files() -> Response:
    """Write every file that marks are in."""
    results = store.write_again(common.shelf().out)
    flash(f"grades.csv, the report and the pages of {len(results)} submissions are up to date.")
    return redirect(url_for(".show"), 303)
