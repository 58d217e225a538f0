"""What owners and administrators look after, as the JSON API tells of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Right:
    """What somebody is to a repository."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    repository: str
    kind: str
    """Of who has it: account, group or keyring."""
    whom: str
    fingerprint: str
    """Of the only key of the keyring that has it; empty for all of them."""
    role: str
    suite: str
    """The only suite that they may upload to; empty for all of them."""
    sources: str
    """The source packages that they may upload, with * for any letters; empty for all."""
    may_add_sources: bool
    """Also source packages that the repository does not have yet."""
    given_at: datetime | None
    given_by: str


@dataclass(frozen=True, slots=True)
class RightPage:
    """The rights to a repository, the highest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Right, ...]


@dataclass(frozen=True, slots=True)
class Chroot:
    """What builds of an architecture start from."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    name: str
    codename: str
    architecture: str
    backend: str
    health: str
    generation: str
    made_at: datetime | None
    checked_at: datetime | None
    next_at: datetime | None
    """When it is made anew by itself; null: never."""
    expires_at: datetime | None
    """From then on no build trusts it."""
    problem: str
    """Why it could not be made anew."""
    is_asked: bool
    """Somebody has asked for it to be made anew."""


@dataclass(frozen=True, slots=True)
class ChrootPage:
    """All chroots, by name."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Chroot, ...]


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field as it was and as it is since; empty where there was none."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that somebody has done."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    at: datetime
    who: str
    door: str
    """By which way: page, settings, api or command."""
    act: str
    kind: str
    """Of what it was done to."""
    name: str
    changed: tuple[ChangedField, ...]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Who did what, the newest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[AuditEntry, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in, unless the account is switched off."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    full_name: str
    mail: str
    is_administrator: bool
    has_password: bool
    since: datetime
    groups: tuple[str, ...]
    is_active: bool
    """Not switched off: its owner may sign in, and its keys and tokens count."""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Accounts by name."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Account, ...]
