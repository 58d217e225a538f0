"""A builder holds an attempt by a lease, which it renews as long as it sees the build alive.

When nobody has heard of it until the lease runs out, the attempt is lost, and its job goes on; an
answer that comes later is for an attempt that has its outcome, so it is not taken in.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q

from mini_buildd.db.models import Attempt
from mini_buildd.domain.event import EventKind
from mini_buildd.flow.report import note_lost
from mini_buildd.flow.site import Site


def renew(site: Site, alive: Iterable[Attempt]) -> None:
    """Let the leases of the attempts that are *alive* begin anew, once half of each is over."""
    length, now = _length(site), site.clock()
    due = [
        attempt.pk
        for attempt in alive
        if attempt.lease_until is None or attempt.lease_until - now < length / 2
    ]
    if due:
        Attempt.objects.filter(pk__in=due, outcome="").update(lease_until=now + length)


def late_attempts(site: Site, *, but_of: str) -> list[Attempt]:
    """Those whose lease ran out; not those of the builder *but_of*, which sees for itself."""
    now = site.clock()
    is_late = Q(lease_until__lt=now) | Q(lease_until=None, assigned_at__lt=now - _length(site))
    rows = Attempt.objects.filter(is_late, outcome="").exclude(builder=but_of)
    return list(rows.select_related("job__source__upload", "job__source__distribution__repository"))


def expire_lease(site: Site, attempt: Attempt) -> list[EventKind]:
    """The attempt is lost: its builder was not heard of for too long."""
    since = attempt.lease_until or attempt.assigned_at
    reason = f"nothing was heard of {attempt.builder} until {since:%Y-%m-%d %H:%M:%S} UTC"
    return note_lost(site, attempt, reason)


def _length(site: Site) -> timedelta:
    return timedelta(seconds=site.settings.builder.lease_seconds)
