"""Who is at the other end, by one spelling of their address."""

import ipaddress


def peer_of(address: object) -> str:
    """The host of a Twisted *address*; "" for what has none, such as a UNIX socket.

    An IPv4 client of an IPv6 socket is the same as one of an IPv4 socket (RFC 4291 §2.5.5.2).
    """
    host = str(getattr(address, "host", "") or "").partition("%")[0]
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
