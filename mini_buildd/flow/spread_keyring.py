"""Let every suite that wants it have the package with the archive's keys.

It is made and built for one suite of a base release, and copied to the others from there: the
version ending of that suite need not fit theirs.
"""

from django.db import transaction
from django.db.models import QuerySet

from mini_buildd.db.models import Distribution, Source
from mini_buildd.deb.version import Version
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.keyring import keyring_name
from mini_buildd.domain.layout import VersionRule
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Cause, latest_first
from mini_buildd.flow.keyring import make_keyring
from mini_buildd.flow.revise import Order, present_sources, revise
from mini_buildd.flow.site import Site


def spread_keyring(site: Site, wanting: Distribution) -> list[EventKind]:
    """Make the keyring package for the base of *wanting*, or let *wanting* have the one there is.

    Nothing is done that is done already; to be called until it is.
    """
    origin = _origin(wanting)
    if origin is None:
        return []
    events = make_keyring(site, origin, by=SELF.name)
    with transaction.atomic():
        built = _built(site, origin)
        if built is None or wanting.frozen_at is not None or wanting == origin:
            return events
        if built.version not in present_sources(wanting, built.name).values_list(
            "version", flat=True
        ):
            reason = "the keys of this archive"
            revise(site, wanting, Order(SELF, Cause.COPY, reason), source=built).add(built)
    return events


def wanting_suites() -> QuerySet[Distribution]:
    """The suites that want the package."""
    return Distribution.objects.filter(suite__wants_keyring=True).select_related(
        "repository", "base", "suite"
    )


def _origin(wanting: Distribution) -> Distribution | None:
    """The suite that the package is uploaded to: the one that leads furthest."""
    suites = Distribution.objects.filter(
        repository=wanting.repository,
        base=wanting.base,
        suite__accepts_uploads=True,
        suite__version_rule=VersionRule.NUMBERED,
    ).select_related("repository", "base", "suite__migrates_to__migrates_to")
    return max(suites.order_by("name"), key=_steps, default=None)


def _steps(distribution: Distribution) -> int:
    following = distribution.suite.migrates_to
    return 0 if following is None else 2 if following.migrates_to is not None else 1


def _built(site: Site, origin: Distribution) -> Source | None:
    """The latest one that *origin* has."""
    name = keyring_name(site.settings.identity)
    rows = {
        row.version: row
        for row in present_sources(origin, name).filter(state=SourceState.PUBLISHED)
    }
    return rows[latest_first([Version(text) for text in rows])[0]] if rows else None
