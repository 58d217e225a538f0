"""Which versions of a suite are kept."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.domain.retention import Kept, to_keep

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@st.composite
def histories(draw: st.DrawFn) -> list[Kept]:
    """What there may be of a suite: each version ended no later than the next one."""
    numbers = sorted(draw(st.sets(st.integers(1, 60), max_size=20)))
    hours = sorted(draw(st.lists(st.integers(0, 200), min_size=20, max_size=20)), reverse=True)
    made = [
        Kept(number, NOW - timedelta(hours=each), draw(st.booleans()))
        for number, each in zip(numbers, hours, strict=False)
    ]
    return made[:-1] + [Kept(last.number, None) for last in made[-1:]]


def kept(versions: list[Kept], rollbacks: int, days: int) -> set[int]:
    return to_keep(versions, rollbacks=rollbacks, days=days, now=NOW)


@given(histories(), st.integers(0, 9), st.integers(0, 5))
def test_what_is_kept_is_the_newest_those_before_it_the_named_and_the_recent(
    versions: list[Kept], rollbacks: int, days: int
) -> None:
    keep = kept(versions, rollbacks, days)
    numbers = [each.number for each in versions]
    assert keep <= set(numbers)
    assert set(numbers[-rollbacks - 1 :]) <= keep
    for each in versions[: -rollbacks - 1]:
        is_recent = each.ended_at is not None and NOW - each.ended_at < timedelta(days=days)
        assert (each.number in keep) == (each.is_named or is_recent)


@given(histories(), st.integers(0, 9), st.integers(0, 5))
def test_asked_again_nothing_more_goes(versions: list[Kept], rollbacks: int, days: int) -> None:
    keep = kept(versions, rollbacks, days)
    assert kept([each for each in versions if each.number in keep], rollbacks, days) == keep


@given(histories(), st.integers(0, 9), st.integers(0, 5))
def test_keeping_more_never_loses_anything(versions: list[Kept], rollbacks: int, days: int) -> None:
    assert kept(versions, rollbacks, days) <= kept(versions, rollbacks + 1, days)
    assert kept(versions, rollbacks, days) <= kept(versions, rollbacks, days + 1)
