"""Which keys run out, how soon, and what is to be done."""

from datetime import UTC, datetime, timedelta

import pytest

from mini_buildd.deb.names import Fingerprint
from mini_buildd.domain.key_expiry import SigningKey, running_out

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD, NEW = Fingerprint("A" * 40), Fingerprint("B" * 40)


def key(days: float | None, fingerprint: Fingerprint = OLD) -> SigningKey:
    """One that ends in so many days."""
    return SigningKey(fingerprint, None if days is None else AT + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "within"), [(60, 60), (14.5, 60), (14, 14), (0.1, 14), (0, 0), (-5, 0)]
)
def test_a_key_that_runs_out_is_told_with_the_nearest_threshold(days: float, within: int) -> None:
    (found,) = running_out([key(days)], AT)
    assert (found.within_days, found.next_step) == (within, "mini-buildd key rotate")


@pytest.mark.parametrize("days", [60.1, 1800, None])
def test_a_key_that_lasts_is_not(days: float | None) -> None:
    assert running_out([key(days)], AT) == ()


@pytest.mark.parametrize("days", [61, None])
def test_beside_a_key_that_lasts_the_old_one_can_be_retired(days: float | None) -> None:
    (found,) = running_out([key(days, NEW), key(30)], AT)
    assert found.next_step == f"mini-buildd key retire {OLD}"


def test_two_that_run_out_need_a_third() -> None:
    steps = {found.next_step for found in running_out([key(50, NEW), key(30)], AT)}
    assert steps == {"mini-buildd key rotate"}
