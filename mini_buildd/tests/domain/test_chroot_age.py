"""How old a chroot may become."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.domain.chroot_age import (
    MAX_DAYS,
    Health,
    expires_at,
    health,
    next_at,
    retry_at,
)

MADE = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_it_is_made_anew_when_it_is_as_old_as_it_may_be() -> None:
    assert next_at(MADE, 24, None, None) == MADE + DAY
    assert next_at(MADE, 0, None, None) is None


@pytest.mark.parametrize(
    ("lasts", "wait"),
    [
        (timedelta(), timedelta(minutes=5)),
        (timedelta(minutes=5), timedelta(minutes=5)),
        (timedelta(minutes=40), timedelta(minutes=40)),
        (DAY, 3 * HOUR),
    ],
)
def test_it_is_tried_again_less_often_the_longer_the_trouble_lasts(
    lasts: timedelta, wait: timedelta
) -> None:
    since = MADE + DAY
    assert retry_at(since, since + lasts) == since + lasts + wait
    assert next_at(MADE, 24, since, since + lasts) == since + lasts + wait


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=90)))
def test_trouble_never_keeps_it_from_being_tried_within_hours(lasts: timedelta) -> None:
    retry = retry_at(MADE, MADE + lasts)
    assert retry is not None
    assert timedelta(minutes=5) <= retry - (MADE + lasts) <= 3 * HOUR


def test_a_problem_that_was_never_timed_waits_for_nothing() -> None:
    assert retry_at(None, MADE) is None
    assert retry_at(MADE, None) is None


def test_it_expires_with_its_lists_or_by_its_age() -> None:
    by_age = MADE + MAX_DAYS * DAY
    assert expires_at(MADE, None, 24) == by_age
    assert expires_at(MADE, MADE + 7 * DAY, 24) == MADE + 7 * DAY
    assert expires_at(MADE, MADE + 60 * DAY, 24) == by_age


def test_who_refreshes_seldom_or_never_has_chosen_so() -> None:
    assert expires_at(MADE, MADE + 7 * DAY, 0) is None
    assert expires_at(MADE, MADE + 7 * DAY, 30 * 24) == MADE + 45 * DAY


@pytest.mark.parametrize(
    ("is_active", "is_made", "has_problem", "hours", "found"),
    [
        (True, True, False, 1, Health.GOOD),
        (True, True, True, 1, Health.PROBLEM),
        (True, True, True, -1, Health.EXPIRED),
        (True, True, False, None, Health.GOOD),
        (True, False, False, None, Health.MISSING),
        (True, False, True, None, Health.PROBLEM),
        (False, True, True, -1, Health.OFF),
    ],
)
def test_health_in_one_word(
    *, is_active: bool, is_made: bool, has_problem: bool, hours: int | None, found: Health
) -> None:
    expires = None if hours is None else MADE + hours * HOUR
    told = health(
        is_active=is_active, is_made=is_made, has_problem=has_problem, expires=expires, at=MADE
    )
    assert told is found
