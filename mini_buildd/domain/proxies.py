"""Who asks, when a proxy stands before us: only those that are trusted are believed."""

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Nobody stands behind more of them; whatever else comes in that field is no address of a client.
_MOST_HOPS = 20


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks as settings give them: "127.0.0.1", "10.0.0.0/8"; or ValueError."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def is_trusted(peer: str, trusted: Iterable[Network]) -> bool:
    """Whether *peer* is a proxy of ours."""
    address = _parsed(peer)
    return address is not None and any(
        address in network for network in trusted if network.version == address.version
    )


def real_peer(peer: str, forwarded_for: str, trusted: tuple[Network, ...]) -> str:
    """The address of who asks: *peer*, or behind trusted proxies what they say in X-Forwarded-For.

    Each proxy adds at the end whom it was asked by. So the field is read from its end, up to the
    first that is no proxy of ours: what stands before that, anybody may have written.
    """
    found = peer
    for text in reversed(forwarded_for.split(",")[-_MOST_HOPS:]):
        if not is_trusted(found, trusted):
            return found
        address = _parsed(text.strip())
        if address is None:
            return found
        found = str(address)
    return found


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
