"""Which source packages of a suite somebody means: "hello", or one version, "hello=1.0-1"."""

from collections.abc import Iterable

from mini_buildd.db.models import Distribution, Source
from mini_buildd.deb.version import Version
from mini_buildd.domain.problem import PackageNotThere
from mini_buildd.domain.suite_version import latest_first
from mini_buildd.flow.revise import present_sources


def all_of(distribution: Distribution, wanted: Iterable[str]) -> list[Source]:
    """Every version in the suite of what is named, or just the version; raises PackageNotThere."""
    return [source for word in dict.fromkeys(wanted) for source in _find(distribution, word)]


def latest_of(distribution: Distribution, wanted: Iterable[str]) -> list[Source]:
    """The latest version in the suite of what is named, or the version; raises PackageNotThere."""
    chosen = []
    for word in dict.fromkeys(wanted):
        found = {source.version: source for source in _find(distribution, word)}
        chosen.append(found[latest_first([Version(text) for text in found])[0]])
    return chosen


def _find(distribution: Distribution, word: str) -> list[Source]:
    name, _, version = word.partition("=")
    found = list(present_sources(distribution, name or "="))
    chosen = [source for source in found if not version or source.version == version]
    if not chosen:
        there = ", ".join(str(source) for source in found)
        raise PackageNotThere(
            expected=f"a source package of {distribution}",
            found=f"{word}; there is {there}" if there else f"{word}, which is not there",
            hint="Give names of source packages: hello, or hello=1.0-1 for one version.",
        )
    return chosen
