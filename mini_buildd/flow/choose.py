"""Which source packages or which version of a suite somebody means.

Packages: "hello", or one version of it, "hello=1.0-1". Versions: "trixie-test-unstable", which is
its newest one, or "trixie-test-unstable@3".
"""

from collections.abc import Iterable
from functools import cmp_to_key

from mini_buildd.db.models import Distribution, Source
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.problem import PackageNotThere, VersionNotKept
from mini_buildd.domain.suite_version import latest_first
from mini_buildd.flow.change import find_distribution
from mini_buildd.flow.compare import At
from mini_buildd.flow.revise import newest, present_sources

_MAX_DIGITS = 9  # as the database has room for


def all_of(distribution: Distribution, wanted: Iterable[str]) -> list[Source]:
    """Every version in the suite of what is named, or just the version; raises PackageNotThere."""
    return _once(source for word in wanted for source in _find(distribution, word))


def latest_of(distribution: Distribution, wanted: Iterable[str]) -> list[Source]:
    """The latest version in the suite of what is named, or the version; raises PackageNotThere."""
    chosen = []
    for word in wanted:
        found = {source.version: source for source in _find(distribution, word)}
        chosen.append(found[latest_first([Version(text) for text in found])[0]])
    return _once(chosen)


def _once(sources: Iterable[Source]) -> list[Source]:
    """Each once, however often it was named, and earlier versions first."""
    order = cmp_to_key(compare)
    found = {source.pk: source for source in sources}
    return sorted(found.values(), key=lambda source: (source.name, order(Version(source.version))))


def _find(distribution: Distribution, word: str) -> list[Source]:
    name, one, version = word.partition("=")
    found = list(present_sources(distribution, name or "="))
    # "hello=" is a version that somebody's shell has lost, and not all of them.
    chosen = [source for source in found if not one or source.version == version]
    if not chosen:
        there = ", ".join(str(source) for source in found)
        raise PackageNotThere(
            expected=f"a source package of {distribution}",
            found=f"{word}; there is {there}" if there else f"{word}, which is not there",
            hint="Give names of source packages: hello, or hello=1.0-1 for one version.",
        )
    return chosen


def version_of(word: str, beside: Distribution | None = None) -> At:
    """The version of a suite that *word* means, which may be just a number when *beside* is given.

    It may be one that is not kept: what it had is known nevertheless. Raises SuiteUnknown, and
    VersionNotKept for one that never was.
    """
    name, _, number = word.rpartition("@") if "@" in word else (word, "", "")
    if beside is not None and not name.strip("0123456789"):
        name, number = beside.name, number or name
    distribution = find_distribution(name)
    last = newest(distribution)
    if last is not None and not number:
        return At(distribution, last.number)
    known = last.number if last is not None else 0
    is_number = number.isdecimal() and number.isascii() and len(number) <= _MAX_DIGITS
    if not (is_number and 1 <= int(number) <= known):
        raise VersionNotKept(
            expected=f"a version of {distribution}: "
            + (f"1 to {known}" if known else "it has none yet"),
            found=number or "no number",
            hint=f"See them all: mini-buildd archive versions {distribution}",
        )
    return At(distribution, int(number))
