"""Plots of machines and of the queue: how busy they were, and how long it was."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from mini_buildd.db.queries.machines import Busy
from mini_buildd.db.queries.measures import SampleRow
from mini_buildd.web.plots.columns import Column, Series, bars, lines
from mini_buildd.web.plots.figure import PLAIN_KINDS, Figure, Kind, Words
from mini_buildd.web.plots.unit import COUNT, PERCENT

_HOURS = 24
_STEPS = 48


def load(name: str, times: Sequence[Busy], slots: int, at: datetime) -> Figure | None:
    """How much of its places for builds a builder used, half hour by half hour of the last day."""
    step = timedelta(hours=_HOURS) / _STEPS
    begin = at - timedelta(hours=_HOURS)
    values = [
        _mean(times, begin + place * step, begin + (place + 1) * step) for place in range(_STEPS)
    ]
    columns = [
        Column((begin + place * step).astimezone(UTC).strftime("%H:%M")) for place in range(_STEPS)
    ]
    mean = sum(values) / len(values)
    said = _("over the last day %(share)d %% of what it can do at once") % {
        "share": round(100 * mean / max(slots, 1))
    }
    shares = [round(100 * value / max(slots, 1)) for value in values]
    series = [Series(_("of its places for builds"), Kind.RUNNING, shares)]
    return bars(Words(f"load-{name}", _("How busy it was"), said), columns, series, PERCENT)


def _mean(times: Sequence[Busy], begin: datetime, end: datetime) -> float:
    """How many of *times* there were at once between those moments, on average."""
    spent = sum(
        max((min(each.end or end, end) - max(each.begin, begin)).total_seconds(), 0.0)
        for each in times
    )
    return spent / (end - begin).total_seconds()


def queue_length(samples: Sequence[SampleRow], since: datetime, at: datetime) -> Figure | None:
    """How much waited, a line for each architecture; of each column the most."""
    if not samples:
        return None
    step = (at - since) / _STEPS
    names = sorted({sample.architecture for sample in samples})
    most: defaultdict[tuple[str, int], int] = defaultdict(int)
    for sample in samples:
        place = min(max(int((sample.at - since) / step), 0), _STEPS - 1)
        key = sample.architecture, place
        most[key] = max(most[key], sample.waiting)
    form = "%H:%M" if at - since <= timedelta(days=2) else "%m-%d %H:%M"
    columns = [Column((since + place * step).strftime(form)) for place in range(_STEPS)]
    series = [
        Series(name, kind, [most[name, place] for place in range(_STEPS)])
        for name, kind in zip(names, PLAIN_KINDS, strict=False)
    ]
    said = _("at most %(count)d at once") % {"count": max(most.values(), default=0)}
    return lines(Words("queue-length", _("How many builds waited"), said), columns, series, COUNT)
