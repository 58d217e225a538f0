"""When a signing key runs out, and when people are to hear of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mini_buildd.deb.names import Fingerprint

# People hear of it at each of these: in time for clients to take up a new key, soon, too late.
WARN_DAYS = (60, 14, 0)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs the archive; *expires_at* is None when it never does."""

    fingerprint: Fingerprint
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunningOut:
    """A key that runs out on *expires_at*, within the days of the nearest of WARN_DAYS.

    With a successor, a key that signs as well and lasts longer than the first of WARN_DAYS, it
    can be retired; without, a new one is needed.
    """

    fingerprint: Fingerprint
    expires_at: datetime
    within_days: int
    has_successor: bool

    @property
    def next_step(self) -> str:
        """The command by which an administrator settles it."""
        if self.has_successor:
            return f"mini-buildd key retire {self.fingerprint}"
        return "mini-buildd key rotate"


def running_out(keys: Iterable[SigningKey], at: datetime) -> tuple[RunningOut, ...]:
    """Those of *keys*, all that sign, that have run out or will soon, as it is *at* that time."""
    ends = [(key.fingerprint, key.expires_at) for key in keys]
    far = at + timedelta(days=max(WARN_DAYS))
    lasts = any(expires_at is None or expires_at > far for _, expires_at in ends)
    return tuple(
        RunningOut(fingerprint, expires_at, _nearest(expires_at, at), lasts)
        for fingerprint, expires_at in ends
        if expires_at is not None and expires_at <= far
    )


def _nearest(expires_at: datetime, at: datetime) -> int:
    return min(days for days in WARN_DAYS if expires_at <= at + timedelta(days=days))
