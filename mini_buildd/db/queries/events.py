"""Events: those that fit, page by page both ways, or after a number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from mini_buildd.db.models import Distribution, Event, Repository
from mini_buildd.db.visibility import visible, visible_events
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.event_filter import EVERYTHING, EventFilter
from mini_buildd.domain.event_row import Audience, EventRow

# Texts of packages and builds are long, so nothing is read but what is told.
_COLUMNS = (
    "pk",
    "kind",
    "at",
    "detail",
    "upload_id",
    "job_id",
    "package",
    "person",
    "source__version",
    "source__distribution__repository__name",
    "job__architecture",
    "distribution__name",
    "repository__name",
    "key__user__username",
    "upload__version",
    "upload__changes_name",
    "upload__distribution_name",
    "upload__distribution__repository__name",
    "upload__signed_by__user__username",
)


@dataclass(frozen=True, slots=True)
class EventSpan:
    """A page of events, the newest first.

    *older* is what to give as *before* for the next page, *newer* what to give as *after* for the
    one before it; None where there is none.
    """

    rows: tuple[EventRow, ...]
    older: int | None
    newer: int | None


def list_events(
    wish: EventFilter = EVERYTHING,
    *,
    before: int | None = None,
    after: int | None = None,
    count: int = 50,
) -> EventSpan:
    """The newest events that fit.

    With *before*, those of them below that number; with *after*, the first ones above it.
    """
    if after is not None:
        found = list_events_after(after, wish, count=count + 1)
        rows = found[:count][::-1]
        newer = rows[0].id if len(found) > count else None
        last = rows[-1].id if rows else after + 1
        return EventSpan(rows, last if _rows(wish, Q(pk__lt=last), "-pk", 1) else None, newer)
    bounds = Q() if before is None else Q(pk__lt=before)
    found = _rows(wish, bounds, "-pk", count + 1)
    rows = found[:count]
    older = rows[-1].id if len(found) > count else None
    first = rows[0].id if rows else (before or 1) - 1
    is_newest = before is None or not _rows(wish, Q(pk__gt=first), "pk", 1)
    return EventSpan(rows, older, None if is_newest else first)


def list_events_after(
    after: int, wish: EventFilter = EVERYTHING, *, count: int = 100
) -> tuple[EventRow, ...]:
    """The first events above that number that fit, the oldest first."""
    return _rows(wish, Q(pk__gt=after), "pk", count)


def find_event(event_id: int) -> EventRow | None:
    """The event of that number."""
    found = _rows(EVERYTHING, Q(pk=event_id), "pk", 1)
    return found[0] if found else None


def _rows(wish: EventFilter, bounds: Q, order: str, count: int) -> tuple[EventRow, ...]:
    rows = _fitting(wish)
    if rows is None:
        return ()
    rows = rows.filter(bounds).order_by(order)
    if len(wish.kinds) > 1 and not wish.person:
        # An index gives the events of one kind in order, but not those of several: so the first
        # ones of each kind are asked for, and the first of these.
        firsts = Q()
        for kind in sorted(wish.kinds):
            firsts |= Q(pk__in=rows.filter(kind=kind).values("pk")[:count])
        rows = Event.objects.filter(firsts).order_by(order)
    elif wish.kinds:
        # Of a person there are few, and their index has them in order.
        rows = rows.filter(kind__in=wish.kinds)
    return tuple(map(_row, rows.values(*_COLUMNS)[:count]))


def _fitting(wish: EventFilter) -> QuerySet[Event] | None:
    """Events of any kind that fit and may be seen; None when there can be none.

    Names become numbers first, and times numbers of events: what is left is to be found by one
    index, in order.
    """
    rows = Event.objects.all()
    wanted: dict[str, Any] = {
        column: value
        for column, value in (
            ("package", wish.package),
            ("person", wish.person),
            ("upload", wish.upload_id),
            ("job", wish.job_id),
        )
        if value not in ("", None)
    }
    for column, name in (("distribution", wish.distribution), ("repository", wish.repository)):
        if name and (number := _number(column, name)) is None:
            return None
        if name:
            wanted[column] = number
    if "repository" in wanted and len(wanted) > 1:
        # A sum has no index: that of the person, the suite or the package finds fewer.
        rows = rows.alias(place=F("repository") + 0)
        wanted["place"] = wanted.pop("repository")
    bounds = _between(wish.since, wish.until)
    return None if bounds is None else visible_events(rows.filter(bounds, **wanted))


def _number(column: str, name: str) -> int | None:
    rows: QuerySet[Distribution] | QuerySet[Repository] = (
        visible(Distribution.objects.filter(name=name), "repository__name")
        if column == "distribution"
        else visible(Repository.objects.filter(name=name), "name")
    )
    return rows.values_list("pk", flat=True).first()


def _between(since: datetime | None, until: datetime | None) -> Q | None:
    """Those from *since* on and before *until*; None when there are none."""
    bounds = Q()
    if since is not None:
        if (first := _first_at(since)) is None:
            return None
        bounds &= Q(pk__gte=first)
    if until is not None and (end := _first_at(until)) is not None:
        bounds &= Q(pk__lt=end)
    return bounds


def _first_at(at: datetime) -> int | None:
    """The number of the first event at that time or later."""
    rows = Event.objects.filter(at__gte=at).order_by("at", "pk")
    return rows.values_list("pk", flat=True).first()


def _row(found: Mapping[str, Any]) -> EventRow:
    kind, detail, version = EventKind(found["kind"]), found["detail"], None
    if kind is EventKind.SUITE_PUBLISHED and detail.isascii() and detail.isdecimal():
        version, detail = int(detail), ""
    snapshot = ""
    if kind in (EventKind.SNAPSHOT_TAKEN, EventKind.SNAPSHOT_DROPPED):
        # As flow.snapshot tells it: "test before-the-upgrade by ada".
        _, snapshot, detail = [*detail.split(" ", 2), "", ""][:3]
    return EventRow(
        id=found["pk"],
        kind=kind,
        at=found["at"],
        detail=detail,
        upload_id=found["upload_id"],
        job_id=found["job_id"],
        source=found["package"],
        package=_package(found),
        architecture=found["job__architecture"] or "",
        distribution=found["distribution__name"] or "",
        repository=found["repository__name"] or "",
        person=found["person"],
        version=version,
        snapshot=snapshot,
        audience=_audience(found),
    )


def _package(found: Mapping[str, Any]) -> str:
    version = found["source__version"] or found["upload__version"] or ""
    return f"{found['package']} {version}".strip() or found["upload__changes_name"] or ""


def _audience(found: Mapping[str, Any]) -> Audience:
    names = (
        found["repository__name"],
        found["source__distribution__repository__name"],
        found["upload__distribution__repository__name"],
    )
    is_placed = found["repository__name"] or found["upload_id"] is None
    return Audience(
        repositories=frozenset(filter(None, names)),
        owner=found["key__user__username"] or found["upload__signed_by__user__username"] or "",
        unplaced=None if is_placed else found["upload__distribution_name"],
    )
