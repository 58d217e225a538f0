"""Retention: which versions of a suite are kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """A version that is there; *ended_at* is when the next one was published, None for the newest.

    *is_named* when a snapshot has it.
    """

    number: int
    ended_at: datetime | None
    is_named: bool = False


def to_keep(versions: Iterable[Kept], *, rollbacks: int, days: int, now: datetime) -> set[int]:
    """The numbers of those of *versions* that stay.

    They are: the newest, *rollbacks* before it, what a snapshot names, and what ended less than
    *days* ago, since somebody may have begun to read it.
    """
    latest_first = sorted(versions, key=lambda each: each.number, reverse=True)
    keep = {each.number for each in latest_first[: rollbacks + 1]}
    since = now - timedelta(days=days)
    for each in latest_first:
        if each.is_named or each.ended_at is None or each.ended_at > since:
            keep.add(each.number)
    return keep
