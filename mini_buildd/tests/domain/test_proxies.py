"""What a proxy says of who asks is believed when the proxy is ours, and no more than it said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.domain.proxies import is_trusted, parse_networks, real_peer

OURS = parse_networks(["127.0.0.1", "::1", "10.0.0.0/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "192.0.2.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "192.0.2.1, 198.51.100.1, 10.1.1.1", "198.51.100.1"),
        ("127.0.0.1", "10.1.1.1", "10.1.1.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1, <script>", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1:1234", "127.0.0.1"),
    ],
)
def test_the_last_that_is_no_proxy_of_ours_is_who_asks(
    peer: str, forwarded: str, found: str
) -> None:
    assert real_peer(peer, forwarded, OURS) == found


@given(st.text())
def test_who_is_no_proxy_of_ours_is_who_it_is(forwarded: str) -> None:
    assert real_peer("203.0.113.5", forwarded, OURS) == "203.0.113.5"
    assert real_peer("127.0.0.1", forwarded, ()) == "127.0.0.1"


def test_networks_are_of_one_kind_each() -> None:
    assert is_trusted("10.2.3.4", OURS)
    assert not is_trusted("::a00:1", OURS)
    assert not is_trusted("no address", OURS)
    with pytest.raises(ValueError, match="host bits"):
        parse_networks(["10.0.0.1/8"])
