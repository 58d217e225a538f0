"""Guessing is slow, and nobody is locked out by what others do."""

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.domain import throttle as throttling
from mini_buildd.domain.problem import TooManyAttempts
from mini_buildd.domain.throttle import Throttle, network_of

HERE, THERE = "192.0.2.7", "198.51.100.9"


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def throttle(clock: _Clock) -> Throttle:
    return Throttle(clock)


def fail(throttle: Throttle, account: str, peer: str, times: int) -> None:
    for _ in range(times):
        throttle.failed(account, peer)


def test_some_failures_are_free_and_each_further_one_doubles_the_wait(throttle: Throttle) -> None:
    fail(throttle, "ada", HERE, 5)
    throttle.demand("ada", HERE)
    waits = []
    for _ in range(20):
        throttle.failed("ada", HERE)
        waits.append(throttle.wait("ada", HERE))
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 900
    with pytest.raises(TooManyAttempts) as refused:
        throttle.demand("ada", HERE)
    assert refused.value.retry_after_seconds == 901
    assert "16 minutes" in refused.value.hint


def test_the_wait_ends_and_after_an_hour_all_is_forgotten(
    throttle: Throttle, clock: _Clock
) -> None:
    fail(throttle, "ada", HERE, 7)
    clock.now += 4
    throttle.demand("ada", HERE)
    throttle.failed("ada", HERE)
    assert throttle.wait("ada", HERE) == 8
    clock.now += 3601
    fail(throttle, "ada", HERE, 5)
    throttle.demand("ada", HERE)


def test_who_fails_with_many_names_waits_with_all_of_them(throttle: Throttle) -> None:
    for number in range(25):
        throttle.failed(f"user{number}", HERE)
    assert throttle.wait("somebody-else", HERE) == 32
    throttle.demand("user1", THERE)


def test_a_success_lets_the_pair_begin_anew_but_not_the_peer(throttle: Throttle) -> None:
    fail(throttle, "ada", HERE, 6)
    throttle.succeeded("ada", HERE)
    throttle.demand("ada", HERE)
    fail(throttle, "bob", HERE, 5)
    fail(throttle, "cid", HERE, 10)
    throttle.succeeded("ada", HERE)
    assert throttle.wait("dan", HERE) > 0


def test_an_account_written_otherwise_is_the_same_account(throttle: Throttle) -> None:
    for name in ("ada", "Ada", "\uff41da", "\xaada", " ada", "ad\uff41"):
        throttle.failed(name, HERE)
    assert throttle.wait("ada", HERE) == 2


def test_many_peers_make_an_account_slow_but_not_for_who_is_known(throttle: Throttle) -> None:
    throttle.succeeded("ada", HERE)
    for number in range(100):
        throttle.failed("Ada", f"203.0.113.{number}")
    assert throttle.wait("ada", THERE) == 30
    throttle.demand("ada", HERE)
    throttle.demand("bob", THERE)


def test_addresses_of_one_subscriber_count_as_one() -> None:
    assert (
        network_of("2001:db8:1:2::5") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    )
    assert network_of("2001:db8:1:3::5") != network_of("2001:db8:1:2::5")
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("::ffff:192.0.2.7") == HERE


def test_memory_is_bounded(throttle: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "_MOST_KEPT", 50)
    for number in range(500):
        throttle.failed("ada", f"10.0.0.{number % 250}")
        throttle.succeeded(f"user{number}", HERE)
    assert len(throttle._counts) == len(throttle._known) == 50
    assert throttle.wait("ada", THERE) > 0  # what goes on is not what is forgotten


@given(st.lists(st.text(max_size=5), max_size=30), st.text())
def test_no_name_and_no_address_breaks_it(accounts: list[str], peer: str) -> None:
    throttle = Throttle(lambda: 0.0)
    for account in accounts:
        throttle.failed(account, peer)
    assert throttle.wait("", peer) >= 0


def test_many_threads_lose_no_failure(throttle: Throttle) -> None:
    threads = [Thread(target=fail, args=(throttle, "ada", HERE, 200)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert throttle._counts["ada", HERE].failures == 1600
