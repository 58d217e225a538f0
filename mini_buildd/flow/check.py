"""Check the archive: database, pool and indexes against each other, beside a working daemon."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mini_buildd.archive import snapshot as folders
from mini_buildd.archive.tree import Tree
from mini_buildd.db.models import Distribution, Repository, Snapshot
from mini_buildd.domain.finding import Finding, FindingKind
from mini_buildd.flow.check_pool import Say, check_pool
from mini_buildd.flow.check_suite import check_suite
from mini_buildd.flow.locks import snapshots_lock
from mini_buildd.flow.site import Site
from mini_buildd.flow.snapshot import show_all


def _say_nothing(word: str) -> None:
    del word


def check(
    site: Site,
    repositories: Iterable[Repository] | None = None,
    *,
    repair: bool = False,
    say: Say = _say_nothing,
) -> Iterator[Finding]:
    """What is wrong with the archives of *repositories*, or of all; *say* is told how far it is.

    With *repair*, what can be made from the database, or found elsewhere, is mended at once.
    """
    for repository in Repository.objects.all() if repositories is None else repositories:
        yield from check_pool(site, repository, say, repair=repair)
        suites = Distribution.objects.filter(repository=repository)
        for distribution in suites.select_related("repository", "base", "suite"):
            yield from check_suite(site, distribution, say, repair=repair)
        yield from check_snapshots(site, repository, repair=repair)


def check_snapshots(site: Site, repository: Repository, *, repair: bool) -> Iterator[Finding]:
    """Snapshots whose folders are not what the rows say."""
    tree = site.tree(repository.name)
    with snapshots_lock(site, repository.name):
        findings = list(_wrong_snapshots(tree, repository))
        if repair:
            for finding in findings:
                folders.remove(tree, finding.where.rpartition("/")[2])
    if findings and repair:
        show_all(site, repository)
        with snapshots_lock(site, repository.name):
            left = {finding.where for finding in _wrong_snapshots(tree, repository)}
        findings = [replace(each, is_repaired=each.where not in left) for each in findings]
    yield from findings


def _wrong_snapshots(tree: Tree, repository: Repository) -> Iterator[Finding]:
    rows = Snapshot.objects.filter(repository=repository).prefetch_related("versions__distribution")
    wanted: Mapping[str, dict[str, int]] = {
        row.name: {each.distribution.name: each.number for each in row.versions.all()}
        for row in rows
    }
    for name in sorted({*wanted, *folders.entries(tree)}):
        links = folders.links(tree, name)
        if links != wanted.get(name):
            yield Finding(
                FindingKind.SNAPSHOT,
                f"{tree.root.name}/snapshots/{name}",
                _words(wanted.get(name)),
                _words(links),
                "make its folder from the database",
            )


def _words(versions: Mapping[str, int] | None) -> str:
    if versions is None:
        return "no such snapshot"
    return ", ".join(f"{name} {number}" for name, number in versions.items()) or "no versions"
