"""Which addresses webhooks may be sent to: those of the world, and what the settings add.

Whoever may have a webhook makes this machine send requests, which others on its network may trust.
So what is asked is the very address that is connected to, and not the name, which may be answered
with another one the next time.
"""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Translations of IPv4 addresses: who is reached is told by what stands in their end (RFC 6052).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def parse(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a setting; raises ValueError."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def may_reach(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether something may be sent to *address*."""
    meant = _meant(address)
    if any(each.version == meant.version and meant in each for each in allowed):
        return True
    return meant.is_global and not meant.is_multicast and not meant.is_unspecified


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address
