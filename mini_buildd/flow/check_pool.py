"""The check of a repository's pool: every file that the rows name, by hash, and no other."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mini_buildd.archive import pool
from mini_buildd.archive.seen import Seen, Unreadable
from mini_buildd.archive.tree import Tree
from mini_buildd.db.models import PoolFile, Repository, SuiteEntry
from mini_buildd.domain.finding import Finding, FindingKind
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.site import Site

Say = Callable[[str], None]

_ROWS_AT_ONCE = 1000
_FILES_A_WORD = 200


@dataclass(frozen=True, slots=True)
class _Named:
    """A file of the pool as its row has it."""

    pk: int
    path: str
    size_bytes: int
    sha256: str


def check_pool(site: Site, repository: Repository, say: Say, *, repair: bool) -> Iterator[Finding]:
    """What is wrong with the pool of *repository*; with *repair* it is mended where it can be.

    Files come and go meanwhile, so what seems wrong is looked at once more when none can.
    """
    tree, seen = site.tree(repository.name), Seen()
    total = PoolFile.objects.filter(repository=repository, removed_at=None).count()
    for done, named in enumerate(_rows(repository)):
        if done % _FILES_A_WORD == 0:
            say(f"{repository}: file {done} of {total} of the pool")
        if _look(seen, tree.root, named) is None:
            continue
        with pool_lock(site, repository.name, removes=True):
            finding = _look(Seen(), tree.root, named)
            if finding is not None and _is_still_named(named):
                finding = _explain(site, named, finding)
                yield _restore(site, repository, named, finding) if repair else finding
    yield from _left_over(site, repository, repair=repair)


def _rows(repository: Repository) -> Iterator[_Named]:
    """Some at a time: a check takes long, and an open question keeps the database growing."""
    rows = PoolFile.objects.filter(repository=repository, removed_at=None).order_by("pk")
    last = 0
    while True:
        part = rows.filter(pk__gt=last)[:_ROWS_AT_ONCE]
        found = [_Named(*row) for row in part.values_list("pk", "path", "size_bytes", "sha256")]
        if not found:
            return
        yield from found
        last = found[-1].pk


def _is_still_named(named: _Named) -> bool:
    return PoolFile.objects.filter(pk=named.pk, removed_at=None).exists()


def _look(seen: Seen, root: Path, named: _Named) -> Finding | None:
    """What is wrong with that file; None when nothing is."""
    where, wanted = f"{root.name}/{named.path}", f"SHA-256 {named.sha256}"
    try:
        there = seen.file(root / named.path)
    except Unreadable as error:
        return Finding(FindingKind.FILE_LOST, where, wanted, str(error), "")
    if (there.size_bytes, there.sha256) == (named.size_bytes, named.sha256):
        return None
    found = f"SHA-256 {there.sha256} of {there.size_bytes} bytes"
    return Finding(FindingKind.FILE_DAMAGED, where, wanted, found, "")


# --- repair -------------------------------------------------------------------------


def _explain(site: Site, named: _Named, finding: Finding) -> Finding:
    """Say what a repair would do, or what the loss means."""
    copy = _find_copy(site, named)
    if copy is not None:
        return replace(finding, repair=f"restore it from {copy.relative_to(site.places.home)}")
    suites = _suites_with(named)
    meaning = f"{', '.join(suites)} cannot give it to anybody" if suites else "no suite has it now"
    return replace(
        finding,
        repair=f"there is no other copy here: bring one from a backup. Without it {meaning}; "
        "else upload a new version, or remove the package",
    )


def _suites_with(named: _Named) -> list[str]:
    """The suites that have a source package, or a binary package, with that file."""
    now = SuiteEntry.objects.filter(removed_in=None)
    names = now.filter(source__files__file=named.pk, binary=None).values_list(
        "distribution__name", "source__name"
    )
    binaries = now.filter(binary__file=named.pk).values_list(
        "distribution__name", "binary__package"
    )
    return sorted({f"{suite} ({name})" for suite, name in (*names, *binaries)})


def _restore(site: Site, repository: Repository, named: _Named, finding: Finding) -> Finding:
    copy = _find_copy(site, named)
    if copy is None:
        return finding
    tree = site.tree(repository.name)
    try:
        pool.replace(tree, named.path, copy)
    except OSError as error:
        return replace(finding, repair=f"restoring it from {copy} failed: {error}")
    return replace(finding, is_repaired=_look(Seen(), tree.root, named) is None)


def _find_copy(site: Site, named: _Named) -> Path | None:
    """Another file with the same bytes: in a pool, or of a build that just ended."""
    name = named.path.rpartition("/")[2]
    same = PoolFile.objects.filter(name=name, sha256=named.sha256, removed_at=None)
    others = same.exclude(pk=named.pk).values_list("repository__name", "path")
    candidates = [site.tree(repository).root / path for repository, path in others]
    for folder, inside in ((site.places.builds, "results"), (site.places.spool / "uploads", "")):
        candidates += [each / inside / name for each in folder.iterdir()]
    for path in candidates:
        try:
            if Seen().file(path).sha256 == named.sha256:
                return path
        except Unreadable:
            continue
    return None


# --- what no row names --------------------------------------------------------------


def _left_over(site: Site, repository: Repository, *, repair: bool) -> Iterator[Finding]:
    root = site.tree(repository.name).root
    if not (root / "pool").is_dir():
        return
    rows = PoolFile.objects.filter(repository=repository, removed_at=None)
    named = set(rows.values_list("path", flat=True).iterator())
    found = [path for path in _files(root) if path not in named]
    for path in found:
        with pool_lock(site, repository.name, removes=True):
            # No path of ours has other characters, and no question may have them.
            has_row = path.isascii() and rows.filter(path=path).exists()
            if has_row or not os.path.lexists(root / path):
                continue
            finding = Finding(
                FindingKind.LEFT_OVER,
                f"{root.name}/{path}",
                "nothing",
                "a file that the database does not name",
                "remove it",
            )
            if repair:
                finding = _remove(site.tree(repository.name), path, finding)
        yield finding


def _remove(tree: Tree, path: str, finding: Finding) -> Finding:
    try:
        pool.let_go(tree, path)
    except OSError as error:
        return replace(finding, repair=f"removing it failed: {error}")
    return replace(finding, is_repaired=True)


def _files(root: Path) -> Iterator[str]:
    """All files and links below the pool, relative to the repository's folder."""
    for each, folders, files in os.walk(root / "pool"):
        links = [name for name in folders if Path(each, name).is_symlink()]
        for name in (*files, *links):
            yield str(Path(each, name).relative_to(root))
