"""Plots of builds: how they ended and how long they took, by day or by version of a package."""

from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mini_buildd.db.queries.durations import DurationRow
from mini_buildd.db.queries.measures import DayRow
from mini_buildd.web.plots.columns import Column, Series, bars, lines
from mini_buildd.web.plots.figure import PLAIN_KINDS, Figure, Kind, Words
from mini_buildd.web.plots.unit import SECONDS

_LEAST = 2  # a plot of less tells nothing


def by_day(
    rows: Sequence[DayRow], first: date, last: date, given: Sequence[tuple[str, str]] = ()
) -> tuple[Figure, ...]:
    """How the builds of each day ended, and what the good ones took on average.

    *given* is what else the list is narrowed down to, for the links of the days.
    """
    count = (last - first).days + 1
    days = [first + timedelta(days=number) for number in range(count)]
    known = {row.day: row for row in rows}
    found = [known.get(day, DayRow(day, 0, 0, 0, 0.0)) for day in days]
    columns = [Column(day.strftime("%m-%d"), _list_url(day, given)) for day in days]
    plots = (_outcomes(found, columns), _means(found, columns))
    return tuple(plot for plot in plots if plot is not None)


def _list_url(day: date, given: Sequence[tuple[str, str]]) -> str:
    when = [("since", day.isoformat()), ("until", day.isoformat())]
    return f"{reverse('builds')}?{urlencode([*given, *when])}"


def _outcomes(rows: Sequence[DayRow], columns: Sequence[Column]) -> Figure | None:
    good, failed = sum(row.good for row in rows), sum(row.failed for row in rows)
    share = round(100 * good / (good + failed)) if good + failed else 0
    said = ngettext(
        "%(good)d of %(all)d build was good (%(share)d %%)",
        "%(good)d of %(all)d builds were good (%(share)d %%)",
        good + failed,
    ) % {"good": good, "all": good + failed, "share": share}
    series = [
        Series(_("good"), Kind.GOOD, [row.good for row in rows]),
        Series(_("failed"), Kind.BAD, [row.failed for row in rows]),
        Series(_("lost, cancelled, dep-wait"), Kind.WAITING, [row.other for row in rows]),
    ]
    return bars(Words("plot-outcomes", _("How builds ended"), said), columns, series)


def _means(rows: Sequence[DayRow], columns: Sequence[Column]) -> Figure | None:
    seconds, count = sum(row.good_seconds for row in rows), sum(row.good for row in rows)
    if not count:
        return None
    said = _("%(time)s on average") % {"time": SECONDS.show(seconds / count)}
    series = [Series(_("a good build"), Kind.ACCENT, [row.mean_seconds for row in rows])]
    return lines(Words("plot-means", _("How long they took"), said), columns, series, SECONDS)


def by_version(rows: Sequence[DurationRow], source: str) -> Figure | None:
    """What the good builds of a source package took, a line for each architecture.

    Of a version that was built more than once on an architecture, the latest counts.
    """
    versions: dict[str, dict[str, DurationRow]] = {}
    for row in rows:
        versions.setdefault(row.version, {})[row.architecture] = row
    if len(versions) < _LEAST:
        return None
    columns = [
        Column(version, reverse("build", args=[next(iter(built.values())).job_id]))
        for version, built in versions.items()
    ]
    names = sorted({row.architecture for row in rows})
    series = [
        Series(name, kind, [_seconds(built.get(name)) for built in versions.values()])
        for name, kind in zip(names, PLAIN_KINDS, strict=False)
    ]
    said = ngettext("its last %(count)d version", "its last %(count)d versions", len(versions)) % {
        "count": len(versions)
    }
    return lines(
        Words("plot-durations", _("How long %(source)s took") % {"source": source}, said),
        columns,
        series,
        SECONDS,
    )


def _seconds(row: DurationRow | None) -> float | None:
    return row.seconds if row is not None else None
