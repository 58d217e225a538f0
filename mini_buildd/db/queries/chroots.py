"""Chroots as people see them."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.models import Chroot
from mini_buildd.domain.chroot_age import Health, expires_at, health, next_at


@dataclass(frozen=True, slots=True)
class ChrootRow:
    """One chroot; *expires* and *next_at* are None when it may have any age."""

    id: int
    name: str
    codename: str
    architecture: str
    backend: str
    health: Health
    maker: str
    snippets: str
    generation: str
    made_at: datetime | None
    checked_at: datetime | None
    next_at: datetime | None
    expires: datetime | None
    problem: str
    problem_since: datetime | None
    tried_at: datetime | None
    is_asked: bool
    is_being_made: bool = False  # only the disk knows

    @property
    def needs_somebody(self) -> bool:
        """Whether it is in use, and older than it may be."""
        return self.health is Health.EXPIRED


def expiry_of(chroot: Chroot) -> datetime | None:
    """When builds should not trust it any more; None: never, or it was never made."""
    if chroot.made_at is None or chroot.backend != "unshare":
        return None
    return expires_at(chroot.made_at, chroot.valid_until, chroot.refresh_hours)


def next_refresh_of(chroot: Chroot) -> datetime | None:
    """When the daemon makes it anew; None: not by itself."""
    if chroot.asked_at is not None:
        return chroot.asked_at
    # Nobody but root can install one for schroot, and what was never made is made when asked for.
    if not chroot.is_active or chroot.backend != "unshare" or chroot.made_at is None:
        return None
    return next_at(chroot.made_at, chroot.refresh_hours, chroot.problem_since, chroot.tried_at)


def list_chroots(at: datetime) -> tuple[ChrootRow, ...]:
    """All of them, as they are *at* this moment."""
    rows = Chroot.objects.select_related("base").order_by(
        "base__codename", "architecture", "backend"
    )
    return tuple(_row(chroot, at) for chroot in rows)


def _row(chroot: Chroot, at: datetime) -> ChrootRow:
    expires = expiry_of(chroot)
    return ChrootRow(
        id=chroot.pk,
        name=str(chroot),
        codename=chroot.base.codename,
        architecture=chroot.architecture,
        backend=chroot.backend,
        health=health(
            is_active=chroot.is_active,
            is_made=chroot.made_at is not None,
            has_problem=bool(chroot.problem),
            expires=expires,
            at=at,
        ),
        maker=chroot.maker,
        snippets=chroot.snippets,
        generation=chroot.generation,
        made_at=chroot.made_at,
        checked_at=chroot.checked_at,
        next_at=next_refresh_of(chroot),
        expires=expires,
        problem=chroot.problem,
        problem_since=chroot.problem_since,
        tried_at=chroot.tried_at,
        is_asked=chroot.asked_at is not None,
    )
