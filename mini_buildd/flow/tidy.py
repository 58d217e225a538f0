"""What the daemon does every hour, and once when it starts: keeping house.

Each of these may be left out any number of times; nothing breaks by that but room on the disk.
"""

from mini_buildd.db.models import Distribution, Repository
from mini_buildd.domain.event import EventKind
from mini_buildd.flow.collect import collect
from mini_buildd.flow.compress_logs import compress_logs
from mini_buildd.flow.measure import fold_samples
from mini_buildd.flow.retain import retain
from mini_buildd.flow.site import Site
from mini_buildd.flow.snapshot import keep_schedule
from mini_buildd.flow.sweep import each


def tidy(site: Site) -> list[EventKind]:
    """Take and drop snapshots, let versions and files go that are not kept, compress logs."""
    distributions = list(Distribution.objects.select_related("repository", "base", "suite"))
    repositories = list(Repository.objects.all())
    events = each("the snapshots", repositories, lambda row: keep_schedule(site, row))
    each("retention", distributions, lambda row: _quietly(retain(site, row)))
    each("garbage collection", repositories, lambda row: _quietly(collect(site, row)))
    compress_logs(site)
    fold_samples(site.clock())
    return events


def _quietly(done: object) -> list[EventKind]:
    """Nobody waits to hear what has gone."""
    del done
    return []
