"""How old a chroot may become: when it is made anew, tried again, and no longer to be trusted."""

from datetime import datetime, timedelta
from enum import StrEnum

# A chroot that could not be refreshed for so long lacks too many security updates.
MAX_DAYS = 14

_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=3)


class Health(StrEnum):
    """How a chroot is."""

    GOOD = "good"
    PROBLEM = "problem"  # the last attempt to make or check it failed; builds go on with the old
    EXPIRED = "expired"
    MISSING = "missing"
    OFF = "off"


def next_at(
    made_at: datetime,
    refresh_hours: int,
    problem_since: datetime | None,
    tried_at: datetime | None,
) -> datetime | None:
    """When it is made anew; None: never by itself."""
    if not refresh_hours:
        return None
    due = made_at + timedelta(hours=refresh_hours)
    retry = retry_at(problem_since, tried_at)
    return due if retry is None else max(due, retry)


def retry_at(problem_since: datetime | None, tried_at: datetime | None) -> datetime | None:
    """When it is tried again: after as long as the trouble lasts, within bounds; None: any time."""
    if problem_since is None or tried_at is None:
        return None
    return tried_at + min(max(tried_at - problem_since, _FIRST_WAIT), _LONGEST_WAIT)


def expires_at(
    made_at: datetime, valid_until: datetime | None, refresh_hours: int
) -> datetime | None:
    """When it is too old: after MAX_DAYS, or earlier, when its package lists are past their date.

    One that is meant to become older (*refresh_hours*) has half of that time more; None when it
    may have any age.
    """
    if not refresh_hours:
        return None
    by_age = made_at + max(timedelta(days=MAX_DAYS), timedelta(hours=refresh_hours) * 3 / 2)
    # Refreshing every month is a choice, whatever the archive says of its lists.
    is_in_time = valid_until is not None and valid_until > made_at + timedelta(hours=refresh_hours)
    return min(valid_until, by_age) if valid_until is not None and is_in_time else by_age


def health(
    *, is_active: bool, is_made: bool, has_problem: bool, expires: datetime | None, at: datetime
) -> Health:
    """In one word; *expires* is None when it may have any age."""
    if not is_active:
        return Health.OFF
    if not is_made:
        return Health.PROBLEM if has_problem else Health.MISSING
    if expires is not None and expires <= at:
        return Health.EXPIRED
    return Health.PROBLEM if has_problem else Health.GOOD
