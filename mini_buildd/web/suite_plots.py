"""How large a suite was over time."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from mini_buildd.flow.growth import SizeRow
from mini_buildd.web.plots.columns import Column, Series, lines
from mini_buildd.web.plots.figure import Figure, Kind, Words
from mini_buildd.web.plots.unit import BYTES

# More would be narrower than a dot.
MOST_SIZES = 150


def size_over_time(name: str, rows: Sequence[SizeRow]) -> Figure | None:
    """The plot of *rows*, the oldest first; None of fewer than three, which tell no story."""
    if len(rows) < 3:  # noqa: PLR2004  # said above
        return None
    begin, end = rows[0].at, rows[-1].at
    seconds = max((end - begin).total_seconds(), 1.0)
    columns = [
        Column(
            f"{row.at:%Y-%m-%d}",
            reverse("suite-version", args=[name, row.number]),
            place=(row.at - begin).total_seconds() / seconds,
        )
        for row in rows
    ]
    sizes = Series(_("size"), Kind.ACCENT, [row.size_bytes for row in rows])
    now = BYTES.show(rows[-1].size_bytes)
    summary = _("%(now)s now; its source and binary packages together") % {"now": now}
    return lines(Words("size-over-time", _("Size"), summary), columns, [sizes], BYTES)
