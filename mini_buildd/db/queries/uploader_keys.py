"""Keys of accounts, as their owners and administrators see them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from mini_buildd.db.models import OpenPGPKey, SshKey
from mini_buildd.domain.key_expiry import OWNER_WARN_DAYS, days_left


class KeyState(StrEnum):
    """Whether signatures by a key count, and if not, why."""

    WAITING = "waits for approval"
    APPROVED = "approved"
    ENDING = "expires soon"
    EXPIRED = "expired"
    REFUSED = "refused"
    REVOKED = "revoked"
    OFF = "switched off"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An OpenPGP key; *is_of_its_account* when it has the mail address of the account."""

    fingerprint: str
    account: str
    user_id: str
    state: KeyState
    added_at: datetime | None
    expires_at: datetime | None
    approved_by: str
    reason: str
    is_of_its_account: bool
    was_approved: bool
    is_off: bool

    @property
    def is_remembered(self) -> bool:
        """Whether only an administrator lets it be forgotten, lest it should come in again."""
        is_withdrawn = self.state is KeyState.REFUSED and self.was_approved
        return is_withdrawn or self.is_off or self.state is KeyState.REVOKED


@dataclass(frozen=True, slots=True)
class SshKeyRow:
    """An SSH key."""

    fingerprint: str
    comment: str
    added_at: datetime | None


def list_keys(at: datetime, account: str = "") -> tuple[KeyRow, ...]:
    """The keys of *account*, or of all, as they are *at* that moment."""
    rows = OpenPGPKey.objects.all()
    return _rows(rows.filter(user__username=account) if account else rows, at)


def waiting_keys(at: datetime) -> tuple[KeyRow, ...]:
    """Those that an administrator is to approve or to refuse."""
    rows = OpenPGPKey.objects.filter(
        approved_at=None, refused_at=None, revoked_at=None, user__is_active=True
    )
    return _rows(rows, at)


def list_ssh_keys(account: str) -> tuple[SshKeyRow, ...]:
    """The SSH keys of *account*."""
    rows = SshKey.objects.filter(user__username=account, is_active=True).order_by("pk")
    return tuple(SshKeyRow(row.fingerprint, row.comment, row.added_at) for row in rows)


def _rows(rows: QuerySet[OpenPGPKey], at: datetime) -> tuple[KeyRow, ...]:
    found = rows.select_related("user").order_by("user__username", "pk")
    return tuple(_row(row, at) for row in found)


def _row(row: OpenPGPKey, at: datetime) -> KeyRow:
    address = row.user.email.lower()
    return KeyRow(
        fingerprint=row.fingerprint,
        account=row.user.get_username(),
        user_id=row.uid,
        state=_state(row, at),
        added_at=row.added_at,
        expires_at=row.expires_at,
        approved_by=row.approved_by,
        reason=row.refused_reason,
        is_of_its_account=bool(address) and f"<{address}>" in row.uid.lower(),
        was_approved=row.approved_at is not None,
        is_off=not row.is_active,
    )


def _state(row: OpenPGPKey, at: datetime) -> KeyState:
    """What counts most of all that is so."""
    end = row.expires_at
    so = {
        KeyState.REVOKED: row.revoked_at is not None,
        KeyState.REFUSED: row.refused_at is not None,
        KeyState.OFF: not row.is_active,
        KeyState.EXPIRED: end is not None and end <= at,
        KeyState.WAITING: row.approved_at is None,
        KeyState.ENDING: end is not None and days_left(end, at, OWNER_WARN_DAYS) is not None,
    }
    return next((state for state, is_so in so.items() if is_so), KeyState.APPROVED)
