"""The archive's keyring package: made and uploaded by the instance itself.

It then goes the way of any upload: received, accepted, built, published. Only the archive's own
key may sign it (domain.upload_rules.check_reserved).
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from mini_buildd.db.events import record
from mini_buildd.db.models import Distribution, Source, Upload
from mini_buildd.deb.changes import Changes
from mini_buildd.deb.names import PlainFilename
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain import upload_rules
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.keyring import archive_maintainer, keyring_name, keyring_version
from mini_buildd.domain.layout import VersionRule, version_mark
from mini_buildd.domain.problem import Rejection
from mini_buildd.domain.states import SourceState, UploadState
from mini_buildd.flow.content import components_of
from mini_buildd.flow.signature import open_signed, read_changes
from mini_buildd.flow.site import Site
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.kit.lock import locked
from mini_buildd.kit.process import run_following
from mini_buildd.tools.keyring_package import (
    ArchiveSource,
    KeyringPackage,
    digest_in,
    source_changes,
)


def make_keyring(site: Site, distribution: Distribution, *, by: str) -> list[EventKind]:
    """Upload the keyring package for *distribution*, unless the same is there or on its way.

    Raises problem.DistributionClosed, kit.process.CommandFailed, incoming.spool.SpoolFull.
    """
    open_ones = Distribution.objects.filter(suite__accepts_uploads=True)
    upload_rules.check_distribution(
        distribution.name,
        exists=True,
        is_open=distribution.suite.accepts_uploads,
        open_ones=open_ones.values_list("name", flat=True),
    )
    with locked(site.places.gnupg):  # two at once would upload one version twice
        package = package_for(site, distribution)
        under_way = list(_under_way(site, package))
        if package.digest in _made_of(distribution, package, under_way):
            return []
        version = _next_version(site, distribution, package, under_way)
        _upload(site, package, version, distribution)
    return [
        record(
            EventKind.KEYRING_UPLOADED,
            site.clock(),
            distribution=distribution,
            detail=f"{package.name} {version}, by {by}",
        )
    ]


def package_for(site: Site, distribution: Distribution) -> KeyringPackage:
    """The keyring package as it is to be now: all that the instance has for the same base."""
    identity = site.settings.identity
    siblings = Distribution.objects.filter(base=distribution.base).select_related(
        "repository", "base"
    )
    return KeyringPackage(
        name=keyring_name(identity),
        identity=identity,
        maintainer=archive_maintainer(identity),
        fingerprints=site.signer.fingerprints,
        armored=site.signer.public_key,
        sources=tuple(
            ArchiveSource(site.archive_url(each.repository.name), each.name, components_of(each))
            for each in siblings.order_by("name")
        ),
    )


def _under_way(site: Site, package: KeyringPackage) -> Iterator[Changes]:
    """Uploads of it by the archive itself that are not accepted yet."""
    paths = [
        arrival.path
        for arrival in site.spool.changes()
        if arrival.name.startswith(f"{package.name}_")
    ]
    received = Upload.objects.filter(state=UploadState.RECEIVED, source_name=package.name)
    paths += [site.spool.upload(upload.token) / upload.changes_name for upload in received]
    for path in paths:
        # It may be of anybody, or taken in just now.
        with contextlib.suppress(FileNotFoundError, Rejection):
            signed, signer = open_signed(site, path.name, path.read_bytes())
            if signer.is_archive:
                yield read_changes(path.name, signed.text)


def _made_of(
    distribution: Distribution, package: KeyringPackage, under_way: Iterable[Changes]
) -> set[str | None]:
    """What the latest one in *distribution*, and those on their way to it, were made of."""
    found = {
        digest_in(changes.changes)
        for changes in under_way
        if changes.distribution == distribution.name
    }
    rows = Source.objects.filter(distribution=distribution, name=package.name)
    latest = None
    for row in rows.exclude(state=SourceState.FAILED):
        if latest is None or compare(Version(row.version), Version(latest.version)) > 0:
            latest = row
    return found | ({digest_in(latest.changes)} if latest else set())


def _next_version(
    site: Site,
    distribution: Distribution,
    package: KeyringPackage,
    under_way: Iterable[Changes],
) -> Version:
    """A version that no suite of the repository has: their files share one pool."""
    rows = Source.objects.filter(
        name=package.name,
        distribution__repository=distribution.repository,
        distribution__base=distribution.base,
    )
    repository, code = distribution.repository.name, distribution.base.version_code
    mark = version_mark(repository, code)
    taken = [Version(text) for text in rows.values_list("version", flat=True)]
    return keyring_version(
        site.clock().date(),
        [*taken, *(each.version for each in under_way if mark in each.version)],
        repository=repository,
        code=code,
        rule=VersionRule(distribution.suite.version_rule),
    )


def _upload(
    site: Site, package: KeyringPackage, version: Version, distribution: Distribution
) -> None:
    """Build the source package and put it into the spool, as what arrives by FTP."""
    with _scratch(site) as folder:
        date = site.clock().replace(microsecond=0)
        _lay_down(folder / "tree", package.tree(version, distribution.name, date), date)
        run_following(["dpkg-source", "--build", "tree"], _quiet, folder=folder)
        (dsc,) = folder.glob("*.dsc")
        keys = ArchiveKeys(site.places.gnupg)
        dsc.write_bytes(keys.clearsign_alone(dsc.read_bytes()))
        name = source_changes(package.name, version)
        genchanges = ["dpkg-genchanges", "--build=source", f"-O../{name}"]
        run_following(genchanges, _quiet, folder=folder / "tree")
        changes = folder / name
        changes.write_bytes(keys.clearsign_alone(changes.read_bytes()))
        # The .changes comes last: nothing can follow it, since no connection has brought it.
        for path in sorted(folder.glob("*.*"), key=lambda path: path == changes):
            with site.spool.open_part() as part:
                part.write(path.read_bytes())
                part.commit(PlainFilename(path.name))


@contextlib.contextmanager
def _scratch(site: Site) -> Iterator[Path]:
    """A passing folder; what a killed run has left goes first, and nobody else makes one now."""
    prefix = ".making-"
    for left in site.places.keyrings.glob(f"{prefix}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=site.places.keyrings) as scratch:
        yield Path(scratch)


def _lay_down(tree: Path, files: Mapping[str, bytes], date: datetime) -> None:
    """Write *files* below *tree*, alike whatever the umask and the time."""
    for name, data in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if name == "debian/rules" else 0o644)
        os.utime(path, (date.timestamp(), date.timestamp()))
    for path in (tree, *tree.rglob("*/")):
        path.chmod(0o755)


def _quiet(line: str) -> None:
    """What these tools say counts only when they fail, and then it is told."""
    del line
