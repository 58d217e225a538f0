"""Guessing of passwords and tokens made slow: who failed waits, longer each time.

Every door asks the same object before it looks at a secret, and tells it then what came of it:

    throttle.demand(account, peer)      # raises TooManyAttempts
    throttle.succeeded(account, peer)   # or throttle.failed(account, peer)

Three counts stand side by side: of the peer for the account, of the peer for whatever account, and
of the account for whatever peer. The last one never makes anybody wait for long, and not at all
who has been in from the same peer before: else strangers could lock people out in their name.
"""

import ipaddress
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from mini_buildd.domain.problem import TooManyAttempts

_FORGOTTEN_AFTER_SECONDS = 3600.0
_MOST_KEPT = 20_000
_IPV6_PREFIX = 64  # what one subscriber has, and may choose addresses from as they like

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Bound:
    """So many failures are free; each further one doubles the wait, up to the most."""

    free: int
    most_seconds: float

    def wait_after(self, failures: int) -> float:
        """How long nobody may try after so many failures in a row, in seconds."""
        beyond = failures - self.free
        return 0.0 if beyond <= 0 else min(self.most_seconds, 2.0 ** min(beyond, 30))


_PAIR = Bound(free=5, most_seconds=900.0)
_PEER = Bound(free=20, most_seconds=900.0)
_ACCOUNT = Bound(free=50, most_seconds=30.0)


@dataclass(slots=True)
class _Count:
    failures: int = 0
    last_at: float = 0.0


def network_of(peer: str) -> str:
    """What counts as one peer: an IPv4 address, or the /64 of an IPv6 one; other texts as given."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer[:100]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)


class Throttle:
    """The counts of one instance, in memory; any thread may use it. *clock* gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counts: OrderedDict[Key, _Count] = OrderedDict()
        self._known: OrderedDict[Key, None] = OrderedDict()

    def wait(self, account: str, peer: str) -> float:
        """How many seconds *peer* must wait until it may try to be *account*; 0 for none."""
        who, where = _keys(account, peer)
        with self._lock:
            waits = [self._left((who, where), _PAIR), self._left(("", where), _PEER)]
            if (who, where) not in self._known:
                waits.append(self._left((who, ""), _ACCOUNT))
            return max(waits)

    def demand(self, account: str, peer: str) -> None:
        """Raise TooManyAttempts while *peer* must wait. An empty *account*: nobody knows yet."""
        wait = self.wait(account, peer)
        if wait > 0:
            seconds = int(wait) + 1
            raise TooManyAttempts(
                expected="some time between attempts to sign in",
                found="too many that failed",
                hint=f"Try again in {_spoken(seconds)}.",
                retry_after_seconds=seconds,
            )

    def failed(self, account: str, peer: str) -> None:
        """The secret was wrong, or there is no such account; the two count alike."""
        who, where = _keys(account, peer)
        with self._lock:
            for key in {(who, where), ("", where), (who, "")}:
                if key != ("", ""):
                    self._add(key)

    def succeeded(self, account: str, peer: str) -> None:
        """The secret was right: the pair begins anew, and is known from now on.

        The peer's own count stays: who has one account may not guess at others on its account.
        """
        key = _keys(account, peer)
        with self._lock:
            self._counts.pop(key, None)
            self._known[key] = None
            self._known.move_to_end(key)
            while len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)

    def _left(self, key: Key, bound: Bound) -> float:
        count = self._counts.get(key)
        if count is None or self._clock() - count.last_at > _FORGOTTEN_AFTER_SECONDS:
            return 0.0
        return max(0.0, count.last_at + bound.wait_after(count.failures) - self._clock())

    def _add(self, key: Key) -> None:
        now = self._clock()
        count = self._counts.pop(key, None)
        if count is None or now - count.last_at > _FORGOTTEN_AFTER_SECONDS:
            count = _Count()
        count.failures += 1
        count.last_at = now
        self._counts[key] = count  # at the end, so that the first is what failed longest ago
        while len(self._counts) > _MOST_KEPT:
            self._counts.popitem(last=False)


def _keys(account: str, peer: str) -> Key:
    # As forms take a name (NFKC): else each way to write it would be a guess that costs nothing.
    name = unicodedata.normalize("NFKC", account.strip()[:150])
    return name.casefold()[:150], network_of(peer)


def _spoken(seconds: int) -> str:
    minute = 60
    if seconds <= minute:
        return f"{seconds} second{'s' * (seconds != 1)}"
    return f"{-(-seconds // minute)} minutes"
