"""Retention: let the versions of a suite go that nothing keeps any more.

The row says first that a version is gone: from then on nobody can go back to it or name it. Its
folder follows, and goes with the next run if a crash came in between.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from mini_buildd.archive.publish import prune
from mini_buildd.db.models import Distribution, Publication, Snapshot
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.retention import Kept, to_keep
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.locks import suite_lock
from mini_buildd.flow.site import Site


@tells_full_disk
def retain(site: Site, distribution: Distribution) -> set[int]:
    """Keep of *distribution* what its suite says, and remove the rest; gives what has gone."""
    with suite_lock(site, distribution.name):
        with transaction.atomic():
            gone = _let_go(site, distribution)
        tree = site.tree(distribution.repository.name)
        there = Publication.objects.filter(distribution=distribution, removed_at=None)
        keep = set(there.values_list("number", flat=True))
        prune(tree, DistributionName.parse(distribution.name), keep)
    return gone


def kept_versions(distribution: Distribution) -> QuerySet[Publication]:
    """The versions of *distribution* that are kept, the latest first."""
    return (
        Publication.objects.filter(
            distribution=distribution, removed_at=None, published_at__isnull=False
        )
        .select_related("distribution__repository", "distribution__suite", "distribution__base")
        .order_by("-number")
    )


def _let_go(site: Site, distribution: Distribution) -> set[int]:
    """The transaction, in which nobody else changes the suite."""
    suite = Distribution.objects.select_for_update().get(pk=distribution.pk).suite
    later = Publication.objects.filter(
        distribution=distribution, number__gt=OuterRef("number"), published_at__isnull=False
    ).order_by("number")
    named = Snapshot.objects.filter(versions=OuterRef("pk"))
    rows = kept_versions(distribution).annotate(
        ended_at=Subquery(later.values("published_at")[:1]), is_named=Exists(named)
    )
    there = [Kept(*row) for row in rows.values_list("number", "ended_at", "is_named")]
    now = site.clock()
    keep = to_keep(there, rollbacks=suite.kept_rollbacks, days=suite.kept_days, now=now)
    gone = {each.number for each in there} - keep
    if gone:
        # By what there is at most: a busy suite has more numbers than a question may have.
        publications = Publication.objects.filter(distribution=distribution, removed_at=None)
        for number in sorted(gone):
            publications.filter(number=number).update(removed_at=now)
    return gone
