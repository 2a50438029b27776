"""Written answers, one question across all submissions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from autograder.desk import alike, common, evidence
from autograder.marks.decided import Decided, Written, digest_of_text, marks_of
from autograder.marks.decisions import Decision, Standing
from autograder.marks.rubric import Rubric

MAX_COMMENT: Final = 10_000  # characters
COMMENTS: Final = "qwertyuio"  # keys, each for a comment that was used before

part = Blueprint("answers", __name__)


@dataclass(frozen=True)
class Alike:
    """Another answer that is equal or nearly so.

    Args:
        key, title: of its submission.
        written: the answer.
        standing: what the person who looks may see of what was decided.
        share: of the text, that both have (0 to 1).
        changes: the differences, shown; empty where there are none.
    """

    key: str
    title: str
    written: Written
    standing: Standing
    share: float
    changes: Markup

    @property
    def seen(self) -> str:
        """Decisions on it, as a form sends them back."""
        return " ".join(self.standing.ids)

    @property
    def digest(self) -> str:
        """Of its text."""
        return digest_of_text(self.written.text)


@dataclass(frozen=True)
class Queue:
    """The answers to one question in the order in which they are marked.

    Args:
        rubric: of the question.
        order: keys of all submissions.
        everybody: key -> submission.
        shows: one of `common.FILTERS`.
        mine: keys of those that were dealt to the person who looks.
        query: what was searched for.
    """

    rubric: Rubric
    order: Sequence[str]
    everybody: Mapping[str, Decided]
    shows: str
    mine: frozenset[str]
    query: str = ""

    def written(self, key: str) -> Written:
        """One answer."""
        return self.everybody[key].written[self.rubric.name]

    def holds(self, key: str) -> bool:
        """Whether an answer is among those that are shown."""
        return common.fits(self.written(key), self.shows, key in self.mine, common.my_name()) and self._is_found(key)

    def _is_found(self, key: str) -> bool:
        if not self.query:
            return True
        written = self.written(key)
        texts = [written.text, *written.comments]
        texts += [] if common.hides_names() else [self.everybody[key].result.submission]
        return any(self.query.casefold() in text.casefold() for text in texts)

    @property
    def shown(self) -> list[str]:
        """Keys of the answers that are shown."""
        return [key for key in self.order if self.holds(key)]

    def after(self, key: str, step: int = 1) -> str | None:
        """The next answer that is shown after one (or before, with a step of -1), from the other end at the end."""
        place = self.order.index(key) if key in self.order else -step
        around = [self.order[(place + step * i) % len(self.order)] for i in range(1, len(self.order))]
        return next((other for other in around if self.holds(other)), None)


def _queue(name: str) -> Queue:
    shelf = common.shelf()
    everybody = shelf.everybody()
    rubric = shelf.rubrics.get(name) or abort(404)
    shows = request.args.get("show", "open")
    if shows not in common.FILTERS:
        shows = "open"
    order = common.in_order(everybody, name)
    me = common.my_name()
    mine = frozenset(key for key, who in common.dealt(order, common.marker_names()).items() if who == me)
    return Queue(rubric, order, everybody, shows, mine, common.query())


@part.get("/written/<name>")
def listed(name: str) -> str:
    """All answers to one question that a filter or a search shows."""
    queue = _queue(name)
    numbers = common.number_of(queue.everybody)
    rows = [
        {"key": key, "title": common.title_of(queue.everybody[key], numbers), "written": queue.written(key)}
        for key in queue.shown
    ]
    return render_template("answers.html", queue=queue, rows=rows, filters=common.FILTERS, counts=_counts(queue))


def _counts(queue: Queue) -> dict[str, int]:
    me = common.my_name()
    return {
        shows: sum(common.fits(queue.written(key), shows, key in queue.mine, me) for key in queue.order)
        for shows in common.FILTERS
    }


@part.get("/written/<name>/next")
def first(name: str) -> Response:
    """The first answer that is to be marked; the list where there is none."""
    queue = _queue(name)
    shown = queue.shown
    if not shown:
        return redirect(url_for(".listed", name=name, show=queue.shows, q=queue.query or None))
    return redirect(url_for(".mark", name=name, key=shown[0], show=queue.shows, q=queue.query or None))


@part.get("/written/<name>/<key>")
def mark(name: str, key: str) -> str:
    """One answer, what it talks about, and the form to mark it."""
    queue = _queue(name)
    decided = queue.everybody.get(key) or abort(404)
    written = queue.written(key)
    standing = _in_sight(written.standing, queue.shows)
    equal, nearly = _alike(queue, key)
    shown = queue.shown
    return render_template(
        "answer.html",
        queue=queue,
        key=key,
        title=common.title_of(decided, common.number_of(queue.everybody)),
        decided=decided,
        written=written,
        digest=digest_of_text(written.text),
        standing=standing,
        value=common.value_of(standing.heads[-1] if standing.heads else None),
        heads=[(head, marks_of(head, queue.rubric)) for head in standing.heads if head.value is not None],
        history=[] if queue.shows == "second" else _history(decided, name),
        comments=list(zip(COMMENTS, _comments(queue.rubric.name), strict=False)),
        equal=equal,
        nearly=nearly,
        place=shown.index(key) + 1 if key in shown else 0,
        shown=len(shown),
        counts=_counts(queue),
        after=queue.after(key),
        before=queue.after(key, -1),
        filters=common.FILTERS,
        evidence=evidence.beside(decided, queue.rubric.beside),
        max_comment=MAX_COMMENT,
    )


def _in_sight(standing: Standing, shows: str) -> Standing:
    """What a person may see of what others decided: nothing where the answer is marked a second time."""
    if shows != "second":
        return standing
    return Standing(tuple(head for head in standing.heads if head.by == common.my_name()))


def _history(decided: Decided, name: str) -> list[Decision]:
    """Everything that was ever said of one answer, the latest first."""
    target, submission = f"written:{name}", decided.result.submission
    return [one for one in reversed(common.shelf().said()) if one.target == target and one.submission == submission]


def _comments(name: str) -> list[str]:
    """Comments on answers to this question, those that were used most often first."""
    said = [one for one in common.shelf().said() if one.target == f"written:{name}" and one.value]
    counts = Counter(one.value["comment"].strip() for one in reversed(said) if one.value)
    return [comment for comment, _ in counts.most_common() if comment][: len(COMMENTS)]


def _alike(queue: Queue, key: str) -> tuple[list[Alike], list[Alike]]:
    """Answers that are equal to one, and nearly equal ones."""
    texts = {other: queue.written(other).text for other in queue.order}
    numbers = common.number_of(queue.everybody)
    own = texts.pop(key)

    def make(other: str, share: float, changes: Markup) -> Alike:
        title = common.title_of(queue.everybody[other], numbers)
        written = queue.written(other)
        return Alike(other, title, written, _in_sight(written.standing, queue.shows), share, changes)

    same = alike.essence(own)
    equal = [make(other, 1.0, Markup()) for other, text in texts.items() if alike.essence(text) == same]
    nearly = [
        make(other, share, alike.differences(own, texts[other])) for other, share in alike.nearly_equal(own, texts)
    ]
    return equal, nearly


@part.post("/written/<name>/<key>")
def save(name: str, key: str) -> Response:
    """Keep what was decided of one answer, and of those that are alike if the person says so."""
    queue = _queue(name)
    decided = queue.everybody.get(key) or abort(404)
    then = request.form.get("then", "next")
    value = None if then == "withdraw" else _value(queue.rubric)
    also = [other for other in request.form.getlist("also") if other in queue.everybody][:500]
    said = [_decision(decided, name, value, "seen", "of")]
    said += [_decision(queue.everybody[other], name, value, f"seen-{other}", f"of-{other}") for other in also]
    more = f", and {len(also)} alike" if also else ""
    common.save(said, f"{'Withdrawn' if value is None else 'Saved'}{more}.")
    following = _queue(name).after(key) if then == "next" else key
    if following is None:
        return redirect(url_for(".listed", name=name, show=queue.shows, q=queue.query or None), 303)
    return redirect(url_for(".mark", name=name, key=following, show=queue.shows, q=queue.query or None, saved=key), 303)


def _decision(decided: Decided, name: str, value: Mapping[str, Any] | None, seen: str, of: str) -> Decision:
    who, digest = common.my_name(), request.form.get(of, "")
    return Decision(who, decided.result.submission, f"written:{name}", value, digest, common.seen_ids(seen))


def _value(rubric: Rubric) -> dict[str, Any]:
    """What the form says; a page that tells what is amiss."""
    items = {}
    for item in rubric.items:
        share = common.number_field(f"item-{item.id}", 1.0)
        if share:
            items[item.id] = share
    return {
        "items": items,
        "marks": common.number_field("marks", rubric.points),
        "comment": common.text_field("comment", MAX_COMMENT),
        "rubric": rubric.digest,
    }
