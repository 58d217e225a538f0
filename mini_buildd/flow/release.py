"""Jobs in dep-wait go on by what happens, never by being looked at again and again.

It reads the events and remembers how far it came. Each event concerns the jobs that wait for just
that: these are judged anew, and either go on, or wait with a new reason. New jobs are judged here
too, so that each says at once what it waits for.
"""

from collections.abc import Callable, Iterable, Mapping

from django.db import transaction
from django.db.models import Q, QuerySet

from mini_buildd.db.events import record
from mini_buildd.db.models import Chroot, Cursor, Event, Job, Source
from mini_buildd.db.moves import Overtaken, move_job
from mini_buildd.db.queries.offers import names_brought, sources_brought
from mini_buildd.deb.deb822 import MalformedControl, parse_paragraph
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.pending import Pending, Waiter
from mini_buildd.domain.states import JobState
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.names import base_names
from mini_buildd.flow.order import Judged, hold_back, judge_order
from mini_buildd.flow.site import Site
from mini_buildd.tools.aptnames import Names

_CURSOR = "order"
_AT_ONCE = 200

# What may let a source come after all, or keep it from coming.
_OF_SOURCES = frozenset(
    {
        EventKind.JOB_PLANNED,
        EventKind.JOB_RETRIED,
        EventKind.JOB_FAILED,
        EventKind.JOB_CANCELLED,
        EventKind.SOURCE_HELD,
        EventKind.SOURCE_SUPERSEDED,
    }
)
_OF_NEW_JOBS = frozenset({EventKind.JOB_PLANNED, EventKind.JOB_RETRIED})
_OF_SUITES = frozenset({EventKind.SUITE_FROZEN, EventKind.SUITE_THAWED})
JUDGED_AFTER = (
    _OF_SOURCES
    | _OF_SUITES
    | {EventKind.SUITE_PUBLISHED, EventKind.CHROOT_MADE, EventKind.JOB_DEP_WAIT}
)


@tells_full_disk
def release_all(site: Site, goes_on: Callable[[], bool] = lambda: True) -> list[EventKind]:
    """Judge all jobs that something has happened to since the last time.

    Much may have happened: that is read in parts, and before each *goes_on* is asked. What is left
    then is for the next time.
    """
    cursor, _ = Cursor.objects.get_or_create(name=_CURSOR)
    happened: list[EventKind] = []
    while goes_on() and (events := _events(cursor.event_id)):
        if any(event.kind == EventKind.CHROOT_MADE for event in events):
            _read_bases(site)
        with site.queue.lock:
            site.queue.refresh(site.settings.builder.backend, site.clock())
            concerned = {job for event in events for job in _concerned(site, event)}
        happened += _judge_new(site, events)
        happened += _judge_anew(site, concerned)
        cursor.event_id = events[-1].pk
        cursor.save()
    return happened


