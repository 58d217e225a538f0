"""The timeline of an upload: a lane for each architecture, so what held it up is what is widest."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mini_buildd.db.queries.timeline import StepRow, Timeline
from mini_buildd.domain.event import EventKind
from mini_buildd.web.plots.figure import Figure, Kind, Words
from mini_buildd.web.plots.lanes import Lane, Span, lanes
from mini_buildd.web.plots.unit import SECONDS

# What a build does from each of these events on, until the next one.
_AFTER: Mapping[EventKind, tuple[Kind, str]] = {
    EventKind.JOB_PLANNED: (Kind.WAITING, gettext_noop("waiting")),
    EventKind.JOB_RELEASED: (Kind.WAITING, gettext_noop("waiting")),
    EventKind.JOB_RETRIED: (Kind.WAITING, gettext_noop("waiting")),
    EventKind.JOB_LOST: (Kind.WAITING, gettext_noop("waiting")),
    EventKind.JOB_DEP_WAIT: (Kind.HELD, gettext_noop("in dep-wait")),
    EventKind.JOB_ASSIGNED: (Kind.RUNNING, gettext_noop("building")),
    EventKind.JOB_STARTED: (Kind.RUNNING, gettext_noop("building")),
}
_BUILDING = {Kind.RUNNING, Kind.BAD}
# Less than that nobody has waited for.
_LEAST = timedelta(seconds=1)


def upload_lanes(timeline: Timeline, at: datetime) -> Figure | None:
    """The plot of *timeline* as it is *at* this moment; None when there is nothing to tell yet."""
    if timeline.accepted_at is None:
        return None
    rows = [_way_in(timeline, timeline.accepted_at), *_builds(timeline, at)]
    way_out = _way_out(timeline, at)
    if way_out is not None:
        rows.append(way_out)
    end = timeline.published_at or max(span.end for lane in rows for span in lane.spans)
    taken = SECONDS.show((end - timeline.received_at).total_seconds())
    said = _("%(time)s from its arrival to its publication") if timeline.published_at else ""
    words = Words("timeline", _("What took how long"), said % {"time": taken} if said else "")
    heads = (_("What"), _("Since (UTC)"), _("For"))
    return lanes(words, rows, heads)


def _way_in(timeline: Timeline, accepted_at: datetime) -> Lane:
    span = Span(Kind.ACCENT, _("being checked"), timeline.received_at, accepted_at)
    return Lane(_("upload"), [span])


def _way_out(timeline: Timeline, at: datetime) -> Lane | None:
    if timeline.decided_at is None:
        return None
    end = timeline.published_at or at
    return Lane(_("suite"), [Span(Kind.GOOD, _("being published"), timeline.decided_at, end)])


def _builds(timeline: Timeline, at: datetime) -> Iterator[Lane]:
    jobs: dict[int, list[StepRow]] = {}
    for step in timeline.steps:
        jobs.setdefault(step.job_id, []).append(step)
    for job_id, steps in sorted(jobs.items(), key=lambda item: item[1][0].architecture):
        spans = _merged(_spans(steps, timeline.decided_at, at))
        yield Lane(steps[0].architecture, spans, reverse("build", args=[job_id]))


def _spans(steps: Sequence[StepRow], decided_at: datetime | None, at: datetime) -> Iterator[Span]:
    """What a build went through; a good one then waits for what else the source is made of."""
    followers: list[StepRow | None] = [*steps[1:], None]
    for step, following in zip(steps, followers, strict=True):
        end = following.at if following is not None else None
        if step.kind in _AFTER:
            kind, word = _AFTER[step.kind]
            has_failed = following is not None and following.kind is EventKind.JOB_FAILED
            if has_failed and kind is Kind.RUNNING:
                kind, word = Kind.BAD, gettext_noop("building, and failed")
            yield Span(kind, _(word), step.at, end or at)
        elif step.kind is EventKind.JOB_SUCCEEDED and following is None:
            end = decided_at or at
            if end - step.at > _LEAST:
                yield Span(Kind.PALE, _("waiting for the others"), step.at, end)


def _merged(spans: Iterator[Span]) -> list[Span]:
    """Neighbours of one kind are one: a build that is assigned and one that runs both build."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        if last is not None and (last.word == span.word or {last.kind, span.kind} <= _BUILDING):
            found[-1] = Span(span.kind, span.word, last.begin, span.end)
        else:
            found.append(span)
    return found
