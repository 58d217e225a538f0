"""Supersede: where a suite wants it, an upload ends the builds of older ones of its source."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Job, Source
from mini_buildd.db.moves import Overtaken, move_source
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JOB_OPEN, SourceState
from mini_buildd.flow.cancel import stop
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site

_OVERTAKES = (
    SourceState.ACCEPTED,
    SourceState.BUILDING,
    SourceState.READY,
    SourceState.PUBLISHED,
)


def overtaken_sources() -> list[Source]:
    """Those with open builds that a newer upload has overtaken, where the suite wants that."""
    newer = Source.objects.filter(
        name=OuterRef("source__name"),
        distribution=OuterRef("source__distribution"),
        pk__gt=OuterRef("source_id"),
        state__in=_OVERTAKES,
    )
    jobs = _open_jobs().filter(source__distribution__suite__supersedes_builds=True)
    sources = jobs.filter(Exists(newer)).order_by().values("source")
    rows = Source.objects.select_related("distribution", "upload")
    return list(rows.filter(pk__in=sources).order_by("pk"))


@tells_full_disk
def supersede(site: Site, source: Source) -> list[EventKind]:
    """End the builds of *source* if it is overtaken; done again, it changes nothing."""
    try:
        with transaction.atomic():
            newer = overtaken_by(source)
            if newer is None:
                return []
            why, events = f"superseded by {newer}", []
            if source.state == SourceState.BUILDING:
                move_source(source, SourceState.SUPERSEDED)
                events.append(
                    record(EventKind.SOURCE_SUPERSEDED, site.clock(), source=source, detail=why)
                )
            ending = Attempt.objects.filter(
                job=OuterRef("pk"), outcome="", cancel_requested_at__isnull=False
            )
            for job in _open_jobs().filter(~Exists(ending), source=source).select_for_update():
                events += stop(site, job, why)
            return events
    except Overtaken:
        return []


def overtaken_by(source: Source) -> Source | None:
    """The newest upload of the same source package and suite, if it counts and is a newer one."""
    newer = Source.objects.filter(
        name=source.name, distribution=source.distribution_id, pk__gt=source.pk
    )
    return newer.filter(state__in=_OVERTAKES).order_by("-pk").first()


def _open_jobs() -> QuerySet[Job]:
    """What was published is built anew for reasons of its own, so a binNMU goes on."""
    return Job.objects.filter(state__in=JOB_OPEN, binnmu=0)
