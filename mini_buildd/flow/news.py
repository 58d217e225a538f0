"""What is new in source packages from one version to another, in the words of their changelogs."""

from collections.abc import Iterable, Mapping

from mini_buildd.archive.tree import Tree, changelog_path
from mini_buildd.db.models import Source
from mini_buildd.deb.changelog import entries_since
from mini_buildd.deb.names import Component, MalformedName, SourceName
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.suite_version import Difference, Kind

# The newest entries stand first, so what is cut off is what is oldest.
_READ_CHARACTERS = 400_000
_SHOWN_CHARACTERS = 12_000


def news(tree: Tree, repository: str, differences: Iterable[Difference]) -> Mapping[str, str]:
    """The entries that came with each upgrade or new package, by source package, where known.

    From the published changelog; where there is none, from what was uploaded to *repository*.
    """
    wanted = {each.source: each for each in differences if each.kind in (Kind.UPGRADED, Kind.ADDED)}
    rows = Source.objects.filter(distribution__repository__name=repository, name__in=list(wanted))
    uploaded: dict[str, dict[str, Source]] = {}
    for row in rows.only("name", "version", "component", "changes").order_by("pk"):
        uploaded.setdefault(row.name, {})[row.version] = row
    found = {
        name: _of(tree, difference, uploaded.get(name, {})) for name, difference in wanted.items()
    }
    return {name: text for name, text in found.items() if text}


def _of(tree: Tree, difference: Difference, uploaded: Mapping[str, Source]) -> str:
    newest = difference.after[0]
    older = difference.before[0] if difference.before else None
    row = uploaded.get(newest)
    if row is None:
        return ""
    text = entries_since(_changelog(tree, row), older) if older is not None else ""
    text = text or _uploads(uploaded, older, newest)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "\n…"


def _changelog(tree: Tree, source: Source) -> str:
    """The published changelog, or nothing."""
    try:
        name = SourceName(source.name)
        version = Version(source.version).without_epoch
        path = tree.root / changelog_path(Component(source.component), name, version)
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_READ_CHARACTERS)
    except (FileNotFoundError, MalformedName):
        return ""


def _uploads(uploaded: Mapping[str, Source], older: Version | None, newest: Version) -> str:
    """What the .changes of the versions up to *newest* say, the newest first."""
    if older is None:
        return uploaded[newest].changes.strip()
    texts = [
        row.changes.strip()
        for row in list(uploaded.values())[::-1]
        if compare(Version(row.version), older) > 0 and compare(Version(row.version), newest) <= 0
    ]
    return "\n\n".join(dict.fromkeys(text for text in texts if text))
