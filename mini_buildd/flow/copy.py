"""Copy source packages, with all that was built of them, to another suite or repository.

In the same repository only the suite changes. Another one gets the files into its pool, with rows
of their own that say where they are from.
"""

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from mini_buildd.archive.offer import Offered, OfferedBinary, OfferedFile, OfferedSource
from mini_buildd.archive.tree import changelog_path
from mini_buildd.db.models import Binary, Distribution, PoolFile, Source
from mini_buildd.deb.names import Component, SourceName
from mini_buildd.deb.version import Version
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import NoWayThere
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.breakage import decide_unbroken
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.choose import latest_of
from mini_buildd.flow.enter import enter
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.gather import demand_open
from mini_buildd.flow.intake import Intake
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.migrate import check_order
from mini_buildd.flow.revise import Order, Revision, revise
from mini_buildd.flow.site import Site
from mini_buildd.kit.hashing import Digests


@dataclass(frozen=True, slots=True)
class Copying:
    """What is to be copied: names as flow.choose takes them."""

    origin: Distribution
    packages: Sequence[str]
    target: Distribution
    reason: str = ""


@tells_full_disk
def copy(
    site: Site,
    actor: Actor,
    wish: Copying,
    *,
    dry_run: bool = False,
    force: bool = False,
    expected: Mapping[str, int] | None = None,
) -> tuple[SuiteChange, ...]:
    """Decide the copy; a dry run places no files.

    Raises NotAllowed, NoWayThere, PackageNotThere, SuiteFrozen, PackageRefused, NothingToDo, with
    *expected* (see decide_changes) SuiteMovedOn, and unless *force* CheckImpossible and WouldBreak.
    """
    demand(actor, Act.COPY, repository=wish.target.repository.name)
    origin = wish.origin.repository
    if origin.is_private:  # what is copied is shown to whoever sees the target
        demand(actor, Act.SEE, repository=origin.name, is_private=True)
    _check_way(wish)
    order = Order(actor, Cause.COPY, wish.reason)
    demand_open(site, wish.target, order)
    chosen = latest_of(wish.origin, wish.packages)
    for source in chosen:
        _check_source(source, wish.target)
    if wish.origin.repository_id == wish.target.repository_id:
        return decide_unbroken(
            site,
            lambda: _within(site, order, wish, chosen),
            dry_run=dry_run,
            force=force,
            expected=expected,
        )
    with ExitStack() as stack:
        # The origin's, so that nothing is taken away that is about to be linked.
        for name in sorted({wish.origin.repository.name, wish.target.repository.name}):
            stack.enter_context(pool_lock(site, name))
        intake = Intake(site, wish.target, f"copied from {wish.origin}")
        offered = [each for source in chosen for each in _offered(site, wish.origin, source)]
        if not dry_run:
            intake.place(offered)
        return decide_unbroken(
            site,
            lambda: _across(site, order, intake, offered),
            dry_run=dry_run,
            force=force,
            expected=expected,
        )


def _check_way(wish: Copying) -> None:
    if wish.origin.pk == wish.target.pk:
        raise NoWayThere(
            expected="another suite than the origin",
            found=f"{wish.target} twice",
            hint="Name the suite that the packages are to be copied to.",
        )
    if wish.origin.base_id != wish.target.base_id:
        raise NoWayThere(
            expected=f"a suite of {wish.origin.base}, for which the packages were built",
            found=f"{wish.target}, which is for {wish.target.base}",
            hint="Let it be built there: upload the source with a version for that suite.",
        )


def _check_source(source: Source, target: Distribution) -> None:
    if source.state != SourceState.PUBLISHED:
        raise NoWayThere(
            expected="published source packages",
            found=f"{source}, which is {source.state}",
            hint="Wait until it is published.",
        )
    check_order(source, target)


def _binaries(source: Source, origin: Distribution) -> Iterable[Binary]:
    """Those that the origin has now."""
    rows = Binary.objects.filter(entries__distribution=origin, entries__removed_in=None)
    return rows.filter(source=source).select_related("file", "listing")


def _within(
    site: Site, order: Order, wish: Copying, chosen: Sequence[Source]
) -> Iterator[Revision]:
    revision = revise(site, wish.target, order)
    for source in chosen:
        revision.add(source, _binaries(source, wish.origin))
    yield revision


def _across(
    site: Site, order: Order, intake: Intake, offered: Sequence[Offered]
) -> Iterator[Revision]:
    revision = revise(site, intake.distribution, order)
    intake.save(offered)
    enter(revision, intake.entered())
    yield revision


# --- rows as if they were read from outside ---------------------------------------


def _offered(site: Site, origin: Distribution, source: Source) -> Iterator[Offered]:
    root = os.fsencode(site.tree(origin.repository.name).root)

    def file(row: PoolFile) -> OfferedFile:
        digests = Digests(row.size_bytes, row.md5, row.sha1, row.sha256)
        return OfferedFile(os.path.join(root, row.path.encode()), row.path, digests)  # noqa: PTH118  # bytes

    if source.paragraph:
        yield OfferedSource(
            files=tuple(file(each.file) for each in source.files.select_related("file")),
            source=source.name,
            version=source.version,
            component=source.component,
            architectures=source.architectures,
            paragraph=source.paragraph,
        )
    for row in _binaries(source, origin):
        yield OfferedBinary(
            file=file(row.file),
            package=row.package,
            version=row.version,
            architecture=row.architecture,
            source=source.name,
            source_version=source.version,
            component=row.component,
            is_udeb=row.is_udeb,
            is_debug=row.is_debug,
            paragraph=row.paragraph,
            listing=bytes(row.listing.paths) if hasattr(row, "listing") else b"",
            changelog=_changelog(site, origin, source, row.component),
        )


def _changelog(site: Site, origin: Distribution, source: Source, component: str) -> bytes | None:
    version = Version(source.version).without_epoch
    path = changelog_path(Component(component), SourceName(source.name), version)
    try:
        return zlib.compress((site.tree(origin.repository.name).root / path).read_bytes(), 1)
    except FileNotFoundError:
        return None
