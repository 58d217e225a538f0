"""Changelogs of source packages as plain files, as apt asks for them ("apt changelog PACKAGE").

They are taken out of a binary package. Nothing leads to one whose package no suite has, and what
is there already says the same, so they are written before the transaction and only once.
"""

from mini_buildd.archive.tree import Tree, changelog_path
from mini_buildd.config.places import Places
from mini_buildd.db.models import Distribution, Source
from mini_buildd.deb.changelog import entries_between
from mini_buildd.deb.names import Component, SourceName
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.suite_version import Difference
from mini_buildd.kit.atomic import beside, make_folder, write_file

_MAX_BYTES = 16 << 20  # the longest in Debian have some megabytes


def keep_changelog(
    tree: Tree,
    component: Component,
    source: SourceName,
    version: Version,
    text: bytes,
    *,
    is_durable: bool = True,
) -> None:
    """Let apt find *text* as the changelog of that source package.

    Where it is not to be durable yet, a call of sync_filesystem has to follow.
    """
    path = tree.root / changelog_path(component, source, version.without_epoch)
    if path.exists() and path.stat().st_size == len(text):
        return
    if is_durable:
        make_folder(path.parent)
        write_file(path, text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = beside(path)
    temporary.write_bytes(text)
    temporary.rename(path)


def entries_of(places: Places, distribution: Distribution, difference: Difference) -> str | None:
    """The entries between the two versions of what *difference* is about, be it up or down.

    Of what is there on one side only, those of all versions up to that. None when the archive has
    no changelog of it.
    """
    versions = [held[0] for held in (difference.before, difference.after) if held]
    new = versions[0]
    old = versions[1] if len(versions) > 1 else None
    if old is not None and compare(old, new) > 0:
        old, new = new, old
    text = _changelog(places, distribution, difference.source, new)
    return None if text is None else entries_between(text, old, new)


def _changelog(
    places: Places, distribution: Distribution, name: str, version: Version
) -> str | None:
    """The text of the one that apt would be given."""
    repository = distribution.repository.name
    source = Source.objects.filter(
        distribution__repository=distribution.repository, name=name, version=version
    ).first()
    if source is None:
        return None
    tree = Tree(places.archive / repository, places.index_cache / repository)
    path = changelog_path(Component(source.component), SourceName(name), version.without_epoch)
    try:
        with (tree.root / path).open("rb") as stream:
            return stream.read(_MAX_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
