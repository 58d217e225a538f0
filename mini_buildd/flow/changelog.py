"""What the changelogs of the published tree tell of a difference between versions of a suite."""

from mini_buildd.archive.tree import Tree, changelog_path
from mini_buildd.config.places import Places
from mini_buildd.db.models import Distribution, Source
from mini_buildd.deb.changelog import entries_since
from mini_buildd.deb.names import Component, SourceName
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.suite_version import Difference

_MAX_BYTES = 16 << 20  # the longest in Debian have some megabytes


def entries_of(places: Places, distribution: Distribution, difference: Difference) -> str | None:
    """The entries between the two versions of what *difference* is about, be it up or down.

    Of what is there on one side only, all of them. None when the archive has no changelog of it.
    """
    versions = [held[0] for held in (difference.before, difference.after) if held]
    new = versions[0]
    old = versions[1] if len(versions) > 1 else None
    if old is not None and compare(old, new) > 0:
        old, new = new, old
    text = _changelog(places, distribution, difference.source, new)
    if text is None or old is None:
        return text
    return entries_since(text, old)


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
