"""Count, once a minute, what plots show: how much waits and runs, and how the day's builds ended.

What is counted can be lost and made again but for the queue's past, which nothing else remembers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, F, Max, QuerySet, Sum

from mini_buildd.db.models import Attempt, BuildDay, Job, QueueSample
from mini_buildd.domain.states import JOB_UNDER_WAY, JobState, Outcome

# A sample a minute for so long, then one an hour; and so long those.
_FINE = timedelta(days=2)
_KEPT = timedelta(days=400)


def measure(at: datetime) -> None:
    """Note how things are *at* this moment."""
    sample_queue(at)
    count_days(at)


def sample_queue(at: datetime) -> None:
    """Note how much waits and runs, by architecture; the first of a minute counts."""
    counts: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"waiting": 0, "running": 0})
    rows = Job.objects.filter(state__in=[JobState.WAITING, *JOB_UNDER_WAY]).order_by()
    found = rows.values_list("architecture", "state").annotate(count=Count("pk"))
    for architecture, state, count in found:
        counts[architecture]["waiting" if state == JobState.WAITING else "running"] += count
    minute = at.replace(second=0, microsecond=0)
    QueueSample.objects.bulk_create(
        (QueueSample(at=minute, architecture=name, **each) for name, each in counts.items()),
        ignore_conflicts=True,
    )


def fold_samples(at: datetime) -> None:
    """Let hours stand for minutes that are long ago, and forget what is longer ago than a year."""
    hour = (at - _FINE).replace(minute=0, second=0, microsecond=0)
    old = QueueSample.objects.filter(at__lt=hour, minutes=1)
    folded: dict[tuple[datetime, str], QueueSample] = {}
    for row in old.order_by("at"):
        begin = row.at.replace(minute=0)
        kept = folded.setdefault(
            (begin, row.architecture),
            QueueSample(at=begin, architecture=row.architecture, waiting=0, running=0, minutes=60),
        )
        kept.waiting = max(kept.waiting, row.waiting)
        kept.running = max(kept.running, row.running)
    with transaction.atomic():
        old.delete()
        QueueSample.objects.bulk_create(folded.values(), ignore_conflicts=True)
        QueueSample.objects.filter(at__lt=at - _KEPT).delete()


@dataclass(frozen=True, slots=True)
class _Count:
    """What a row of BuildDay has beside its key."""

    good: int = 0
    failed: int = 0
    other: int = 0
    good_seconds: float = 0.0


def count_days(at: datetime) -> None:
    """Count the builds that ended since the last day that was counted, that day included."""
    last: date | None = BuildDay.objects.aggregate(last=Max("day"))["last"]
    ended = Attempt.objects.filter(finished_at__lte=at).exclude(outcome="").order_by()
    if last is not None:
        ended = ended.filter(finished_at__gte=_begin(last))
    for day in ended.datetimes("finished_at", "day"):
        next_day = day + timedelta(days=1)
        _count_day(day.date(), ended.filter(finished_at__gte=day, finished_at__lt=next_day))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _count_day(day: date, ended: QuerySet[Attempt]) -> None:
    """Make the rows of *day* what its attempts say; what is right already is not written again."""
    counted = _counts(
        ended.values_list("job__source__distribution", "job__architecture", "outcome").annotate(
            count=Count("pk"), taken=Sum(F("finished_at") - F("started_at"))
        )
    )
    known = {
        (row.distribution_id, row.architecture): row for row in BuildDay.objects.filter(day=day)
    }
    new: list[BuildDay] = []
    changed: list[BuildDay] = []
    for key, count in counted.items():
        row = known.get(key, BuildDay(day=day, distribution_id=key[0], architecture=key[1]))
        if key in known and count == _Count(row.good, row.failed, row.other, row.good_seconds):
            continue
        row.good, row.failed, row.other = count.good, count.failed, count.other
        row.good_seconds = count.good_seconds
        (changed if key in known else new).append(row)
    if new or changed:
        with transaction.atomic():
            BuildDay.objects.bulk_create(new)
            BuildDay.objects.bulk_update(changed, ["good", "failed", "other", "good_seconds"])


def _counts(
    rows: Iterable[tuple[int, str, str, int, timedelta | None]],
) -> Mapping[tuple[int, str], _Count]:
    found: defaultdict[tuple[int, str], dict[str, float]] = defaultdict(dict)
    for distribution, architecture, outcome, count, taken in rows:
        each = found[distribution, architecture]
        word = {Outcome.SUCCEEDED: "good", Outcome.FAILED: "failed"}.get(Outcome(outcome), "other")
        each[word] = each.get(word, 0) + count
        if word == "good" and taken is not None:
            each["good_seconds"] = taken.total_seconds()
    return {
        key: _Count(
            int(each.get("good", 0)),
            int(each.get("failed", 0)),
            int(each.get("other", 0)),
            each.get("good_seconds", 0.0),
        )
        for key, each in found.items()
    }
