"""Versions of a suite in words: what made them, and how much they changed."""

from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from mini_buildd.db.queries.version_line import VersionRow
from mini_buildd.domain.suite_version import Cause, Kind

register = template.Library()


@register.filter
def grouped(count: int) -> str:
    """A number with its thousands set apart: 30,012."""
    return f"{count:,}"


_CAUSES: Mapping[Cause, Promise] = {
    Cause.BEGIN: gettext_lazy("the empty beginning"),
    Cause.UPLOAD: gettext_lazy("upload"),
    Cause.LATE_BUILD: gettext_lazy("late build"),
    Cause.MIGRATE: gettext_lazy("migration"),
    Cause.REMOVE: gettext_lazy("removal"),
    Cause.COPY: gettext_lazy("copy"),
    Cause.ROLLBACK: gettext_lazy("rollback"),
    Cause.IMPORT: gettext_lazy("import"),
}


@register.filter
def cause(row: VersionRow) -> str:
    """What made a version of a suite."""
    word = str(_CAUSES[row.kind])
    return (
        gettext("%(word)s to version %(restores)s") % {"word": word, "restores": row.restores}
        if row.restores is not None
        else word
    )


@register.filter
def changed(row: VersionRow) -> str:
    """How much a version of a suite changed."""
    if row.kinds is None:
        return gettext("%(came)s came, %(went)s went") % {
            "came": f"{row.came:,}",
            "went": f"{row.went:,}",
        }
    words = [f"{row.kinds[kind]:,} {gettext(kind)}" for kind in Kind if row.kinds.get(kind)]
    return ", ".join(words) or gettext("nothing changed")
