"""The operations of ours.py: the verbs that a person or the daemon would call, and publishing."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.connect import analyze
from mini_buildd.db.models import Binary, Distribution, Suite
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.flow import publish, snapshot
from mini_buildd.flow.open_site import open_site
from mini_buildd.flow.remove import remove
from mini_buildd.flow.rollback import rollback
from mini_buildd.flow.setup import Wish, setup
from mini_buildd.flow.site import Site
from mini_buildd.flow.take import take_ready_made
from mini_buildd.keys import gpg
from mini_buildd.tests.scenario import host_architecture

_ADMIN = Actor("bench", is_admin=True)


@dataclass(frozen=True, slots=True)
class Bench:
    """An instance and its one suite that is measured."""

    site: Site
    distribution: Distribution


@contextmanager
def opened(places: Places) -> Iterator[Bench]:
    """All that a daemon has done before the first operation; is not measured.

    The suite is set to what the peers write and keep.
    """
    settings = Settings(home=places.home, identity="bench")
    try:
        site = open_site(settings, places)
        wish = Wish(
            codenames=(Codename("trixie"),),
            architectures=(Architecture(host_architecture()),),
            repository=RepositoryName("bench"),
            archive_url="http://archive.example/debian/",
        )
        setup(places, wish, today=datetime.now(UTC).date(), dry_run=False)
        Suite.objects.update(
            kept_versions=1,
            has_contents=False,
            has_translations=False,
            forms="gz xz",
            checks_installability=False,
            accepts_ready_made=True,
        )
        site.signer.clearsign(b"gpg-agent runs now\n")
        analyze()  # as the daemon does when it starts
        rows = Distribution.objects.select_related("repository", "base", "suite__migrates_to")
        yield Bench(site, rows.get(name="trixie-bench-unstable"))
    finally:
        gpg.stop_agent(places.gnupg)


def _import(bench: Bench, folder: str) -> None:
    """Publish all packages in *folder* as the suite's first version.

    They get a second name in the pool, as reprepro gives them one.
    """
    files = sorted(Path(folder).iterdir())
    take_ready_made(bench.site, _ADMIN, bench.distribution, files, "bench", links=True)
    publish.carry_out(bench.site, bench.distribution)


def _add(bench: Bench, deb: str) -> None:
    """Publish the suite with *deb* besides."""
    take_ready_made(bench.site, _ADMIN, bench.distribution, [Path(deb)], "bench")
    publish.carry_out(bench.site, bench.distribution)


def _remove(bench: Bench, package: str) -> None:
    """Publish the suite without the source package that *package* was built from."""
    source = Binary.objects.filter(package=package).values_list("source__name", flat=True)
    remove(bench.site, _ADMIN, bench.distribution, [source.get()])
    publish.carry_out(bench.site, bench.distribution)


def _snapshot(bench: Bench, name: str) -> None:
    """Publish what the suite holds now as snapshot *name*."""
    snapshot.take(bench.site, _ADMIN, bench.distribution.repository, SnapshotName(name))


def _rollback(bench: Bench, number: str) -> None:
    """Publish again what version *number* of the suite held."""
    rollback(bench.site, _ADMIN, bench.distribution, int(number))
    publish.carry_out(bench.site, bench.distribution)


OPERATIONS: Mapping[str, Callable[[Bench, str], None]] = {
    "import": _import,
    "add": _add,
    "remove": _remove,
    "snapshot": _snapshot,
    "rollback": _rollback,
}
