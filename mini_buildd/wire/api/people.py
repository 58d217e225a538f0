"""Who asks, and their tokens, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.permission import Scope
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class RoleIn:
    """What you are to a repository."""

    __pydantic_config__: ClassVar = DESCRIBED

    repository: str
    role: str
    """visitor, reader, uploader, owner or administrator; each may all that those before may."""


@dataclass(frozen=True, slots=True)
class Me:
    """Who you are here, and what you may."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    """Of the account; empty for somebody who has not signed in."""
    is_administrator: bool
    scopes: tuple[Scope, ...] | None
    """What your token was made for; null when you came without one."""
    roles: tuple[RoleIn, ...]
    acts: tuple[str, ...]
    """What you may do to the instance itself, whatever the repository."""


@dataclass(frozen=True, slots=True)
class Token:
    """An API token; its secret is shown only when it is made."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    name: str
    """What it is for."""
    hint: str
    """How it begins."""
    scopes: tuple[Scope, ...]
    made_at: datetime
    expires_at: datetime | None
    """Null: when it is revoked."""
    used_at: datetime | None
    """To the minute."""
    revoked_at: datetime | None
    is_good: bool
    """It lets somebody in."""


@dataclass(frozen=True, slots=True)
class TokenPage:
    """Your tokens, the newest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token just made, with its secret, which nobody can be shown again."""

    __pydantic_config__: ClassVar = DESCRIBED

    token: Token
    secret: str
