"""Step 9, publish: decide the next version of a suite, then make the tree say so.

Deciding is one transaction; from then on the suite is "dirty": a publication without its time. The
tree follows, and the time is set. A crash in between leaves a publication to be carried out again,
which is harmless at any point, so it ends either way with the suite published once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from mini_buildd.archive import history
from mini_buildd.archive.publish import publish as publish_tree
from mini_buildd.archive.publish import renew as renew_tree
from mini_buildd.db.events import record
from mini_buildd.db.models import Binary, Distribution, Publication, Source, SuiteEntry
from mini_buildd.db.moves import move_source
from mini_buildd.db.queries.builds import signer
from mini_buildd.deb.version import Version
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Cause
from mini_buildd.domain.verdict import is_superseded
from mini_buildd.flow.content import content_of, face_of
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.judge import newest_in_suite
from mini_buildd.flow.locks import suite_lock
from mini_buildd.flow.rebuilt import lacking
from mini_buildd.flow.revise import Order, newest, revise
from mini_buildd.flow.site import Site


@tells_full_disk
def decide(site: Site, source: Source) -> list[EventKind]:
    """Let the ready *source* be part of its suite's next version; a frozen suite lets it wait."""
    with transaction.atomic():
        distribution = source.distribution
        if distribution.frozen_at is not None:
            return []
        if SuiteEntry.objects.filter(source=source).exists():
            return []
        if is_superseded(Version(source.version), newest_in_suite(source)):
            move_source(source, SourceState.SUPERSEDED)
            return [record(EventKind.SOURCE_SUPERSEDED, site.clock(), source=source)]
        actor = replace(SELF, name=_uploader(source))
        revise(site, distribution, Order(actor, Cause.UPLOAD), source=source).add(source)
    return []


def _uploader(source: Source) -> str:
    """Who signed the upload of *source*."""
    name = signer(source.upload) if source.upload is not None else ""
    return name[:150] or SELF.name


def publish_again(site: Site, source: Source) -> None:
    """Decide a further version of each suite that lacks something of *source*, which it has.

    An optional architecture may end after the others were published, binary packages may be built
    again, and a version of a suite never changes. What a frozen suite lacks it gets when it is
    thawed. To be called in the transaction that enters the build.
    """
    suites = Distribution.objects.filter(
        frozen_at=None,
        entries__in=SuiteEntry.objects.filter(source=source, removed_in=None, binary=None),
    )
    for distribution in suites.distinct():
        new = lacking(distribution, source)
        if new:
            order = Order(SELF, Cause.LATE_BUILD, _why_again(new[0]))
            revise(site, distribution, order, source=source).add_binaries(source, new)


def _why_again(binary: Binary) -> str:
    """Why there was a rebuild, if *binary* comes from one."""
    job = binary.attempt.job if binary.attempt is not None else None
    return f"+b{job.binnmu}: {job.binnmu_reason}" if job is not None and job.binnmu else ""


@tells_full_disk
def begin(site: Site, distribution: Distribution) -> list[EventKind]:
    """Decide the first, empty version of a new *distribution*, so that apt finds it at once."""
    with transaction.atomic():
        if not distribution.publications.exists():
            revise(site, distribution, Order(SELF, Cause.BEGIN), may_frozen=True)
    return []


@dataclass(frozen=True, slots=True)
class _Shown:
    """How clients see a version: since when, until when, and signed by which keys."""

    at: datetime
    valid_until: datetime | None
    signed_by: str


def _as_now(site: Site, distribution: Distribution) -> _Shown:
    """To be asked before it is signed: were the keys changed meanwhile, it is signed again."""
    now, days = site.clock(), distribution.suite.valid_days
    until = now + timedelta(days=days) if days else None
    return _Shown(now, until, " ".join(site.signer.fingerprints))


