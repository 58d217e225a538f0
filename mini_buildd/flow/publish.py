"""Step 9, publish: decide the next version of a suite, then make the tree say so.

Deciding is one transaction; from then on the suite is "dirty": a publication without its time. The
tree follows, and the time is set. A crash in between leaves a publication to be carried out again,
which is harmless at any point, so it ends either way with the suite published once.
"""

from django.db import transaction
from django.db.models import Max

from mini_buildd.archive.publish import prune
from mini_buildd.archive.publish import publish as publish_tree
from mini_buildd.db.events import record
from mini_buildd.db.models import Distribution, Job, Publication, Source, SuiteEntry
from mini_buildd.db.moves import Overtaken, move_job, move_source
from mini_buildd.deb.version import Version
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.layout import suites_seen
from mini_buildd.domain.states import JobState, SourceState
from mini_buildd.domain.verdict import is_superseded
from mini_buildd.flow.content import content_of
from mini_buildd.flow.judge import newest_in_suite
from mini_buildd.flow.site import Site


def decide(site: Site, source: Source) -> list[EventKind]:
    """Let the ready *source* be part of its suite's next version, in place of older versions."""
    with transaction.atomic():
        if SuiteEntry.objects.filter(source=source).exists():
            return []
        if is_superseded(Version(source.version), newest_in_suite(source)):
            move_source(source, SourceState.SUPERSEDED)
            return [record(EventKind.SOURCE_SUPERSEDED, site.clock(), source=source)]
        number = _next_number(source.distribution)
        SuiteEntry.objects.filter(
            distribution=source.distribution,
            source__in=Source.objects.filter(name=source.name),
            removed_in=None,
        ).update(removed_in=number)
        SuiteEntry.objects.create(distribution=source.distribution, source=source, added_in=number)
        Publication.objects.create(
            distribution=source.distribution,
            number=number,
            decided_at=site.clock(),
            cause=source,
        )
    return []


def publish_again(site: Site, source: Source) -> None:
    """Decide a further version of each suite that has *source*: a late build has joined it.

    An optional architecture may end after the others were published, and a version of a suite
    never changes. To be called in the transaction that enters the build.
    """
    for entry in SuiteEntry.objects.filter(source=source, removed_in=None):
        Publication.objects.create(
            distribution=entry.distribution,
            number=_next_number(entry.distribution),
            decided_at=site.clock(),
            cause=source,
        )


def begin(site: Site, distribution: Distribution) -> list[EventKind]:
    """Decide the first, empty version of a new *distribution*, so that apt finds it at once."""
    with transaction.atomic():
        if not distribution.publications.exists():
            Publication.objects.create(distribution=distribution, number=1, decided_at=site.clock())
    return []


def _next_number(distribution: Distribution) -> int:
    highest = distribution.publications.aggregate(highest=Max("number"))["highest"]
    return int(highest or 0) + 1


def carry_out(site: Site, distribution: Distribution) -> list[EventKind]:
    """Make the tree show the newest decided version of *distribution*; gives what happened."""
    pending = list(distribution.publications.filter(published_at=None).order_by("number"))
    if not pending:
        return []
    repository = distribution.repository.name
    content = content_of(site, pending[-1])
    tree = site.tree(repository)
    publish_tree(tree, content, site.signer, url=site.archive_url(repository))
    events = _save(site, distribution, pending)
    prune(tree, DistributionName.parse(distribution.name))
    return events


def _save(site: Site, distribution: Distribution, pending: list[Publication]) -> list[EventKind]:
    """The one transaction: the publications are done, their sources published."""
    events: list[EventKind] = []
    with transaction.atomic():
        for publication in pending:
            publication.published_at = site.clock()
            publication.save(update_fields=["published_at"])
            source = publication.cause
            if source is not None and source.state == SourceState.READY:
                move_source(source, SourceState.PUBLISHED)
            events.append(
                record(
                    EventKind.SUITE_PUBLISHED,
                    site.clock(),
                    source=source,
                    distribution=distribution,
                    detail=str(publication.number),
                )
            )
        events += _release_waiting(site, distribution)
    return events


def _release_waiting(site: Site, published: Distribution) -> list[EventKind]:
    """Let the jobs try again that wait for dependencies and may use the *published* suite."""
    events = []
    waiting = Job.objects.filter(
        state=JobState.DEP_WAIT,
        source__distribution__repository=published.repository,
        source__distribution__base=published.base,
    ).select_related("source__upload", "source__distribution__suite__layout")
    for job in waiting:
        suite = job.source.distribution.suite
        leads_to = {
            each.name: each.migrates_to.name if each.migrates_to else None
            for each in suite.layout.suites.select_related("migrates_to")
        }
        if published.suite.name in suites_seen(suite.name, leads_to):
            try:
                move_job(job, JobState.WAITING)
            except Overtaken:
                continue
            events.append(record(EventKind.JOB_RELEASED, site.clock(), job=job))
    return events
