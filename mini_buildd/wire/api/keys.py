"""Keys of accounts, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Key:
    """An OpenPGP key that an account has given."""

    __pydantic_config__: ClassVar = DESCRIBED

    fingerprint: str
    account: str
    user_id: str
    state: str
    """Whether its signatures count, and if not, why: approved, waits for approval, refused, …"""
    added_at: datetime | None
    expires_at: datetime | None
    approved_by: str
    reason: str
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class KeyPage:
    """OpenPGP keys."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class SshKey:
    """An SSH key that an account signs in by to the SFTP server."""

    __pydantic_config__: ClassVar = DESCRIBED

    fingerprint: str
    comment: str
    added_at: datetime | None


@dataclass(frozen=True, slots=True)
class SshKeyPage:
    """SSH keys."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[SshKey, ...]
