"""An instance with any number of tiny packages, made at once and without builds.

Every package is real: a .deb in the pool that apt verifies. Source and binary package have the same
name and version.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import transaction

from mini_buildd.archive import pool
from mini_buildd.archive.contents import pack_listing
from mini_buildd.archive.tree import pool_path
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Http, Settings
from mini_buildd.db import models
from mini_buildd.deb.binary import BinaryPackage, packages_paragraph
from mini_buildd.deb.deb822 import parse_paragraph
from mini_buildd.deb.names import (
    Architecture,
    Codename,
    Component,
    PackageName,
    PlainFilename,
    SourceName,
)
from mini_buildd.deb.version import Version
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow import sweep
from mini_buildd.flow.change import find_distribution
from mini_buildd.flow.keys import signer_of
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.revise import Order, revise
from mini_buildd.flow.setup import Wish, setup
from mini_buildd.flow.site import Site
from mini_buildd.incoming.spool import Spool
from mini_buildd.keys.archive_keys import ensure_archive_keys
from mini_buildd.kit.hashing import Digests, hash_file
from mini_buildd.tests.bench.controls import Control
from mini_buildd.tests.bench.packages import make_deb
from mini_buildd.tests.flow.scene import Clock
from mini_buildd.tests.scenario import host_architecture

MAIN = Component("main")

Named = tuple[str, str]  # package and version


def make_site(home: Path, clock: Callable[[], object] | None = None) -> Site:
    """A new instance in *home* with keys of its own, set up for trixie; nothing is published."""
    settings = Settings(
        home=home, identity="example", http=Http(public_url="http://buildd.example:8066")
    )
    places = Places(home)
    places.make()
    ensure_archive_keys(places.gnupg, "example")
    spool = Spool(places.spool, max_file_bytes=1 << 30, max_spool_bytes=1 << 30)
    wish = Wish(
        codenames=(Codename("trixie"),),
        architectures=(Architecture(host_architecture()),),
        repository=RepositoryName("test"),
        archive_url="http://deb.example/debian/",
    )
    setup(places, wish, today=date(2026, 11, 20), dry_run=False)
    return Site(settings, places, spool, signer_of(places.gnupg), clock or Clock())  # type: ignore[arg-type]  # a clock


def suite(name: str) -> str:
    """The distribution of that suite."""
    return f"trixie-test-{name}"


@dataclass(frozen=True, slots=True)
class Made:
    """One package: what its rows say, and its bytes."""

    name: str
    version: str
    path: str
    data: bytes
    digests: Digests
    paragraph: str


def _control(name: str, version: str) -> Control:
    text = (
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nSection: misc\n"
        "Priority: optional\nMaintainer: Pat <pat@example.invalid>\nInstalled-Size: 12\n"
        f"Description: package {name} in version {version}\n As good as any.\n"
    )
    return Control(name, version, "all", text)


def make(site: Site, name: str, version: str) -> Made:
    """The package, which is in nobody's hands yet but for a file in *site*'s home."""
    control = _control(name, version)
    file = PlainFilename(control.filename)
    scratch = site.places.home / "scratch" / file
    scratch.parent.mkdir(exist_ok=True)
    data = make_deb(control)
    scratch.write_bytes(data)
    digests = hash_file(scratch)
    scratch.unlink()
    paragraph = parse_paragraph(control.text.encode())
    binary = BinaryPackage(
        package=PackageName(name),
        version=Version(version),
        architecture=Architecture("all"),
        source=SourceName(name),
        source_version=Version(version),
        section="misc",
        component=MAIN,
        is_udeb=False,
        paragraph=paragraph,
    )
    path = pool_path(MAIN, SourceName(name), file)
    return Made(
        name, version, path, data, digests, packages_paragraph(binary, digests, filename=path)
    )


def enter(site: Site, distribution: str, packages: Sequence[Made], state: SourceState) -> None:
    """The rows of *packages*, whose files are in the pool; to be called in a transaction."""
    home = find_distribution(distribution)
    files = models.PoolFile.objects.bulk_create(
        models.PoolFile(
            repository=home.repository,
            path=each.path,
            name=Path(each.path).name,
            size_bytes=each.digests.size_bytes,
            md5=each.digests.md5,
            sha1=each.digests.sha1,
            sha256=each.digests.sha256,
        )
        for each in packages
    )
    sources = models.Source.objects.bulk_create(
        models.Source(
            distribution=home,
            name=each.name,
            version=each.version,
            component=MAIN,
            architectures="all",
            state=state,
            accepted_at=site.clock(),
        )
        for each in packages
    )
    binaries = models.Binary.objects.bulk_create(
        models.Binary(
            source=source,
            file=file,
            package=each.name,
            version=each.version,
            architecture="all",
            component=MAIN,
            paragraph=each.paragraph,
        )
        for each, file, source in zip(packages, files, sources, strict=True)
    )
    models.Listing.objects.bulk_create(
        models.Listing(binary=binary, paths=pack_listing([f"usr/bin/{binary.package}".encode()]))
        for binary in binaries
    )


def hand_in(site: Site, distribution: str, name: str, version: str) -> None:
    """Let a package be ready to be published, as after its build; again, it changes nothing."""
    made = make(site, name, version)
    scratch = site.places.home / "scratch" / f"{name}_{version}"
    scratch.write_bytes(made.data)
    row = find_distribution(distribution)
    with pool_lock(site, row.repository.name):
        pool.add(site.tree("test"), made.path, scratch, sha256=made.digests.sha256)
        scratch.unlink()
        with transaction.atomic():
            if not models.Source.objects.filter(name=name, version=version).exists():
                enter(site, distribution, [made], SourceState.READY)


def fill(site: Site, suites: Iterable[tuple[str, Sequence[Named]]]) -> None:
    """Publish *suites* (distribution, packages); the first has all that the others have."""
    tree = site.tree("test")
    for number, (distribution, packages) in enumerate(suites):
        if number == 0:
            made = [make(site, *each) for each in packages]
            for each in made:
                path = tree.root / each.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(each.data)
                path.chmod(0o444)
            with transaction.atomic():
                enter(site, distribution, made, SourceState.PUBLISHED)
        _add(site, distribution, packages)
    sweep.publish_all(site)


def _add(site: Site, distribution: str, packages: Sequence[Named]) -> None:
    row, wanted = find_distribution(distribution), {*packages}
    with transaction.atomic():
        revision = revise(site, row, Order(SELF, Cause.IMPORT))
        sources = models.Source.objects.all()
        revision.enter(
            [
                models.SuiteEntry(source=source, binary=binary)
                for source in sources.prefetch_related("binaries")
                if (source.name, source.version) in wanted
                for binary in (None, *source.binaries.all())
            ]
        )
