"""When a signing key runs out, the archive's or an uploader's, and when people hear of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mini_buildd.deb.names import Fingerprint

# People hear of it at each of these: in time for clients to take up a new key, soon, too late.
WARN_DAYS = (60, 14, 0)
# The owner of an uploader's key hears of it at each of these.
OWNER_WARN_DAYS = (30, 14, 7, 1)


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
        RunningOut(fingerprint, expires_at, days, lasts)
        for fingerprint, expires_at in ends
        if expires_at is not None and (days := days_left(expires_at, at, WARN_DAYS)) is not None
    )


def days_left(expires_at: datetime, at: datetime, warn_days: Iterable[int]) -> int | None:
    """The nearest of *warn_days* within which it is; None when it is farther away than all."""
    return min(
        (each for each in warn_days if expires_at <= at + timedelta(days=each)), default=None
    )