@tells_full_disk
def carry_out(site: Site, distribution: Distribution) -> list[EventKind]:
    """Make the tree show the newest decided version of *distribution*; gives what happened."""
    with suite_lock(site, distribution.name):
        pending = list(distribution.publications.filter(published_at=None).order_by("number"))
        if not pending:
            return []
        shown = _as_now(site, distribution)
        if _is_shown(site, pending[-1]):
            # A crash came before it was noted: signed by whom, and until when, nobody knows any
            # more. So it is due to be signed again.
            shown = replace(shown, valid_until=None, signed_by="unknown")
        _publish(site, pending[-1], shown)
        return _save(distribution, pending, shown)


def _is_shown(site: Site, publication: Publication) -> bool:
    distribution = publication.distribution
    name = DistributionName.parse(distribution.name)
    return site.tree(distribution.repository.name).published(name) == publication.number


def _publish(site: Site, publication: Publication, shown: _Shown) -> None:
    distribution = publication.distribution
    repository = distribution.repository.name
    tree, face = site.tree(repository), face_of(site, publication)
    publish_tree(
        tree,
        face,
        content_of(distribution),
        site.signer,
        url=site.archive_url(repository),
        valid_until=shown.valid_until,
    )
    history.append(tree, face.distribution, shown.at, face.number)


def _save(distribution: Distribution, pending: list[Publication], shown: _Shown) -> list[EventKind]:
    """The one transaction: the publications are done, their sources published."""
    events: list[EventKind] = []
    with transaction.atomic():
        for publication in pending:
            publication.published_at = shown.at
            publication.valid_until = shown.valid_until
            publication.signed_by = shown.signed_by
            if publication is not pending[-1]:  # it was never written
                publication.removed_at = shown.at
            publication.save()
            _note_published(publication)
            events.append(
                record(
                    EventKind.SUITE_PUBLISHED,
                    shown.at,
                    source=publication.cause,
                    distribution=distribution,
                    detail=str(publication.number),
                )
            )
    return events


def _note_published(publication: Publication) -> None:
    """Those of its new source packages that waited for it are published now."""
    new = SuiteEntry.objects.filter(
        distribution=publication.distribution, added_in=publication.number, binary=None
    )
    for source in Source.objects.filter(pk__in=new.values("source"), state=SourceState.READY):
        move_source(source, SourceState.PUBLISHED)


@tells_full_disk
def renew(site: Site, distribution: Distribution) -> list[EventKind]:
    """Sign what is published of *distribution* again, if that is needed.

    It is when half of its time is over, or other keys sign now.
    """
    with suite_lock(site, distribution.name):
        publication = newest(distribution)
        if publication is None or not is_due(site, publication):
            return []
        shown = _as_now(site, distribution)
        return _sign_again(site, publication, shown)


def sign_again(site: Site, publication: Publication) -> list[EventKind]:
    """Sign what is published, *publication*, and show it; with the suite's lock held."""
    return _sign_again(site, publication, _as_now(site, publication.distribution))


def _sign_again(site: Site, publication: Publication, shown: _Shown) -> list[EventKind]:
    repository = publication.distribution.repository.name
    renew_tree(
        site.tree(repository),
        replace(face_of(site, publication), date=shown.at),
        site.signer,
        url=site.archive_url(repository),
        valid_until=shown.valid_until,
    )
    publication.valid_until, publication.signed_by = shown.valid_until, shown.signed_by
    publication.save(update_fields=["valid_until", "signed_by"])
    return [record(EventKind.SUITE_RENEWED, shown.at, distribution=publication.distribution)]


def is_due(site: Site, publication: Publication) -> bool:
    """Whether what is published as *publication* is to be signed again."""
    if publication.published_at is None:
        return False
    shown = _as_now(site, publication.distribution)
    if publication.signed_by and publication.signed_by != shown.signed_by:
        return True
    if publication.valid_until is None or shown.valid_until is None:
        return publication.valid_until != shown.valid_until
    return publication.valid_until - shown.at < (shown.valid_until - shown.at) / 2