def _events(after: int) -> list[Event]:
    """The first ones behind that number.

    An index gives the events of one kind in order, but not those of several: so the first ones of
    each kind are asked for, and the first of these. Else all that is left was sorted each time.
    """
    rows = Event.objects.filter(pk__gt=after).order_by("pk")
    firsts = Q()
    for kind in sorted(JUDGED_AFTER):
        firsts |= Q(pk__in=rows.filter(kind=kind).values("pk")[:_AT_ONCE])
    ids = list(Event.objects.filter(firsts).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    if not ids:
        return []
    of_them = Event.objects.filter(pk__in=ids).order_by("pk")
    return list(of_them.select_related("source__distribution", "distribution"))


def _judge_new(site: Site, events: Iterable[Event]) -> list[EventKind]:
    """Say at once of jobs that are new what they have to wait for."""
    happened: list[EventKind] = []
    new = [event.job_id for event in events if event.kind in _OF_NEW_JOBS]
    ids = [pk for pk in new if pk is not None]
    for job in _jobs().filter(pk__in=ids, state=JobState.WAITING).order_by("pk"):
        judged = judge_order(site, job)
        if judged.missing:
            happened += hold_back(site, job, judged)
            _read_again(site, job)
    return happened


def _judge_anew(site: Site, concerned: Iterable[int]) -> list[EventKind]:
    """Each of these jobs once that is in dep-wait, and with one in a circle all others of it."""
    happened: list[EventKind] = []
    todo, done = sorted(concerned, reverse=True), set[int]()
    while todo:
        pk = todo.pop()
        job = _jobs().filter(pk=pk, state=JobState.DEP_WAIT).first() if pk not in done else None
        done.add(pk)
        if job is None:
            continue
        judged = judge_order(site, job)
        happened += _apply(site, job, judged)
        _read_again(site, job)
        todo += _others(site, judged)
    return happened


def _read_again(site: Site, job: Job) -> None:
    with site.queue.lock:
        site.queue.read_again([job.pk])


def _jobs() -> QuerySet[Job]:
    return Job.objects.select_related(
        "source__upload",
        "source__distribution__repository",
        "source__distribution__base",
        "source__distribution__suite__layout",
    )


def _apply(site: Site, job: Job, judged: Judged) -> list[EventKind]:
    if not judged.missing:
        return release(site, job)
    fresh = {"reason": judged.reason, "waits_for": judged.lines}
    if (job.reason, job.waits_for) != (fresh["reason"], fresh["waits_for"]):
        Job.objects.filter(pk=job.pk, state=JobState.DEP_WAIT).update(**fresh)
    return []


def release(site: Site, job: Job) -> list[EventKind]:
    """Let the *job* in dep-wait go on."""
    try:
        with transaction.atomic():
            move_job(job, JobState.WAITING, reason="", waits_for="")
            return [record(EventKind.JOB_RELEASED, site.clock(), job=job)]
    except Overtaken:
        return []


# --- whom an event concerns -------------------------------------------------------


def _concerned(site: Site, event: Event) -> set[int]:
    """The jobs in dep-wait that have to be judged anew after *event*."""
    kind, pending = EventKind(event.kind), site.queue.pending
    found: set[int] = set()
    if not pending.waiters:
        return found
    if kind is EventKind.CHROOT_MADE:
        found = _waiting_for_base(site)
    elif event.source is not None and kind is EventKind.JOB_DEP_WAIT:
        found = _in_circle(pending, event.source)
    elif event.source is not None and kind in _OF_SOURCES:
        found = _waiting_for_source(pending, event.source)
    elif event.distribution is not None and kind is EventKind.SUITE_PUBLISHED:
        found = _waiting_for_suite(pending, event.distribution.name, event.detail)
    elif event.distribution is not None and kind in _OF_SUITES:
        found = pending.soft(event.distribution.name)
    return found


def _waiting_for_source(pending: Pending, source: Source) -> set[int]:
    return pending.waiting_for(_made_by(source.paragraph), source.distribution.name)


def _made_by(paragraph: str) -> list[str]:
    """The packages that a source makes, as its paragraph says."""
    try:
        field = parse_paragraph(paragraph.encode()).get("Binary") or ""
    except MalformedControl:
        return []
    return [name.strip() for name in field.split(",") if name.strip()]


def _in_circle(pending: Pending, source: Source) -> set[int]:
    """Of the jobs that wait for *source* those for which it waits, now, itself."""
    awaited = pending.awaited_by(source.pk)
    found = _waiting_for_source(pending, source)
    return {job for job in found if pending.waiters[job].source_id in awaited}


def _waiting_for_suite(pending: Pending, distribution: str, detail: str) -> set[int]:
    """Those that wait for something that this version of the suite has brought."""
    if not detail.isdecimal():
        return set()
    number = int(detail)
    names = names_brought(distribution, number)
    for paragraph in sources_brought(distribution, number):
        names.update(_made_by(paragraph))
    return pending.waiting_for(names, distribution) | pending.unclear(distribution)


def _waiting_for_base(site: Site) -> set[int]:
    """Those that wait for something that a chroot's base has now."""
    found: set[int] = set()
    for chroot, waiters in _by_chroot(site).items():
        path = base_names(site.places, chroot)
        if path is None:
            continue
        with Names(path) as names:
            found.update(each.job_id for each in waiters if _has_any(names, each))
    return found


def _read_bases(site: Site) -> None:
    """Reading the lists of a new base takes seconds, in which nobody should hold the queue."""
    for chroot in Chroot.objects.select_related("base"):
        base_names(site.places, chroot)


def _by_chroot(site: Site) -> Mapping[Chroot, list[Waiter]]:
    waiters = site.queue.pending.waiters
    chroots = Chroot.objects.filter(backend=site.settings.builder.backend).select_related("base")
    by_place = {(chroot.base_id, chroot.architecture): chroot for chroot in chroots}
    found: dict[Chroot, list[Waiter]] = {}
    rows = Job.objects.filter(state=JobState.DEP_WAIT).order_by()
    for pk, base, architecture, built_on in rows.values_list(
        "pk", "source__distribution__base_id", "architecture", "build_architecture"
    ):
        chroot = by_place.get((base, built_on or architecture))
        if chroot is not None and pk in waiters:
            found.setdefault(chroot, []).append(waiters[pk])
    return found


def _has_any(names: Names, waiter: Waiter) -> bool:
    if waiter.waits is None:
        return True
    return any(
        relation.is_met_by(offer)
        for each in waiter.waits
        for relation in each.group
        for offer in names.find(relation.name)
    )


def _others(site: Site, judged: Judged) -> list[int]:
    """The other jobs in the circles of which the judged one is part."""
    names = {name for each in judged.missing for name in each.circle}
    if not names:
        return []
    with site.queue.lock:
        waiters = site.queue.pending.waiters
        return [job for job, each in waiters.items() if each.source in names]
