"""Changelogs of source packages (deb-changelog(5)): the entries that somebody has not seen yet."""

import logging

from debian.changelog import ChangeBlock, Changelog, ChangelogCreateError

from mini_buildd.deb.version import Version, compare

# It warns of every line that it cannot read; what it can read is all that is asked for here.
logging.getLogger("debian.changelog").setLevel(logging.ERROR)


def entries_between(text: str, old: Version | None, new: Version) -> str:
    """The entries of *text* that are later than *old* (None: all), up to *new*, as they stand.

    What is not well formed is left out.
    """
    chosen = []
    for block in Changelog(text, allow_empty_author=True, strict=False):
        version = _version(block)
        if version is None or compare(version, new) > 0:
            continue
        if old is None or compare(version, old) > 0:
            chosen.append(_text(block).strip("\n") + "\n")
    return "\n".join(chosen)


def _version(block: ChangeBlock) -> Version | None:
    try:
        return Version(str(block.version))
    except ValueError:
        return None


def _text(block: ChangeBlock) -> str:
    try:
        return str(block)
    except ChangelogCreateError:  # without the line of who and when
        heading = f"{block.package} ({block.version}) {block.distributions}"
        return "\n".join([heading, *block.changes(), ""])
