"""Versions of a suite in words: what made them, and how much they changed."""

from collections.abc import Mapping

from django import template

from mini_buildd.db.queries.version_line import VersionRow
from mini_buildd.domain.suite_version import Cause, Kind

register = template.Library()


@register.filter
def grouped(count: int) -> str:
    """A number with its thousands set apart: 30,012."""
    return f"{count:,}"


_CAUSES: Mapping[Cause, str] = {
    Cause.BEGIN: "the empty beginning",
    Cause.UPLOAD: "upload",
    Cause.LATE_BUILD: "late build",
    Cause.MIGRATE: "migration",
    Cause.REMOVE: "removal",
    Cause.COPY: "copy",
    Cause.ROLLBACK: "rollback",
    Cause.IMPORT: "import",
}


@register.filter
def cause(row: VersionRow) -> str:
    """What made a version of a suite."""
    word = _CAUSES[row.kind]
    return f"{word} to version {row.restores}" if row.restores is not None else word


@register.filter
def changed(row: VersionRow) -> str:
    """How much a version of a suite changed."""
    if row.kinds is None:
        return f"{row.came:,} came, {row.went:,} went"
    words = [f"{row.kinds[kind]:,} {kind}" for kind in Kind if row.kinds.get(kind)]
    return ", ".join(words) or "nothing changed"
